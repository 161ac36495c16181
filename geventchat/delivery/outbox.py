"""What one session is still owed: its position in each feed that it follows, and lines for it alone.

An outbox sends nothing: it says which piece comes `next`, and is told how many bytes of it were `sent`.
"""

from collections import deque
from typing import ClassVar, NamedTuple

from geventchat.delivery.feed import Cursor, Feed, Write

# Private lines that wait in a row are sent as one; a longer run than this is left in pieces.
_MERGED_BYTES = 16 << 10
# What is kept of rooms that were left before all of them was read, with what else waits for the reader alone; the rest
# is told as a gap. Without this bound, a reader who joins and leaves again and again, and reads nothing, would be owed
# more each time.
MAX_LEFT_BYTES = 256 << 10

# A private line; or a span of a feed: its reader's cursor, and the line number to stop before.
_Queued = bytes | tuple[Cursor, int]


class Piece(NamedTuple):
    """Bytes to be sent next. They come from a feed, from the queue, or, before all else, from what was cut."""

    data: bytes
    cursor: Cursor | None = None  # the reader's in the feed
    queued: bool = False


_NOTHING = Piece(b"")


class Outbox:
    """The queue of one reader, ordered so that a private line has its place in what rooms say.

    When a private line is put in, all that the followed feeds hold at that moment goes before it, and all that they
    get later comes after: the queue then holds spans (a cursor, and the line number to stop before) and lines.
    While it is empty, which is nearly always, the reader is simply sent what its cursors find.

    While it is held, only private lines go out: a user who comes back is first sent what it missed, from the log, and
    what the feeds get meanwhile waits in them.

    When nothing waits, the sender may let it join the group of each feed, whose readers are all sent the same. It
    leaves the groups by itself as soon as it differs from them. `pause_s` is how long to wait before sending again.
    `owner` is the sender's: what it finds an outbox's cursors by.
    """

    pause_s: ClassVar[float] = 0.0
    __slots__ = ("_cursors", "_held", "_queue", "_rest", "owner", "private_bytes")

    def __init__(self) -> None:
        self.owner: object = None
        self.private_bytes = 0  # what waits in private lines
        self._cursors: list[Cursor] = []
        self._queue: deque[_Queued] | None = None
        self._held: Feed | None = None
        self._rest = b""  # what must be sent before anything else: the end of a line that was cut, or a gap's notice

    def follow(self, feed: Feed) -> None:
        """Send what the feed gets from now on."""
        self._cursors.append(Cursor(feed, self.owner))

    def cursor(self, feed: Feed) -> Cursor:
        """Return the position in a feed that is followed."""
        return next(cursor for cursor in self._cursors if cursor.feed is feed)

    def unfollow(self, feed: Feed) -> None:
        """Send what the feed holds now, up to MAX_LEFT_BYTES, and nothing that it gets later.

        If the feed is held, nothing of it is sent: a user who then comes back with the last id that it has heard would
        else never hear what it missed before.
        """
        cursor = next((one for one in self._cursors if one.feed is feed), None)
        if cursor is None:
            return
        self.leave_groups()
        self._cursors.remove(cursor)
        if feed is self._held:
            cursor.leave()
            self.release()
            return
        left = max(0, MAX_LEFT_BYTES - self.private_bytes)
        queue = deque[_Queued]()
        for waiting in [*(self._queue or ()), (cursor, feed.end)]:
            if isinstance(waiting, tuple) and waiting[0] is cursor:
                data = cursor.take(waiting[1], left)
                left -= min(left, len(data))
                self.private_bytes += len(data)
                waiting = data
            if waiting:
                queue.append(waiting)
        cursor.leave()
        self._queue = queue or None

    def pass_over_next(self, feed: Feed) -> None:
        """Leave out the next line that a feed gets, which is followed: this reader knows it already."""
        self.leave_groups()
        self.cursor(feed).pass_over_next()

    @property
    def follows(self) -> bool:
        """Whether any feed is followed."""
        return bool(self._cursors)

    def put(self, line: bytes) -> None:
        """Add a line for this reader alone, behind all that the followed feeds hold now; nothing, if it is empty."""
        if not line:
            return
        self.leave_groups()
        if self._queue is None:
            self._queue = deque()
        queue = self._queue
        if not self._held:
            for cursor in self._cursors:
                end = cursor.feed.end
                if max(cursor.number, cursor.queued) < end:
                    queue.append((cursor, end))
                    cursor.queued = end
        last = queue[-1] if queue else None
        if isinstance(last, bytes) and len(last) < _MERGED_BYTES:
            queue[-1] = last + line
        else:
            queue.append(line)
        self.private_bytes += len(line)

    def hold(self, feed: Feed) -> None:
        """Send nothing of the followed feeds until `release`: of this one, the reader is told the past first."""
        self.leave_groups()
        self._held = feed

    def release(self) -> None:
        """Go on with the feeds."""
        self._held = None

    def join_groups(self, write: Write) -> None:
        """Join those who are caught up with each feed; to be called when `next` has nothing."""
        if not (self._queue or self._rest or self._held):
            for cursor in self._cursors:
                cursor.join_group(write)

    def leave_groups(self) -> None:
        """Leave every group: from now on only `next` says what is sent."""
        for cursor in self._cursors:
            cursor.leave_group()

    def cut(self, cursor: Cursor, count: int) -> None:
        """Leave the groups: of the chunk that its group was sent, this reader took only `count` bytes."""
        self.leave_groups()
        self._rest = cursor.advance(count)

    def next(self) -> Piece:
        """Return what is to be sent next; an empty piece when nothing can be sent now."""
        if self._rest:
            return Piece(self._rest)
        while self._queue:
            head = self._queue[0]
            if isinstance(head, bytes):
                return Piece(head, queued=True)
            cursor, until = head
            cursor.step_over()
            if cursor.number < until:
                piece = self._read(cursor, until)
                if piece.data or cursor.number < until:  # or else it knew all that is not kept any more
                    return piece
            self._queue.popleft()
        self._queue = None
        if not self._held:
            for cursor in self._cursors:
                if (piece := self._read(cursor, None)).data:
                    return piece
        return _NOTHING

    def sent(self, piece: Piece, count: int) -> None:
        """Move on by `count` bytes, at most as many as are in the piece that `next` returned last."""
        self.leave_groups()
        if piece.cursor is not None:
            self._rest = piece.cursor.advance(count)
        elif not piece.queued:
            self._rest = self._rest[count:]
        else:
            assert self._queue is not None
            self._queue.popleft()
            if count < len(piece.data):
                self._queue.appendleft(piece.data[count:])
            self.private_bytes -= count

    def _read(self, cursor: Cursor, until: int | None) -> Piece:
        if cursor.passed:
            self._rest = cursor.skip()
            if self._rest:
                return Piece(self._rest)
        return Piece(cursor.next() if until is None else cursor.next_until(until), cursor)
