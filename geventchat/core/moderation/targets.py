"""Whom a ban or a mute hits: a name, the addresses of a network, all that come from one place, or everybody.

Moderators never see an address. What they see of a user is its *origin*, a pseudonym of its address: it is the same for
all who come from there, a ban takes it, and without the server's secret it says nothing.
"""

import hmac
import re
from base64 import b32encode
from ipaddress import IPv6Network, ip_network
from typing import NamedTuple

from geventchat.protocol import ip, names
from geventchat.protocol.errors import Refused
from geventchat.protocol.ip import Network
from geventchat.protocol.text import clean

# How an origin begins: no name holds a colon.
ORIGIN = "from:"
_ORIGIN_CHARS = 10
_ORIGIN = re.compile(rf"{ORIGIN}[a-z0-9]{{{_ORIGIN_CHARS}}}")
# The widest networks that can be named: more than a provider has would keep everybody out by a slip.
_WIDEST = {4: 8, 6: 16}


class Person(NamedTuple):
    """What there is of a user to be hit: the keys of its nick and of its account, its address, and its origin.

    What it does not have is empty.
    """

    key: str = ""
    account: str = ""
    address: str = ""
    origin: str = ""


class Target(NamedTuple):
    """Whom something hits. `id` is what it is kept under, `shown` how a moderator has written it."""

    id: str
    shown: str

    @property
    def is_name(self) -> bool:
        """Whether it is a name, which anyone may be told."""
        return self.id.startswith("name:")


def read(written: str, max_name: int) -> Target:
    """Return whom a moderator means: an origin, an address or network, or a name. Raises Refused ("bad-nick")."""
    written = written.strip()
    if (lowered := written.casefold()).startswith(ORIGIN):
        if not _ORIGIN.fullmatch(lowered):
            raise Refused("bad-nick", f"{clean(written)} is no origin: /whois shows those", about=clean(written))
        return Target(lowered, lowered)
    network = _network(written)
    if network is not None:
        return Target(f"net:{network}", str(network))
    shown, key = names.nick(written, max_name)
    return Target(f"name:{key}", shown)


def ids_of(person: Person) -> list[str]:
    """Return all targets that hit a person but networks; for these, see `network_of`."""
    ids = [f"name:{key}" for key in dict.fromkeys((person.key, person.account)) if key]
    return [*ids, person.origin] if person.origin else ids


def network_of(target_id: str) -> Network | None:
    """Return the network that a target is; None if it is none."""
    return ip_network(target_id.removeprefix("net:")) if target_id.startswith("net:") else None


def origin(address: str, secret: bytes) -> str:
    """Return the pseudonym of where an address is; who does not know the secret cannot tell which one that is."""
    if ip.parse(address) is None:
        return ""
    digest = hmac.digest(secret, ip.host_of(address).encode(), "sha256")
    return ORIGIN + b32encode(digest).decode().lower()[:_ORIGIN_CHARS]


def _network(written: str) -> Network | None:
    """Return the network that is written so, an address being one of one. Raises Refused where it is too wide."""
    try:
        network = ip_network(written, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network) and (mapped := network.network_address.ipv4_mapped) and network.prefixlen >= 96:
        network = ip_network((mapped, network.prefixlen - 96), strict=False)
    widest = _WIDEST[network.version]
    if network.prefixlen < widest:
        raise Refused("bad-nick", f"{written} is too wide: a network of /{widest} at most", about=written)
    return network
