"""The unframed dialect: the classroom task's own client, for which one `recv` is one message.

It reads as plain does, but what arrives at once is a line, ended or not; what it is sent, UnframedOutbox says.
"""

from collections import deque

from geventchat.commands.commands import AnyCommand
from geventchat.dialects.base import Blank
from geventchat.dialects.plain import PlainReader
from geventchat.protocol.errors import ProtocolError


class UnframedReader:
    """Reads packets: the first is a name, the others are said or are commands."""

    __slots__ = ("_lines", "_max_line", "_plain")

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        self._plain = PlainReader(max_line)
        self._lines: deque[bytes] = deque()

    def receive(self, data: bytes) -> None:
        """Take in one packet; should ends of lines stand in it, as the lines that it holds."""
        self._lines.extend(data.splitlines())

    def end(self) -> None:
        """Nothing is held back."""

    def next_command(self) -> AnyCommand | Blank | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        if not self._lines:
            return None
        line = self._lines.popleft()
        if len(line) > self._max_line:
            raise ProtocolError("line-too-long", f"a message can have at most {self._max_line} bytes; not sent")
        return self._plain.read(line)

    def named(self) -> None:
        """Take note that packets are said from now on."""
        self._plain.named()
