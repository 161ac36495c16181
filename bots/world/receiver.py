"""What comes to one user, as bytes in any pieces. No I/O.

In a room, bytes are first compared with what the others in it have heard (see `bots.ledger.shared_stream`). Only what
differs is read: what nobody has heard yet, what is for this user alone, and what has gone wrong.
"""

from collections.abc import Callable, Sequence

from bots.ledger.model import Attendance, Message
from bots.ledger.room import RoomLedger
from bots.protocols.dialects import Dialect, Heard


class Ear:
    """Hears for one user on one connection.

    `hear` is called for each thing that was read, with the line that it came in; `follow`, unless it is None, with the
    messages that came in the same bytes as to the others.
    """

    def __init__(self, dialect: Dialect, hear: Callable[[Heard, bytes], None]) -> None:
        self.follow: Callable[[Sequence[Message]], None] | None = None
        self._dialect = dialect
        self._hear = hear
        self._room: RoomLedger | None = None
        self._stay: Attendance | None = None
        self._unread = b""  # the beginning of a line

    def begin(self, dialect: Dialect) -> None:
        """Begin to hear on a new connection."""
        self._dialect = dialect
        self.be_in(self._room, self._stay)
        self._unread = b""

    def be_in(self, room: RoomLedger | None, stay: Attendance | None) -> None:
        """From now on, hear this one room's lines together with the others in it; with None, read every line."""
        if self._room is not None and self._stay is not None:
            self._unread = self._room.part(self._stay) + self._unread
        self._room, self._stay = room, stay

    def receive(self, data: bytes, now: float) -> None:
        """Take in what has arrived."""
        if self._unread:
            data, self._unread = self._unread + data, b""
        start = self._with_others(data, 0, len(data), now)
        if start == len(data):
            return
        if not self._dialect.in_lines:
            for heard in self._dialect.receive(data):
                self._hear(heard, b"")
            return
        if self._room is not None and self._stay is not None:
            data, start = self._room.unfinished(self._stay) + data[start:], 0
        while end := data.find(b"\n", start) + 1:
            line, begin = data[start:end], start
            start = self._with_others(data, begin, end, now)
            if start < end:
                for heard in self._dialect.receive(line):
                    self._hear(heard, line)
                start = self._with_others(data, end, len(data), now)
        self._unread = data[start:]

    def _with_others(self, data: bytes, start: int, stop: int, now: float) -> int:
        """Note that these bytes came; return up to where they are what the others in the room heard."""
        room, stay = self._room, self._stay
        if room is None or stay is None or start == stop:
            return start
        begin = stay.progress.position
        reached = room.follow(stay, data, start, stop, now)
        if self.follow is not None and stay.progress.position > begin:
            self.follow(room.messages[begin : stay.progress.position])
        return reached
