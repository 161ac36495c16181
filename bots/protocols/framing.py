"""What a frame is on a connection, and what is in it: text, JSON, or a number with JSON behind it. No I/O."""

from typing import Any, Protocol

import msgspec

from bots.protocols.patterns import as_json
from geventchat.protocol.text import decode


class Framing(Protocol):
    """How messages are told apart in a stream of bytes."""

    framed: bool  # whether the bytes say where a message ends

    def end(self, data: bytes, start: int) -> int:
        """Return the place behind the frame that begins at `start`; 0 while it is not whole."""

    def content(self, frame: bytes) -> bytes:
        """Return what is in a frame."""

    def frame(self, content: bytes) -> bytes:
        """Return a frame with something in it. Raises ValueError if that cannot be."""


class Ended:
    """Behind each frame stands what is in none of them, such as a NUL."""

    framed = True

    def __init__(self, delimiter: bytes) -> None:
        self._delimiter = delimiter

    def end(self, data: bytes, start: int) -> int:
        """Return the place behind the delimiter."""
        at = data.find(self._delimiter, start)
        return 0 if at < 0 else at + len(self._delimiter)

    def content(self, frame: bytes) -> bytes:
        """Return what stands before the delimiter."""
        return frame.removesuffix(self._delimiter)

    def frame(self, content: bytes) -> bytes:
        """Return it with the delimiter."""
        if self._delimiter in content:
            raise ValueError("the end of a frame is in it")
        return content + self._delimiter


class Lines(Ended):
    """Each line is a frame; LF ends it, or CR LF."""

    def __init__(self) -> None:
        super().__init__(b"\n")

    def content(self, frame: bytes) -> bytes:
        """Return the line without its end."""
        return frame.rstrip(b"\r\n")


class LengthPrefixed:
    """In front of each frame stands its length in so many bytes, the most significant one first."""

    framed = True

    def __init__(self, size: int) -> None:
        self._size = size

    def end(self, data: bytes, start: int) -> int:
        """Return the place behind the frame, as its length says."""
        begin = start + self._size
        end = begin + int.from_bytes(data[start:begin])
        return end if end <= len(data) else 0

    def content(self, frame: bytes) -> bytes:
        """Return the frame without its length."""
        return frame[self._size :]

    def frame(self, content: bytes) -> bytes:
        """Return the length, and what is so long."""
        if len(content) >= 1 << (8 * self._size):
            raise ValueError(f"its length does not fit into {self._size} bytes")
        return len(content).to_bytes(self._size) + content


class Whole:
    """A message of a WebSocket is a frame: nothing is added to it."""

    framed = True

    def end(self, data: bytes, start: int) -> int:
        """Return the end of it all."""
        del start
        return len(data)

    def content(self, frame: bytes) -> bytes:
        """Return it as it is."""
        return frame

    def frame(self, content: bytes) -> bytes:
        """Return it as it is."""
        return content


class Packets(Whole):
    """What arrives at once is a frame: nothing else says where it ends."""

    framed = False

    def content(self, frame: bytes) -> bytes:
        """Return what has come, without the end of a line."""
        return frame.rstrip(b"\r\n")


class NotReadable(ValueError):
    """What is in a frame is not what the protocol says; the message says why."""


class TextContent:
    """A frame holds text."""

    is_json = False

    def read(self, content: bytes) -> Any:
        """Return the text."""
        return decode(content)

    def write(self, message: Any) -> bytes:
        """Return a text as bytes."""
        return str(message).encode()


class JsonContent:
    """A frame holds one value of JSON."""

    is_json = True

    def read(self, content: bytes) -> Any:
        """Return the value. Raises NotReadable."""
        try:
            return msgspec.json.decode(decode(content))
        except (msgspec.DecodeError, RecursionError):
            raise NotReadable("it is no JSON") from None

    def write(self, message: Any) -> bytes:
        """Return a value as JSON."""
        return as_json(message).encode()


class NumberedContent(JsonContent):
    """A frame holds a number and perhaps JSON behind it, as with Socket.IO: `42["chat","hi"]` is `[42, [chat, hi]]`."""

    def read(self, content: bytes) -> Any:
        """Return a list of the number and the value, if there is one. Raises NotReadable."""
        text = decode(content)
        rest = text.lstrip("0123456789")
        if not (number := text[: len(text) - len(rest)]):
            raise NotReadable("it does not begin with a number")
        return [int(number[:9])] + ([super().read(rest.encode())] if rest else [])

    def write(self, message: Any) -> bytes:
        """Return the number, and the value behind it."""
        number, *value = message
        return str(number).encode() + (super().write(value[0]) if value else b"")


Content = TextContent | JsonContent | NumberedContent
