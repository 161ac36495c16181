"""Rooms in which a speaker does not hear itself: nobody is accused, and what others miss or hear twice is found."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bots.ledger.room import Attendance, RoomLedger

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


class Stage:
    """A room in which each message is one letter, said by the user who is its capital; nobody hears its own."""

    def __init__(self, *, per_sender: bool = False) -> None:
        self.room = RoomLedger(per_sender=per_sender)
        self.users: dict[str, Attendance] = {}
        self._now = 10.0

    def enter(self, *names: str, asked: float = 0.0, entered: float = 0.0) -> None:
        for name in names:
            user = self.users[name] = self.room.enter(name, asked)
            user.entered, user.hears_itself = entered, False

    def say(self, name: str, text: str, at: float) -> None:
        self.room.say(name, text, at, at)

    def hear(self, name: str, *said: str) -> None:
        for words in said:
            nick, text = words[0], words[1]
            self._now += 0.001
            self.room.hear(self.users[name], nick, text, self._now, "", f"{nick} {text}\n".encode())

    def found(self) -> list[tuple[str, str]]:
        self.room.close()
        return [(one.fault, one.reader.name) for one in self.room.findings]


def test_words_that_may_be_any_of_several_say_nothing_about_the_order() -> None:
    stage = Stage()
    stage.enter("A", "B", "X", "Y")
    stage.enter("N", asked=5.0, entered=7.0)  # between the two that are equal
    for name, text, at in (("B", "k", 5.5), ("A", "h", 6.0), ("A", "h", 7.1), ("B", "m", 7.2), ("B", "q", 7.3)):
        stage.say(name, text, at)
    stage.hear("N", "Bk", "Ah", "Ah")
    stage.hear("X", "Bk", "Ah", "Ah")
    stage.hear("A", "Bk", "Bm")
    stage.hear("N", "Bm")
    stage.hear("X", "Bm", "Bq")
    stage.hear("A", "Bq")
    stage.hear("N", "Bq")
    stage.hear("Y", "Bk", "Ah", "Ah", "Bm", "Bq")
    stage.hear("B", "Ah", "Ah")
    assert stage.found() == []


def test_what_follows_words_whose_place_is_a_guess_is_moved_with_them() -> None:
    stage = Stage()
    stage.enter("A", "B", "C", "K")
    stage.enter("N", asked=2.0, entered=4.0)  # between the two that are equal
    for name, text, at in (("K", "k", 0.5), ("B", "y", 1.0), ("A", "z", 1.1), ("A", "x", 1.2), ("A", "x", 5.0)):
        stage.say(name, text, at)
    for name in "ABC":
        stage.hear(name, "Kk")
    stage.hear("A", "By")
    stage.hear("B", "Az", "Ax", "Ax")
    stage.hear("C", "Az", "Ax", "By", "Ax")
    stage.hear("N", "By", "Ax")
    stage.hear("K", "Az", "Ax", "By", "Ax")
    assert stage.found() == []


def test_what_was_on_its_way_to_who_lost_the_connection_is_not_missing_where_orders_may_differ() -> None:
    stage = Stage(per_sender=True)
    stage.enter("A", "B", "K", "X", "Y")
    for name, text, at in (("K", "k", 9.0), ("A", "p", 9.8), ("B", "m", 9.9)):
        stage.say(name, text, at)
    for name in "ABXY":
        stage.hear(name, "Kk")
    stage.hear("Y", "Ap")
    stage.hear("A", "Bm")
    stage.users["Y"].leaving = stage.users["Y"].left = 10.1
    stage.users["Y"].dropped = True
    stage.hear("X", "Bm", "Ap")
    stage.hear("K", "Bm", "Ap")
    stage.hear("B", "Ap")
    assert stage.found() == []
