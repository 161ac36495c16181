"""How fast something may happen: a token bucket."""


class TokenBucket:
    """Holds up to `burst` tokens and gains `rate` a second. Times are in seconds, on a clock that never goes back."""

    __slots__ = ("_burst", "_rate", "_spent", "_updated")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._spent = 0.0  # tokens that have not come back yet
        self._updated = 0.0

    def take(self, now: float, tokens: int = 1) -> float:
        """Take tokens, also those that are not there yet; return how many seconds to wait for them."""
        self._refill(now)
        self._spent += tokens
        return max(0.0, (self._spent - self._burst) / self._rate)

    def try_take(self, now: float) -> bool:
        """Take a token if one is there; return whether it was."""
        self._refill(now)
        if self._spent + 1 > self._burst:
            return False
        self._spent += 1
        return True

    def _refill(self, now: float) -> None:
        self._spent = max(0.0, self._spent - (now - self._updated) * self._rate)
        self._updated = now
