"""What a room's readers hear in the same bytes, kept once. No I/O.

A server sends a room's lines to everyone in the same bytes. Who hears a line first has it read, and it is kept here as
it came. Of all others it is enough to know that the same bytes came at the place where they are: one comparison of
memory for all that arrived at once. Places are offsets in bytes, counted from the room's beginning.
"""

from bisect import bisect_right

# How much is kept for readers who are behind; half of it is dropped at a time.
_WINDOW_BYTES = 8 << 20
# How far back, or ahead, a line is looked for that is no message.
_NEAR_BYTES = 16 << 10


class Unison:
    """The lines of one room, in the order of the first who heard them; some are messages, the others notices."""

    def __init__(self) -> None:
        self._lines = bytearray()
        self.begin = 0  # the place of the first byte kept
        self._ends: list[int] = []  # the places behind the messages that are kept
        self._first = 0  # the number of the first of those

    @property
    def end(self) -> int:
        """The place behind everything."""
        return self.begin + len(self._lines)

    @property
    def is_empty(self) -> bool:
        """Whether no line is kept."""
        return not self._lines

    @property
    def next_message(self) -> int:
        """The number that the next message will have."""
        return self._first + len(self._ends)

    def matches(self, place: int, data: bytes) -> bool:
        """Whether these bytes are what comes at a place; they may end within a line."""
        return place >= self.begin and self._lines.startswith(data, place - self.begin)

    def messages_before(self, place: int) -> int:
        """Return how many messages end at a place or before it."""
        return self._first + bisect_right(self._ends, place)

    def behind(self, message: int) -> int:
        """Return the place behind the message with this number; -1 if it is not kept."""
        return self._ends[message - self._first] if self._first <= message < self.next_message else -1

    def find_notice(self, place: int, line: bytes) -> int:
        """Return the place behind a notice that comes at `place`, or soon after it past other notices; -1 if none does.

        With -1 for `place`, it is looked for among the last lines.
        """
        if place < 0:
            at = self._lines.rfind(line, max(0, len(self._lines) - _NEAR_BYTES))
        else:
            start = place - self.begin
            at = self._lines.find(line, start, start + _NEAR_BYTES) if start >= 0 else -1
        if at < 0 or (at and self._lines[at - 1 : at] != b"\n"):
            return -1
        behind = self.begin + at + len(line)
        passes_a_message = place >= 0 and self.messages_before(place) != self.messages_before(behind)
        return -1 if passes_a_message else behind

    def unfinished(self, place: int) -> bytes:
        """Return the beginning of the line within which a place is; nothing when it is between lines."""
        at = place - self.begin
        return bytes(self._lines[self._lines.rfind(b"\n", 0, at) + 1 : at]) if at >= 0 else b""

    def append(self, line: bytes, *, is_message: bool) -> int:
        """Add a line that was heard for the first time; return the place behind it."""
        self._lines += line
        if is_message:
            self._ends.append(self.end)
        return self.end

    def restart(self, next_message: int) -> None:
        """Forget everything; all places until now are none any more."""
        self.begin = self.end + 1
        self._lines.clear()
        self._ends.clear()
        self._first = next_message

    @property
    def surplus(self) -> int:
        """The place up to which there is more than has to be kept; `begin` when there is none."""
        if len(self._lines) <= _WINDOW_BYTES:
            return self.begin
        return self.begin + self._lines.find(b"\n", _WINDOW_BYTES // 2) + 1

    def drop(self, place: int) -> None:
        """Drop the lines before a place."""
        count = bisect_right(self._ends, place)
        del self._ends[:count]
        self._first += count
        del self._lines[: place - self.begin]
        self.begin = place
