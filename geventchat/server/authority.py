"""Who a request calls, and from whose page it comes: the headers Host and Origin, read strictly.

What is not wholly a name or an address, and perhaps a port, is neither: a reader that takes what it knows out of
`localhost:80@evil.example` lets that site's page in.
"""

import ipaddress
import re
from typing import NamedTuple

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_LONGEST_NAME = 253  # RFC 1035, section 2.3.4
_AUTHORITY = re.compile(rf"(\[[0-9a-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::([0-9]{{0,5}}))?", re.ASCII)
_PORTS = {"http": 80, "https": 443}


class Authority(NamedTuple):
    """A host, and the port where one is given; a name in small letters, an IPv6 address without its brackets."""

    host: str
    port: int | None = None

    @property
    def is_address(self) -> bool:
        """Whether the host is an address, and no name that leads to one."""
        return _address(self.host) is not None


def parse(text: str) -> Authority | None:
    """Return what a Host header names (RFC 9110, section 7.2; RFC 3986, section 3.2); None for anything else."""
    match = _AUTHORITY.fullmatch(text.strip(" \t").lower())
    if match is None:
        return None
    host, port = match[1], match[2]
    number = int(port) if port else None
    if len(host) > _LONGEST_NAME or (number is not None and number > 65_535):
        return None
    if not host.startswith("["):
        return Authority(host.removesuffix("."), number)
    address = _address(host[1:-1])
    return Authority(address, number) if address is not None and ":" in address else None


def is_own_page(origin: str, host: Authority) -> bool:
    """Whether a page from this origin (RFC 6454, section 6.1) was served by who is called `host`."""
    scheme, _, rest = origin.strip(" \t").lower().partition("://")
    page = parse(rest)
    if page is None or scheme not in _PORTS:
        return False
    usual = _PORTS[scheme]
    return (page.host, page.port or usual) == (host.host, host.port or usual)


def _address(host: str) -> str | None:
    try:
        return ipaddress.ip_address(host).compressed
    except ValueError:
        return None
