"""Bytes to lines, with a bound on what one line may cost however its bytes arrive."""

from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.limits import MAX_UNENDED_BYTES


class LineBuffer:
    """Cuts a stream of bytes into lines; a line longer than `max_line` bytes is refused once and skipped.

    After `max_unended` bytes without an end of line, the connection cannot go on.
    """

    __slots__ = ("_buffer", "_max_line", "_max_unended", "_searched", "_skipped")

    def __init__(self, max_line: int, max_unended: int = MAX_UNENDED_BYTES) -> None:
        self._max_line = max_line
        self._max_unended = max(max_unended, max_line)
        self._buffer = bytearray()
        self._searched = 0  # bytes at the start of the buffer that hold no end of line
        self._skipped = 0  # bytes of the line being skipped that are gone already; 0 when none is

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""
        self._buffer += data

    def end(self) -> None:
        """Take in the end of the connection: a last line that lacks its end is complete."""
        if self._buffer:
            self._buffer += b"\n"

    def drop(self) -> None:
        """Forget what has come and was not returned yet, and the rest of a line that has begun."""
        end = self._buffer.rfind(b"\n") + 1
        self._skipped = len(self._buffer) - end + (0 if end else self._skipped)
        self._buffer.clear()
        self._searched = 0

    def next_line(self) -> bytes | None:
        r"""Return the next whole line without its `\n` or `\r\n`; None when more must arrive first.

        Raises ProtocolError: "line-too-long" once for a line that is, fatal when it goes on for 64 KiB.
        """
        while self._buffer:
            end = self._buffer.find(b"\n", self._searched)
            if end < 0:
                self._bound()
                return None
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            self._searched = 0
            if not self._skipped and len(line) <= self._max_line:
                return line
            first, length = not self._skipped, self._skipped + end
            self._skipped = 0
            if length > self._max_unended:
                raise self._endless()
            if first:
                raise self._too_long()
        return None

    def _bound(self) -> None:
        """Keep no more of a line without an end than a line may have."""
        self._searched = len(self._buffer)
        first = not self._skipped
        if first and self._searched <= self._max_line + len(b"\r"):
            return
        self._skipped += self._searched
        self._buffer.clear()
        self._searched = 0
        if self._skipped > self._max_unended:
            raise self._endless()
        if first:
            raise self._too_long()

    def _endless(self) -> ProtocolError:
        kib = self._max_unended >> 10
        return ProtocolError("line-too-long", f"{kib} KiB without an end of line", fatal=True)

    def _too_long(self) -> ProtocolError:
        return ProtocolError("line-too-long", f"a line can have at most {self._max_line} bytes; this one was not sent")
