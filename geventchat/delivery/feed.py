"""A room's log as bytes in one dialect, shared by all who read it; and the position of one reader in it.

A feed is a chain of chunks. The last one, the tail, is open: what the room says is appended to it. Once per batch the
tail is sealed, becomes bytes, and a new tail follows it. A cursor moves along the chain by itself, so that appending
costs the same however many read, and a chunk that every reader has passed is freed without anyone looking.

Nearly all readers have been sent everything, and wait for nothing but the next chunk. Those who are caught up stand in
groups, which move along as one: what is done for each reader in them is one system call.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable

# How many readers a group has at most: a group is sent a chunk without a pause, and others wait 1 to 2 ms for that.
GROUP_SIZE = 128

# Sends one reader bytes without waiting; returns how many were taken. Raises OSError, when none were.
Write = Callable[[bytes], int]


class Chunk:
    """The lines of one batch. While open it has `lines`; once sealed, `data` and the `ends` of the lines in it."""

    __slots__ = ("data", "ends", "first", "following", "ids", "lines")

    def __init__(self, first: int) -> None:
        self.first = first  # the number of its first line, counted from the feed's beginning
        self.lines: list[bytes] = []
        self.ids: list[str] = []
        self.ends: list[int] = []
        self.data: bytes | None = None  # None while open, empty when the window has passed
        self.following: Chunk | None = None  # only while sealed and kept


class Group:
    """Readers of one feed who stand before the same chunk, and how each of them is sent bytes."""

    __slots__ = ("chunk", "readers")

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.readers: dict[Cursor, Write] = {}


class Feed:
    """What readers of one room in one dialect are sent; keeps `window` bytes for those who lag.

    `gap(first_id, last_id, count)` returns the line that tells a reader what it missed.
    """

    __slots__ = ("_window", "gap", "groups", "kept", "lagging", "last_dropped", "newest", "oldest", "tail")

    def __init__(self, window: int, gap: Callable[[str, str, int], bytes]) -> None:
        self._window = window
        self.kept = 0  # bytes that are sealed and not dropped
        self.gap = gap
        self.last_dropped = ""  # the id of the line that the window passed last
        self.tail = self.oldest = Chunk(0)
        self.newest = self.tail  # the chunk sealed last
        self.groups: list[Group] = []  # of readers who are caught up: before the newest chunk, or sent that
        self.lagging: dict[Cursor, None] = {}  # the other readers

    @property
    def reader_count(self) -> int:
        """How many read."""
        count = len(self.lagging)
        for group in self.groups:
            count += len(group.readers)
        return count

    @property
    def has_readers(self) -> bool:
        """Whether anyone reads."""
        return bool(self.groups or self.lagging)

    @property
    def end(self) -> int:
        """The number that the next line will have."""
        return self.tail.first + len(self.tail.lines)

    def append(self, event_id: str, line: bytes) -> None:
        """Add a whole line, the encoding of the event with this id."""
        self.tail.lines.append(line)
        self.tail.ids.append(event_id)

    def seal(self) -> bool:
        """Make the lines of this batch sendable, and drop the oldest beyond the window; return whether there were any.

        All groups must have been sent the batch before.
        """
        tail = self.tail
        if not tail.lines:
            return False
        for group in self.groups:
            assert group.chunk is tail
        tail.data = b"".join(tail.lines)
        end = 0
        tail.ends = [end := end + len(line) for line in tail.lines]
        self.newest = tail
        self.tail = tail.following = Chunk(tail.first + len(tail.lines))
        tail.lines = []
        self.kept += len(tail.data)
        self.shrink(self._window)
        return True

    def shrink(self, most: int) -> None:
        """Drop the oldest beyond `most` bytes, but nothing of the newest batch, which may not have been sent yet."""
        while self.kept > most and self.oldest is not self.newest:
            self._drop_oldest()

    def trim(self) -> None:
        """Drop everything that is sealed, if nobody lags behind it."""
        if self.lagging and any(cursor.chunk is not self.tail for cursor in self.lagging):
            return
        while self.oldest is not self.tail:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        chunk, following = self.oldest, self.oldest.following
        assert chunk.data is not None
        assert following is not None
        self.kept -= len(chunk.data)
        self.last_dropped = chunk.ids[-1]
        chunk.ids += following.ids[:1]  # so that a reader at the very end still knows what it misses first
        chunk.data, chunk.following = b"", None
        self.oldest = following


class Cursor:
    """How far one reader is in one feed: always before a whole line.

    It stands before line `index` of its chunk, and never at the end of one that was all sent; in a group, where the
    group stands. `queued` is for the outbox: the number up to which its queue already says what is to be sent.
    `owner` is for the pump: whose cursor this is.

    A reader may pass over single lines, its own for one; it then is in no group until it has passed them.
    """

    __slots__ = ("_chunk", "_group", "_unwanted", "feed", "index", "owner", "queued")

    def __init__(self, feed: Feed, owner: object = None) -> None:
        self.feed = feed
        self._group: Group | None = None
        self._chunk = feed.tail  # while in no group
        self.index = len(feed.tail.lines)
        self.queued = 0
        self.owner = owner
        self._unwanted: deque[int] | None = None  # numbers of lines to pass over; None when there are none
        feed.lagging[self] = None

    @property
    def chunk(self) -> Chunk:
        """The chunk that the next line is in."""
        return self._group.chunk if self._group else self._chunk

    @property
    def number(self) -> int:
        """The number of the next line."""
        return self.chunk.first + self.index

    def join_group(self, write: Write) -> None:
        """Join those who are caught up, if this reader stands where they do: before all that is not sealed."""
        feed = self.feed
        if self._group or self.index or self._chunk is not feed.tail or self._unwanted:
            return
        for group in feed.groups:
            if group.chunk is feed.tail and len(group.readers) < GROUP_SIZE:
                break
        else:
            group = Group(feed.tail)
            feed.groups.append(group)
        del feed.lagging[self]
        group.readers[self] = write
        self._group = group

    def leave_group(self) -> None:
        """Stay where the group stands; from now on `advance` moves this reader alone."""
        group = self._group
        if group is None:
            return
        self._chunk, self._group = group.chunk, None
        del group.readers[self]
        if not group.readers:
            self.feed.groups.remove(group)
        self.feed.lagging[self] = None

    def leave(self) -> None:
        """Read no more."""
        self.leave_group()
        self.feed.lagging.pop(self, None)

    def pass_over_next(self) -> None:
        """Pass over the next line that the feed gets."""
        self.leave_group()
        if self._unwanted is None:
            self._unwanted = deque()
        self._unwanted.append(self.feed.end)

    def step_over(self) -> None:
        """Move on over the lines that come next, are sealed, and are to be passed over."""
        while self._unwanted:
            self._leave_end()
            ahead = self._unwanted[0] - self.number
            if ahead > 0 or (ahead == 0 and not self._chunk.data):
                return
            self._unwanted.popleft()
            if ahead == 0:
                self._step()
                self._leave_end()
        self._unwanted = None

    def _leave_end(self) -> None:
        """Stand before the next chunk instead of behind the last line of this one."""
        chunk = self._chunk
        if chunk.following is not None and self.index == len(chunk.ends):
            self._chunk, self.index = chunk.following, 0

    @property
    def passed(self) -> bool:
        """Whether the window has moved past this reader, who has to `skip`."""
        return self.chunk.data == b""

    def next(self) -> bytes:
        """Return the sealed bytes that come next, of one chunk; empty when there are none, or none any more."""
        if self._unwanted:
            self.step_over()
            if self._unwanted:
                return self._up_to(self._unwanted[0])
        return self._to_end()

    def _to_end(self) -> bytes:
        """Return the sealed bytes from here to the end of the chunk."""
        chunk = self.chunk
        if self.index == 0:
            return chunk.data or b""
        if chunk.following is not None and self.index == len(chunk.ends):
            self._chunk, self.index = chunk.following, 0
            return self._chunk.data or b""
        return chunk.data[chunk.ends[self.index - 1] :] if chunk.data else b""

    def next_until(self, number: int) -> bytes:
        """Return what `next` does, but nothing of the line with this number or later ones."""
        if self._unwanted:
            self.step_over()
            if self._unwanted:
                number = min(number, self._unwanted[0])
        return self._up_to(number)

    def _up_to(self, number: int) -> bytes:
        data, chunk = self._to_end(), self.chunk
        if not data or number >= chunk.first + len(chunk.ends):
            return data
        if number <= chunk.first + self.index:
            return b""
        start = chunk.ends[self.index - 1] if self.index else 0
        return data[: chunk.ends[number - chunk.first - 1] - start]

    def advance(self, count: int) -> bytes:
        """Move on by `count` bytes of what `next` returned; return the rest of a line that was cut.

        The reader must have left the group.
        """
        chunk = self._chunk
        assert chunk.data is not None
        assert chunk.following is not None
        rest = b""
        reached = (chunk.ends[self.index - 1] if self.index else 0) + count
        self.index = bisect_right(chunk.ends, reached)
        if reached != (chunk.ends[self.index - 1] if self.index else 0):
            rest = chunk.data[reached : chunk.ends[self.index]]
            self.index += 1
        if self.index == len(chunk.ends):
            self._chunk, self.index = chunk.following, 0
        return rest

    def to_oldest(self) -> str:
        """Go to the oldest line kept without a word; return the id of the last line before it."""
        self.leave_group()
        self._chunk, self.index = self.feed.oldest, 0
        return self.feed.last_dropped

    def skip(self) -> bytes:
        """Go to the oldest line kept; return the line that tells the reader what it missed, if it missed anything."""
        unwanted = self._unwanted or ()
        while self.number in unwanted and self.index + 1 < len(self._chunk.ids):
            self.index += 1
        first, number = self._chunk.ids[self.index], self.number
        last = self.to_oldest()
        count = self.number - number - sum(number <= known < self.number for known in unwanted)
        return self.feed.gap(first, last, count) if count > 0 else b""

    def take(self, until: int, most: int) -> bytes:
        """Move on to the line number `until`, and return what `next` would, sealed or not; after `most` bytes, a gap.

        The reader must have left the group.
        """
        notice = self.skip() if self.passed else b""
        unwanted = set(self._unwanted or ())
        lines: list[bytes] = []
        missed: list[str] = []
        taken = 0
        while self.number < until:
            is_unwanted = self.number in unwanted
            event_id, line = self._step()
            if is_unwanted:
                continue
            taken += len(line)
            if taken <= most:
                lines.append(line)
            else:
                missed.append(event_id)
        gap = self.feed.gap(missed[0], missed[-1], len(missed)) if missed else b""
        return notice + b"".join(lines) + gap

    def _step(self) -> tuple[str, bytes]:
        """Move on by one line, and return its id and bytes."""
        chunk, index = self._chunk, self.index
        if chunk.following is not None and index == len(chunk.ends):
            chunk, index = chunk.following, 0
        self._chunk, self.index = chunk, index + 1
        if chunk.data is None:
            return chunk.ids[index], chunk.lines[index]
        return chunk.ids[index], chunk.data[chunk.ends[index - 1] if index else 0 : chunk.ends[index]]
