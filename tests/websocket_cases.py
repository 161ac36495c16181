"""Cases for a WebSocket server: what is sent, what must be told, and how the connection must end (RFC 6455).

They stand in the sections that the Autobahn test suite has. Each text is a `ping` of the json dialect, which is
answered with its token: so a server that is no echo can show what it has read.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG, MORE = 1, 2, 8, 9, 10, 0
# Who closes within a message has not said all: the library `websockets` takes that for a mistake, and says so.
_CLOSED_WITHIN = 1002
_KEY = b"\x0f\xf0\x3c\xc3"

# What a client is told: the token of an answered text, the bytes of a pong frame, or the code of an error.
Told = tuple[str, bytes | str]


class Case(NamedTuple):
    """Bytes that a client sends, what it must be told, and the code with which the connection must end."""

    sent: bytes
    told: Sequence[Told] = ()
    ends: int = 1000


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0, key: bytes = _KEY) -> bytes:
    """Return a frame as a client sends it (section 5.2); without a key, it is not masked."""
    size, mask = len(data), 0x80 if key else 0
    head = bytes([fin << 7 | rsv << 4 | opcode])
    if size < 126:
        head += bytes([mask | size])
    elif size < 1 << 16:
        head += bytes([mask | 126]) + size.to_bytes(2)
    else:
        head += bytes([mask | 127]) + size.to_bytes(8)
    masked = bytes(byte ^ key[place % 4] for place, byte in enumerate(data)) if key else data
    return head + key + masked


def close(code: int, reason: bytes = b"") -> bytes:
    """Return a frame that closes."""
    return frame(CLOSE, code.to_bytes(2) + reason)


def asking(token: bytes | str, size: int = 0) -> bytes:
    """Return a text that is answered with this token, filled up with blanks to so many bytes."""
    token = token.encode() if isinstance(token, str) else token
    return (b'{"type":"ping","token":"' + token + b'"}').ljust(size)


def fragments(data: bytes, size: int) -> list[bytes]:
    """Return a text in frames of so many bytes."""
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    last = len(pieces) - 1
    return [frame(MORE if place else TEXT, piece, fin=place == last) for place, piece in enumerate(pieces)]


def good(*frames: bytes, told: Sequence[Told] = ()) -> Case:
    """Return a case of what is right: the client then closes, and is answered."""
    return Case(b"".join(frames) + close(1000), told)


def bad(*frames: bytes, told: Sequence[Told] = (), ends: int = 1002) -> Case:
    """Return a case of what is wrong: the server closes, and nothing behind that is read."""
    return Case(b"".join(frames) + frame(TEXT, asking("too late")), told, ends)


HELLO, SAID = frame(TEXT, asking("hello")), [("text", "hello")]


def framing() -> Iterator[Case]:
    """Yield cases of text and of binary frames, with each of the ways to write a length."""
    sizes = (0, 125, 126, 127, 128, 65_535, 65_536)
    yield good(frame(TEXT), told=[("error", "bad-json")])
    for size in sizes[1:]:
        yield good(frame(TEXT, asking("x", size)), told=[("text", "x")])
    for size in sizes:
        yield bad(frame(BINARY, bytes(size)), ends=1003)
    yield bad(HELLO, frame(TEXT, asking("x"), key=b""), told=SAID)
    yield bad(frame(BINARY, b"x", fin=False), ends=1003)


def pings() -> Iterator[Case]:
    """Yield cases of pings and pongs."""
    for data in (b"", b"hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125):
        yield good(frame(PING, data), told=[("pong", data)])
    yield bad(HELLO, frame(PING, b"\xfe" * 126), told=SAID)
    for data in (b"", b"unasked"):
        yield good(frame(PONG, data), frame(PING, b"x"), told=[("pong", b"x")])
    yield good(frame(PONG, b"unasked"), HELLO, told=SAID)
    many = [b"%d" % number for number in range(10)]
    yield good(*(frame(PING, data) for data in many), told=[("pong", data) for data in many])


def reserved_bits() -> Iterator[Case]:
    """Yield cases of bits that mean nothing without an extension."""
    for opcode, data in ((TEXT, asking("x")), (PING, b"x"), (PONG, b"x"), (CLOSE, b"\x03\xe8"), (BINARY, b"x")):
        for rsv in range(1, 8):
            yield bad(HELLO, frame(opcode, data, rsv=rsv), told=SAID)
    for rsv in range(1, 8):
        yield bad(frame(TEXT, b"{", fin=False), frame(MORE, b"}", rsv=rsv))


def opcodes() -> Iterator[Case]:
    """Yield cases of opcodes that mean nothing."""
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        for data in (b"", b"reserved"):
            yield bad(HELLO, frame(opcode, data), told=SAID)


def fragmentation() -> Iterator[Case]:
    """Yield cases of messages in several frames."""
    text = asking("in pieces")
    for opcode in (PING, PONG, CLOSE):
        yield bad(frame(opcode, b"\x03\xe8", fin=False), frame(MORE, b"x"))
    whole = [("text", "in pieces")]
    for size in (1, 5, 20):
        yield good(*fragments(text, size), told=whole)
    for opcode, told in ((PING, [("pong", b"now")]), (PONG, [])):
        between = [piece + frame(opcode, b"now") for piece in fragments(text, 30)]
        yield good(*between, told=[*told[:1], *whole, *told[:1]])
    yield good(*fragments(text, 20), *fragments(asking("again"), 9), told=[*whole, ("text", "again")])
    for fin in (True, False):
        yield bad(frame(MORE, b"no beginning", fin=fin))
        yield bad(frame(MORE, b"no beginning", fin=fin), HELLO)
        yield bad(HELLO, frame(MORE, b"no beginning", fin=fin), told=SAID)
        yield bad(*fragments(text, 20), frame(MORE, b"no beginning", fin=fin), told=whole)
    for opcode in (TEXT, BINARY):
        for fin in (True, False):
            yield bad(frame(TEXT, b"begun", fin=False), frame(opcode, b"another", fin=fin))
    yield good(frame(TEXT, fin=False), frame(MORE, fin=False), frame(MORE, text), told=whole)
    yield good(frame(TEXT, fin=False), frame(MORE, text, fin=False), frame(MORE), told=whole)
    yield good(frame(TEXT, fin=False), frame(MORE), told=[("error", "bad-json")])
    yield Case(frame(TEXT, b"never ended", fin=False) + close(1000), ends=_CLOSED_WITHIN)


def _utf8_good() -> Iterator[str]:
    yield from ("$", "\u00a2", "\u20ac", "\U00024b62", "κόσμε", "Hello-µ@ßöäüàá-UTF-8!!")
    for edge in (0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF):
        yield f"{edge:x}{chr(edge)}"
    for plane in range(17):  # characters that are none, and still can be written
        for last in (0xFFFE, 0xFFFF):
            yield f"{plane}{chr(plane << 16 | last)}"
    for special in range(0xFFF9, 0xFFFE):
        yield f"{special:x}{chr(special)}"


def _too_long(code: int, size: int) -> bytes:
    """Return a code point in more bytes than it needs, or in five or six."""
    tail = [0x80 | code >> 6 * place & 0x3F for place in reversed(range(size - 1))]
    lead = 0xFF << 7 - size & 0xFF
    return bytes([lead | code >> 6 * (size - 1), *tail])


def _utf8_bad() -> Iterator[bytes]:
    yield from (_too_long(0x200000, 5), _too_long(0x4000000, 6), _too_long(0x3FFFFFF, 5), _too_long(0x7FFFFFFF, 6))
    yield from (_too_long(0x110000, 4), _too_long(0x1FFFFF, 4))
    for many in range(1, 8):  # what continues nothing
        yield bytes([0x80, 0xBF] * 4)[:many]
    yield bytes(range(0x80, 0xC0))
    for first, last in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD)):
        yield b" ".join(bytes([lead]) for lead in range(first, last + 1)) + b" "
    unended = [_too_long(code, size)[:-1] for size in (2, 3, 4, 5, 6) for code in (0, (1 << 5 * size + 1) - 1)]
    yield from unended
    yield b"".join(unended)
    yield from (b"\xfe", b"\xff", b"\xfe\xfe\xff\xff")
    for code, shortest in ((ord("/"), 2), (0, 2), (0x7F, 2), (0x7FF, 3), (0xFFFF, 4)):
        for size in range(shortest, 7):
            yield _too_long(code, size)
    surrogates = (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)
    for one in surrogates:
        yield _too_long(one, 3)
    for high in surrogates[:4]:
        for low in (surrogates[4], surrogates[6]):
            yield _too_long(high, 3) + _too_long(low, 3)


def utf8() -> Iterator[Case]:
    """Yield cases of text that is UTF-8, however it is cut, and of text that is none."""
    for text in _utf8_good():
        data = asking(json.dumps(text, ensure_ascii=False)[1:-1])
        for size in (len(data), 1):
            yield good(*fragments(data, size), told=[("text", text)])
    for wrong in _utf8_bad():
        data = asking(wrong)
        for size in (len(data), 1):
            yield bad(HELLO, *fragments(data, size), told=SAID, ends=1007)
    whole = asking("κόσμε")
    for cut in range(whole.index(b"\xce"), len(whole)):
        yield good(frame(TEXT, whole[:cut], fin=False), frame(MORE, whole[cut:]), told=[("text", "κόσμε")])
        broken = whole[:cut]
        if not _is_utf8(broken):  # the end of a message cuts a character
            yield bad(frame(TEXT, broken), frame(TEXT, whole[cut:]), ends=1007)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def closing() -> Iterator[Case]:
    """Yield cases of how a connection is closed."""
    yield Case(HELLO + close(1000), SAID)
    yield Case(close(1000) + close(1000))
    yield Case(close(1000) + frame(PING, b"too late"))
    yield Case(close(1000) + HELLO)
    yield Case(frame(TEXT, b"begun", fin=False) + close(1000) + frame(MORE, b"ended"), ends=_CLOSED_WITHIN)
    yield Case(frame(CLOSE), ends=1005)
    yield bad(frame(CLOSE, b"\x03"))
    for reason in (b"", b"hello", b"x" * 123, "ы".encode() * 61):
        yield Case(close(1000, reason))
    yield bad(close(1000, b"x" * 124))
    yield bad(close(1000, "κόσμε".encode()[:-1]), ends=1007)
    yield bad(close(1000, b"\xed\xa0\x80"), ends=1007)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        yield Case(close(code), ends=code)
        yield Case(close(code, b"why"), ends=code)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
        yield bad(close(code))


def limits(longest: int) -> Iterator[Case]:
    """Yield cases of large messages, and of many; a message can have `longest` bytes."""
    for size in (1_000, 16_000, longest):
        yield good(frame(TEXT, asking("large", size)), told=[("text", "large")])
        for piece in (64, 256, 1_024, 4_096):
            yield good(*fragments(asking("large", size), piece), told=[("text", "large")])
    for size in (longest + 1, 1 << 20):
        yield bad(frame(TEXT, asking("too large", size)), ends=1009)
        for piece in (1_024, 4_096):
            yield bad(*fragments(asking("too large", size), piece), ends=1009)
    yield bad(b"\x81\xff" + (1 << 40).to_bytes(8) + _KEY, ends=1009)  # a length alone is enough
    yield bad(b"\x81\xff" + (1 << 63).to_bytes(8) + _KEY, ends=1009)
    for size in (26, 64, 256, 1_024, 2_048):
        many = range(100)
        frames = [frame(TEXT, asking(f"{number}", size)) for number in many]
        yield good(*frames, told=[("text", f"{number}") for number in many])


def sections(longest: int) -> dict[str, list[Case]]:
    """Return all cases by their sections; a message can have `longest` bytes."""
    made: dict[str, Iterable[Case]] = {
        "framing": framing(),
        "pings": pings(),
        "reserved bits": reserved_bits(),
        "opcodes": opcodes(),
        "fragmentation": fragmentation(),
        "UTF-8": utf8(),
        "closing": closing(),
        "limits": limits(longest),
    }
    return {name: list(cases) for name, cases in made.items()}
