"""What every store promises, however it keeps events: the same tests for each of STORES."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import get_args

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geventchat.core.accounts import Account
from geventchat.core.log import Entry, Log
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import (
    Acted,
    Announced,
    AnyEvent,
    Banned,
    Deleted,
    Event,
    Held,
    IdClock,
    Joined,
    Kicked,
    Left,
    Locked,
    Muted,
    Renamed,
    Said,
    Slowed,
    TopicSet,
    Unbanned,
    Unlocked,
    Unmuted,
    id_of,
    number_of,
)
from geventchat.store.registry import STORES, Store, StoreOptions
from tests.redis_server import RedisServer

NewLog = Callable[[], Log]

_numbers = count()


def _redis_url(request: pytest.FixtureRequest) -> str:
    redis_server: RedisServer = request.getfixturevalue("redis_server")
    return redis_server.url


# What to give for an empty log of each store to its option, by how the store is written in the help.
HISTORIES: dict[str, Callable[[pytest.FixtureRequest], str]] = {
    "none": lambda _: "none",
    "FILE": lambda request: str(request.getfixturevalue("tmp_path") / f"{next(_numbers)}.sqlite"),
    "URL": _redis_url,
}


@pytest.fixture(params=STORES, ids=[store.written for store in STORES])
def new_log(request: pytest.FixtureRequest) -> NewLog:
    """Make an empty log, each time it is called."""
    store: Store = request.param
    return lambda: store.prepare(HISTORIES[store.written](request), StoreOptions())()


@pytest.fixture
def log(new_log: NewLog) -> Iterator[Log]:
    with closing(new_log()) as log:
        yield log


def test_every_store_is_tested_here() -> None:
    assert HISTORIES.keys() == {store.written for store in STORES}


def said(text: str, room: str = "lobby", nick: str = "alice", ref: str | None = None) -> Entry:
    return Entry(room, Said("", "", room, nick, text), ref)


def texts(events: list[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]


def test_events_come_back_with_ids_that_grow_and_the_time(log: Log) -> None:
    entries = [said("one"), said("two"), said("three")]
    log.append(entries[:2], 1732363200.123)
    log.append(entries[2:], 1732363200.124)
    assert [entry.event.id for entry in entries] == ["1732363200123-0", "1732363200123-1", "1732363200124-0"]
    assert entries[0].event.time == "2024-11-23T12:00:00.123Z"


def test_a_ref_comes_back_with_whose_it_is(log: Log) -> None:
    log.append([said("hers", ref="2")._replace(sender="a"), said("his", ref="2")._replace(sender="b"), said("no")], 1.0)
    found = [(entry.ref, entry.sender) for entry in log.since("lobby", "0-0", 9)]
    assert found == [("2", "a"), ("2", "b"), (None, "")]


def test_ids_grow_when_the_clock_goes_back(log: Log) -> None:
    entries = [said("before"), said("after")]
    log.append(entries[:1], 2000.0)
    log.append(entries[1:], 1000.0)
    assert [entry.event.id for entry in entries] == ["2000000-0", "2000000-1"]
    assert texts(log.latest("lobby", 9)) == ["before", "after"]


def test_ids_grow_when_a_millisecond_has_no_more_of_them() -> None:
    clock, event = IdClock("5-999997"), said("").event
    ids = []
    for _ in range(3):
        clock.stamp(event, 0.005)
        ids.append(event.id)
    assert ids == ["5-999998", "6-0", "6-1"]


def test_each_kind_of_event_comes_back_as_it_was(log: Log) -> None:
    events: list[AnyEvent] = [
        Said("", "", "Кухня", "Алиса", "привет 🙂 'quoted' \t"),
        Acted("", "", "Кухня", "Алиса", "waves"),
        Joined("", "", "Кухня", "bob"),
        Left("", "", "Кухня", "bob", ""),
        Left("", "", "Кухня", "bob", "tired"),
        Renamed("", "", "Кухня", "Алиса", "Alice"),
        TopicSet("", "", "Кухня", "Alice", ""),
        Kicked("", "", "Кухня", "Alice", "Боб", "spam"),
        Banned("", "", "Кухня", "Alice", "Боб", until="2024-11-23T12:00:00.000Z"),
        Unbanned("", "", "Кухня", "Alice", "Боб"),
        Muted("", "", "Кухня", "Alice", "Боб"),
        Unmuted("", "", "Кухня", "Alice", "Боб"),
        Slowed("", "", "Кухня", "Alice", every=2.5),
        Locked("", "", "Кухня", "Alice", password=True),
        Kicked("", "", "@log", "Alice", "Боб", of="Кухня"),
        Unlocked("", "", "Кухня", "Alice"),
        Announced("", "", "Кухня", "Alice", text='lunch, "all"'),
        Deleted("", "", "Кухня", "Alice", "Боб", target="1-0"),
        Held("", "", "@log", "Боб", of="Кухня", text="buys", action=True),
    ]
    assert {type(event) for event in events} == set(get_args(AnyEvent))
    log.append([Entry("кухня", event, None) for event in events], 5.0)
    assert log.latest("кухня", 100) == events
    assert all(type(one) is type(other) for one, other in zip(log.latest("кухня", 100), events, strict=True))


def test_what_is_deleted_is_not_there_any_more_and_all_else_is(log: Log) -> None:
    entries = [said("one"), said("two", room="den"), said("three"), said("four")]
    log.append(entries, 5.0)
    target = entries[2].event.id
    for room in ("den", "lobby"):  # in the other room, there is none with that id
        deleted = Deleted("", "", room, "mod", "alice", target=target)
        log.append([Entry(room, deleted, None)], 6.0)
        left = ["one", "three", "four"] if room == "den" else ["one", "four"]
        assert texts(log.latest("lobby", 9)) == texts(log.latest("lobby", 9, talk=True)) == left
    assert [texts([entry.event]) for entry in log.since("lobby", "0-0", 9, talk=True)] == [["one"], ["four"]]
    assert texts(log.latest("den", 9)) == ["two"]
    assert log.latest("lobby", 1) == [deleted]


def test_a_room_that_nobody_spoke_in_is_empty(log: Log) -> None:
    log.append([said("hi")], 1.0)
    assert log.latest("attic", 10) == []
    assert log.since("attic", "0-0", 10) == []
    assert log.topics(["attic"]).get("attic", "") == ""


def test_what_was_appended_last_is_read_at_once_by_whoever_reads_meanwhile(log: Log) -> None:
    def speak(number: int) -> None:
        entry = said(str(number))
        log.append([entry], 1.0)
        assert [event.id for event in log.latest("lobby", 99)].count(entry.event.id) == 1

    gevent.joinall([gevent.spawn(speak, number) for number in range(20)], raise_error=True)
    assert sorted(map(int, texts(log.latest("lobby", 99)))) == list(range(20))


def test_people_are_told_where_it_is_kept(log: Log) -> None:
    assert log.location


def test_a_room_s_topic_is_the_one_set_last(log: Log) -> None:
    for topic in ("tea", "coffee"):
        log.append([Entry("den", TopicSet("", "", "Den", "alice", topic), None), said("between")], 1.0)
    assert (log.topics(["den"]).get("den", ""), log.topics(["lobby"]).get("lobby", "")) == ("coffee", "")
    log.append([Entry("den", TopicSet("", "", "Den", "alice", ""), None)], 1.0)
    assert log.topics(["den"]).get("den", "") == ""


def test_talk_is_found_behind_any_number_of_comings_and_goings(log: Log) -> None:
    log.append([said("one"), said("two")], 1.0)
    for _ in range(50):
        log.append([Entry("lobby", Joined("", "", "lobby", "bob"), None) for _ in range(20)], 2.0)
    log.append([Entry("lobby", Acted("", "", "lobby", "bob", "waves"), None)], 3.0)
    shown = [getattr(event, "text", "") for event in log.latest("lobby", 2, talk=True)]
    assert shown == ["two", "waves"]
    assert texts(log.latest("lobby", 9, log.latest("lobby", 1)[0].id, talk=True)) == ["one", "two"]


@pytest.mark.parametrize("bad", ["", "5", "-", "1-", "a-b", "1-2-3", "²-0", "1" * 19 + "-0"])
def test_what_is_no_id_is_refused(log: Log, bad: str) -> None:
    log.append([said("hi")], 1.0)
    for read in (
        lambda: log.since("lobby", bad, 1),
        lambda: log.latest("lobby", 1, bad),
    ):
        with pytest.raises(Refused, match="an id looks like"):
            read()


@pytest.mark.parametrize("largest", ["9" * 18 + "-" + "9" * 18, "9" * 18 + "-0"])
def test_ids_that_nobody_was_given_stand_where_their_numbers_do(log: Log, largest: str) -> None:
    log.append([said("one")], 1.0)
    log.append([said("two")], 1.5)
    assert texts([entry.event for entry in log.since("lobby", "1000-" + "9" * 18, 9)]) == ["two"]
    assert texts(log.latest("lobby", 9, "1000-" + "9" * 18)) == ["one"]
    assert log.since("lobby", largest, 9) == []
    assert texts(log.latest("lobby", 9, largest)) == ["one", "two"]


ROOMS, NICKS, REFS = ("lobby", "attic"), ("alice", "bob"), ("r1", "r2", "r3", None)
entries = st.builds(
    said, st.text("ab", max_size=3), st.sampled_from(ROOMS), st.sampled_from(NICKS), st.sampled_from(REFS)
)
batches = st.lists(
    st.tuples(st.lists(entries, min_size=1, max_size=4), st.sampled_from([-0.5, 0.0, 0.0004, 0.001, 3.0]))
)


@given(batches=batches, place=st.integers(-1, 12), offset=st.integers(0, 1), limit=st.integers(0, 6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_answers_as_a_plain_list_would(
    new_log: NewLog, batches: list[tuple[list[Entry], float]], place: int, offset: int, limit: int
) -> None:
    model: list[Entry] = []
    with closing(new_log()) as log:
        now = 1000.0
        for batch, step in batches:
            now += step
            fresh = [Entry(entry.room, Said("", "", entry.room, entry.event.nick, "x"), entry.ref) for entry in batch]
            log.append(fresh, now)
            model += fresh
        ids = [number_of(entry.event.id) for entry in model]
        assert ids == sorted(set(ids))
        known = model[place].event.id if 0 <= place < len(model) else "0-0"
        mark = id_of(number_of(known) + offset)
        for room in ROOMS:
            events: list[Event] = [entry.event for entry in model if entry.room == room]
            later = [event for event in events if number_of(event.id) > number_of(mark)]
            earlier = [event for event in events if number_of(event.id) < number_of(mark)]
            assert [entry.event for entry in log.since(room, mark, limit)] == later[:limit]
            assert log.latest(room, limit) == events[::-1][:limit][::-1]
            assert log.latest(room, limit, mark) == earlier[::-1][:limit][::-1]
            refs = [entry.ref for entry in model if entry.event in later]
            assert [entry.ref for entry in log.since(room, mark, 99)] == refs
        assert log.trimmed_up_to() == (id_of(ids[0] - 1) if ids else "0-0")


# What is kept beside the events.


def account(name: str, password: str = "") -> Account:
    return Account(name=name, password=password)


def test_records_are_settled_with_the_events_that_tell_of_them_and_replaced_and_removed(log: Log) -> None:
    changes = [log.kept.put(account("alice", "one")), log.kept.put(account("Alan"))]
    log.append([said("registered")], 1.0, changes)
    log.append([], 2.0, [log.kept.put(account("alice", "two"))])
    log.append([], 3.0, [log.kept.remove(Account, "alan")])
    assert log.kept.of(Account) == [account("alice", "two")]
    assert texts(log.latest("lobby", 9)) == ["registered"]
    first = said("first")
    log.append([first], 4.0)
    assert log.since("lobby", "0-0", 9)[-1] == first


def test_a_later_change_counts_while_an_earlier_one_is_stored(log: Log) -> None:
    first, second = (log.kept.put(account("alice", password)) for password in ("one", "two"))
    log.append([], 1.0, [first])
    assert log.kept.get(Account, "alice") == account("alice", "two")
    log.kept.undo([second])
    assert log.kept.get(Account, "alice") == account("alice", "one")
