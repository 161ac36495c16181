"""The greenlet that sends: once for all that arrived in a turn of the loop, and without waiting for any reader.

A turn goes to the log, is published into feeds and outboxes, and each outbox that has something new is offered to its
socket. A socket that takes only part is left to a watcher, which goes on when there is room, and costs nobody else.
"""

import socket as std_socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from os import write
from typing import Any

import gevent
from gevent.event import Event
from gevent.socket import socket

from geventchat.core.chat import Chat, Happening
from geventchat.core.log import Entry, Log
from geventchat.core.room import RoomFeed
from geventchat.delivery.feed import RANK, Rank, Reader
from geventchat.delivery.outbox import Outbox
from geventchat.protocol.errors import NotStored, Refused
from geventchat.server.cooperate import let_others_run

# Holds back what is written until the packet is complete: Linux's tcp(7). Elsewhere a packet may come apart.
_TCP_CORK: int | None = getattr(std_socket, "TCP_CORK", None)
_WRITE = 2  # libev's EV_WRITE, as gevent's loop.io takes it
# A turn gathers what arrives within this time of the one before: in a thousand small rooms, work done for several
# messages at a time costs two thirds as much. A large room's turn takes longer than this anyway.
_TURN_S = 0.003
# How many chunks one reader that catches up is sent before others have their turn.
_CHUNKS_IN_A_ROW = 16


class Link:
    """The sending half of a connection: an outbox and the socket that it goes to.

    `lost` is called with a reason when the socket has failed or stalled.
    """

    __slots__ = ("broken", "fd", "lost", "moved", "outbox", "resting", "socket", "stuck_since", "watcher")

    def __init__(self, outbox: Outbox, sock: socket, lost: Callable[[str], None]) -> None:
        self.outbox = outbox
        self.socket = sock
        self.fd = sock.fileno()
        self.broken = False
        self.moved: Event | None = None  # while someone waits for a turn, or for the socket to have taken everything
        self.resting = False  # while nothing is sent so that the client can take what it has
        self.stuck_since = 0.0  # since when the socket takes nothing
        self.watcher: Any = None  # while it is awaited that it takes something
        self.lost = lost

    @property
    def ready(self) -> bool:
        """Whether something may be sent."""
        return not (self.broken or self.resting or self.watcher)

    def end(self) -> None:
        """Send nothing more."""
        self.broken = True
        self.outbox.fall_out()
        self.move()

    def move(self) -> None:
        """Wake whoever waits for this link."""
        if self.moved is not None:
            self.moved.set()

    def fail(self, reason: str) -> None:
        """Give the connection up."""
        self.end()
        self.lost(reason)


class Pump:
    """Moves turns from the chat to the log and from there to the sockets."""

    def __init__(self, chat: Chat, log: Log, stall_timeout: float) -> None:
        self._chat = chat
        self._log = log
        self._stall_timeout = stall_timeout
        self._posted = Event()
        self._links: dict[Reader, Link] = {}
        self._stuck: dict[Link, None] = {}
        self._sends = 0  # since others were last let run
        self._awaited: Counter[Link] = Counter()  # how many wait for the `moved` of a link
        self._loop = gevent.get_hub().loop

    def attach(self, outbox: Outbox, sock: socket, lost: Callable[[str], None]) -> Link:
        """Send what comes into the outbox to this socket from now on."""
        link = self._links[outbox] = Link(outbox, sock, lost)
        return link

    def detach(self, link: Link) -> None:
        """Forget a connection; to be called before its socket is closed."""
        link.end()
        link.lost = _nothing  # or link and session would hold each other
        self._links.pop(link.outbox, None)
        self._unstick(link)

    def wake(self) -> None:
        """Take note that something was posted."""
        self._posted.set()

    def drain(self, link: Link, timeout: float, done: Callable[[], bool]) -> bool:
        """Wait until `done` and everything in the outbox is handed to the kernel; return whether that was in time."""
        deadline = time.monotonic() + timeout
        moved = link.moved = link.moved or Event()
        self._awaited[link] += 1
        try:
            while not link.broken and (not done() or link.outbox.next()):
                if not moved.wait(deadline - time.monotonic()):
                    return False
                moved.clear()
        finally:
            self._awaited[link] -= 1
            if not self._awaited[link]:
                del self._awaited[link]
                link.moved = None
        return not link.broken

    def go_on(self, link: Link) -> None:
        """Send what an outbox has, once it is released."""
        self._offer(link.outbox)

    def run(self) -> None:
        """Carry out turn after turn; runs until killed."""
        began = 0.0
        while True:
            self._wait()
            if (early := began + _TURN_S - time.monotonic()) > 0:
                gevent.sleep(early)
            began = time.monotonic()
            self._posted.clear()
            turn = self._chat.take_turn()
            if self._chat.posted:
                self._posted.set()
            self._recall_topics()
            entries = [Entry(post.room.key, post.event, post.ref) for post in turn if isinstance(post, Happening)]
            if entries:
                try:
                    self._log.append(entries, time.time())
                except NotStored as error:
                    turn = self._chat.unstored(turn, str(error))
            told = self._chat.publish(turn, time.monotonic())
            feeds = self._chat.seal(time.monotonic())
            for outbox in told:
                self._offer(outbox)
                self._let_others_run(1)
            for feed in feeds:
                self._fan_out(feed)
            for link in self._awaited:
                link.move()

    def _recall_topics(self) -> None:
        """Give rooms that were made just now the topic that they had earlier, if the log can be read."""
        if rooms := self._chat.new_rooms():
            with suppress(Refused):  # the log cannot be read, and has said so
                topics = self._log.topics([room.key for room in rooms])
                for room in rooms:
                    room.topic = topics.get(room.key, "")

    def watch_stalls(self) -> None:
        """Close readers that have taken nothing for too long; runs until killed."""
        while True:
            gevent.sleep(max(0.01, min(1.0, self._stall_timeout / 4)))
            too_old = time.monotonic() - self._stall_timeout
            for link in [link for link in self._stuck if link.stuck_since < too_old]:
                self._unstick(link)
                link.fail("not reading")

    def _wait(self) -> None:
        due = self._chat.due()
        self._posted.wait(None if due is None else max(0.0, due - time.monotonic()))

    def _fan_out(self, feed: RoomFeed) -> None:
        """Send what is new in a feed to all its readers: the ranks the whole of it, the others what each one lacks."""
        for rank in feed.waiting():
            size = len(rank.handles)
            for reader in self._send_rank(feed, rank):
                self._offer(reader)
            self._let_others_run(size)
        for reader in list(feed.stragglers):
            self._offer(reader)
            link = self._links.get(reader)
            if link is not None and link.ready:
                link.outbox.fall_in(link.fd)
            self._let_others_run(1)
        feed.forget()

    def _send_rank(self, feed: RoomFeed, rank: Rank) -> list[Reader]:
        """Send a rank its next chunk; return the readers that did not take it all. This runs once per delivery."""
        data = rank.chunk.data
        assert data is not None
        size = len(data)
        short = []
        for place, handle in enumerate(rank.handles.values()):
            try:
                count = write(handle, data)
            except OSError:
                count = 0
            if count != size:
                short.append((place, count))
        return rank.move_on(feed, short)

    def _let_others_run(self, sends: int) -> None:
        self._sends += sends
        if self._sends >= RANK:
            self._sends = 0
            let_others_run()

    def _offer(self, reader: Reader) -> None:
        """Give the kernel what it takes of what a reader has still to be sent."""
        link = self._links.get(reader)
        if link is not None and link.ready:
            self._send(link)

    def _send(self, link: Link) -> None:
        if link.outbox.pause_s and link.outbox.next():
            self._send_as_packet(link)
        else:
            self._write(link)

    def _send_as_packet(self, link: Link) -> None:
        """Give the kernel what it takes in one packet, and the client time to take that before the next."""
        link.resting = True
        gevent.spawn_later(link.outbox.pause_s, self._wake_up, link)
        if _TCP_CORK is not None:
            link.socket.setsockopt(std_socket.IPPROTO_TCP, _TCP_CORK, 1)
        self._write(link)
        if _TCP_CORK is not None and not link.broken:
            link.socket.setsockopt(std_socket.IPPROTO_TCP, _TCP_CORK, 0)

    def _write(self, link: Link) -> None:
        outbox = link.outbox
        chunks = 0
        while data := outbox.next():
            chunks += 1
            try:
                count = write(link.fd, data)
            except BlockingIOError:
                count = 0
            except OSError:
                self._unstick(link)
                link.fail("connection lost")
                return
            if count:
                outbox.sent(count)
                link.stuck_since = time.monotonic()
            if count < len(data) or chunks == _CHUNKS_IN_A_ROW:
                self._stick(link)
                return
        if link.watcher is not None:
            self._unstick(link)
        link.move()

    def _wake_up(self, link: Link) -> None:
        link.resting = False
        self._offer(link.outbox)

    def _stick(self, link: Link) -> None:
        if link.watcher is None:
            link.stuck_since = time.monotonic()
            self._stuck[link] = None
            link.watcher = self._loop.io(link.fd, _WRITE)
            link.watcher.start(self._send, link)

    def _unstick(self, link: Link) -> None:
        self._stuck.pop(link, None)
        if link.watcher is not None:
            link.watcher.stop()
            link.watcher.close()
            link.watcher = None


def _nothing(reason: str) -> None:
    """Do nothing."""
