"""What comes to one user, as bytes in any pieces. No I/O; times come in.

In a room, bytes are first compared with those that the others in it have received (see `bots.ledger.shared_stream`).
Only bytes that differ are read: those that nobody has heard yet, those for this user alone, and faults.
"""

from collections.abc import Callable

from bots.ledger.model import Attendance
from bots.ledger.room import RoomLedger
from bots.protocols.base import MAX_FRAME_BYTES, ClientDialect, Heard
from bots.world.inbox import Inbox
from geventchat.protocol.errors import ProtocolError

# Is told of each thing that was read, of the line that it came in, and when. The line is empty where its bytes alone do
# not say what each user hears.
Hear = Callable[[Heard, bytes, float], None]


class Receiver:
    """Takes in the bytes of one user's connections, one after another.

    `hear` is called for each thing that was read; the inbox is told of what came in the same bytes as to the others.
    """

    def __init__(self, dialect: ClientDialect, hear: Hear, inbox: Inbox) -> None:
        self._dialect = dialect
        self._hear = hear
        self._inbox = inbox
        self._room: RoomLedger | None = None
        self._reader: Attendance | None = None
        self._unread = b""  # the beginning of a line
        self._answers = b""  # of the protocol itself

    def begin(self, dialect: ClientDialect) -> None:
        """Begin with a new connection."""
        self._dialect = dialect
        self.be_in(self._room, self._reader)
        self._unread = self._answers = b""

    def be_in(self, room: RoomLedger | None, reader: Attendance | None) -> None:
        """From now on, hear this one room's lines together with the others in it; with None, read every line."""
        if self._room is not None and self._reader is not None:
            self._unread = self._room.part(self._reader) + self._unread
        self._room, self._reader = room, reader

    def receive(self, data: bytes, now: float) -> None:
        """Take in what has arrived, at first nothing. Raises ProtocolError, fatal, for what cannot be read."""
        if not data:
            self._understand(data, now)
            return
        if self._unread:
            data, self._unread = self._unread + data, b""
        start = self._follow_others(data, 0, len(data), now)
        if start == len(data):
            return
        if not self._dialect.framed:
            self._understand(data, now)
            return
        if self._room is not None and self._reader is not None:
            data, start = self._room.unfinished(self._reader) + data[start:], 0
        while end := self._dialect.line_end(data, start):
            line, begin = data[start:end], start
            start = self._follow_others(data, begin, end, now)
            if start < end:
                self._understand(line, now)
                start = self._follow_others(data, end, len(data), now)
        self._unread = data[start:]
        if len(self._unread) > MAX_FRAME_BYTES:
            raise ProtocolError("line-too-long", "the server sent a line without end", fatal=True)

    def data_to_send(self) -> bytes:
        """Return what the protocol itself has to answer to what was received."""
        answers, self._answers = self._answers, b""
        return answers

    def _understand(self, line: bytes, now: float) -> None:
        """Hear what a line means.

        If that is more than one thing, is to be answered, or may be something else to others, each user has to read it.
        """
        meant = list(self._dialect.receive(line))
        answer = self._dialect.data_to_send()
        self._answers += answer
        dialect = self._dialect
        is_shared = dialect.framed and dialect.stateless and len(meant) == 1 and not answer
        for heard in meant:
            self._hear(heard, line if is_shared else b"", now)

    def _follow_others(self, data: bytes, start: int, stop: int, now: float) -> int:
        """Note that these bytes came; return up to where they are what the others in the room heard.

        What shows that a user is in the room, it has to read itself.
        """
        room, reader = self._room, self._reader
        if room is None or reader is None or start == stop or now < reader.entered:
            return start
        if not self._inbox.has_listeners:
            return room.follow(reader, data, start, stop, now)
        begin = reader.progress.position
        reached = room.follow(reader, data, start, stop, now)
        if reader.progress.position > begin:
            self._inbox.hear_with_others(room.messages[begin : reader.progress.position])
        return reached
