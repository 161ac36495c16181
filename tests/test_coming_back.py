"""A user who lost the connection and comes back: nothing missed, nothing doubled."""

import json
import time
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event

from geventchat import ChatServer, Limits
from geventchat.core.kept import Change
from geventchat.core.log import Entry, Log
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import id_at, number_of
from geventchat.store.memory import MemoryLog
from geventchat.store.sqlite import SqliteLog
from tests.raw import Raw, plain, programmed, programmed_once_free
from tests.several import ONE_AND_THREE, Server, one_or_three


@pytest.fixture(params=ONE_AND_THREE)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with one_or_three(request, Limits(rate=None, feed_window=16 << 10)) as server:
        yield server


def say(raw: Raw, text: str, ref: str) -> str:
    """Say something and return its id."""
    raw.send(json.dumps({"type": "say", "text": text, "ref": ref}).encode() + b"\n")
    while (ack := raw.messages_until("ack")[-1])["ref"] != ref:
        pass
    return str(ack["id"])


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages if message["type"] == "said"]


def settled(raw: Raw) -> list[dict[str, Any]]:
    """Return everything that is on its way."""
    raw.send(b'{"type":"ping","token":"settled"}\n')
    return raw.messages_until("pong")[:-1]


def test_what_was_missed_comes_before_what_is_new(server: Server) -> None:
    alice, welcome = programmed(server.address, "alice")
    bob, _ = programmed(server.address, "bob")
    last = say(bob, "heard", "1")
    alice.messages_until("said")
    alice.close()
    bob.messages_until("left")
    for number in range(600):  # more than a page of the log
        bob.send(b'{"type":"say","text":"missed %d","ref":"m%d"}\n' % (number, number))
    settled(bob)
    alice, again = programmed(server.address, "alice", after=last)
    assert again["id"] > welcome["id"]
    say(bob, "new", "n")
    messages = settled(alice)
    assert [message["type"] for message in messages[:1]] == ["left"]
    assert texts(messages) == [f"missed {number}" for number in range(600)] + ["new"]
    assert all(message["type"] != "gap" for message in messages)
    alice.close()
    bob.close()


def test_nothing_is_lost_or_doubled_while_the_room_is_at_full_speed(server: Server) -> None:
    bob, welcome = programmed(server.address, "bob")
    heard_by_bob = gevent.spawn(bob.rest)
    alice, hello = programmed(server.address, "alice", after=welcome["id"])

    def talk() -> None:
        number = 0
        while len(ids) < 1200:
            bob.send(b'{"type":"say","text":"%d %s"}\n' % (number, b"x" * 500))
            number += 1
            gevent.sleep(0.0005)
        bob.socket.shutdown(1)

    ids: list[str] = []
    speaker = gevent.spawn(talk)
    for _ in range(8):
        ids += [alice.message()["id"] for _ in range(150)]
        alice.close()
        alice, hello = programmed(server.address, "alice", after=ids[-1], token=hello["token"])
    alice.close()
    speaker.get()
    stored = [json.loads(line) for line in heard_by_bob.get().splitlines() if b'"id"' in line]
    between = [event for event in stored if number_of(ids[0]) <= number_of(event["id"]) <= number_of(ids[-1])]
    assert ids == [event["id"] for event in between if (event["type"], event["nick"]) != ("joined", "alice")]


def test_a_message_repeated_with_its_ref_is_stored_once(server: Server) -> None:
    alice, welcome = programmed(server.address, "alice")
    stored = say(alice, "once", "r1")
    alice.close()
    alice, _ = programmed(server.address, "alice", after=welcome["id"], token=welcome["token"])
    assert [message["type"] for message in (alice.message(), alice.message())] == ["ack", "said"]
    assert say(alice, "once", "r1") == stored
    assert say(alice, "twice", "r2") != stored
    alice.send(b'{"type":"history"}\n')
    assert texts(alice.messages_until("history")[-1]["events"]) == ["once", "twice"]
    alice.close()


def test_a_lost_connection_makes_way_for_who_has_its_token(server: Server) -> None:
    silent, welcome = programmed(server.address, "alice")
    other = Raw(server.address, b'{"type":"hello","nick":"alice","token":"guessed"}\n')
    assert other.message()["code"] == "nick-taken"
    again, _ = programmed(server.address, "alice", token=welcome["token"])
    say(again, "here again", "1")
    assert silent.messages_until("closing")[-1]["code"] == "replaced"
    assert silent.rest() == b""
    again.send(b'{"type":"who"}\n')
    assert again.messages_until("members")[-1]["members"] == ["alice"]
    for raw in (other, again):
        raw.close()


def test_who_comes_back_too_late_is_told_that_something_is_missing() -> None:
    with ChatServer(limits=Limits(rate=None), log=MemoryLog(max_bytes=4_000)) as server:
        bob, welcome = programmed(server.address, "bob")
        for number in range(100):
            say(bob, f"{number}", f"{number}")
        alice, _ = programmed(server.address, "alice", after=welcome["id"])
        messages = settled(alice)
        assert (messages[0]["type"], messages[0]["from"], messages[0]["count"]) == ("gap", welcome["id"], None)
        assert number_of(messages[0]["to"]) < number_of(messages[1]["id"])
        assert texts(messages)[-1] == "99"
        assert server.chat.counters.gaps == 1
        alice.close()
        bob.close()


@pytest.mark.parametrize("kept", ["memory", "file"])
def test_what_is_removed_while_it_is_being_told_is_missing_with_a_word(tmp_path: Path, kept: str) -> None:
    log: Log = MemoryLog(1_000_000) if kept == "memory" else SqliteLog(tmp_path / "history.sqlite", keep_messages=600)
    limits = Limits(rate=None, feed_window=16 << 10)
    with closing(log), ChatServer(limits=limits, log=log) as server:
        bob, welcome = programmed(server.address, "bob")
        for number in range(700):
            bob.send(b'{"type":"say","text":"%d %s"}\n' % (number, b"x" * 1_500))
        settled(bob)
        hearing = gevent.spawn(bob.rest)
        alice, _ = programmed(server.address, "alice", after=welcome["id"])  # who reads nothing more for now
        for number in range(700, 2_500):
            bob.send(b'{"type":"say","text":"%d %s"}\n' % (number, b"x" * 1_500))
        bob.send(b'{"type":"bye"}\n')
        hearing.get()
        while isinstance(log, SqliteLog) and log.trim(time.time()):
            continue
        messages = settled(alice)
        alice.close()
    gaps = [(number_of(one["from"]), number_of(one["to"])) for one in messages if one["type"] == "gap"]
    heard = [int(text.split()[0]) for text in texts(messages)]
    assert sorted(set(heard)) == heard
    ids = {int(one["text"].split()[0]): number_of(one["id"]) for one in messages if one["type"] == "said"}
    for missing in sorted(set(range(2_500)) - set(heard)):  # each is between two that were heard, and so is a gap
        place = bisect(heard, missing)
        before = ids[heard[place - 1]] if place else 0
        after = ids[heard[place]] if place < len(heard) else 1 << 63
        assert any(before <= last and first <= after for first, last in gaps), missing
    assert gaps


def test_a_message_sent_twice_in_doubt_is_stored_once_under_every_name_of_its_speaker(server: Server) -> None:
    alice, welcome = programmed(server.address, "alice")
    first = say(alice, "as alice", "r1")
    alice.send(b'{"type":"rename","nick":"Alicia","ref":"n"}\n')
    alice.messages_until("ack")
    second = say(alice, "as alicia", "r2")
    alice.close()
    again, _ = programmed(server.address, "alice", after=welcome["id"])
    again.messages_until("said")
    assert (say(again, "as alice", "r1"), say(again, "as alicia", "r2")) == (first, second)
    assert say(again, "new words", "r1") not in (first, second)
    again.close()


def come_back(server: Server, welcome: dict[str, Any], nick: str = "alice") -> tuple[Raw, dict[str, Any]]:
    return programmed_once_free(server.address, nick, after=welcome["id"], token=welcome["token"])


def test_who_comes_back_is_not_told_that_the_words_of_another_of_its_nick_are_its_own(server: Server) -> None:
    alice, welcome = programmed(server.address, "alice")
    watcher, _ = programmed(server.address, "watcher")
    alice.close()  # ref 2 was on its way
    watcher.messages_until("left")
    stranger, _ = programmed_once_free(server.address, "alice")
    theirs = say(stranger, "of a stranger", "2")
    stranger.close()
    watcher.messages_until("left")
    again, _ = come_back(server, welcome)
    assert "ack" not in [message["type"] for message in settled(again)]
    mine = say(again, "my own", "2")
    assert mine != theirs
    once_more, _ = come_back(server, welcome)
    heard = settled(once_more)
    assert [(one["ref"], one["id"]) for one in heard if one["type"] == "ack"] == [("2", mine)]
    assert texts(heard) == ["of a stranger", "my own"]
    assert say(once_more, "my own", "2") == mine
    for raw in (watcher, again, once_more):
        raw.close()


def test_who_finds_its_nick_taken_is_told_all_the_same_what_it_has_said_itself(server: Server) -> None:
    alice, welcome = programmed(server.address, "alice")
    watcher, _ = programmed(server.address, "watcher")
    mine = say(alice, "my own", "2")
    alice.close()
    watcher.messages_until("left")
    stranger, _ = programmed_once_free(server.address, "alice")
    again, _ = come_back(server, welcome, "alice's")
    assert [(one["ref"], one["id"]) for one in settled(again) if one["type"] == "ack"] == [("2", mine)]
    assert say(again, "my own", "2") == mine
    for raw in (watcher, stranger, again):
        raw.close()


def test_a_message_is_known_again_after_a_restart_though_another_had_the_nick_and_the_ref(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log, ChatServer(log=log) as server:
        alice, welcome = programmed(server.address, "alice")
        mine = say(alice, "my own", "2")
        alice.close()
    with closing(SqliteLog(path)) as log, ChatServer(log=log) as server:
        stranger, _ = programmed(server.address, "alice")
        say(stranger, "of a stranger", "2")
        watcher, _ = programmed(server.address, "watcher")
        stranger.close()
        watcher.messages_until("left")
    with closing(SqliteLog(path)) as log, ChatServer(log=log) as server:
        again, _ = come_back(server, welcome)
        heard = settled(again)
        assert [(one["ref"], one["id"]) for one in heard if one["type"] == "ack"] == [("2", mine)]
        assert say(again, "my own", "2") == mine
        for raw in (again, watcher):
            raw.close()


def test_a_topic_is_still_there_after_a_restart(tmp_path: Path) -> None:
    for welcomed_with in ("", "tea time"):
        with closing(SqliteLog(tmp_path / "history.sqlite")) as log, ChatServer(log=log) as server:
            alice, welcome = programmed(server.address, "alice")
            assert welcome["topic"] == welcomed_with
            alice.send(b'{"type":"topic","text":"tea time","ref":"1"}\n')
            alice.messages_until("topic")
            alice.close()


def test_long_lines_of_the_past_come_in_several_pages(server: Server) -> None:
    alice, welcome = programmed(server.address, "alice")
    ids = [say(alice, f"{number} {'x' * 3_900}", str(number)) for number in range(60)]
    pages: list[dict[str, Any]] = []
    before = b'"before":"%s"' % b"9999999999999-0"
    while not pages or pages[-1]["more"]:
        alice.send(b'{"type":"history","limit":500,%s}\n' % before)
        pages.append(alice.messages_until("history")[-1])
        assert len(json.dumps(pages[-1])) < 256 << 10
        before = b'"before":"%s"' % pages[-1]["events"][0]["id"].encode()
    told = [event["id"] for page in reversed(pages) for event in page["events"] if event["type"] == "said"]
    assert told == ids
    assert len(pages) > 1
    bob, _ = programmed(server.address, "bob", after=welcome["id"])
    assert [event["id"] for event in settled(bob) if event["type"] == "said"] == ids
    bob.close()
    alice.close()


@pytest.mark.parametrize("limit", [0, -5])
def test_however_little_history_is_asked_for_one_event_comes(tmp_path: Path, limit: int) -> None:
    with closing(SqliteLog(tmp_path / "history.sqlite")) as log, ChatServer(log=log) as server:
        alice, _ = programmed(server.address, "alice")
        say(alice, "one", "1")
        say(alice, "two", "2")
        alice.send(b'{"type":"history","limit":%d}\n' % limit)
        assert texts(alice.messages_until("history")[-1]["events"]) == ["two"]
        alice.close()


def test_history_between_two_ids(server: Server) -> None:
    alice, _ = programmed(server.address, "alice")
    ids = [say(alice, str(number), str(number)) for number in range(5)]
    alice.send(b'{"type":"history","after":"%s","before":"%s"}\n' % (ids[0].encode(), ids[3].encode()))
    assert texts(alice.messages_until("history")[-1]["events"]) == ["1", "2"]
    alice.close()


def test_people_who_enter_another_room_are_shown_its_last_lines(server: Server) -> None:
    bob, _ = programmed(server.address, "bob", room="den")
    say(bob, "in the den", "1")
    with plain(server.address, "alice") as alice:
        alice.send(b"/join den\n")
        alice.until(b"* earlier in den, times in UTC:\n")
        assert alice.line().endswith(" bob: in the den")
        assert alice.line() == "* that was earlier"
        say(bob, "now", "2")
        assert alice.line() == "bob: now"
    bob.close()


def test_an_after_that_is_no_id_is_refused(server: Server) -> None:
    with Raw(server.address, b'{"type":"hello","nick":"alice","after":"yesterday"}\n') as alice:
        assert alice.message()["code"] == "bad-id"
        alice.send(b'{"type":"hello","nick":"alice"}\n')
        assert alice.message()["type"] == "welcome"


def test_a_further_room_is_caught_up_with_too(server: Server) -> None:
    bob, welcome = programmed(server.address, "bob", room="den")
    say(bob, "in the den", "1")
    alice, _ = programmed(server.address, "alice")
    alice.send(b'{"type":"join","room":"den","after":"%s","ref":"j"}\n' % welcome["id"].encode())
    assert alice.message()["ref"] == "j"
    assert texts(settled(alice)) == ["in the den"]
    alice.close()
    bob.close()


def test_people_who_are_new_are_shown_the_last_lines(server: Server) -> None:
    with plain(server.address, "alice") as alice:
        for number in range(25):
            alice.send(b"%d\n" % number)
        alice.until(b"alice: 24\n")
        with plain(server.address, "bob") as bob:
            assert bob.line() == "* earlier in lobby, times in UTC:"
            assert [bob.line().split()[-1] for _ in range(20)] == [str(number) for number in range(5, 25)]
            assert bob.line() == "* that was earlier; there is more before it"
            alice.send(b"now\n")
            assert bob.line() == "alice: now"


def test_who_comes_back_while_more_is_said_than_the_room_keeps_misses_nothing() -> None:
    with ChatServer(limits=Limits(rate=None, feed_window=20_000)) as server:
        bob, welcome = programmed(server.address, "bob")
        ids = [say(bob, f"{number} " + "x" * 3_900, str(number)) for number in range(300)]
        alice = Raw.with_little_room(server.address)
        alice.send(json.dumps({"type": "hello", "nick": "alice", "after": welcome["id"]}).encode() + b"\n")
        while not (session := [one for one in server._connections.values() if one and one.member.nick == "alice"]):
            gevent.sleep(0.001)
        while not session[0].member.joined_id:
            gevent.sleep(0.001)
        ids += [say(bob, f"{number} " + "x" * 3_900, str(number)) for number in range(300, 350)]
        heard: list[str] = []
        while len(heard) < len(ids):
            message = alice.message()
            assert message["type"] != "gap"
            if message["type"] == "said":
                heard.append(message["id"])
        assert heard == ids
        alice.close()
        bob.close()


class TrimmedWhileRead(MemoryLog):
    """A log that removes what it holds as soon as it has been read."""

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        found = super().since(room, after, limit, talk=talk)
        while self._order:
            self._drop_oldest()
        return found


def test_what_was_read_before_it_was_removed_is_in_no_gap() -> None:
    with ChatServer(limits=Limits(rate=None), log=TrimmedWhileRead()) as server:
        bob, welcome = programmed(server.address, "bob")
        while id_at(time.time()) <= welcome["id"]:  # there are ids between these only if time has passed
            gevent.sleep(0.001)
        ids = [say(bob, text, text) for text in ("one", "two")]
        alice, _ = programmed(server.address, "alice", after=welcome["id"])
        gap, *said = [*alice.messages_until("said"), alice.message()]
        assert [message["id"] for message in said] == ids
        assert gap["type"] == "gap"
        assert number_of(gap["to"]) < number_of(ids[0])
        alice.close()
        bob.close()


class HeldLog(MemoryLog):
    """Takes nothing, or is not read, while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on, self.is_read = Event(), Event()
        self.goes_on.set()
        self.is_read.set()

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        self.is_read.wait()
        return super().since(room, after, limit, talk=talk)

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        self.goes_on.wait()
        super().append(entries, now, changes)


def test_who_is_put_out_as_soon_as_it_comes_back_is_told_so_and_the_session_goes_on() -> None:
    log = HeldLog()
    with closing(log), ChatServer(log=log) as server:
        chat = server._services.chat
        alice, welcome = programmed(server.address, "alice")
        for asked in ({"type": "register", "password": "correct horse battery"}, {"type": "join", "room": "den"}):
            alice.send(json.dumps(asked).encode() + b"\n")
        alice.messages_until("members")
        log.goes_on.clear()
        alice.send(b'{"type":"say","text":"held"}\n')
        hello = {"type": "hello", "nick": "bob", "room": "den", "after": welcome["id"]}
        bob = Raw(server.address, json.dumps(hello).encode() + b"\n")
        while chat.nicks.find("bob") is None:
            gevent.sleep(0.01)
        before = chat.posted
        alice.send(b'{"type":"kick","nick":"bob","room":"den"}\n')
        while chat.posted <= before:
            gevent.sleep(0.01)
        log.goes_on.set()
        assert bob.messages_until("kicked")[-1]["who"] == "bob"
        assert texts(settled(bob)) == []
        alice.close()
        bob.close()


def test_who_loses_the_connection_again_before_it_was_told_what_it_missed_is_told_then() -> None:
    log = HeldLog()
    with closing(log), ChatServer(log=log) as server:
        bob, _ = programmed(server.address, "bob")
        alice, welcome = programmed(server.address, "alice")
        say(bob, "heard", "1")
        last = alice.messages_until("said")[-1]["id"]
        alice.close()
        bob.messages_until("left")
        say(bob, "missed", "2")
        log.is_read.clear()
        again, welcome = programmed(server.address, "alice", after=last, token=welcome["token"])
        say(bob, "said meanwhile", "3")
        hello = {"type": "hello", "nick": "alice", "after": last, "token": welcome["token"]}
        third = Raw(server.address, json.dumps(hello).encode() + b"\n")
        heard = again.messages_until("closing")
        assert heard[-1]["code"] == "replaced"
        last = ([last] + [one["id"] for one in heard if one["type"] == "said"])[-1]
        log.is_read.set()
        assert texts([*heard, *third.messages_until("welcome"), *settled(third)]) == ["missed", "said meanwhile"]
        for raw in (bob, again, third):
            raw.close()


class UnreadableLog(MemoryLog):
    """A log whose file is damaged."""

    def since(self, *_: object, **__: object) -> list[Entry]:
        raise Refused("unreadable", "the history cannot be read")


def test_what_cannot_be_read_is_told_as_a_gap() -> None:
    with ChatServer(log=UnreadableLog()) as server:
        bob, welcome = programmed(server.address, "bob")
        say(bob, "missed", "1")
        alice, again = programmed(server.address, "alice", after=welcome["id"])
        gap, error = alice.message(), alice.message()
        assert (gap["type"], gap["from"], gap["to"]) == ("gap", welcome["id"], again["id"])
        assert (error["type"], error["code"]) == ("error", "unreadable")
        alice.close()
        bob.close()
