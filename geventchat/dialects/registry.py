"""The kinds of client there are, and how to tell by its first bytes which kind one is."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from geventchat.core.encoder import Encoder
from geventchat.delivery.outbox import Outbox, UnframedOutbox
from geventchat.dialects import json, plain, unframed
from geventchat.dialects.base import Reader
from geventchat.protocol.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of client: how to read it, and how it is spoken to."""

    name: str
    reader: Callable[[int], Reader]
    encoder: Encoder
    outbox: Callable[[], Outbox] = Outbox
    prompted: bool = True  # whether it is asked for a name


PLAIN = Dialect("plain", plain.PlainReader, plain.ENCODER)
UNFRAMED = Dialect("unframed", unframed.UnframedReader, plain.ENCODER, UnframedOutbox)
JSON = Dialect("json", json.JsonReader, json.ENCODER, prompted=False)

_VERBS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH", b"PRI")
_HTTP = re.compile(rb"(?:" + b"|".join(_VERBS) + rb") ")  # RFC 9110, section 9; RFC 9113, section 3.4
# A whole request line, however it is written: no name looks like that.
_REQUEST = re.compile(rb"\s*[a-z]+ \S+ HTTP/\d", re.IGNORECASE)
_TLS_HANDSHAKE = b"\x16"  # RFC 8446, section 5.1
_TELNET_IAC = b"\xff"

_HTTP_BODY = b"This port speaks chat, not HTTP. Join with geventchat-client, nc or telnet.\n"
HTTP_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_HTTP_BODY), _HTTP_BODY)
)


def sniff(first: bytes, *, quiet: bool) -> Dialect | None:
    """Tell the dialect by all that a newcomer has sent; None when more must be seen.

    `quiet` says that nothing more has come for the sniffing time. Raises ProtocolError, always fatal, for what is no
    chat: "http" or "tls".
    """
    if _HTTP.match(first) or _REQUEST.match(first):
        raise ProtocolError("http", "a web browser, or another program that speaks HTTP", fatal=True)
    if first.startswith(_TLS_HANDSHAKE):
        raise ProtocolError("tls", "a TLS client on a port without TLS", fatal=True)
    if first.startswith(b"{"):  # as no name does
        return JSON
    if b"\n" in first or first.startswith(_TELNET_IAC):
        return PLAIN
    return UNFRAMED if first and quiet else None
