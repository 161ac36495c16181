"""What one session has still to be sent: its place in each feed it follows, and lines for it alone.

An outbox sends nothing: it says which bytes come `next` and is told how many were `sent`.
"""

from collections import deque
from typing import ClassVar

from geventchat.delivery.feed import Cursor, Feed

# Private lines that wait in a row are sent as one; a longer run than this is left in pieces.
_MERGED_BYTES = 16 << 10

# A private line; or a span of a feed: its reader's cursor and the line number to stop before.
_Queued = bytes | tuple[Cursor, int]


class Outbox:
    """The queue of one reader, ordered so that a private line has its place in what rooms say.

    When a private line is put in, all that the followed feeds hold at that moment goes before it, and all that they
    get later comes after: the queue then holds spans (a cursor, and the line number to stop before) and lines.
    While it is empty, which is nearly always, the reader is simply sent what its cursors find.

    While it is held, only private lines go out: a user who comes back is first sent what it missed, from the log, and
    what the feeds get meanwhile waits in them.

    When nothing waits, whoever sends may let it `fall_in` with the other readers of each feed, who are sent the same.
    It falls out by itself as soon as it differs from them. `pause_s` is how long to wait before sending again.
    """

    pause_s: ClassVar[float] = 0.0
    __slots__ = ("_cursors", "_held", "_queue", "_rest", "_source", "private_bytes")

    def __init__(self) -> None:
        self.private_bytes = 0  # what waits in private lines
        self._cursors: dict[Feed, Cursor] = {}
        self._queue: deque[_Queued] | None = None
        self._held = False
        self._rest = b""  # what must be sent before anything else: the end of a line that was cut, or a gap's notice
        self._source: Cursor | None = None  # where the bytes that `next` gave came from; None: rest or queue

    def follow(self, feed: Feed) -> None:
        """Send what the feed gets from now on."""
        self._cursors[feed] = feed.stragglers[self] = Cursor(feed)

    def place(self, feed: Feed) -> Cursor:
        """Return the place in a feed that is followed."""
        return self._cursors[feed]

    def unfollow(self, feed: Feed) -> None:
        """Send what the feed holds now, and nothing that it gets later."""
        self.fall_out()
        cursor = self._cursors.pop(feed, None)
        if cursor is None:
            return
        del feed.stragglers[self]
        if cursor.number < feed.end:
            cursor.leave()
            if cursor.queued < feed.end:
                self._queued().append((cursor, feed.end))

    @property
    def follows(self) -> bool:
        """Whether any feed is followed."""
        return bool(self._cursors)

    def put(self, line: bytes) -> None:
        """Add a line for this reader alone, behind all that the followed feeds hold now; nothing, if it is empty."""
        if not line:
            return
        self.fall_out()
        queue = self._queued()
        if not self._held:
            for feed, cursor in self._cursors.items():
                if max(cursor.number, cursor.queued) < feed.end:
                    queue.append((cursor, feed.end))
                    cursor.queued = feed.end
        last = queue[-1] if queue else None
        if isinstance(last, bytes) and len(last) < _MERGED_BYTES:
            queue[-1] = last + line
        else:
            queue.append(line)
        self.private_bytes += len(line)

    def hold(self) -> None:
        """Send nothing of the followed feeds until `release`."""
        self.fall_out()
        self._held = True

    def release(self) -> None:
        """Go on with the feeds."""
        self._held = False

    def fall_in(self, handle: int) -> None:
        """Join the readers of each feed that are all sent the same, by `handle`; to be called when `next` is empty."""
        if not (self._queue or self._rest or self._held):
            for cursor in self._cursors.values():
                cursor.fall_in(self, handle)

    def fall_out(self) -> None:
        """Leave every rank: from now on only `next` says what is sent."""
        for cursor in self._cursors.values():
            cursor.fall_out(self)

    def cut(self, feed: Feed, count: int) -> None:
        """Fall out: of the chunk that the rank in this feed was sent, this reader took only `count` bytes."""
        self.fall_out()
        self._rest = self._cursors[feed].sent(count)

    def next(self) -> bytes:
        """Return the bytes to be sent next; empty when nothing can be sent now."""
        self._source = None
        if self._rest:
            return self._rest
        queue = self._queue
        while queue:
            head = queue[0]
            if isinstance(head, bytes):
                return head
            cursor, until = head
            if cursor.number < until:
                return self._read(cursor, until)
            queue.popleft()
        self._queue = None
        if self._held:
            return b""
        for cursor in self._cursors.values():
            if data := self._read(cursor, None):
                return data
        return b""

    def sent(self, count: int) -> None:
        """Move on by `count` bytes, at most as many as `next` has just returned."""
        self.fall_out()
        if self._source is not None:
            self._rest = self._source.sent(count)
        elif self._rest:
            self._rest = self._rest[count:]
        else:
            assert self._queue is not None
            line = self._queue.popleft()
            assert isinstance(line, bytes)
            if count < len(line):
                self._queue.appendleft(line[count:])
            self.private_bytes -= count

    def _queued(self) -> deque[_Queued]:
        if self._queue is None:
            self._queue = deque()
        return self._queue

    def _read(self, cursor: Cursor, until: int | None) -> bytes:
        if cursor.passed:
            self._rest = cursor.skip()
            if self._rest:
                return self._rest
        data = cursor.next()
        if data:
            self._source = cursor
            if until is not None:
                return cursor.upto(data, until)
        return data


class UnframedOutbox(Outbox):
    """For clients that take what one `recv` returns for one message.

    The last end of line in what is sent at once is left away; it is sent after all if more follows in the same turn,
    that is, before `next` has been empty once. A pause between one time and the next lets the client take the one
    before: what arrives before it has looked would look like the same message.
    """

    pause_s = 0.05
    __slots__ = ("_body", "_due", "_kept")

    def __init__(self) -> None:
        super().__init__()
        self._due = b""  # an end of line that was held back and is now wanted
        self._kept = 0  # how many bytes `next` has just held back
        self._body = 0  # how many of those that it returned are not `_due`

    def fall_in(self, handle: int) -> None:
        """Do nothing: what is sent is never just what the others are sent."""

    def next(self) -> bytes:
        """Return the bytes to be sent next, without a last end of line."""
        data = super().next()
        while data == b"\n":  # all that was left of a line: it counts as sent
            super().sent(1)
            self._due = b"\n"
            data = super().next()
        if not data:
            self._due = b""
        self._kept = int(data.endswith(b"\n"))
        self._body = len(data) - self._kept
        return self._due + data[: self._body]

    def sent(self, count: int) -> None:
        """Move on by `count` bytes, at most as many as `next` has just returned."""
        if count:
            count -= len(self._due)
            whole = count == self._body
            super().sent(count + self._kept if whole else count)
            self._due = b"\n" if whole and self._kept else b""
