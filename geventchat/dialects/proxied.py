"""The header by which a proxy says for whom it has connected: the PROXY protocol, versions 1 and 2.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
"""

import ipaddress
import re
from typing import NamedTuple

from geventchat.protocol.errors import ProtocolError

_TEXT = b"PROXY "
_LONGEST_TEXT = 107  # with its end of line: section 2.1
_IN_WORDS = re.compile(
    rb"PROXY (?:TCP4 (?P<ip4>[0-9.]{7,15})|TCP6 (?P<ip6>[0-9a-f:.]{2,39})) [0-9a-f:.]{2,39} \d{1,5} \d{1,5}\r\n",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED_BYTES = 16  # of version 2: signature, version and command, family, length of the rest
# What may stand behind the addresses is for others; more than a few hundred bytes of it is not what a proxy sends.
_LONGEST_REST = 4 << 10
_LOCAL, _FOR_ANOTHER = 0x20, 0x21
_ADDRESS_BYTES = {0x11: 4, 0x21: 16}  # by family: TCP over IPv4, over IPv6


class Header(NamedTuple):
    """What a connection begins with: `size` bytes, which name a client's address; empty where they name none."""

    address: str
    size: int


def read(data: bytes) -> Header | None:
    """Return the header at the beginning of a connection, of no bytes if there is none; None when more must be seen.

    Raises ProtocolError, fatal, for what begins as one and is none.
    """
    if data.startswith(_SIGNATURE):
        return _binary(data)
    if data.startswith(_TEXT):
        return _in_words(data)
    may_become_one = data and (_SIGNATURE.startswith(data) or _TEXT.startswith(data))
    return None if may_become_one else Header("", 0)


def _in_words(data: bytes) -> Header | None:
    line, end, _ = data[:_LONGEST_TEXT].partition(b"\n")
    line += end
    if match := _IN_WORDS.fullmatch(line):
        kind = ipaddress.IPv4Address if match["ip4"] else ipaddress.IPv6Address
        return Header(_address(kind, (match["ip4"] or match["ip6"]).decode()), len(line))
    if _UNKNOWN.fullmatch(line):
        return Header("", len(line))
    if end or len(data) >= _LONGEST_TEXT:
        raise _wrong()
    return None


def _binary(data: bytes) -> Header | None:
    if len(data) < _FIXED_BYTES:
        return None
    command, family = data[12], data[13]
    rest = int.from_bytes(data[14:_FIXED_BYTES])
    address_bytes = _ADDRESS_BYTES.get(family, 0) if command == _FOR_ANOTHER else 0
    if command not in (_LOCAL, _FOR_ANOTHER) or rest > _LONGEST_REST or rest < 2 * address_bytes:
        raise _wrong()
    size = _FIXED_BYTES + rest
    if len(data) < size:
        return None
    packed = data[_FIXED_BYTES : _FIXED_BYTES + address_bytes]
    return Header(str(ipaddress.ip_address(packed)) if packed else "", size)


def _address(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], text: str) -> str:
    try:
        return str(kind(text))
    except ValueError:
        raise _wrong() from None


def _wrong() -> ProtocolError:
    return ProtocolError("proxy-header", "that is not the header of a proxy", fatal=True)
