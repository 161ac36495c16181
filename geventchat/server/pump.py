"""The greenlet that sends: once for all that arrived in one batch, and without waiting for any reader.

A batch goes to the log and is published into feeds and outboxes (`core.batches`); then each feed's newest chunk is
written to all who are caught up, and each outbox that has something of its own is offered to its connection. One that
takes only part is left to a watcher, which goes on when there is room, and costs nobody else.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from geventchat.core.batches import show, store
from geventchat.core.chat import Chat
from geventchat.core.log import Log
from geventchat.core.member import Member
from geventchat.core.room import RoomFeed
from geventchat.delivery.feed import GROUP_SIZE, Cursor, Group
from geventchat.delivery.outbox import Outbox
from geventchat.server.cooperate import let_others_run
from geventchat.server.transport import Transport

logger = logging.getLogger("geventchat")

_WRITE = 2  # libev's EV_WRITE, as gevent's loop.io takes it
# How many chunks one reader that catches up is sent before others have their turn.
_CHUNKS_IN_A_ROW = 16


class Sender:
    """The sending half of a connection: an outbox, and the transport that it goes to.

    `lost` is called with a reason when the transport has failed or stalled.
    """

    __slots__ = ("blocked_since", "broken", "lost", "moved", "outbox", "paused", "transport", "watcher")

    def __init__(self, outbox: Outbox, transport: Transport, lost: Callable[[str], None]) -> None:
        self.outbox = outbox
        self.transport = transport
        self.lost = lost
        self.broken = False
        self.moved: Event | None = None  # while someone waits for a batch, or for the transport to take more
        self.paused = False  # while nothing is sent so that the client can take what it has
        self.blocked_since = 0.0  # since when the transport takes nothing
        self.watcher: Any = None  # while it is awaited that it takes something
        outbox.owner = self

    @property
    def ready(self) -> bool:
        """Whether something may be sent."""
        return not (self.broken or self.paused or self.watcher)

    def end(self) -> None:
        """Send nothing more."""
        self.broken = True
        self.outbox.leave_groups()
        self.wake()

    def wake(self) -> None:
        """Wake the greenlet that waits for this connection."""
        if self.moved is not None:
            self.moved.set()

    def fail(self, reason: str) -> None:
        """Give the connection up."""
        self.end()
        self.lost(reason)


class Pump:
    """Moves batches from the chat to the log, and what they show to the connections."""

    def __init__(self, chat: Chat, log: Log, stall_timeout: float) -> None:
        self._chat = chat
        chat.publisher.failed = self._give_up
        chat.publisher.left_out = _left_out
        self._log = log
        self.stall_timeout = stall_timeout
        self.deliveries = 0  # events times their readers
        self.sent_bytes = 0
        self.busy_since: float | None = None  # while a batch is carried out
        self.timed: Callable[[float, float], None] | None = None  # told how long each batch took to write and to send
        self._posted = Event()
        self._blocked: dict[Sender, None] = {}
        self._sends = 0  # since others were last let run
        self._awaited: Counter[Sender] = Counter()  # how many wait for the `moved` of a sender
        self._loop = gevent.get_hub().loop

    def detach(self, sender: Sender) -> None:
        """Forget a connection; to be called before its socket is closed."""
        sender.end()
        sender.lost = _nothing  # or sender and session would hold each other,
        sender.outbox.owner = None  # and sender and outbox
        self._unblock(sender)

    def wake(self) -> None:
        """Carry out what was posted, soon."""
        self._posted.set()

    def wait_until(self, sender: Sender, done: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `done`, which is looked at after each batch and whenever the connection has taken something.

        Return whether it was done within `timeout` seconds, and the connection still stands.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        moved = sender.moved = sender.moved or Event()
        self._awaited[sender] += 1
        try:
            while not (sender.broken or done()):
                if not moved.wait(None if deadline is None else deadline - time.monotonic()):
                    return False
                moved.clear()
        finally:
            self._awaited[sender] -= 1
            if not self._awaited[sender]:
                del self._awaited[sender]
                sender.moved = None
        return not sender.broken

    def drain(self, sender: Sender, done: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `done` and all that the outbox holds is handed to the kernel, as `wait_until` does."""
        return self.wait_until(sender, lambda: done() and not sender.outbox.next().data, timeout)

    def offer(self, sender: Sender) -> None:
        """Give the kernel what it takes of what a reader is still owed."""
        if sender.ready:
            self._send(sender)

    def run(self) -> None:
        """Carry out batch after batch; runs until killed."""
        began = 0.0
        while True:
            self._wait()
            if (early := began + self._log.gathers_s - time.monotonic()) > 0:
                gevent.sleep(early)
            began = self.busy_since = time.monotonic()
            self._posted.clear()
            written = store(self._chat, self._log, time.time())
            stored = time.monotonic()
            outboxes, feeds = show(self._chat, written, time.time(), stored)
            if self._chat.posted:
                self._posted.set()
            for outbox in outboxes:
                if isinstance(outbox.owner, Sender):
                    self.offer(outbox.owner)
                    self._let_others_run(1)
            for feed in feeds:
                self._fan_out(feed)
            for sender in self._awaited:
                sender.wake()
            if self.timed is not None:
                self.timed(stored - began, time.monotonic() - stored)
            self.busy_since = None

    @property
    def slow_readers(self) -> int:
        """How many take nothing at present."""
        return len(self._blocked)

    def watch_stalls(self) -> None:
        """Close readers that have taken nothing for too long; runs until killed."""
        while True:
            gevent.sleep(max(0.01, min(1.0, self.stall_timeout / 4)))
            self.close_stalled(time.monotonic())

    def close_stalled(self, now: float) -> None:
        """Close readers that have taken nothing for too long; `now` is on the monotonic clock."""
        too_old = now - self.stall_timeout
        for sender in [sender for sender in self._blocked if sender.blocked_since < too_old]:
            self._unblock(sender)
            sender.fail("not reading")

    def _give_up(self, member: Member, error: Exception) -> None:
        """End the connection of a member whom the server fails to answer; the others go on."""
        logger.error("an error in the server: %s is not answered", member.nick or "somebody", exc_info=error)
        if isinstance(member.outbox.owner, Sender):
            member.outbox.owner.fail("an error in the server")

    def _wait(self) -> None:
        due = self._chat.publisher.due()
        self._posted.wait(None if due is None else max(0.0, due - time.monotonic()))

    def _fan_out(self, feed: RoomFeed) -> None:
        """Send what is new in a feed: all of it to those who are caught up, and to the others what each one lacks."""
        self.deliveries += len(feed.newest.ends) * feed.reader_count
        for group in list(feed.groups):
            if group.chunk is feed.newest:
                self._let_others_run(self._send_newest(feed, group))
        for cursor in list(feed.lagging):
            sender = cursor.owner
            if not isinstance(sender, Sender):  # it hung up before its joining was shown; its leaving comes next
                continue
            self.offer(sender)
            if sender.ready:
                sender.outbox.join_groups(sender.transport.write)
            self._let_others_run(1)
        feed.trim()

    def _send_newest(self, feed: RoomFeed, group: Group) -> int:
        """Send the newest chunk to a group, then go on with each who took less; return to how many it was sent.

        The first loop runs once per delivery.
        """
        data, readers = feed.newest.data, group.readers
        assert data is not None
        size, count = len(data), len(readers)
        short = []
        for cursor, write in readers.items():
            try:
                taken = write(data)
            except OSError:
                taken = 0
            if taken != size:
                short.append((cursor, taken))
        self.sent_bytes += count * size
        for cursor, taken in short:
            self.sent_bytes -= size - taken
            _sender(cursor).outbox.cut(cursor, taken)
        group.chunk = feed.tail
        for cursor, _ in short:
            self.offer(_sender(cursor))
        return count

    def _let_others_run(self, sends: int) -> None:
        self._sends += sends
        if self._sends >= GROUP_SIZE:
            self._sends = 0
            let_others_run()

    def _send(self, sender: Sender) -> None:
        if sender.outbox.pause_s and sender.outbox.next().data:
            self._send_as_packet(sender)
        else:
            self._write(sender)

    def _send_as_packet(self, sender: Sender) -> None:
        """Give the kernel what it takes in one packet, and the client time to take that before the next."""
        sender.paused = True
        gevent.spawn_later(sender.outbox.pause_s, self._resume, sender)
        sender.transport.cork(on=True)
        self._write(sender)
        if not sender.broken:
            sender.transport.cork(on=False)

    def _write(self, sender: Sender) -> None:
        outbox, write = sender.outbox, sender.transport.write
        chunks = 0
        while (piece := outbox.next()).data:
            chunks += 1
            try:
                count = write(piece.data)
            except BlockingIOError:
                count = 0
            except OSError:
                self._unblock(sender)
                sender.fail("connection lost")
                return
            if count:
                outbox.sent(piece, count)
                self.sent_bytes += count
                sender.blocked_since = time.monotonic()
            if count < len(piece.data) or chunks == _CHUNKS_IN_A_ROW:
                self._block(sender)
                return
        if sender.watcher is not None:
            self._unblock(sender)
        sender.wake()

    def _resume(self, sender: Sender) -> None:
        sender.paused = False
        self.offer(sender)

    def _block(self, sender: Sender) -> None:
        if sender.watcher is None:
            sender.blocked_since = time.monotonic()
            self._blocked[sender] = None
            sender.watcher = self._loop.io(sender.transport.socket.fileno(), _WRITE)
            sender.watcher.start(self._send, sender)

    def _unblock(self, sender: Sender) -> None:
        self._blocked.pop(sender, None)
        if sender.watcher is not None:
            sender.watcher.stop()
            sender.watcher.close()
            sender.watcher = None


def _left_out(feed: RoomFeed, error: Exception) -> None:
    """Note that the server fails to tell the readers of a room something in their dialect; they are told a gap."""
    logger.error("an error in the server: %s is told a gap in %s", feed.room, feed.encoder.name, exc_info=error)


def _sender(cursor: Cursor) -> Sender:
    assert isinstance(cursor.owner, Sender)
    return cursor.owner


def _nothing(reason: str) -> None:
    """Do nothing."""
