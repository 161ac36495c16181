"""From which addresses something has come lately."""

import time

# How many addresses are remembered; those from which nothing has come for long are forgotten first.
_MAX_ADDRESSES = 10_000


class Recent:
    """Addresses, each remembered for some seconds since it was noted last."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._noted_at: dict[str, float] = {}  # the latest at the end

    def note(self, address: str) -> None:
        """Remember an address from now on."""
        self._noted_at.pop(address, None)
        self._noted_at[address] = time.monotonic()
        if len(self._noted_at) > _MAX_ADDRESSES:
            del self._noted_at[next(iter(self._noted_at))]

    def __contains__(self, address: str) -> bool:
        return time.monotonic() < self._noted_at.get(address, float("-inf")) + self._seconds
