"""What happens past each limit, as the one who meets it and the others see it."""

import contextlib
import gc
import socket as blocking
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gevent
import pytest
from gevent import socket

from geventchat import ChatServer, Limits
from geventchat.commands.commands import Join, Say
from geventchat.protocol.errors import Refused, UsageError
from geventchat.protocol.limits import MAX_WINDOWS, REGISTRATIONS_AT_ONCE
from geventchat.server.house_rules import HouseRules
from geventchat.server.live_settings import LiveSettings
from geventchat.server.throttle import ConnectionLimiter, Registrar
from tests.raw import Raw, plain, programmed
from tests.stage import Stage


@contextmanager
def _server(**limits: float | None) -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(**limits)) as server:  # type: ignore[arg-type]
        yield server


def test_a_full_server_says_so_in_the_newcomers_dialect_and_closes() -> None:
    with _server(max_users=1) as server, plain(server.address, "alice") as alice:
        assert b"* server is full" in Raw(server.address, b"bob\n").rest()
        answer = Raw(server.address, b'{"type":"hello","nick":"bob"}\n').rest()
        assert b'"type":"closing","code":"server-full"' in answer
        alice.send(b"exit\n")
        assert alice.rest() == b"exit\n"
        with plain(server.address, "bob"):
            pass


@pytest.mark.slow
def test_five_hundred_pasted_lines_all_come_in_order_at_the_permitted_rate_while_others_talk() -> None:
    with _server(rate=200.0, burst=40) as server:
        paster, other = plain(server.address, "paster"), plain(server.address, "other")
        paster.until(b"* other joined\n")
        paster.send(b"".join(b"%d\n" % number for number in range(500)))
        other.until(b"paster: 0\n")
        other.send(b"meanwhile\n")
        heard = other.until(b"paster: 499\n").decode().splitlines()
        assert [line for line in heard if line.startswith("paster")] == [f"paster: {n}" for n in range(1, 500)]
        assert 0 <= heard.index("other: meanwhile") < 300, "the paste went ahead of who spoke meanwhile"
        paster.close()
        other.close()


@contextmanager
def watching_turns(note: Callable[[], None]) -> Iterator[None]:
    """Call a function at the end of each turn of the loop."""
    watcher = gevent.get_hub().loop.check()
    watcher.start(note)
    try:
        yield
    finally:
        watcher.stop()
        watcher.close()


@pytest.mark.slow
def test_a_reader_who_falls_behind_is_told_what_was_missed_and_goes_on() -> None:
    with _server(rate=None, feed_window=64 << 10) as server:
        slow = Raw(server.address)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.send(b'{"type":"hello","nick":"slow"}\n')
        slow.messages_until("welcome")
        speaker, _ = programmed(server.address, "speaker")
        ids = []
        for number in range(1000):
            speaker.send(b'{"type":"say","text":"%d %s","ref":"%d"}\n' % (number, b"x" * 2000, number))
            ids.append(speaker.messages_until("ack")[-1]["id"])
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        slow.send(b'{"type":"ping"}\n')
        messages = slow.messages_until("pong")
        said = [message["id"] for message in messages if message["type"] == "said"]
        gaps = [message for message in messages if message["type"] == "gap"]
        assert gaps, "nothing was skipped; the sockets took it all"
        missed = [one for one in ids if one not in set(said)]
        assert sum(gap["count"] for gap in gaps) == len(missed)
        assert (gaps[0]["from"], gaps[-1]["to"]) == (missed[0], missed[-1])
        assert said == [one for one in ids if one in set(said)]
        assert said[-1] == ids[-1]
        slow.close()
        speaker.close()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_reader_in_many_rooms_is_owed_no_more_than_all_rooms_may_keep_and_is_told_what_it_missed(
    at_once: bool,
) -> None:
    stage = Stage(Limits(feed_window=2_000))
    rooms = [f"r{number}" for number in range(50)]
    slow, speaker = stage.program("slow", room="quiet"), stage.program("speaker", room="quiet")
    for user in (slow, speaker):
        user.hears(*(Join(room=room) for room in rooms))
    slow.heard()
    speaker.hears(Say(text="hi", room="quiet"))
    for number in range(15):
        words = [Say(text=f"{number:0100}", room=room) for room in rooms]
        for batch in [words] if at_once else [[one] for one in words]:
            speaker.hears(*batch)
    heard = slow.heard()
    assert len(heard) * 200 < 2 * MAX_WINDOWS * 2_000
    missed = {message["room"]: message["count"] for message in heard if message["type"] == "gap"}
    for room in rooms:
        said = [int(message["text"]) for message in heard if message["type"] == "said" and message["room"] == room]
        assert said == list(range(missed[room], 15))
    assert "quiet" not in missed
    assert [message["text"] for message in heard if message.get("room") == "quiet"] == ["hi"]


@pytest.mark.slow
def test_a_reader_in_plain_is_told_how_many_lines_were_missed() -> None:
    with _server(rate=None, feed_window=64 << 10) as server:
        slow = Raw(server.address)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.send(b"slow\n")
        slow.until(b"'exit'.\n")
        with plain(server.address, "speaker") as speaker:
            for number in range(1000):
                speaker.send(b"%d %s\n" % (number, b"x" * 2000))
                speaker.until(b"\n")
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            lines = slow.until(b"speaker: 999 " + b"x" * 2000 + b"\n").splitlines()
        heard = sum(line.startswith(b"speaker: ") for line in lines)
        told = [line for line in lines if line.startswith(b"* you missed ")]
        assert sum(int(line.split()[3]) for line in told) == 1000 - heard > 0
        slow.close()


@pytest.mark.parametrize("is_changed", [False, True], ids=["from the start", "since the settings were read again"])
def test_a_reader_who_takes_nothing_is_closed_and_the_others_hear_that_it_left(is_changed: bool) -> None:
    with _server(rate=None, feed_window=64 << 10, stall_timeout=60.0 if is_changed else 0.5) as server:
        if is_changed:
            limits = replace(server.limits, stall_timeout=0.5)
            of_no_matter: Any = {"greet_with": 0, "hosts": (), "password": "", "log_level": "info", "fixed": {}}
            server.change(LiveSettings(limits=limits, house_rules=HouseRules(), **of_no_matter))
        stalled = Raw(server.address)
        stalled.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.send(b"stalled\n")
        stalled.until(b"'exit'.\n")
        with plain(server.address, "speaker") as speaker:
            done = gevent.spawn(speaker.until, b"* stalled left: not reading\n")
            while not done.ready():
                speaker.send(b"x" * 4000 + b"\n")
                gevent.sleep(0.001)
            done.get()
        stalled.close()


def test_too_many_connections_from_one_address_are_refused_but_loopback_is_exempt() -> None:
    limiter = ConnectionLimiter(Limits(max_per_address=1, connect_rate=1_000))
    for address in ("192.0.2.7", "2001:db8::1", "fe80::1%eth0"):
        limiter.admit(address, 1_000.0)
        with pytest.raises(Refused, match="from your address"):
            limiter.admit(address, 1_000.0)
        limiter.release(address)
        limiter.admit(address, 1_001.0)
    for address in ("127.0.0.9", "::1", "::ffff:127.0.0.1"):
        limiter.admit(address, 1_000.0)
        limiter.admit(address, 1_000.0)


def test_for_one_who_has_gone_one_may_come_from_the_same_address() -> None:
    limiter = ConnectionLimiter(Limits(max_per_address=3, connect_rate=1_000))
    for _ in range(3):
        limiter.admit("192.0.2.7", 1_000.0)
    limiter.release("192.0.2.7")
    limiter.admit("192.0.2.7", 1_001.0)
    with pytest.raises(Refused, match="too many connections from your address"):
        limiter.admit("192.0.2.7", 1_001.0)


def test_a_host_with_a_whole_network_of_addresses_gets_no_more_in_than_one_with_a_single_one() -> None:
    limiter, registrar = ConnectionLimiter(Limits(max_per_address=1, connect_rate=1_000)), Registrar()
    limiter.admit("2001:db8:1:2::1", 1_000.0)
    with pytest.raises(Refused, match="too many connections from your address"):
        limiter.admit("2001:db8:1:2:ffff::9", 1_001.0)
    limiter.admit("2001:db8:1:3::1", 1_001.0)
    limiter.release("2001:db8:1:2::1")
    limiter.admit("2001:db8:1:2:ffff::9", 1_001.0)
    for number in range(1, REGISTRATIONS_AT_ONCE + 1):
        registrar.admit(f"2001:db8:1:2::{number:x}", 1_000.0)
    with pytest.raises(Refused, match="names were registered"):
        registrar.admit("2001:db8:1:2:ffff::9", 1_000.0)
    registrar.admit("2001:db8:1:3::1", 1_000.0)


def test_new_connections_from_one_address_have_a_rate_and_those_refused_do_not_count() -> None:
    limiter = ConnectionLimiter(Limits(max_per_address=3, connect_rate=2))
    for _ in range(3):
        limiter.admit("192.0.2.7", 1_000.0)
        limiter.release("192.0.2.7")
    for _ in range(50):
        with pytest.raises(Refused, match="wait a moment"):
            limiter.admit("192.0.2.7", 1_000.1)
    limiter.admit("192.0.2.8", 1_000.1)
    limiter.admit("192.0.2.7", 1_000.6)


def test_a_storm_of_newcomers_does_not_keep_those_who_are_in_waiting() -> None:
    with _server() as server, plain(server.address, "alice") as alice, contextlib.ExitStack() as stack:
        for _ in range(300):  # in the kernel at once, for the server's greenlets do not run meanwhile
            stack.enter_context(blocking.create_connection(server.address))
        turns: list[int] = []  # of the loop, which looks in each whether somebody who is in says something
        with watching_turns(lambda: turns.append(server.connections)):
            alice.send(b"/ping now\n")
            alice.until(b"* pong now\n")
        assert all(here <= 1 + 8 * turn for turn, here in enumerate(turns, 1)), turns
        assert turns[-1] < 301


def test_the_rates_of_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.core.address_memory.MAX_ADDRESSES", 2)
    limiter = ConnectionLimiter(Limits(max_per_address=1, connect_rate=0.001))
    for number in (1, 2, 3):
        limiter.admit(f"192.0.2.{number}", 1_000.0)
        limiter.release(f"192.0.2.{number}")
    limiter.admit("192.0.2.1", 1_000.0)
    with pytest.raises(Refused):
        limiter.admit("192.0.2.3", 1_000.0)


def test_a_server_that_cannot_have_all_its_addresses_keeps_none() -> None:
    with ChatServer() as free:
        address = free.address
    with ChatServer() as other:
        unlucky = ChatServer(address, other.address)
        with pytest.raises(UsageError, match="is taken"):
            unlucky.start()
        with ChatServer(address) as again:
            assert again.address == address


def test_who_is_turned_away_takes_nobody_s_place() -> None:
    limiter = ConnectionLimiter(Limits(max_users=1))
    limiter.admit("::1", 1_000.0)
    for _ in range(3):
        with pytest.raises(Refused, match="server is full"):
            limiter.admit("::1", 1_000.0)
    limiter.release("::1")
    limiter.admit("::1", 1_000.0)


def test_a_silent_newcomer_to_a_full_server_is_told_so_and_holds_no_connection() -> None:
    with _server(max_users=1) as server, plain(server.address, "alice"):
        assert Raw(server.address).rest() == b"* server is full, try again later\n"


def test_a_newcomer_to_a_full_server_who_sends_on_and_on_is_told_so_too() -> None:
    with _server(max_users=1) as server, plain(server.address, "alice"), Raw(server.address) as drip:

        def send_on_and_on() -> None:
            with contextlib.suppress(OSError):
                while True:
                    drip.send(b"x")
                    gevent.sleep(0.05)

        sending = gevent.spawn(send_on_and_on)
        drip.until(b"* server is full, try again later\n")
        sending.kill()


@pytest.mark.parametrize("keepalive", [1e6, 0.1])
def test_a_peer_that_vanished_may_be_waited_for_as_long_or_as_short_as_one_likes(keepalive: float) -> None:
    with _server(keepalive=keepalive) as server, plain(server.address, "alice") as alice:
        alice.send(b"hi\n")
        assert alice.line() == "alice: hi"


def test_a_session_that_has_ended_leaves_nothing_for_the_garbage_collector() -> None:
    # which the server process does not run over what is old, because that would hold up everyone
    with _server() as server:

        def come_and_go() -> None:
            with plain(server.address, "person") as person, plain(server.address, "other") as other:
                person.send(b"/msg other hi\n/msg person hi\n")
                person.until(b"whispers to person: hi\n")
                other.send(b"/msg person hi\n/nick \n")
                other.until(b"/nick NAME\n")
            with programmed(server.address, "program")[0] as program:
                program.send(b'{"type":"say","text":"x","ref":"1"}\n{"type":"history"}\n{"type":"nope"}\n')
                program.messages_until("error")
                program.send(b'{"type":"bye"}\n')
                program.rest()
            while server.connections:
                gevent.sleep(0.01)

        come_and_go()
        gc.collect()
        gc.disable()
        try:
            come_and_go()
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            assert [one for one in gc.garbage if type(one).__module__.startswith("geventchat")] == []
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()


def test_in_a_crowd_joins_are_told_in_one_line_to_people_and_each_to_programs() -> None:
    with _server() as server:
        program, _ = programmed(server.address, "program")
        first = plain(server.address, "first")
        crowd = [Raw(server.address, b"user%d\n" % number) for number in range(150)]
        for raw in crowd:
            raw.until(b"'exit'.\n")
        joined = [program.messages_until("joined")[-1]["nick"] for _ in range(151)]
        assert sorted(joined) == sorted(["first"] + [f"user{number}" for number in range(150)])
        first.until(b" joined\n* ")
        lines = (b"* " + first.until(b" joined\n")).decode().splitlines()
        total = 2 + len(lines)
        while not lines[-1].split()[1].isdigit():
            lines.append(first.line())
            total += 1
        assert total < 150
        for raw in (program, first, *crowd):
            raw.close()
