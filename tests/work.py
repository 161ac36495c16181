"""How much work something is: how often it calls functions, which is the same on every machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def done_with(most: int, do: Callable[[], object]) -> None:
    """Do something, and hold that it calls functions, and goes on with generators, so many times at most."""
    calls = 0

    def count(_: FrameType, event: str, __: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        assert calls <= most, f"that took more than {most} calls"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(before)
