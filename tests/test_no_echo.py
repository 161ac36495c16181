"""Rooms in which a speaker does not hear itself: nobody is accused, and what others miss or hear twice is found."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bots.ledger.room import Attendance, RoomLedger
from tests.lettered_room import LetteredRoom

_NAMES = ("ann", "bob", "cat", "dan", "eve")
_TALK = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=14)  # who speaks, in the server's order


def play(
    talk: list[str],
    data: st.DataObject,
    faults: dict[tuple[str, int], int] | None = None,
    swapped: tuple[str, int] | None = None,
) -> RoomLedger:
    """Return what a ledger says of a talk that each user hears at a pace of its own.

    `faults` says how often a user hears a message, by its number, where that is not once; `swapped` who hears two
    messages the other way round, and which of those that come to it is the first of the two.
    """
    room = RoomLedger(per_sender=False, cast=_NAMES)
    readers: dict[str, Attendance] = {}
    for name in _NAMES:
        reader = readers[name] = room.enter(name, 0.0)
        reader.entered, reader.hears_itself = 0.0, False
    sent: Counter[str] = Counter()
    for name in data.draw(st.permutations(talk)):  # what each says is in its own order, and the server's is another
        sent[name] += 1
        room.say(name, f"{name} {sent[name]}", 1.0, 1.0, name)
    counts: Counter[str] = Counter()
    texts = []
    for name in talk:
        counts[name] += 1
        texts.append((name, f"{name} {counts[name]}"))
    waiting = {
        name: [
            said
            for number, said in enumerate(texts)
            if said[0] != name
            for _ in range((faults or {}).get((name, number), 1))
        ]
        for name in _NAMES
    }
    if swapped is not None:
        heard, at = waiting[swapped[0]], swapped[1]
        heard[at : at + 2] = reversed(heard[at : at + 2])
    turns = [name for name in _NAMES for _ in waiting[name]]
    for now, name in enumerate(data.draw(st.permutations(turns)), 2):
        room.hear(readers[name], *waiting[name].pop(0), float(now))
    room.close()
    return room


@pytest.mark.slow
@given(talk=_TALK, data=st.data())
def test_nobody_is_accused_where_all_hear_the_others_once_and_in_order(talk: list[str], data: st.DataObject) -> None:
    assert play(talk, data).findings == []


@pytest.mark.slow
@given(talk=_TALK, data=st.data())
def test_what_one_user_misses_or_hears_twice_is_found(talk: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(talk) - 1))
    reader = data.draw(st.sampled_from([name for name in _NAMES if name != talk[number]]))
    times = data.draw(st.sampled_from([0, 2]))
    found = [(one.fault, one.reader.name) for one in play(talk, data, {(reader, number): times}).findings]
    assert found == [("missing" if times == 0 else "duplicate", reader)]


@pytest.mark.slow
@given(talk=_TALK, data=st.data())
def test_two_messages_that_change_places_for_one_user_are_found_wherever_they_were_put(
    talk: list[str], data: st.DataObject
) -> None:
    reader = data.draw(st.sampled_from(_NAMES))
    comes = [name for name in talk if name != reader]
    assume(len(comes) > 1)
    at = data.draw(st.integers(0, len(comes) - 2))
    pair = [f"{name} {comes[: at + place + 1].count(name)}" for place, name in enumerate(comes[at : at + 2])]
    room = play(talk, data, swapped=(reader, at))
    assume(not any(one.is_unsure for one in room.messages if one.text in pair))  # the first that a user hears at all
    (found,) = room.findings
    assert (found.fault, found.reader.name) == ("reordered", reader)
    assert found.text in pair


def test_who_hears_itself_all_the_same_is_told() -> None:
    room = RoomLedger(per_sender=False)
    reader = room.enter("ann", 0.0)
    reader.entered, reader.hears_itself = 0.0, False
    room.say("ann", "hello", 1.0, 1.0, "ann")
    room.hear(reader, "ann", "hello", 2.0)
    room.close()
    assert [(one.fault, one.reader.name) for one in room.findings] == [("leaked", "ann")]


def test_what_was_said_just_before_the_only_one_to_hear_it_leaves_may_be_too_late() -> None:
    room = RoomLedger(per_sender=False)
    reader = room.enter("ann", 0.0)
    reader.entered, reader.hears_itself, reader.leaving, reader.left = 0.0, False, 10.0, 10.5
    room.say("bob", "long before", 8.0, 8.0, "bob")
    room.say("bob", "just before", 9.9, 9.9, "bob")
    room.close()
    assert [(one.fault, one.text) for one in room.findings] == [("missing", "long before")]


def test_words_that_may_be_any_of_several_say_nothing_about_the_order() -> None:
    room = LetteredRoom()
    room.enter("A", "B", "X", "Y")
    room.enter("N", asked=5.0, entered=7.0)  # between the two that are equal
    for name, text, at in (("B", "k", 5.5), ("A", "h", 6.0), ("A", "h", 7.1), ("B", "m", 7.2), ("B", "q", 7.3)):
        room.say(name, text, at)
    room.hear("N", "Bk", "Ah", "Ah")
    room.hear("X", "Bk", "Ah", "Ah")
    room.hear("A", "Bk", "Bm")
    room.hear("N", "Bm")
    room.hear("X", "Bm", "Bq")
    room.hear("A", "Bq")
    room.hear("N", "Bq")
    room.hear("Y", "Bk", "Ah", "Ah", "Bm", "Bq")
    room.hear("B", "Ah", "Ah")
    assert room.found() == []


def test_what_follows_words_whose_place_is_a_guess_is_moved_with_them() -> None:
    room = LetteredRoom()
    room.enter("A", "B", "C", "K")
    room.enter("N", asked=2.0, entered=4.0)  # between the two that are equal
    for name, text, at in (("K", "k", 0.5), ("B", "y", 1.0), ("A", "z", 1.1), ("A", "x", 1.2), ("A", "x", 5.0)):
        room.say(name, text, at)
    for name in "ABC":
        room.hear(name, "Kk")
    room.hear("A", "By")
    room.hear("B", "Az", "Ax", "Ax")
    room.hear("C", "Az", "Ax", "By", "Ax")
    room.hear("N", "By", "Ax")
    room.hear("K", "Az", "Ax", "By", "Ax")
    assert room.found() == []


def test_what_was_on_its_way_to_who_lost_the_connection_is_not_missing_where_orders_may_differ() -> None:
    room = LetteredRoom(per_sender=True)
    room.enter("A", "B", "K", "X", "Y")
    for name, text, at in (("K", "k", 9.0), ("A", "p", 9.8), ("B", "m", 9.9)):
        room.say(name, text, at)
    for name in "ABXY":
        room.hear(name, "Kk")
    room.hear("Y", "Ap")
    room.hear("A", "Bm")
    room.users["Y"].leaving = room.users["Y"].left = 10.1
    room.users["Y"].dropped = True
    room.hear("X", "Bm", "Ap")
    room.hear("K", "Bm", "Ap")
    room.hear("B", "Ap")
    assert room.found() == []
