"""Who may come in: how many connections there are, and how many from one address."""

import ipaddress
from collections import Counter

from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits


class Admission:
    """Counts those who are let in; addresses are in text, IPv4 or IPv6."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._users = 0
        self._addresses: Counter[str] = Counter()

    def come(self, address: str) -> None:
        """Let a connection in, which has to `go` in the end. Raises Refused, and does not count it, when it may not."""
        if self._users >= self._limits.max_users:
            raise Refused("server-full", "server is full, try again later")
        if self._addresses[address] >= self._limits.max_per_address and not _is_loopback(address):
            raise Refused("too-many-connections", "too many connections from your address")
        self._users += 1
        self._addresses[address] += 1

    def go(self, address: str) -> None:
        """Take note that a connection that was let in has ended."""
        self._users -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]


def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)  # an IPv4 peer of a listener on IPv6
    return (mapped or ip).is_loopback
