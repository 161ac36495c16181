"""Bytes as nobody sends them and in pieces as any network may cut them, and what a reader makes of them."""

import gc
from collections.abc import Sequence
from enum import Enum

from hypothesis import strategies as st

from geventchat.commands.commands import AnyCommand
from geventchat.core.member import Member
from geventchat.delivery.outbox import Outbox
from geventchat.dialects.base import Answer, EmptyLine, Reader
from geventchat.dialects.json import JSON
from geventchat.protocol.errors import ProtocolError

_LINES = (b"\n", b"\r\n", b"\r", b" ", b"exit", b"alice", b"x" * 40, "Привет".encode(), b"\xe2\x80\xae", b"\x1b[")
_SLASHES = (b"/", b"//", b"/nick ", b"/msg bob hi", b'/msg "a b" hi', b"/history 99", b"/HELP")
_TELNET = (b"\xff", b"\xff\xff", b"\xff\xfb\x01", b"\xff\xf1", b"\xff\xfa", b"\xfa" * 40, b"\xff\xf0")
_JSON = (b"{", b"}", b'"type"', b'{"type":"ping"}\n', b'{"type":"hello","nick":"al', b"\\ud800", b"[" * 60)
_IRC = (b"NICK bob\r\n", b"USER b 0 * :B\r\n", b"CAP LS 302\r\n", b"@label=x ", b"PRIVMSG #a :", b"\x01", b",#", b":")
_OTHERS = (b"GET / ", b"\x16\x03\x01")
_SHARDS = _LINES + _SLASHES + _TELNET + _JSON + _IRC + _OTHERS

streams = st.lists(st.one_of(st.sampled_from(_SHARDS), st.binary(max_size=6)), max_size=30).map(b"".join)


@st.composite
def cut(draw: st.DrawFn, data: st.SearchStrategy[bytes] = streams) -> list[bytes]:
    """Draw bytes in pieces; often one by one."""
    stream = draw(data)
    if draw(st.booleans()):
        return [bytes([byte]) for byte in stream]
    places = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[start:end] for start, end in zip([0, *places], [*places, len(stream)], strict=True)]


Found = AnyCommand | EmptyLine | tuple[str, bool] | bytes

SOMEBODY = Member(JSON.encoder, JSON.can, Outbox(), "token")


def read(reader: Reader, pieces: Sequence[bytes], at_most: int | None = None) -> list[Found]:
    """Return the commands that a reader finds, and code and fatality of each error; the end of the stream included.

    What the dialect answers by itself is the bytes that it would send to somebody.

    No other exception than ProtocolError may come, and after each piece no more than `at_most` bytes may be kept.
    """
    found: list[Found] = []

    def take() -> bool:
        while True:
            try:
                command = reader.next_command()
            except ProtocolError as error:
                found.append((error.code, error.fatal))
                if error.fatal:
                    return False
                continue
            if command is None:
                return True
            found.append(command.encode(SOMEBODY) if isinstance(command, Answer) else command)

    for piece in pieces:
        reader.receive(piece)
        if not take():
            return found
        assert at_most is None or kept(reader) <= at_most
    reader.end()
    take()
    return found


def kept(thing: object) -> int:
    """Return how many bytes and characters are held by an object and all that it holds."""
    size, seen, waiting = 0, set(), [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or callable(one) or isinstance(one, Enum):  # these hold on to all the code
            continue
        seen.add(id(one))
        if isinstance(one, bytes | bytearray | str):
            size += len(one)
        waiting += gc.get_referents(one)
    return size
