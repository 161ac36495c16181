"""How long ago, as people write it: 90s, 15m, 2h, 30d, 4w."""

import re

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> float | None:
    """Return an age in seconds; None when it is none."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)([smhdw])", text, re.ASCII)
    return float(match[1]) * _SECONDS[match[2]] if match else None
