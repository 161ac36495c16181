"""Which rooms the user is in, and how one of them is meant."""

import pytest

from geventchat.client.terminal.rooms import KEPT, SHOWN_AGAIN, Rooms, is_later
from geventchat.protocol.events import Joined, Left, Said


@pytest.fixture
def rooms() -> Rooms:
    rooms = Rooms()
    for name in ("lobby", "Den", "dentist", "3"):
        rooms.enter(name, "1-0", ["ann"], 1)
    return rooms


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("1", "lobby"),
        ("2", "Den"),
        ("3", "3"),
        ("den", "Den"),
        ("DENT", "dentist"),
        ("l", "lobby"),
        ("9", None),
        ("x", None),
    ],
)
def test_a_room_is_meant_by_number_name_or_the_beginning_of_one(rooms: Rooms, to: str, name: str | None) -> None:
    room = rooms.find(to)
    assert (room.name if room else None) == name


def test_nothing_means_where_one_is_mentioned_then_the_unread_then_the_next(rooms: Rooms) -> None:
    assert [room.name for room in rooms if room is rooms.find("")] == ["Den"]
    dentist, three = rooms.get("dentist"), rooms.get("3")
    assert dentist is not None
    assert three is not None
    dentist.unread = 1
    assert rooms.find("") is dentist
    three.unread, three.mentioned = 1, True
    assert rooms.find("") is three
    assert rooms.beside(-1) is three


def test_leaving_the_room_that_is_looked_at_shows_the_first_of_the_others(rooms: Rooms) -> None:
    rooms.leave("lobby")
    assert rooms.current is rooms.get("Den")
    rooms.leave("3")
    assert rooms.current is rooms.get("Den")
    for name in ("Den", "dentist"):
        rooms.leave(name)
    assert rooms.current is None
    assert rooms.find("") is None


def test_what_is_unread_is_kept_within_bounds_and_the_last_is_shown_again(rooms: Rooms) -> None:
    lobby = rooms.get("lobby")
    assert lobby is not None
    for number in range(2, KEPT + 20):
        assert lobby.hear(Said(f"{number}-0", "", "lobby", "bob", str(number)))
        lobby.unread += 1
    assert len(lobby.unseen()) == KEPT
    assert len(lobby.unseen()) == SHOWN_AGAIN


def test_ids_are_compared_as_numbers_and_what_is_none_is_new() -> None:
    assert is_later("10-0", "9-5")
    assert is_later("9-10", "9-9")
    assert not is_later("9-9", "9-9")
    assert is_later("no id", "9-9")
    assert is_later("9-9", "no id")


def test_who_came_before_the_list_of_who_is_here_is_not_counted_twice(rooms: Rooms) -> None:
    room = rooms.enter("lobby", "9-0", ["ann", "bob"], 2)  # again, after a lost connection; what was missed follows
    assert room.hear(Left("5-0", "", "lobby", "cleo"))
    assert (list(room.members), room.count) == (["ann", "bob"], 2)
    assert room.hear(Joined("6-0", "", "lobby", "bob"))
    assert (list(room.members), room.count) == (["ann", "bob"], 2)
    room.hear(Joined("10-0", "", "lobby", "eve"))
    assert (list(room.members), room.count) == (["ann", "bob", "eve"], 3)
