"""The pump on real sockets: nobody waits for a reader who takes much or little."""

import os
from collections.abc import Iterator
from contextlib import suppress

import gevent
import pytest
from gevent import socket

from geventchat import ChatServer
from geventchat.core.chat import Chat
from geventchat.core.counters import Counters
from geventchat.core.kept import Kept
from geventchat.core.room import RoomFeed
from geventchat.delivery.feed import Feed
from geventchat.delivery.outbox import Outbox
from geventchat.dialects.plain import PLAIN
from geventchat.protocol.limits import Limits
from geventchat.server.pump import Pump, Sender
from geventchat.server.transport import Transport
from geventchat.store.memory import MemoryLog
from tests.groups import waiting
from tests.raw import plain


class Listener:
    """One reader of a feed, with both ends of its connection."""

    def __init__(self, feed: Feed) -> None:
        ours, self.theirs = socket.socketpair()
        self.transport = Transport(ours, "127.0.0.1", 4_096)
        self.outbox = Outbox()
        self.lost: list[str] = []
        self.sender = Sender(self.outbox, self.transport, self.lost.append)
        self.outbox.follow(feed)

    def arrived(self) -> bytes:
        """Return all that is there now."""
        data = b""
        with suppress(BlockingIOError):
            while piece := os.read(self.theirs.fileno(), 1 << 20):
                data += piece
        return data

    def close(self) -> None:
        self.transport.socket.close()
        self.theirs.close()


@pytest.fixture
def pump() -> Pump:
    return Pump(Chat(Limits(), "test", Kept()), MemoryLog(), stall_timeout=30.0)


@pytest.fixture
def feed() -> Feed:
    return Feed(4 << 20, lambda *_: b"* a gap\n")


@pytest.fixture
def listener(pump: Pump, feed: Feed) -> Iterator[Listener]:
    listener = Listener(feed)
    yield listener
    pump.detach(listener.sender)
    listener.close()


def say(feed: Feed, batches: int) -> bytes:
    """Put one line a batch into a feed; return them all."""
    lines = [b"line %d\n" % number for number in range(batches)]
    for number, line in enumerate(lines):
        feed.append(f"{number}-0", line)
        feed.seal()
    return b"".join(lines)


def test_a_reader_that_has_much_to_catch_up_with_is_served_a_little_at_a_time(
    pump: Pump, feed: Feed, listener: Listener
) -> None:
    said = say(feed, 1_000)
    pump.offer(listener.sender)
    first = listener.arrived()
    assert 0 < first.count(b"\n") <= 32
    rest = b""
    while len(first + rest) < len(said):
        gevent.sleep(0.001)
        rest += listener.arrived()
    assert first + rest == said
    assert listener.lost == []


def test_a_reader_that_has_hung_up_is_lost_and_costs_the_others_nothing(pump: Pump, feed: Feed) -> None:
    listeners = [Listener(feed) for _ in range(3)]
    listeners[1].theirs.close()
    say(feed, 1)
    for listener in listeners:
        pump.offer(listener.sender)
    assert [listener.lost for listener in listeners] == [[], ["connection lost"], []]
    assert [listeners[place].arrived() for place in (0, 2)] == [b"line 0\n"] * 2
    for listener in listeners:
        pump.detach(listener.sender)
        listener.close()


def test_who_hangs_up_before_its_joining_is_shown_ends_nothing(pump: Pump) -> None:
    feed = RoomFeed("lobby", PLAIN.encoder, 4 << 20, Counters(), gathers=False)
    gone, listener = Listener(feed), Listener(feed)
    pump.detach(gone.sender)
    gone.outbox.follow(feed)  # what publishing `joined` does, perhaps a batch before `left`
    say(feed, 1)
    pump._fan_out(feed)
    assert listener.arrived() == b"line 0\n"
    pump.detach(listener.sender)
    for one in (gone, listener):
        one.close()


def test_what_is_sent_is_counted_by_events_and_by_bytes_that_were_taken(pump: Pump) -> None:
    feed = RoomFeed("lobby", PLAIN.encoder, 4 << 20, Counters(), gathers=False)
    listeners = [Listener(feed) for _ in range(3)]
    for listener in listeners:
        listener.outbox.join_groups(listener.transport.write)
    feed.append("1-0", b"x" * (2 << 20) + b"\n")  # more than a socket takes at once
    feed.append("2-0", b"y\n")
    feed.seal()
    pump._fan_out(feed)
    assert pump.deliveries == 6
    assert pump.sent_bytes == sum(len(listener.arrived()) for listener in listeners)
    for listener in listeners:
        pump.detach(listener.sender)
        listener.close()


def test_a_connection_that_is_given_up_is_in_no_group_any_more(pump: Pump, feed: Feed) -> None:
    listener = Listener(feed)
    listener.outbox.join_groups(listener.transport.write)
    assert [list(group.readers.values()) for group in feed.groups] == [[listener.transport.write]]
    pump.detach(listener.sender)
    assert not feed.groups
    listener.close()


def test_however_much_is_said_at_once_the_pump_keeps_up_and_the_queue_stays_short() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        users = [plain(server.address, f"user{number}") for number in range(4)]
        hearing = [gevent.spawn(user.rest) for user in users]
        sending = [gevent.spawn(user.send, b"x\n" * 2_000 + b"exit\n") for user in users]
        longest = 0
        while not all(greenlet.ready() for greenlet in hearing):
            longest = max(longest, server.chat.posted)
            gevent.sleep(0)
        gevent.joinall(sending, raise_error=True)
    assert 0 < longest < 1_000
    assert b"".join(greenlet.get() for greenlet in hearing).count(b"user0: x\n") >= 2_000


def test_a_reader_that_takes_nothing_is_given_up_with_a_reason(feed: Feed) -> None:
    pump = Pump(Chat(Limits(), "test", Kept()), MemoryLog(), stall_timeout=0.05)
    listener = Listener(feed)
    watching = gevent.spawn(pump.watch_stalls)
    feed.append("1-0", b"x" * (4 << 20) + b"\n")
    feed.seal()
    pump.offer(listener.sender)
    while not listener.lost:
        gevent.sleep(0.01)
    assert listener.lost == ["not reading"]
    watching.kill()
    pump.detach(listener.sender)
    listener.close()


def test_a_reader_that_takes_a_little_now_and_then_is_kept(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("geventchat.server.pump.time.monotonic", lambda: now[0])
    pump = Pump(Chat(Limits(), "test", Kept()), MemoryLog(), stall_timeout=30.0)
    listener = Listener(feed)
    feed.append("1-0", b"x" * (4 << 20) + b"\n")
    feed.seal()
    pump.offer(listener.sender)
    for _ in range(3):
        now[0] += 20
        taken = listener.sender.outbox.next().data
        while listener.sender.outbox.next().data == taken:  # until the kernel has taken some more
            listener.arrived()
            gevent.sleep(0.001)
        pump.close_stalled(now[0] + 15)
        assert listener.lost == []
    pump.close_stalled(now[0] + 31)
    assert listener.lost == ["not reading"]
    pump.detach(listener.sender)
    listener.close()


def test_others_have_their_turn_while_a_large_room_is_sent_to(pump: Pump) -> None:
    feed = RoomFeed("lobby", PLAIN.encoder, 4 << 20, Counters(), gathers=False)
    listeners = [Listener(feed) for _ in range(300)]
    for listener in listeners:
        listener.outbox.join_groups(listener.transport.write)
    say(feed, 1)
    left_when_others_ran: list[int] = []
    gevent.spawn(lambda: left_when_others_ran.append(len(waiting(feed))))
    pump._fan_out(feed)
    assert 0 < left_when_others_ran[0] < 300
    assert feed.oldest is feed.tail, "what everyone has been sent is not kept"
    for listener in listeners:
        assert listener.arrived() == b"line 0\n"
        pump.detach(listener.sender)
        listener.close()
