"""Who may come in: how many connections there are, how many from one address, and how fast they come from there."""

from collections import Counter
from collections.abc import Callable

from geventchat.core.address_memory import AddressMemory
from geventchat.protocol.errors import Refused
from geventchat.protocol.ip import host_of, is_loopback
from geventchat.protocol.limits import REGISTRATION_RATE, REGISTRATIONS_AT_ONCE, Limits
from geventchat.server.token_bucket import TokenBucket


class ConnectionLimiter:
    """Counts those who are let in, and from which hosts; addresses are in text. Loopback may have any number."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._users = 0
        self._hosts: Counter[str] = Counter()
        self._rates = AddressRates(lambda: TokenBucket(self.limits.connect_rate, self.limits.max_per_address))

    def admit(self, address: str, now: float) -> None:
        """Count a connection, which has to be released in the end; `now` is on a clock that never goes back.

        Raises Refused, and does not count it, when it may not come in.
        """
        if self._users >= self.limits.max_users:
            raise Refused("server-full", "server is full, try again later")
        host = host_of(address)
        if not is_loopback(address):
            if self._hosts[host] >= self.limits.max_per_address:
                raise Refused("too-many-connections", "too many connections from your address")
            if not self._rates.of(address).try_take(now):
                raise Refused("too-many-connections", "too many new connections from your address, wait a moment")
        self._users += 1
        self._hosts[host] += 1

    def release(self, address: str) -> None:
        """Count a connection that was let in no more: it has ended."""
        self._users -= 1
        host = host_of(address)
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]


class Registrar:
    """Lets each address make as many accounts as a class needs, and then few: each is kept for ever."""

    def __init__(self) -> None:
        self._rates = AddressRates(lambda: TokenBucket(REGISTRATION_RATE, REGISTRATIONS_AT_ONCE))

    def admit(self, address: str, now: float) -> None:
        """Count an account that is made from there; `now` is on a clock that never goes back. Raises Refused."""
        if not is_loopback(address) and not self._rates.of(address).try_take(now):
            raise Refused("slow-down", "too many names were registered from your address, wait some minutes")


class AddressRates:
    """How fast something happens from each address: a bucket for each, as `make` returns it."""

    def __init__(self, make: Callable[[], TokenBucket]) -> None:
        self._make = make
        self._buckets = AddressMemory[TokenBucket]()  # by hosts

    def of(self, address: str) -> TokenBucket:
        """Return the bucket of an address, and of all others that its host may have."""
        host = host_of(address)
        bucket = self._buckets.get(host) or self._make()
        self._buckets.put(host, bucket)
        return bucket
