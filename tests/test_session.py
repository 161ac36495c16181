"""What one user may do before others have their turn, and how its connection ends."""

import json
from collections.abc import Sequence

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from geventchat import ChatServer, Limits
from geventchat.commands import actions, commands
from geventchat.core.kept import Change
from geventchat.core.log import Entry
from geventchat.protocol.events import Said
from geventchat.protocol.limits import JOINS_AT_ONCE, MAX_PRIVATE_BYTES
from geventchat.protocol.replies import Closing
from geventchat.server.session import Session
from geventchat.store.memory import MemoryLog
from tests.raw import Raw, plain, programmed
from tests.stage import Stage


def only_session(server: ChatServer) -> Session:
    (session,) = server._connections.values()
    assert session is not None
    return session


def test_a_new_name_costs_as_much_as_a_message_in_each_room() -> None:
    stage = Stage()
    alice = stage.program("alice")
    alice.hears(commands.Join(room="den"), commands.Join(room="attic"))
    assert actions.cost(stage.chat, alice.member, commands.Rename(nick="anna")) == 3
    assert actions.cost(stage.chat, alice.member, commands.Say(text="hi", room="den")) == 1


@pytest.mark.parametrize(
    "asked",
    [
        commands.Rename(nick="anna"),
        commands.Away(text="out"),
        commands.Describe(about="a cook"),
        commands.Logout(),
        commands.Unregister(password="correct horse"),
        commands.Recent(),
        commands.Find(mask="*"),
        commands.History(limit=-5),
    ],
)
def test_nothing_is_free_for_who_is_in_no_room(asked: commands.AnyCommand) -> None:
    stage = Stage()
    alice = stage.program("alice", room="")
    assert actions.cost(stage.chat, alice.member, asked) == 1


def test_who_asks_for_much_is_counted_as_more_than_a_message() -> None:
    stage = Stage()
    alice = stage.program("alice")
    crowd = [stage.program() for _ in range(199)]
    for number, user in enumerate(crowd):
        user.does(commands.Hello(nick=f"user{number}"))
    stage.carry_out()
    alice.hears(commands.Join(room="den"))
    for asked, cost in (
        (commands.Find(room="lobby"), 5),
        (commands.Find(mask="*z"), 5),
        (commands.Find(room="den"), 1),
        (commands.Find(nicks=["alice"]), 1),
        (commands.History(room="den"), 1),
        (commands.History(room="den", limit=500), 6),
        (commands.Recent(), 2),
        (commands.Rooms(), 1),
    ):
        assert actions.cost(stage.chat, alice.member, asked) == cost, asked
    for user in crowd[:2]:
        user.hears(*[commands.Join(room=f"{user.member.nick} {number}") for number in range(63)])
    assert actions.cost(stage.chat, alice.member, commands.Rooms()) == 2
    for number in range(800):
        stage.program().does(commands.Hello(nick=f"guest{number}", room=""))
    stage.carry_out()
    assert actions.cost(stage.chat, alice.member, commands.Find(mask="*z")) == 1 + 1_000 // 50 + 1


def test_a_user_in_no_room_who_renames_all_the_time_is_read_more_slowly() -> None:
    with ChatServer(limits=Limits(burst=6, rate=1)) as server:
        alice, _ = programmed(server.address, "alice", room="")
        for number in range(7):
            alice.send(b'{"type":"rename","nick":"anna%d"}\n' % number)
        while not server.chat.counters.throttled:
            gevent.sleep(0.001)
        alice.close()


def test_a_user_in_many_rooms_who_renames_is_read_more_slowly() -> None:
    with ChatServer(limits=Limits(burst=6, rate=1)) as server:
        alice, _ = programmed(server.address, "alice")
        for room in "abcd":
            alice.send(json.dumps({"type": "join", "room": room}).encode() + b"\n")
            alice.messages_until("members")
        assert not server.chat.counters.throttled
        alice.send(b'{"type":"rename","nick":"anna"}\n')
        while not server.chat.counters.throttled:
            gevent.sleep(0.001)
        alice.close()


@pytest.mark.slow
def test_who_asks_and_never_reads_the_answers_is_not_read_any_more() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        alice, _ = programmed(server.address, "alice")
        asking = gevent.spawn(alice.send, (b'{"type":"ping","token":"%s"}\n' % (b"x" * 1_000)) * 5_000)
        outbox = only_session(server).member.outbox
        while outbox.private_bytes <= MAX_PRIVATE_BYTES:
            gevent.sleep(0.001)
        for _ in range(50):
            gevent.sleep(0.002)
            assert outbox.private_bytes < MAX_PRIVATE_BYTES + 100_000
        pongs = 0
        while pongs < 5_000:
            pongs += alice.message()["type"] == "pong"
        asking.get()
        alice.close()


def test_others_have_their_turn_while_somebody_s_many_empty_lines_are_read() -> None:
    with ChatServer(limits=Limits(rate=None)) as server, plain(server.address, "alice") as alice:
        lines = only_session(server)._reader._lines  # type: ignore[attr-defined]
        left = set()

        def watch() -> None:
            while True:
                gevent.sleep(0)
                left.add(len(lines._buffer))

        watching = gevent.spawn(watch)
        alice.send(b"\n" * 8_000 + b"/who\n")
        alice.until(b" in lobby")
        watching.kill()
    assert len(left) > 100  # every 64 lines


class HeldLog(MemoryLog):
    """A log whose disk takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = Event()
        self.go_on.set()

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        self.go_on.wait()
        super().append(entries, now, changes)


def test_who_is_ahead_of_the_log_waits_for_it() -> None:
    log = HeldLog()
    with ChatServer(limits=Limits(rate=None), log=log) as server, plain(server.address, "alice") as alice:
        member = only_session(server).member
        log.go_on.clear()
        alice.send(b"x\n" * 500)
        while member.unpublished < 8:
            gevent.sleep(0.001)
        for _ in range(50):
            gevent.sleep(0.002)
            assert member.unpublished < 20
        log.go_on.set()
        assert alice.until(b"x\n" * 1)
        for _ in range(499):
            assert alice.line() == "alice: x"


class GatheringLog(MemoryLog):
    """A log to which each batch costs much, and which notes what was said in each."""

    gathers_s = 5.0

    def __init__(self) -> None:
        super().__init__()
        self.said: list[list[str]] = []

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        super().append(entries, now, changes)
        self.said += filter(None, [[one.event.text for one in entries if isinstance(one.event, Said)]])


@pytest.mark.slow
def test_what_is_said_soon_after_others_came_in_waits_for_what_is_said_next_where_the_log_gathers() -> None:
    log = GatheringLog()
    with ChatServer(limits=Limits(rate=None), log=log) as server, plain(server.address, "alice") as alice:
        member = only_session(server).member
        for number, word in enumerate(("one", "two"), 1):
            alice.send(f"{word}\n".encode())
            while member.unpublished < number and not log.said:
                gevent.sleep(0.001)
        alice.until(b"two\n")
    assert log.said == [["one", "two"]]


def test_in_a_storm_of_joins_few_are_under_way_and_all_come_in() -> None:
    log = HeldLog()
    with ChatServer(log=log) as server:
        log.go_on.clear()
        hello = b'{"type":"hello","nick":"user%d"}\n'
        newcomers = [Raw(server.address, hello % number) for number in range(40)]
        while len(server.chat.nicks) < JOINS_AT_ONCE:
            gevent.sleep(0.001)
        for _ in range(50):
            gevent.sleep(0.002)
            assert len(server.chat.nicks) == JOINS_AT_ONCE
        log.go_on.set()
        for newcomer in newcomers:
            newcomer.messages_until("welcome")
            newcomer.close()


def test_who_is_sent_away_while_it_waits_to_join_does_not_come_in() -> None:
    log = HeldLog()
    with ChatServer(log=log) as server:
        log.go_on.clear()
        hello = b'{"type":"hello","nick":"%s"}\n'
        others = [Raw(server.address, hello % (b"user%d" % number)) for number in range(JOINS_AT_ONCE)]
        while not server._services.joins.locked():
            gevent.sleep(0.001)
        with Raw(server.address, hello % b"late") as late:
            while len(sessions := [one for one in server._connections.values() if one]) <= JOINS_AT_ONCE:
                gevent.sleep(0.001)
            for _ in range(20):
                gevent.sleep(0.002)
            sessions[-1].stop(Closing(code="bye", message="bye"))
            log.go_on.set()
            late.messages_until("closing")
        for other in others:
            other.messages_until("welcome")
            other.close()
        while server.connections:
            gevent.sleep(0.001)
        assert server.chat.nicks.find("late") is None


def test_what_came_and_went_is_logged_now_and_then_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("geventchat.server.server._COUNTED_S", 0.05)
    caplog.set_level("INFO")
    with ChatServer() as server, plain(server.address, "alice"):
        while not (counted := [line for line in caplog.messages if "in the last minute" in line]):
            gevent.sleep(0.01)
    assert counted[0] == "in the last minute: 1 connections, 1 joined; 1 connected now"


def test_a_newcomer_that_never_ends_its_first_line_is_closed_after_64_kib() -> None:
    with ChatServer() as server, Raw(server.address) as endless:
        endless.send(b"x" * 70_000)
        assert b"64 KiB without an end of line" in endless.rest()


def test_who_goes_on_sending_after_the_goodbye_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.server.transport._LINGER_S", 600.0)
    with ChatServer() as server, plain(server.address, "alice") as alice:
        alice.send(b"exit\n")
        alice.until(b"exit\n")
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            alice.send(b"x" * 100_000_000)


def test_the_kernel_buffers_little_for_a_reader_that_does_not_read() -> None:
    with ChatServer() as server, plain(server.address, "alice"):
        (transport,) = server._connections
        assert transport.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * (128 << 10)  # Linux doubles it
