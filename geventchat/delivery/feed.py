"""A room's log as bytes in one dialect, shared by all who read it; and the place of one reader in it.

A feed is a chain of chunks. The last one, the tail, is open: what the room says goes in. Once per turn the tail is
sealed, becomes bytes, and a new tail follows it. A cursor moves along the chain by itself, so that appending costs the
same however many read, and a chunk that every reader has passed is forgotten without anyone looking.

Nearly all readers are abreast: each has been sent everything, and waits for nothing but the next chunk. They stand in
ranks, which move on as one, so that what is done for each of them is one system call and no look at its cursor.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Protocol
from weakref import WeakSet

# Readers in one rank: what the pump sends to before it lets others run, 1 to 2 ms.
RANK = 128


class Chunk:
    """The lines of one turn. While open it has `lines`; sealed, `data` and the `ends` of the lines in it."""

    __slots__ = ("data", "ends", "first", "following", "ids", "lines")

    def __init__(self, first: int) -> None:
        self.first = first  # the number of its first line, counted from the feed's beginning
        self.lines: list[bytes] = []
        self.ids: list[str] = []
        self.ends: list[int] = []
        self.data: bytes | None = None  # None while open, empty when the window has passed
        self.following: Chunk | None = None  # only while sealed and kept


class Reader(Protocol):
    """A reader of feeds, with a cursor in each."""

    def cut(self, feed: "Feed", count: int) -> None:
        """Fall out: of the chunk that the rank in this feed was sent, this reader took only `count` bytes."""


class Rank:
    """Up to RANK readers who stand before the same chunk, with nothing else to be sent.

    `handles` are the sender's own, one for each reader: a file descriptor.
    """

    __slots__ = ("chunk", "handles")

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.handles: dict[Reader, int] = {}

    def move_on(self, feed: "Feed", short: Iterable[tuple[int, int]]) -> list[Reader]:
        """Take note that all were sent the chunk, of which some took less: their places in `handles`, and bytes.

        Those fall out, and are returned.
        """
        readers = list(self.handles) if short else []
        cut = [(readers[place], count) for place, count in short]
        for reader, count in cut:
            reader.cut(feed, count)
        assert self.chunk.following is not None
        self.chunk = self.chunk.following
        return [reader for reader, _ in cut]


class Feed:
    """What readers of one room in one dialect are sent; keeps `window` bytes for those who fall behind.

    `gap(first_id, last_id, count)` gives the line that tells a reader what it missed.
    """

    __slots__ = (
        "_kept",
        "_window",
        "gap",
        "last_dropped",
        "last_id",
        "leaving",
        "newest",
        "oldest",
        "ranks",
        "stragglers",
        "tail",
    )

    def __init__(self, window: int, gap: Callable[[str, str, int], bytes]) -> None:
        self._window = window
        self.gap = gap
        self._kept = 0
        self.last_dropped = ""
        self.last_id = ""  # of the line appended last
        self.leaving: WeakSet[Cursor] = WeakSet()  # cursors that have left but have still to be sent something
        self.tail = self.oldest = Chunk(0)
        self.newest = self.tail  # the chunk sealed last
        self.ranks: list[Rank] = []
        self.stragglers: dict[Reader, Cursor] = {}  # readers who are in no rank, with their places

    @property
    def has_readers(self) -> bool:
        """Whether anyone follows."""
        return bool(self.ranks or self.stragglers)

    @property
    def end(self) -> int:
        """The number that the next line will have."""
        return self.tail.first + len(self.tail.lines)

    def append(self, event_id: str, line: bytes) -> None:
        """Add a whole line, the encoding of the event with this id."""
        self.tail.lines.append(line)
        self.tail.ids.append(event_id)
        self.last_id = event_id

    def seal(self) -> bool:
        """Make the lines of this turn sendable, and drop the oldest beyond the window; whether there were any.

        The ranks must have been sent the turn before.
        """
        tail = self.tail
        if not tail.lines:
            return False
        tail.data = b"".join(tail.lines)
        end = 0
        tail.ends = [end := end + len(line) for line in tail.lines]
        self.newest = tail
        self.tail = tail.following = Chunk(tail.first + len(tail.lines))
        tail.lines = []
        self._kept += len(tail.data)
        while self._kept > self._window and self.oldest is not tail:
            self._drop_oldest()
        return True

    def waiting(self) -> list[Rank]:
        """Return the ranks that have still to be sent the newest chunk."""
        return [rank for rank in self.ranks if rank.chunk is self.newest]

    def forget(self) -> None:
        """Drop everything that is sealed, if nobody is behind."""
        if self.leaving or any(cursor.chunk is not self.tail for cursor in self.stragglers.values()):
            return
        while self.oldest is not self.tail:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        chunk, following = self.oldest, self.oldest.following
        assert chunk.data is not None
        assert following is not None
        self._kept -= len(chunk.data)
        self.last_dropped = chunk.ids[-1]
        chunk.ids += following.ids[:1]  # so that a reader at the very end still knows what it misses first
        chunk.data, chunk.following = b"", None
        self.oldest = following


class Cursor:
    """How far one reader is in one feed: always before a whole line.

    It stands before line `index` of its chunk, and never at the end of one that was all sent; in a rank, before the
    first line of the rank's. `queued` is for the outbox: the number up to which its queue already says what is to be
    sent.
    """

    __slots__ = ("__weakref__", "_chunk", "_end", "_feed", "_rank", "index", "queued")

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._chunk = feed.tail
        self._rank: Rank | None = None
        self.index = len(feed.tail.lines)
        self.queued = 0
        # Once it has left: the number to stop before, and the id ahead of that.
        self._end: tuple[int, str] | None = None

    @property
    def chunk(self) -> Chunk:
        """The chunk that the next line is in."""
        return self._chunk if self._rank is None else self._rank.chunk

    def fall_in(self, reader: Reader, handle: int) -> None:
        """Take a place in a rank, if the reader is where new ones begin: before all that is not sealed."""
        feed = self._feed
        if self._rank is not None or self.index or self._chunk is not feed.tail:
            return
        rank = next((one for one in feed.ranks if one.chunk is feed.tail and len(one.handles) < RANK), None)
        if rank is None:
            rank = Rank(feed.tail)
            feed.ranks.append(rank)
        rank.handles[reader] = handle
        feed.stragglers.pop(reader, None)
        self._rank = rank

    def fall_out(self, reader: Reader) -> None:
        """Leave the rank, with the place that it has reached."""
        rank = self._rank
        if rank is None:
            return
        self._chunk, self._rank = rank.chunk, None
        self._feed.stragglers[reader] = self
        del rank.handles[reader]
        if not rank.handles:
            self._feed.ranks.remove(rank)

    @property
    def number(self) -> int:
        """The number of the next line."""
        return self.chunk.first + self.index

    @property
    def passed(self) -> bool:
        """Whether the window has moved past this reader, who has to `skip`."""
        return self.chunk.data == b""

    def next(self) -> bytes:
        """Return the sealed bytes from here to the end of the chunk; empty when there are none, or none any more."""
        chunk = self.chunk
        if self.index == 0:
            return chunk.data or b""
        if chunk.following is not None and self.index == len(chunk.ends):
            self._chunk, self.index = chunk.following, 0
            return self._chunk.data or b""
        return chunk.data[chunk.ends[self.index - 1] :] if chunk.data else b""

    def upto(self, data: bytes, number: int) -> bytes:
        """Cut the bytes that `next` returned at the line with this number."""
        chunk = self.chunk
        if number >= chunk.first + len(chunk.ends):
            return data
        start = chunk.ends[self.index - 1] if self.index else 0
        return data[: chunk.ends[number - chunk.first - 1] - start]

    def sent(self, count: int) -> bytes:
        """Move on by `count` bytes of what `next` gave, in no rank; return the rest of a line that was cut."""
        chunk = self.chunk
        assert chunk.data is not None
        assert chunk.following is not None
        rest = b""
        if count == len(chunk.data):
            self.index = len(chunk.ends)
        else:
            reached = (chunk.ends[self.index - 1] if self.index else 0) + count
            self.index = bisect_right(chunk.ends, reached)
            if reached != (chunk.ends[self.index - 1] if self.index else 0):
                rest = chunk.data[reached : chunk.ends[self.index]]
                self.index += 1
        if self.index == len(chunk.ends):
            self._chunk, self.index = chunk.following, 0
        return rest

    def catch_up(self) -> str:
        """Go to the oldest line kept without a word; return the id of the last line before it."""
        self._chunk, self.index = self._feed.oldest, 0
        return self._feed.last_dropped

    def skip(self) -> bytes:
        """Go to the oldest line kept and return the line that tells the reader what it missed, if anything."""
        chunk, index, number, oldest = self.chunk, self.index, self.number, self._feed.oldest
        end, last = oldest.first, self._feed.last_dropped
        if self._end is not None and self._end[0] < end:
            end, last = self._end
        self._chunk, self.index = oldest, 0
        return self._feed.gap(chunk.ids[index], last, end - number) if end > number else b""

    def leave(self) -> None:
        """Read what the feed holds now, but nothing that it gets later."""
        self._end = self._feed.end, self._feed.last_id
        self._feed.leaving.add(self)
