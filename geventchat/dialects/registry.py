"""The dialects that there are, and how the first bytes of a connection tell which one it speaks."""

from collections.abc import Sequence
from enum import Enum

from geventchat.dialects.base import Dialect
from geventchat.dialects.foreign import foreign, is_http, is_tls, may_become_http
from geventchat.dialects.irc.dialect import IRC
from geventchat.dialects.irc.first_lines import is_irc, may_become_irc
from geventchat.dialects.json import JSON
from geventchat.dialects.plain import PLAIN
from geventchat.dialects.unframed import UNFRAMED
from geventchat.protocol.text import decode

__all__ = ["IRC", "JSON", "PLAIN", "UNFRAMED", "Layer", "detect"]

_TELNET_IAC = b"\xff"
# Packets that follow each other at once are pieces of a line: no client for which a packet is a message sends so many.
_MAX_PACKETS = 32


class Layer(Enum):
    """What a connection may begin with that is no dialect: one is spoken inside it."""

    TLS = "tls"
    HTTP = "http"  # in a WebSocket, if the request is for one


def detect(packets: Sequence[bytes], *, quiet: bool, patient: bool) -> Dialect | Layer | None:
    """Return what a newcomer speaks that has sent these packets; None when more must be seen.

    `quiet` says that nothing more has come for the sniffing time, `patient` that nothing has come for the time in
    which somebody who types a key at a time has typed the next one.
    Raises ProtocolError, always fatal, for what is no chat.
    """
    first = b"".join(packets)
    if is_tls(first):
        return Layer.TLS
    if is_http(first):
        return Layer.HTTP
    if error := foreign(first):
        raise error
    if first.startswith(b"{"):  # as no name does
        return JSON
    if is_irc(first):
        return IRC
    if (may_become_irc(first) or may_become_http(first)) and not quiet and len(packets) <= _MAX_PACKETS:
        return None
    if b"\n" in first or first.startswith(_TELNET_IAC) or len(packets) > _MAX_PACKETS:
        return PLAIN
    if all(len(decode(packet)) == 1 for packet in packets):
        # A key at a time, as telnet on Windows sends; a single one may be a short name in one packet.
        if len(packets) > 1:
            return PLAIN
        return UNFRAMED if patient and first else None
    if may_become_http(first):
        return UNFRAMED if patient else None
    return UNFRAMED if quiet and first else None
