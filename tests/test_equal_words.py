"""Where nothing tells equal words of one sender apart, nobody is accused of what cannot be known."""

import pytest

from bots.ledger.model import Attendance
from tests.lettered_room import LetteredRoom
from tests.work import done_with


def test_who_comes_between_equal_words_may_hear_the_second_before_what_others_heard_before_it() -> None:
    room = LetteredRoom(per_sender=True, echoes=True)
    room.enter("A", "B")
    room.say("A", "x", 9.9)
    room.come("N")
    room.hear("B", "Ax")
    room.users["N"].entered = 10.0012
    room.say("A", "x")
    room.say("N", "y")
    room.hear("A", "Ax", "Ax")
    room.hear("B", "Ny")
    room.hear("N", "Ax", "Ny")
    room.hear("A", "Ny")
    room.hear("B", "Ax")
    assert room.found() == []


def test_who_comes_between_equal_words_may_hear_the_second_before_what_their_speaker_hears_next() -> None:
    """A does not hear itself: nobody knows whether it heard C's words before its own second ones."""
    room = LetteredRoom()
    room.enter("A", "B", "C")
    room.say("C", "k", 9.8)
    room.hear("A", "Ck")
    room.hear("B", "Ck")
    room.say("A", "x", 9.9)
    room.say("C", "h", 9.95)
    room.come("N")
    room.hear("B", "Ax")
    room.users["N"].entered = 10.0032
    room.say("A", "x")
    room.hear("B", "Ax")
    room.hear("A", "Ch")
    room.hear("N", "Ax", "Ch")
    room.hear("B", "Ch")
    room.hear("C", "Ax", "Ax")
    assert room.found() == []


def test_who_comes_after_the_first_of_equal_words_has_heard_the_second_wherever_the_first_stands() -> None:
    """A does not hear itself: what it hears of Z is put before its own words, which may have been said before that."""
    room = LetteredRoom()
    room.enter("A", "B")
    room.hear("A", "Zk")
    room.say("A", "x", 9.9)
    room.hear("B", "Zk", "Ax")
    room.come("N")
    room.hear("A", "Zh")
    room.hear("N", "Zh")
    room.hear("B", "Zh")
    room.say("A", "x")
    room.hear("N", "Ax")
    room.hear("B", "Ax")
    assert room.found() == []


def test_what_was_put_before_a_speakers_own_words_is_not_missing_for_who_heard_those_and_lost_the_connection() -> None:
    room = LetteredRoom()
    room.enter("A", "B", "C")
    for name in "CAB":
        room.say(name, "x", 9.9)
    room.hear("A", "Cx")  # the server's order is C, B, A
    room.hear("C", "Bx")
    room.hear("B", "Cx", "Ax")
    room.hear("A", "Bx")
    room.drop("C")
    assert room.found() == []


def test_what_was_put_where_a_newcomer_may_have_heard_it_is_not_missing_for_who_lost_the_connection() -> None:
    """N hears A and B twice each, or once: nobody knows, until the others hear it, where C's words stand."""
    room = LetteredRoom(echoes=True)
    room.enter("A", "B", "C", "D")
    room.say("D", "k", 9.8)
    room.say("A", "x", 9.9)
    room.say("A", "x", 9.9)
    room.say("C", "c", 9.9)
    room.enter("N", asked=9.0, entered=10.5)
    for name in "ABCDN":
        room.hear(name, "Dk")
    room.hear("N", "Ax")  # the server's order is A, C, A
    room.hear("B", "Ax")
    room.hear("N", "Cc", "Ax")
    room.hear("D", "Ax")
    room.drop("D")
    for name in "ABC":
        room.hear(name, *(["Ax"] if name != "B" else []), "Cc", "Ax")
    assert room.found() == []


def test_equal_words_between_which_something_else_was_said_are_heard_in_order_whatever_of_others_comes_between() -> (
    None
):
    room = LetteredRoom(per_sender=True, echoes=True)
    room.enter("A", "B", "C", "D")
    for name, text in ("Dh", "Cy", "Ch", "Cy"):
        room.say(name, text, 9.9)
    room.hear("A", "Cy", "Ch", "Dh", "Cy")
    room.hear("D", "Cy", "Ch", "Cy", "Dh")
    room.hear("B", "Dh", "Cy", "Ch", "Cy")
    room.hear("C", "Cy", "Ch", "Dh", "Cy")
    assert room.found() == []


@pytest.mark.parametrize("heard", [["Cy", "Cy", "Ch"], ["Ch", "Cy", "Cy"]])
def test_nor_does_it_hide_what_changes_places_with_one_of_them(heard: list[str]) -> None:
    room = LetteredRoom(per_sender=True, echoes=True)
    room.enter("A", "B", "C", "D")
    for name, text in ("Dh", "Cy", "Ch", "Cy"):
        room.say(name, text, 9.9)
    room.hear("A", "Cy", "Ch", "Dh", "Cy")
    room.hear("D", "Cy", "Ch", "Cy", "Dh")
    room.hear("B", "Dh", *heard)
    room.hear("C", "Cy", "Ch", "Dh", "Cy")
    assert room.found() == [("reordered", "B")]


def test_people_who_say_again_what_they_said_before_a_user_came_leak_nothing_to_it() -> None:
    room = LetteredRoom(per_sender=True, echoes=True)
    room.enter("A", "B")
    room.hear("A", "Zk")
    room.hear("B", "Zk", "Yh")
    room.come("N")
    room.hear("A", "Zo")
    room.hear("B", "Zo", "Zm")
    room.hear("N", "Zo", "Zm", "Yh")  # said a second time
    room.hear("A", "Yh", "Zm", "Yh")
    room.hear("B", "Yh")
    assert room.found() == []


def test_who_may_have_come_in_before_what_people_say_twice_or_after_it_misses_nothing_that_was_said_between() -> None:
    room = LetteredRoom(echoes=True)
    room.enter("A", "B")
    room.say("A", "x", 9.9)
    room.come("N")
    room.hear("A", "Zh", "Ax")
    room.users["N"].entered = 10.0022
    room.say("A", "x")
    room.hear("N", "Zh", "Ax")  # the second of each
    room.hear("A", "Zh", "Ax")
    room.hear("B", "Zh", "Ax", "Zh", "Ax")
    assert room.found() == []


def test_with_ids_too_equal_words_that_nobody_may_have_heard_turn_no_later_ones_around() -> None:
    """Nobody is there when B speaks first, and B does not hear itself."""
    room = LetteredRoom()
    room.enter("B")
    room.say("B", "x", 9.0)
    room.come("N")
    for number, text in enumerate("xxyx"):
        room.say("B", text)
        room.hear("N", f"B{text}{number}")
    assert room.found() == []


def test_with_ids_too_a_newcomer_that_is_the_first_to_hear_equal_words_turns_nobodys_order_around() -> None:
    """Where each user hears the senders in an order of its own, D's words say nothing about those of A."""
    room = LetteredRoom(per_sender=True)
    room.enter("A", "B", "C", "D")
    for text in "xyxx":
        room.say("A", text, 9.9)
    room.say("D", "h", 9.9)
    room.hear("B", "Ax1", "Ay2", "Ax3")
    room.enter("N", asked=10.0, entered=11.0)
    room.hear("C", "Dh4")
    room.hear("N", "Dh4")
    room.hear("N", "Ax5")
    room.hear("B", "Ax5", "Dh4")
    room.hear("A", "Dh4")
    for name in "CD":
        room.hear(name, "Ax1", "Ay2", "Ax3", "Ax5")
    assert room.found() == []


def in_which_one_heard_what_was_said_last_between_equal_words() -> LetteredRoom:
    """Return a room in which B heard so what A said."""
    room = LetteredRoom(per_sender=True, echoes=True)
    room.enter("A", "B", "C")
    for name, text in ("Ax", "Ck", "Ax", "Ay"):
        room.say(name, text, 9.9)
    room.hear("A", "Ax", "Ck", "Ax", "Ay")
    room.hear("B", "Ck", "Ax", "Ay", "Ax")
    room.hear("C", "Ax", "Ck", "Ax", "Ay")
    return room


def test_what_was_said_last_is_found_between_equal_words_also_where_the_first_was_taken_for_the_second() -> None:
    room = in_which_one_heard_what_was_said_last_between_equal_words()
    assert room.found() == [("reordered", "B")]


def test_a_room_in_which_few_phrases_are_said_often_is_judged_soon_though_one_of_many_users_hears_all_in_disorder() -> (
    None
):
    room = LetteredRoom(echoes=True)
    names = "ABCDEFGHIJKLMNOPQRSTUVWX"
    room.enter(*names)
    said = [f"{names[number % 5]}{'xyz'[number % 3]}" for number in range(2_000)]
    for one in said:
        room.say(one[0], one[1], 9.9)
    for name in names[:-1]:
        room.hear(name, *said)
    for begin in range(0, len(said), 10):
        room.hear(names[-1], *said[begin + 9 : begin : -1], said[begin])
    done_with(2_000_000, room.room.close)
    assert {(one.fault, one.reader.name) for one in room.room.findings} == {("reordered", names[-1])}


@pytest.mark.parametrize("per_sender", [False, True])
@pytest.mark.parametrize("echoes", [False, True])
def test_what_is_lost_is_missing_for_who_heard_its_sender_later_though_its_connection_was_lost_just_then(
    per_sender: bool, echoes: bool
) -> None:
    room = LetteredRoom(per_sender=per_sender, echoes=echoes)
    room.enter("A", "B", "C")
    for text in "xyz":
        room.say("A", text, 9.9)
    room.hear("C", "Ax", "Ay", "Az")
    room.hear("B", "Ay")  # and not what was said last: that may have been on its way
    room.drop("B")
    room.hear("A", *(["Ax", "Ay", "Az"] if echoes else []))
    assert room.found() == [("missing", "B")]


def test_with_ids_what_changes_places_is_found_also_where_equal_words_were_said_that_nobody_may_have_heard() -> None:
    room = LetteredRoom()
    room.enter("B")
    room.say("B", "x", 9.0)  # nobody is there
    for name in "LMN":
        room.come(name)
    for text in "xyxy":
        room.say("B", text)
    for name in "LN":
        room.hear(name, "Bx1", "By2", "Bx3", "By4")
    room.hear("M", "Bx1", "Bx3", "By2", "By4")
    assert room.found() == [("reordered", "M")]


@pytest.mark.parametrize("per_sender", [False, True])
def test_what_is_lost_is_missing_for_who_heard_the_same_words_while_it_came_in_before_they_were_said_again(
    per_sender: bool,
) -> None:
    room = LetteredRoom(per_sender=per_sender)
    room.enter("A", "B")
    room.say("A", "x", 9.9)
    room.enter("N", asked=9.8, entered=10.0)
    for name in "BN":
        room.hear(name, "Ax")
    room.say("A", "x")
    room.hear("B", "Ax")  # and N does not
    room.say("A", "y")
    for name in "BN":
        room.hear(name, "Ay")
    assert room.found() == [("missing", "N")]


def test_who_first_heard_what_was_put_where_a_newcomer_may_have_been_may_have_come_in_behind_that() -> None:
    """C hears A's words, and nobody knows which: it is the first to hear Bh, which N hears first of all."""
    room = LetteredRoom(echoes=True)
    room.enter("A", "B")
    room.enter("C", asked=9.0, entered=9.95)
    for name, text, at in (("A", "x", 9.9), ("A", "x", 9.96), ("B", "k", 9.97), ("A", "x", 9.98), ("B", "h", 9.99)):
        room.say(name, text, at)
    for name in "ABC":
        room.hear(name, "Ax", "Ax", "Bk")
    room.come("N")
    room.hear("A", "Ax")
    room.hear("C", "Ax", "Bh")
    room.say("A", "x")
    room.hear("N", "Bh", "Ax")
    room.hear("A", "Bh", "Ax")
    room.hear("B", "Ax", "Bh", "Ax")
    room.hear("C", "Ax")
    assert room.found() == []


def test_what_was_put_behind_a_guess_does_not_tell_which_of_equal_words_was_heard_before_it() -> None:
    """C may have heard A's first words or the second ones, and is the first to hear its own, which B hears first."""
    room = LetteredRoom(echoes=True)
    room.enter("A")
    room.enter("C", asked=9.0, entered=9.95)
    room.say("A", "x", 9.9)
    room.hear("A", "Ax")
    room.say("C", "k")
    for name in "AC":
        room.hear(name, "Ck")
    room.say("A", "x")
    room.hear("C", "Ax")
    room.hear("A", "Ax")
    room.come("B")
    room.say("C", "h")
    for name in "CBA":
        room.hear(name, "Ch")
    room.say("C", "m")
    for name in "BAC":
        room.hear(name, "Cm")
    assert room.found() == []


def test_what_people_say_again_and_only_a_newcomer_hears_is_not_doubled() -> None:
    room = LetteredRoom(echoes=True)
    room.enter("A")
    room.enter("N", asked=9.9, entered=10.01)
    room.hear("A", "Zh", "Zh")
    room.hear("N", "Zh", "Zh")
    room.drop("A")
    room.hear("N", "Zh")
    assert room.found() == []


def test_of_equal_words_with_ids_the_order_in_which_most_heard_them_is_right() -> None:
    room = LetteredRoom(echoes=True)
    room.enter("A", "B", "C", "D")
    for _ in range(2):
        room.say("A", "x", 9.9)
    room.hear("B", "Ax1", "Ax2")
    for name in "ACD":
        room.hear(name, "Ax2", "Ax1")
    assert room.found() == [("reordered", "B")]


def test_with_ids_a_loss_among_equal_words_that_were_sent_together_is_found_for_who_was_there() -> None:
    room = LetteredRoom(echoes=True)
    room.enter("A", "B")
    for at in (9.8, 9.9):
        room.say("A", "x", at)
    room.hear("A", "Ax1", "Ax2")
    room.hear("B", "Ax1")
    assert room.found() == [("missing", "B")]


def test_who_heard_the_same_as_another_heard_the_same_of_equal_words_in_disorder() -> None:
    room = in_which_one_heard_what_was_said_last_between_equal_words()
    room.room.add_like(room.users["B"], Attendance("D", 0.0, entered=0.0))
    assert room.found() == [("reordered", "B"), ("reordered", "D")]


def test_what_a_user_missed_is_told_in_the_order_in_which_it_was_said_whoever_else_heard_it() -> None:
    room = LetteredRoom()
    room.enter("A", "B", "C")
    for text in "xy":
        room.say("A", text, 9.9)
    room.hear("C", "Ay")
    room.found()
    assert [one.text for one in room.room.findings if one.reader.name == "B"] == ["x", "y"]


def test_what_people_say_again_does_not_tell_which_of_equal_words_a_newcomer_heard_before_it() -> None:
    """N hears the last two of what Z says three times."""
    room = LetteredRoom(echoes=True)
    room.enter("A", "B")
    room.say("A", "x", 9.9)
    room.enter("N", asked=9.95, entered=10.0)
    for name in "AB":
        room.hear(name, "Ax", "Zh")
    room.say("B", "k")
    room.hear("N", "Bk")
    room.hear("A", "Bk")
    room.say("A", "x")
    room.hear("N", "Zh", "Ax")
    room.hear("A", "Zh", "Ax", "Zh")
    room.hear("N", "Zh")
    room.hear("B", "Bk", "Zh", "Ax", "Zh")
    assert room.found() == []


def test_a_room_in_which_very_many_people_talk_is_judged_soon_though_a_user_hears_late_what_each_said_first() -> None:
    room = LetteredRoom(per_sender=True)
    room.enter("A", "B")
    people = [chr(0x4E00 + number) for number in range(1_000)]
    room.hear("A", "Yw", *(f"{one}x" for one in people), *(f"{one}y" for one in people))
    room.hear("B", "Yw", *(f"{one}y" for one in people), *(f"{one}x" for one in people))
    done_with(300_000, room.found)


@pytest.mark.parametrize("per_sender", [False, True])
def test_what_people_say_again_when_only_a_newcomer_is_there_is_no_message_that_came_late(per_sender: bool) -> None:
    room = LetteredRoom(per_sender=per_sender)
    room.enter("A")
    room.enter("N", asked=9.0, entered=10.0015)
    room.hear("A", "Zx", "Zy")
    room.hear("N", "Zy", "Zx")  # this one A, which has left, does not hear
    assert room.found() == []


@pytest.mark.parametrize(("per_sender", "found"), [(False, [("reordered", "N")]), (True, [])])
def test_what_people_say_comes_late_to_who_has_heard_what_was_said_before_it_in_that_order(
    per_sender: bool, found: list[tuple[str, str]]
) -> None:
    room = LetteredRoom(per_sender=per_sender, echoes=True)
    room.enter("A")
    room.enter("N", asked=9.0, entered=10.0015)
    room.hear("A", "Yw", "Zx", "Zy")
    room.hear("N", "Yw", "Zy", "Zx")
    assert room.found() == found
