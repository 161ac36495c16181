"""What is remembered of addresses: of a bounded number, for anyone may come from any number of them."""

from typing import Generic, TypeVar

# How many addresses are remembered; those from which nothing has come for long are forgotten first.
MAX_ADDRESSES = 10_000

_Known = TypeVar("_Known")


class AddressMemory(Generic[_Known]):
    """Something known of each address, or each host; the least recent of more than MAX_ADDRESSES is forgotten."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}  # the latest at the end

    def get(self, address: str) -> _Known | None:
        """Return what is known of an address; None when nothing is."""
        return self._known.get(address)

    def put(self, address: str, known: _Known) -> None:
        """Remember this of an address from which something comes now."""
        self._known.pop(address, None)
        self._known[address] = known
        if len(self._known) > MAX_ADDRESSES:
            del self._known[next(iter(self._known))]
