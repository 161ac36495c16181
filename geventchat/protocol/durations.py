"""Durations as people write them: 500ms, 90s, 3m12s, 2h, 30d, 4w."""

import math
import re

# What is one; programs that check a file themselves can use it too.
PATTERN = r"^(?=\d)" + "".join(rf"(\d+(\.\d+)?{unit})?" for unit in ("w", "d", "h", "m", "s", "ms")) + "$"

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[wdhms])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def is_one(text: str) -> bool:
    """Return whether a text is a duration."""
    return re.fullmatch(PATTERN, text, re.ASCII) is not None


def seconds(text: str) -> float:
    """Return a duration in seconds. Raises ValueError with what would be one."""
    if not re.fullmatch(PATTERN, text, re.ASCII):
        if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
            raise ValueError(f"a time needs its unit, did you mean {text}s or {text}ms?")
        if text.startswith("-"):
            raise ValueError(f"a time cannot be negative: {text}")
        raise ValueError(f"{text!r} is not a time; times look like 500ms, 2s, 3m12s or 1h")
    value = math.fsum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if not math.isfinite(value):
        raise ValueError("this time is too long")
    return value


def show(seconds: float) -> str:
    """Return seconds, to the millisecond, as `seconds` reads them: 192.5 is `3m12.5s`."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    large = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    small = f"{rest / 1000:g}s" if rest else ""
    return large + small or "0s"
