"""The unframed dialect: the classroom task's own client, for which one `recv` is one message.

It is read as plain is, but what arrives at once is a line, whether it has an end or not; what it is sent,
`UnframedOutbox` says.
"""

from collections import deque

from geventchat.commands.commands import AnyCommand
from geventchat.dialects.base import Dialect, EmptyLine
from geventchat.dialects.foreign import foreign
from geventchat.dialects.plain import ENCODER, PEOPLE, PlainReader
from geventchat.dialects.unframed_outbox import UnframedOutbox
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.questions import Question
from geventchat.protocol.text import cut_character

# So much of the first packet is looked at once more together with the second.
_LONGEST_REQUEST = 64


class UnframedReader:
    """Reads packets: the first is a name, the others are said or are commands.

    A character that the end of a packet cuts is completed by the next packet.
    """

    __slots__ = ("_begun", "_error", "_first", "_lines", "_max_line", "_plain")
    ended = False

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        self._plain = PlainReader(max_line)
        self._lines: deque[bytes] = deque()
        self._begun = b""  # the beginning of a character
        self._first: bytes | None = b""  # the first packet, until the second is there
        self._error: ProtocolError | None = None

    def receive(self, data: bytes) -> None:
        """Take in one packet; should ends of lines stand in it, as the lines that it holds."""
        if self._first is not None:
            self._error = foreign(self._first + data)  # a request line may come in two packets
            self._first = None if self._first else data[:_LONGEST_REQUEST]
        data = self._begun + data
        cut = cut_character(data)
        self._begun = data[len(data) - cut :]
        self._lines.extend(data[: len(data) - cut].splitlines())

    def end(self) -> None:
        """Take in the end of the connection."""
        if self._begun:
            self._lines.append(self._begun)

    def next_command(self) -> AnyCommand | EmptyLine | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        if self._error is not None:
            raise self._error
        if not self._lines:
            return None
        line = self._lines.popleft()
        if len(line) > self._max_line:
            raise ProtocolError("line-too-long", f"a message can have at most {self._max_line} bytes; not sent")
        return self._plain.read(line)

    def data_to_send(self) -> bytes:
        """Return nothing: people are told by the server."""
        return b""

    def asked(self, question: Question | None) -> None:
        """Take packets for answers to this question, as `PlainReader.asked` does; with None, for what is said."""
        if question is Question.NAME and self._plain.has_refused_name:
            self._lines.clear()
        self._plain.asked(question)

    def ping(self) -> bytes:
        """Return nothing: the system's keepalive finds who is gone."""
        return b""


UNFRAMED = Dialect(
    name="unframed",
    reader=UnframedReader,
    encoder=ENCODER,
    can=PEOPLE,
    outbox=UnframedOutbox,
)
