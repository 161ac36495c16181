"""From which addresses something has come lately."""

import time

from geventchat.core.address_memory import AddressMemory


class Recent:
    """Addresses, each remembered for some seconds since it was noted last."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._noted_at = AddressMemory[float]()

    def note(self, address: str) -> None:
        """Remember an address from now on."""
        self._noted_at.put(address, time.monotonic())

    def __contains__(self, address: str) -> bool:
        noted_at = self._noted_at.get(address)
        return noted_at is not None and time.monotonic() < noted_at + self._seconds
