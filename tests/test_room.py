"""A room: who is in it, and what it says to readers of each dialect."""

import json

import pytest

from geventchat.core.counters import Counters
from geventchat.core.member import Member
from geventchat.core.room import Room, RoomFeed
from geventchat.delivery.outbox import Outbox
from geventchat.dialects.base import Dialect
from geventchat.dialects.registry import JSON, PLAIN, UNFRAMED
from geventchat.protocol.events import Joined, Left, Said
from geventchat.protocol.limits import CROWD, CROWD_GATHER_S, MAX_LISTED


@pytest.fixture
def room() -> Room:
    return Room("Tea", "tea", 1_000, Counters())


def member(dialect: Dialect = JSON, nick: str = "alice") -> Member:
    one = Member(dialect.encoder, dialect.can, Outbox(), "token")
    one.nick = one.published_nick = nick
    return one


def say(room: Room, number: int, text: str = "hi", now: float = 0.0) -> list[RoomFeed]:
    """Let one batch say something; return the feeds that it went into."""
    feeds = list(room.publish(Said(f"1-{number}", "", room.name, "bob", text), now))
    for feed in feeds:
        feed.seal()
    return feeds


def heard(reader: Member) -> bytes:
    data = b""
    while (piece := reader.outbox.next()).data:
        reader.outbox.sent(piece, len(piece.data))
        data += piece.data
    return data


def test_each_hears_in_its_own_dialect(room: Room) -> None:
    program, person = member(JSON), member(PLAIN)
    room.enter(program)
    room.enter(person)
    say(room, 0)
    assert json.loads(heard(program))["text"] == "hi"
    assert heard(person) == b"bob: hi\n"


def test_readers_of_one_dialect_share_its_bytes(room: Room) -> None:
    for dialect in (JSON, JSON, PLAIN, UNFRAMED):
        room.enter(member(dialect))
    feeds = say(room, 0)
    assert sorted(len(feed.lagging) for feed in feeds) == [2, 2]


def test_nothing_is_encoded_for_nobody(room: Room) -> None:
    alice = member()
    room.enter(alice)
    room.depart(alice)
    assert say(room, 0) == []


def test_who_departs_hears_what_was_said_until_then_and_no_more(room: Room) -> None:
    alice, carol = member(), member()
    room.enter(alice)
    room.enter(carol)
    say(room, 0, "before")
    room.depart(alice)
    say(room, 1, "after")
    assert [json.loads(line)["text"] for line in heard(alice).splitlines()] == ["before"]
    assert list(room.members) == [carol]
    room.depart(alice)
    assert list(room.members) == [carol]


def test_who_reads_too_slowly_is_told_in_its_own_dialect_what_it_missed(room: Room) -> None:
    program, person = member(JSON), member(PLAIN)
    room.enter(program)
    room.enter(person)
    for number in range(5):
        say(room, number, "x" * 600)
    gap, said = map(json.loads, heard(program).splitlines())
    assert gap == {"type": "gap", "room": "Tea", "from": "1-0", "to": "1-3", "count": 4}
    assert said["id"] == "1-4"
    assert heard(person).splitlines()[0] == b"* you missed 4 lines of Tea"


def test_a_reader_s_place_shows_whether_the_room_has_passed_it(room: Room) -> None:
    alice = member()
    room.enter(alice)
    assert not room.cursor(alice).passed
    say(room, 0, "x" * 600)
    assert not room.cursor(alice).passed
    say(room, 1, "x" * 600)
    assert room.cursor(alice).passed


def test_a_list_of_members_names_some_and_counts_all(room: Room) -> None:
    room.topic = "Earl Grey"
    for number in range(MAX_LISTED + 1):
        room.enter(member(nick=f"user{number}"))
    listed = room.members_reply(lambda _: False, "1-0", "7")
    assert (listed.room, listed.topic, listed.id, listed.ref) == ("Tea", "Earl Grey", "1-0", "7")
    assert listed.count == MAX_LISTED + 1
    assert listed.members == [f"user{number}" for number in range(MAX_LISTED)]


def fill(room: Room, count: int) -> Member:
    """Let people in, and return one of them."""
    people = [member(PLAIN, f"user{number}") for number in range(count)]
    for one in people:
        room.enter(one)
    return people[0]


def come(room: Room, number: int, now: float) -> None:
    room.publish(Joined(f"2-{number}", "", "Tea", f"late{number}"), now)


def test_in_a_small_room_people_are_told_of_everyone(room: Room) -> None:
    person = fill(room, CROWD)
    come(room, 0, 0.0)
    come(room, 1, 0.0)
    say(room, 0)
    assert heard(person) == b"* late0 joined\n* late1 joined\nbob: hi\n"


def test_in_a_crowd_people_are_told_when_something_is_said_and_programs_at_once(room: Room) -> None:
    person, program = fill(room, CROWD), member()
    room.enter(program)
    for number in range(5):
        come(room, number, 100.0)
    room.publish(Left("3-0", "", "Tea", "late0"), 100.0)
    feeds = {feed.encoder.name: feed for feed in room.publish(Left("3-1", "", "Tea", "late1"), 100.5)}
    for feed in feeds.values():
        feed.seal()
    assert feeds["plain"].summary.due == 100.0 + CROWD_GATHER_S
    assert feeds["json"].summary.due is None
    assert heard(person) == b""
    assert len(heard(program).splitlines()) == 7
    say(room, 0)
    assert heard(person) == b"* 5 joined\n* late0 left\n* late1 left\nbob: hi\n"


def test_a_gap_over_a_crowd_s_coming_and_going_still_names_events(room: Room) -> None:
    fill(room, CROWD + 1)
    come(room, 0, 0.0)
    come(room, 1, 0.0)
    (feed,) = room.publish(Joined("2-2", "", "Tea", "late2"), 0.0)
    feed.tell_summary()
    assert feed.tail.ids[-1] == "2-2"
    assert feed.summary.due is None
    assert feed.end == 3
    feed.tell_summary()
    assert feed.end == 3
