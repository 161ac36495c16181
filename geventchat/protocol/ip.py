"""Network addresses in text, as sockets give them: which are the same, and which may all be one host's."""

import ipaddress
from collections.abc import Iterable

# Who gets an address of IPv6 gets at least a network of this size to choose from (RFC 6177).
_HOST_PREFIX = 64

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse(text: str) -> IpAddress | None:
    """Return an address, as IPv4 where a listener on IPv6 shows one so; None for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def host_of(text: str) -> str:
    """Return what stands for all addresses that one host may have at once; what is no address stands for itself."""
    address = parse(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _HOST_PREFIX), strict=False))
    return text if address is None else str(address)


def is_loopback(text: str) -> bool:
    """Return whether an address leads to the machine itself."""
    address = parse(text)
    return address is not None and address.is_loopback


def is_in(text: str, networks: Iterable[Network]) -> bool:
    """Return whether an address belongs to one of these networks."""
    address = parse(text)
    return address is not None and any(address in network for network in networks)
