"""The bytes that everyone in a room hears, kept once, and how far each reader is in them. No I/O.

A server sends a room's lines to everyone in the same bytes. The first reader to hear a line has it read, and it is kept
here as it came. Of all others it is enough to know that the same bytes came at the place where they are: one comparison
of memory for everything that arrived at once. Places are offsets in bytes, counted from the room's beginning.
"""

from bisect import bisect_right

from bots.ledger.model import Reader

# How much is kept for readers who are behind; half of it is dropped at a time.
_WINDOW_BYTES = 8 << 20
# How far back, or ahead, a line is looked for that is no message.
_NEAR_BYTES = 16 << 10


class Unison:
    """The lines of one room, in the order of the first reader to hear them; some are messages, the others notices.

    A reader's `place` and `unread` belong to this class; `place` is -1 for one that does not hear what the others do.
    """

    def __init__(self) -> None:
        self._lines = bytearray()
        self._begin = 0  # the place of the first byte kept
        self._ends: list[int] = []  # the places behind the messages that are kept
        self._first = 0  # the number of the first of those
        self._placed: set[Reader] = set()

    def follow(self, reader: Reader, data: bytes) -> int:
        """Take a reader past these bytes; return how many messages it is behind then.

        They may end within a line. -1 if they are not what comes at its place, or are to be read all the same: what a
        reader hears first says where it came in.
        """
        place = reader.place
        if place < self._begin or not self._lines.startswith(data, place - self._begin):
            return -1
        behind = place + len(data)
        end = self._first + bisect_right(self._ends, behind)
        if reader.arrival is not None and (reader.arrival or end != self._messages_before(place)):
            return -1
        reader.place = behind
        return end

    def unfinished(self, reader: Reader) -> bytes:
        """Return the beginning of the line that a reader is in, and put it back before that line."""
        unread, reader.unread = reader.unread, b""
        if not unread and reader.place >= 0:
            unread = self._line_begun(reader.place)
            reader.place -= len(unread)
        return unread

    def part(self, reader: Reader) -> bytes:
        """Let a reader go its own way; return the beginning of the line that it is in."""
        unread = self.unfinished(reader)
        self._take_place(reader)
        return unread

    def hear(self, reader: Reader, number: int, line: bytes) -> None:
        """Note that a reader, which is in step with the room, read the line of the message with this number."""
        if number > self._next:
            self.restart(number)
        if number == self._next:
            self._append(line, is_message=True)
            self._put(reader, self._end)
            self._drop_surplus()
        elif number >= self._first:
            self._put(reader, self._ends[number - self._first])
        else:
            self._take_place(reader)

    def notice(self, reader: Reader, line: bytes) -> None:
        """Note that a reader read a line that is no message; everyone should get it, but nothing hangs on it."""
        behind = self._find_notice(reader.place, line)
        if behind < 0 and (reader.place == self._end or not self._lines):  # a newcomer may be ahead of the others
            self._append(line, is_message=False)
            behind = self._end
        if behind >= 0 and reader.position in (-1, self._messages_before(behind)):
            self._put(reader, behind)

    def restart(self, number: int) -> None:
        """Begin anew with this message: the room's order has changed, or was not heard in one piece."""
        self._lose_places(self._end + 1)
        self._begin = self._end + 1
        self._lines.clear()
        self._ends.clear()
        self._first = number

    @property
    def _end(self) -> int:
        """The place behind everything."""
        return self._begin + len(self._lines)

    @property
    def _next(self) -> int:
        """The number of the next message."""
        return self._first + len(self._ends)

    def _messages_before(self, place: int) -> int:
        """Return how many messages end at a place or before it."""
        return self._first + bisect_right(self._ends, place)

    def _find_notice(self, place: int, line: bytes) -> int:
        """Return the place behind a notice that comes at `place`, or soon after it past other notices; -1 if none does.

        With -1 for `place`, it is looked for among the last lines.
        """
        if place < 0:
            at = self._lines.rfind(line, max(0, len(self._lines) - _NEAR_BYTES))
        else:
            start = place - self._begin
            at = self._lines.find(line, start, start + _NEAR_BYTES) if start >= 0 else -1
        if at < 0 or (at and self._lines[at - 1 : at] != b"\n"):
            return -1
        behind = self._begin + at + len(line)
        passes_a_message = place >= 0 and self._messages_before(place) != self._messages_before(behind)
        return -1 if passes_a_message else behind

    def _line_begun(self, place: int) -> bytes:
        """Return the beginning of the line within which a place is; nothing when it is between lines."""
        at = place - self._begin
        return bytes(self._lines[self._lines.rfind(b"\n", 0, at) + 1 : at]) if at >= 0 else b""

    def _append(self, line: bytes, *, is_message: bool) -> None:
        self._lines += line
        if is_message:
            self._ends.append(self._end)

    def _put(self, reader: Reader, place: int) -> None:
        reader.place = place
        self._placed.add(reader)

    def _take_place(self, reader: Reader) -> None:
        reader.place = -1
        self._placed.discard(reader)

    def _drop_surplus(self) -> None:
        """Drop the oldest lines once there are more than have to be kept."""
        if len(self._lines) <= _WINDOW_BYTES:
            return
        place = self._begin + self._lines.find(b"\n", _WINDOW_BYTES // 2) + 1
        self._lose_places(place)
        count = bisect_right(self._ends, place)
        del self._ends[:count]
        self._first += count
        del self._lines[: place - self._begin]
        self._begin = place

    def _lose_places(self, before: int) -> None:
        for reader in [reader for reader in self._placed if reader.place < before]:
            reader.unread = self._line_begun(reader.place)
            self._take_place(reader)
