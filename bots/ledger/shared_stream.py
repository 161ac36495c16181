"""The bytes that everyone in a room hears, kept once, and how far each user is in them. No I/O.

A server sends a room's lines to everyone in the same bytes. The first user to hear a line has it read, and it is kept
here as it came. Of all others it is enough to know that the same bytes came at the place where they are: one comparison
of memory for everything that arrived at once. Places are offsets in bytes, counted from the room's beginning.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection

from bots.ledger.model import Attendance

# How much is kept for users who are behind; half of it is dropped at a time.
_WINDOW_BYTES = 8 << 20
# How far back, or ahead, a line is looked for that is no message.
_NEAR_BYTES = 16 << 10


class SharedStream:
    """The lines of one room, in the order of the first user to hear them; some are messages, the others notices.

    A line is whatever the protocol says is one: its end may be anything, as with the frames of WebSocket.
    `Attendance.stream` belongs to this class.
    """

    def __init__(self, window_bytes: int = _WINDOW_BYTES) -> None:
        self._window_bytes = window_bytes
        self._lines = bytearray()
        self._begin = 0  # the place of the first byte kept
        self._line_ends: list[int] = []  # the places behind the lines that are kept
        self._ends: list[int] = []  # the places behind the messages that are kept
        self._first = 0  # the number of the first of those
        self._placed: set[Attendance] = set()

    def follow(self, reader: Attendance, data: bytes, start: int, stop: int) -> int:
        """Take a user past the bytes of `data` from `start` to `stop`; return how many of them were the expected ones.

        That is all of them, or those up to the end of what is kept, and may end within a line; or else whole lines, up
        to the first that is another. A user that is not placed yet has messages read: what it hears first says where it
        came in.
        """
        stream = reader.stream
        lines, place = self._lines, stream.place
        at = place - self._begin
        ahead = len(lines) - at
        if at < 0 or not ahead:
            return 0
        if stop - start > ahead:
            stop = start + ahead
        piece = data if not start and stop == len(data) else data[start:stop]
        if not lines.startswith(piece, at) and not (piece := self._whole_lines(place, piece)):
            return 0
        behind = place + len(piece)
        if reader.progress.position < 0 and self.messages_before(behind) != self.messages_before(place):
            return 0
        stream.place = behind
        return len(piece)

    def messages_before(self, place: int) -> int:
        """Return how many messages end at a place or before it: the number of the one that comes next there."""
        return self._first + bisect_right(self._ends, place)

    def unfinished(self, reader: Attendance) -> bytes:
        """Return the beginning of the line that a user is in, and put the user back before that line."""
        stream = reader.stream
        unread, stream.unread = stream.unread, b""
        if not unread and stream.place >= 0:
            unread = self._line_begun(stream.place)
            stream.place -= len(unread)
        return unread

    def part(self, reader: Attendance) -> bytes:
        """Let a user go its own way; return the beginning of the line that it is in."""
        unread = self.unfinished(reader)
        self._take_place(reader)
        return unread

    def hear(self, reader: Attendance, number: int, line: bytes) -> None:
        """Note that a user, which is in step with the room, read the line of the message with this number."""
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

    def insert(self, reader: Attendance, number: int, line: bytes) -> bool:
        """Put the line of a message between others, as the one with this number: a user read it where it is.

        Users who are behind that place go on with the rest. What one is to hear next who is just there is not known.
        Return whether that can be done.
        """
        place = reader.stream.place
        before = self.messages_before(place)
        is_between = self._begin <= place == self._line_begin(place) and before <= number <= self._next
        if not (line and is_between):
            return False
        if before < number:  # this user does not hear those between: they are its own
            place = self._ends[number - 1 - self._first]
        for other in [other for other in self._placed if other.stream.place > place]:
            if other.progress.position > number:
                other.stream.place += len(line)
            else:
                self._lose_place(other)
        at = bisect_right(self._line_ends, place)
        self._lines[place - self._begin : place - self._begin] = line
        self._line_ends[at:] = [place + len(line), *(end + len(line) for end in self._line_ends[at:])]
        at = number - self._first
        self._ends[at:] = [place + len(line), *(end + len(line) for end in self._ends[at:])]
        return True

    def move(self, number: int, to: int, back: Collection[Attendance]) -> bool:
        """Put the line of a message in front of that of another, which has the number `to`.

        The users in `back` are behind that line, and in front of those that it passed; of others who are between these,
        it is not known what they hear next. Return whether that can be done.
        """
        first, behind = to - self._first, number - self._first + 1
        if first < 0 or number >= self._next:  # it is not kept, or was never told in bytes
            return False
        ends = self._ends[first:behind]
        at = bisect_left(self._line_ends, ends[0])
        if self._line_ends[at : at + len(ends)] != ends:  # there are notices between
            return False
        begin, middle, end = self._line_begin(ends[0] - 1), ends[-2], ends[-1]
        size = end - middle
        for other in [other for other in self._placed if begin < other.stream.place < end or other in back]:
            if other.stream.place == end:
                other.stream.place = begin + size
            else:
                self._lose_place(other)
        passed, moved = (self._lines[a - self._begin : b - self._begin] for a, b in ((begin, middle), (middle, end)))
        self._lines[begin - self._begin : end - self._begin] = moved + passed
        ends = [begin + size, *(one + size for one in ends[:-1])]
        self._ends[first:behind] = self._line_ends[at : at + len(ends)] = ends
        return True

    def notice(self, reader: Attendance, line: bytes) -> None:
        """Note that a user read a line that is no message; everyone should get it, but nothing hangs on it."""
        place = reader.stream.place
        behind = self._find_notice(place, line)
        if behind < 0 and (place == self._end or not self._lines):  # a newcomer may be ahead of the others
            self._append(line, is_message=False)
            behind = self._end
        if behind >= 0 and reader.progress.position in (-1, self.messages_before(behind)):
            self._put(reader, behind)

    def restart(self, number: int) -> None:
        """Begin anew with this message: the room's order has changed, or was not heard in one piece."""
        end = self._end
        self._lose_places(end + 1)
        self._begin = end
        self._lines.clear()
        self._line_ends.clear()
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

    def _find_notice(self, place: int, line: bytes) -> int:
        """Return the place behind a notice that comes at `place`, or soon after it; -1 if none does.

        With -1 for `place`, it is looked for among the last lines.
        """
        if place < 0:
            at = self._lines.rfind(line, max(0, len(self._lines) - _NEAR_BYTES))
        else:
            start = place - self._begin
            at = self._lines.find(line, start, start + _NEAR_BYTES) if start >= 0 else -1
        if at < 0 or self._line_begin(self._begin + at) != self._begin + at:
            return -1
        return self._begin + at + len(line)

    def _whole_lines(self, place: int, data: bytes) -> bytes:
        """Return the beginning of `data` that is, line by line, what is kept from this place on."""
        begin = bisect_right(self._line_ends, place)
        end = bisect_right(self._line_ends, place + len(data))

        def differs(line_end: int) -> bool:
            return not self._lines.startswith(data[: line_end - place], place - self._begin)

        differing = bisect_left(self._line_ends, True, begin, end, key=differs)
        return data[: self._line_ends[differing - 1] - place] if differing > begin else b""

    def _line_begin(self, place: int) -> int:
        """Return the place where the line begins that a place is in; the place itself when it is between lines."""
        before = bisect_right(self._line_ends, place)
        return self._line_ends[before - 1] if before else self._begin

    def _line_begun(self, place: int) -> bytes:
        """Return the beginning of the line within which a place is; nothing when it is between lines."""
        if place < self._begin:
            return b""
        return bytes(self._lines[self._line_begin(place) - self._begin : place - self._begin])

    def _append(self, line: bytes, *, is_message: bool) -> None:
        self._lines += line
        self._line_ends.append(self._end)
        if is_message:
            self._ends.append(self._end)

    def _put(self, reader: Attendance, place: int) -> None:
        if not reader.progress.unplaced:  # else it may be anywhere
            reader.stream.place = place
            self._placed.add(reader)

    def _take_place(self, reader: Attendance) -> None:
        reader.stream.place = -1
        self._placed.discard(reader)

    def _drop_surplus(self) -> None:
        """Drop the oldest lines once there are more than have to be kept."""
        if len(self._lines) <= self._window_bytes:
            return
        dropped = bisect_left(self._line_ends, self._begin + self._window_bytes // 2)
        place = self._line_ends[dropped]
        self._lose_places(place)
        del self._line_ends[: dropped + 1]
        count = bisect_right(self._ends, place)
        del self._ends[:count]
        self._first += count
        del self._lines[: place - self._begin]
        self._begin = place

    def _lose_places(self, before: int) -> None:
        for reader in [reader for reader in self._placed if reader.stream.place < before]:
            self._lose_place(reader)

    def _lose_place(self, reader: Attendance) -> None:
        reader.stream.unread = self._line_begun(reader.stream.place)
        self._take_place(reader)
