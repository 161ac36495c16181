"""What comes to one user, as bytes in any pieces. No I/O.

In a room, bytes are first compared with what the others in it have heard (see `bots.ledger.shared_stream`). Only what
differs is read: what nobody has heard yet, what is for this user alone, and what has gone wrong.
"""

from collections.abc import Callable, Sequence

from bots.ledger.model import Message, Reader
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
        self._stay: Reader | None = None
        self._unread = b""  # the beginning of a line

    def begin(self, dialect: Dialect) -> None:
        """Begin to hear on a new connection."""
        self._dialect = dialect
        self.be_in(self._room, self._stay)
        self._unread = b""

    def be_in(self, room: RoomLedger | None, stay: Reader | None) -> None:
        """From now on, hear this one room's lines together with the others in it; with None, read every line."""
        if self._room is not None and self._stay is not None:
            self._unread = self._room.part(self._stay) + self._unread
        self._room, self._stay = room, stay

    def receive(self, data: bytes, now: float) -> None:
        """Take in what has arrived."""
        if self._unread:
            data, self._unread = self._unread + data, b""
        if self._with_others(data, now):
            return
        if not self._dialect.in_lines:
            for heard in self._dialect.receive(data):
                self._hear(heard, b"")
            return
        if self._room is not None and self._stay is not None:
            data = self._room.unfinished(self._stay) + data
        *lines, self._unread = data.split(b"\n")
        for text in lines:
            line = text + b"\n"
            if not self._with_others(line, now):
                for heard in self._dialect.receive(line):
                    self._hear(heard, line)

    def _with_others(self, data: bytes, now: float) -> bool:
        """Note that these bytes came, if they are what the others in the room heard; return whether they are."""
        room, stay = self._room, self._stay
        if room is None or stay is None:
            return False
        begin = stay.position
        if not room.follow(stay, data, now):
            return False
        if self.follow is not None and stay.position > begin:
            self.follow(room.messages[begin : stay.position])
        return True
