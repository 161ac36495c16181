"""Times, rates and shares as people write them. Everything that is none raises ValueError with what would be one."""

import math
import re

from geventchat.protocol import durations

# What may stand in a file; the JSON Schema uses the same patterns.
DURATION = durations.PATTERN
RATE = r"^(stopped|normal|\d+(\.\d+)?(B|kB|MB)/s)$"
FOREVER = "forever"
PERCENT = r"^\d+(\.\d+)?%$"

_BYTES = {"B": 1, "kB": 1_000, "MB": 1_000_000}


def duration(text: object) -> float:
    """Return `500ms`, `2s`, `3m12s` or `1h` in seconds."""
    if not isinstance(text, str):
        raise ValueError("a time is needed here, like 2s or 500ms")
    return durations.seconds(text)


def duration_or_forever(text: object) -> float:
    """Return a time as `duration` does, and `forever` as infinity."""
    return math.inf if text == FOREVER else duration(text)


def show_duration(seconds: float) -> str:
    """Return seconds, to the millisecond, as `duration` reads them: 192.5 is `3m12.5s`."""
    return FOREVER if seconds == math.inf else durations.show(seconds)


def counted(number: int, noun: str) -> str:
    """Return `1 line`, or `2,000 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def share(text: object) -> float:
    """Return `20%` as 0.2."""
    if not (isinstance(text, str) and re.fullmatch(PERCENT, text, re.ASCII)):
        raise ValueError(f"{text!r} is not a share; shares look like 20%")
    value = float(text[:-1]) / 100
    if value > 1:
        raise ValueError(f"{text} is more than there is")
    return value


def rate(text: object) -> float:
    """Return `1kB/s` in bytes a second; `stopped` is 0, `normal` is infinite."""
    if not (isinstance(text, str) and re.fullmatch(RATE, text, re.ASCII)):
        raise ValueError(f"{text!r} is not a pace of reading; that is stopped, normal, or a rate like 1kB/s")
    if text in ("stopped", "normal"):
        return 0.0 if text == "stopped" else math.inf
    match = re.match(r"([\d.]+)(\w+)", text)
    assert match
    bytes_per_s = float(match[1]) * _BYTES[match[2]]
    if bytes_per_s == 0:
        raise ValueError("a rate of nothing is written stopped")
    return bytes_per_s
