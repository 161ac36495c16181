"""How fast one user may speak: a token bucket."""


class Bucket:
    """Holds up to `burst` tokens and gains `rate` a second; at none, its user waits; nothing is refused."""

    __slots__ = ("_burst", "_rate", "_spent", "_updated")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._spent = 0.0  # tokens that have not come back yet
        self._updated = 0.0

    def take(self, now: float, tokens: int = 1) -> float:
        """Take tokens; return how many seconds to wait before they count."""
        self._spent = max(0.0, self._spent - (now - self._updated) * self._rate) + tokens
        self._updated = now
        return max(0.0, (self._spent - self._burst) / self._rate)
