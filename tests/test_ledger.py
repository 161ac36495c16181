"""The ledger finds what went wrong between each message and each reader, and nothing else."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.ledger import room
from bots.ledger.model import Attendance, Message
from bots.ledger.room import MAX_FINDINGS, Fault, RoomLedger
from bots.ledger.share import Share

READERS = ("ann", "bob", "cat")


def room_of(*, per_sender: bool = False, readers: tuple[str, ...] = READERS) -> RoomLedger:
    ledger = RoomLedger(per_sender)
    for name in readers:
        ledger.enter(name, 0.0).entered = 0.0
    return ledger


def verdicts(ledger: RoomLedger) -> list[tuple[Fault, str, str, str]]:
    ledger.close()
    return sorted((one.fault, one.nick, one.text, one.reader.name) for one in ledger.findings)


def hear(ledger: RoomLedger, heard: dict[str, list[tuple[str, str]]]) -> None:
    for number, reader in enumerate(ledger.readers):
        for nick, text in heard[reader.name]:
            ledger.hear(reader, nick, text, 100.0 + number)


SAID = [("ann", "1"), ("bob", "2"), ("ann", "3"), ("ann", "1"), ("cat", "4")]


def test_who_came_between_equal_words_may_have_heard_either_whatever_its_id() -> None:
    ledger = room_of(readers=())
    dan = ledger.enter("dan", 1.0)
    ledger.say("ann", "hi", 1.5, 1.5)
    dan.entered = 2.0
    ledger.say("ann", "hi", 2.5, 2.5)
    ledger.hear(dan, "ann", "hi", 3.0, event_id="7-0")
    assert verdicts(ledger) == []


def say(ledger: RoomLedger) -> None:
    for time, (nick, text) in enumerate(SAID):
        ledger.say(nick, text, float(time), float(time))


def test_who_hears_everything_in_order_is_no_finding_even_where_words_repeat() -> None:
    ledger = room_of()
    say(ledger)
    hear(ledger, dict.fromkeys(READERS, SAID))
    assert verdicts(ledger) == []
    assert ledger.timeline.delivered == len(SAID) * len(READERS)


@pytest.mark.parametrize(
    ("heard_by_bob", "finding"),
    [
        (SAID[:2] + SAID[3:], ("missing", "ann", "3", "bob")),
        (SAID[:-1], ("missing", "cat", "4", "bob")),
        (SAID[1:], ("missing", "ann", "1", "bob")),
        (SAID[:3] + SAID[2:], ("duplicate", "ann", "3", "bob")),
        ([*SAID, SAID[1]], ("duplicate", "bob", "2", "bob")),
        ([SAID[0], SAID[2], SAID[1], *SAID[3:]], ("reordered", "bob", "2", "bob")),
    ],
)
def test_each_fault_is_found_with_its_message_sender_and_reader(
    heard_by_bob: list[tuple[str, str]], finding: tuple[Fault, str, str, str]
) -> None:
    ledger = room_of()
    say(ledger)
    hear(ledger, {"ann": SAID, "bob": heard_by_bob, "cat": SAID})
    assert verdicts(ledger) == [finding]


def test_an_altered_message_is_corrupt_and_the_true_one_missing() -> None:
    ledger = room_of()
    say(ledger)
    hear(ledger, {"ann": SAID, "bob": [*SAID[:1], ("bob", "two"), *SAID[2:]], "cat": SAID})
    assert verdicts(ledger) == [("corrupt", "bob", "two", "bob"), ("missing", "bob", "2", "bob")]


def test_what_nobody_hears_is_missing_for_everyone() -> None:
    ledger = room_of()
    say(ledger)
    hear(ledger, dict.fromkeys(READERS, SAID[:-1]))
    assert verdicts(ledger) == [("missing", "cat", "4", reader) for reader in READERS]


def test_another_order_of_two_senders_matters_only_where_one_order_is_wanted() -> None:
    for per_sender, found in ((False, [("reordered", "bob", "2", "bob")]), (True, [])):
        ledger = room_of(per_sender=per_sender)
        say(ledger)
        hear(ledger, {"ann": SAID, "bob": [SAID[0], SAID[2], SAID[1], *SAID[3:]], "cat": SAID})
        assert verdicts(ledger) == found


def test_two_messages_of_one_sender_swapped_are_found_per_sender_too() -> None:
    ledger = room_of(per_sender=True)
    say(ledger)
    hear(ledger, {"ann": SAID, "bob": [SAID[2], SAID[1], SAID[0], *SAID[3:]], "cat": SAID})
    assert verdicts(ledger) == [("reordered", "ann", "1", "bob")]


def test_who_comes_or_goes_meanwhile_may_hear_or_not_and_before_or_after_must_not() -> None:
    ledger = room_of(readers=("ann",))
    ann = ledger.readers[0]
    ledger.say("ann", "early", 0.0, 0.0)
    ledger.hear(ann, "ann", "early", 0.1)
    dan = ledger.enter("dan", 1.0)
    ledger.say("ann", "meanwhile", 1.1, 1.1)
    ledger.hear(ann, "ann", "meanwhile", 1.2)
    dan.entered = 1.3
    ledger.say("ann", "present", 2.0, 2.0)
    for reader in (ann, dan):
        ledger.hear(reader, "ann", "present", 2.1)
    dan.leaving = 3.0
    ledger.say("ann", "parting", 3.1, 3.1)
    ledger.hear(ann, "ann", "parting", 3.2)
    dan.left = 4.0
    ledger.say("ann", "late", 5.0, 5.0)
    ledger.hear(ann, "ann", "late", 5.1)
    ledger.hear(dan, "ann", "late", 5.2)
    assert verdicts(ledger) == [("leaked", "ann", "late", "dan")]


def test_latency_counts_from_when_a_message_was_due() -> None:
    ledger = room_of(readers=("ann",))
    ledger.say("ann", "late already", 1.0, 3.0)
    ledger.hear(ledger.readers[0], "ann", "late already", 3.5)
    assert ledger.timeline.latency.percentile(50) == pytest.approx(2.5, rel=0.03)


def test_memory_does_not_grow_with_messages_times_readers() -> None:
    ledger = room_of(readers=tuple(f"user{n}" for n in range(50)))
    for number in range(1000):
        ledger.say("user0", str(number), number, number)
        for reader in ledger.readers:
            ledger.hear(reader, "user0", str(number), number)
    assert len(ledger.messages) == 1000
    assert all(not reader.progress.skipped for reader in ledger.readers)


_TEXTS = st.sampled_from("abc")
_TALK = st.lists(st.tuples(st.sampled_from(READERS), _TEXTS), max_size=12)


@given(talk=_TALK, data=st.data())
def test_missing_and_doubled_messages_are_counted_as_a_simple_count_has_them(
    talk: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Ann hears all; the others hear each message never, once or twice in a row: counted per nick and text."""
    ledger = room_of()
    for time, (nick, text) in enumerate(talk):
        ledger.say(nick, text, float(time), float(time))
    heard = {"ann": talk}
    expected: Counter[tuple[str, str, str, str]] = Counter()
    said = Counter(talk)
    for reader in ("bob", "cat"):
        times = data.draw(st.lists(st.integers(0, 2), min_size=len(talk), max_size=len(talk)))
        heard[reader] = [one for one, count in zip(talk, times, strict=True) for _ in range(count)]
        for one, count in Counter(heard[reader]).items():
            if count > said[one]:
                expected["duplicate", *one, reader] += count - said[one]
        for one, count in said.items():
            if (got := Counter(heard[reader])[one]) < count:
                expected["missing", *one, reader] += count - got
    hear(ledger, heard)
    found = Counter(one for one in verdicts(ledger) if one[0] != "reordered")
    assert found == expected


@given(talk=_TALK)
def test_a_right_room_has_no_findings(talk: list[tuple[str, str]]) -> None:
    ledger = room_of()
    for time, (nick, text) in enumerate(talk):
        ledger.say(nick, text, float(time), float(time))
    hear(ledger, dict.fromkeys(READERS, talk))
    assert verdicts(ledger) == []


@pytest.mark.parametrize("per_sender", [False, True])
def test_what_overtakes_its_own_sender_for_everyone_is_reordered_for_everyone(per_sender: bool) -> None:
    ledger = room_of(per_sender=per_sender)
    say(ledger)
    swapped = [SAID[2], SAID[1], SAID[0], *SAID[3:]]
    hear(ledger, dict.fromkeys(READERS, swapped))
    assert verdicts(ledger) == [("reordered", "ann", "1", reader) for reader in READERS]


@pytest.mark.parametrize(("first", "last"), [("2-0", "3-0"), ("", "")])
def test_what_a_user_was_told_that_it_has_missed_is_told_apart_from_what_is_missing(first: str, last: str) -> None:
    ledger = room_of()
    ann, bob, cat = ledger.readers
    for number in range(1, 6):
        ledger.say("ann", str(number), float(number), float(number))
        event_id = f"{number}-0" if first else ""
        ledger.hear(ann, "ann", str(number), number + 0.1, event_id)
        if number in (1, 5):
            ledger.hear(bob, "ann", str(number), number + 0.1, event_id)
        if number != 2:
            ledger.hear(cat, "ann", str(number), number + 0.1, event_id)
        if number == 3:
            ledger.tell_gap(bob, first, last, 3.5)
    assert verdicts(ledger) == [
        ("gap", "ann", "2", "bob"),
        ("gap", "ann", "3", "bob"),
        ("missing", "ann", "2", "cat"),
        ("missing", "ann", "4", "bob"),
    ]


def test_what_nobody_heard_may_be_in_a_gap_that_is_told_after_it_was_said() -> None:
    ledger = room_of(readers=("ann", "bob"))
    ledger.say("ann", "1", 1.0, 1.0)
    ledger.tell_gap(ledger.readers[0], "2-0", "3-0", 2.0)
    ledger.say("ann", "2", 3.0, 3.0)
    assert verdicts(ledger) == [
        ("gap", "ann", "1", "ann"),
        ("missing", "ann", "1", "bob"),
        ("missing", "ann", "2", "ann"),
        ("missing", "ann", "2", "bob"),
    ]


def test_what_a_lost_connection_may_have_swallowed_need_not_arrive() -> None:
    ledger = room_of()
    ledger.say("ann", "swallowed", 0.0, 0.0)
    ledger.lose("ann", 9.0)
    assert verdicts(ledger) == []


def test_what_a_server_has_taken_and_nobody_has_heard_is_missing_though_its_speaker_drops_later() -> None:
    ledger = room_of(readers=("bob",))
    for number in range(10):
        ledger.say("ann", str(number), float(number), float(number))
    ledger.hear(ledger.readers[0], "ann", "5", 5.1)
    ledger.lose("ann", 9.5, taken=7.5)
    assert [one[2] for one in verdicts(ledger)] == ["0", "1", "2", "3", "4", "6", "7"]


def test_at_a_late_server_what_is_heard_after_a_loss_tells_what_it_had_taken_over_that_connection() -> None:
    ledger = room_of(readers=("bob",))
    for at in (1.0, 2.0):
        ledger.say("ann", f"swallowed at {at}", at, at)
    ledger.lose("ann", 3.0)
    for at in (4.0, 5.0, 6.0, 6.2, 6.9):
        ledger.say("ann", str(at), at, at)
    ledger.lose("ann", 7.0)
    for text in ("5.0", "6.2"):
        ledger.hear(ledger.readers[0], "ann", text, 9.0)
    assert [one[2] for one in verdicts(ledger)] == ["4.0"]  # what came just before the loss was in flight


@pytest.mark.parametrize("taken", [5.0, float("-inf")])
def test_a_word_that_was_heard_or_a_pong_does_not_make_certain_what_was_in_flight(taken: float) -> None:
    ledger = room_of()
    ledger.say("ann", "swallowed", 4.8, 4.8)
    ledger.say("ann", "hi", 4.9, 4.9)
    hear(ledger, {reader: [("ann", "hi")] for reader in READERS})
    ledger.lose("ann", 5.1, taken)
    assert verdicts(ledger) == []


def test_who_drops_the_connection_may_have_missed_what_was_on_its_way_but_nothing_before_and_nothing_between() -> None:
    ledger = room_of(readers=("ann", "bob"))
    ann, bob = ledger.readers
    for number in range(5):
        ledger.say("ann", str(number), float(number), float(number))
        ledger.hear(ann, "ann", str(number), number + 0.1)
    ledger.hear(bob, "ann", "0", 0.2)
    ledger.hear(bob, "ann", "2", 2.2)
    bob.leaving, bob.dropped, bob.left = 4.2, True, 4.2
    assert verdicts(ledger) == [("missing", "ann", "1", "bob"), ("missing", "ann", "3", "bob")]


def test_the_right_words_under_a_wrong_nick_are_corrupt_even_where_the_server_gives_ids() -> None:
    ledger = room_of()
    ledger.say("ann", "hello", 0.0, 0.0)
    for reader, nick in zip(ledger.readers, ("ann", "ann", "bob"), strict=True):
        ledger.hear(reader, nick, "hello", 1.0, "1-7")
    assert verdicts(ledger) == [("corrupt", "bob", "hello", "cat"), ("missing", "ann", "hello", "cat")]


def test_a_wrong_nick_is_told_by_the_id_even_where_somebody_of_that_nick_says_the_same_just_then() -> None:
    """And those who then hear the id as they should are not accused."""
    ledger = room_of()
    ledger.say("ann", "hello", 0.0, 0.0)
    ledger.say("bob", "hello", 0.5, 0.5)
    ann, bob, cat = ledger.readers
    ledger.hear(ann, "ann", "hello", 1.0, "1-7")
    ledger.hear(cat, "bob", "hello", 1.1, "1-7")
    ledger.hear(bob, "ann", "hello", 1.2, "1-7")
    for reader in ledger.readers:
        ledger.hear(reader, "bob", "hello", 2.0, "1-9")
    assert verdicts(ledger) == [("corrupt", "bob", "hello", "cat"), ("missing", "ann", "hello", "cat")]


@pytest.mark.parametrize("event_id", ["", "1-1"])
def test_what_was_said_before_a_newcomer_asked_to_come_in_is_leaked_to_it(event_id: str) -> None:
    ledger = room_of(readers=("ann",))
    ledger.say("ann", "a secret", 0.0, 0.0)
    ledger.hear(ledger.readers[0], "ann", "a secret", 0.1, event_id)
    dan = ledger.enter("dan", 1.0)
    ledger.hear(dan, "ann", "a secret", 1.1, event_id)
    assert verdicts(ledger) == [("leaked", "ann", "a secret", "dan")]


@pytest.mark.parametrize("heard", [["hi"], ["hi", "hi"], ["hi", "bye"], ["hi", "hi", "bye"]])
def test_a_newcomer_may_or_may_not_have_heard_the_first_of_two_with_the_same_words(heard: list[str]) -> None:
    ledger = room_of(readers=("ann",))
    dan = ledger.enter("dan", 0.5)
    for number, text in enumerate(["hi", "hi", "bye"] if "bye" in heard else ["hi", "hi"], 1):
        ledger.say("ann", text, float(number), float(number))
        ledger.hear(ledger.readers[0], "ann", text, number + 0.1)
        dan.entered = 1.5
    for text in heard:
        ledger.hear(dan, "ann", text, 4.0)
    assert verdicts(ledger) == []


def test_a_newcomer_that_missed_the_second_of_two_with_the_same_words_has_missed_one() -> None:
    ledger = room_of(readers=("ann",))
    dan = ledger.enter("dan", 0.5)
    for number, text in enumerate(["hi", "so", "hi", "bye"], 1):
        ledger.say("ann", text, float(number), float(number))
        ledger.hear(ledger.readers[0], "ann", text, number + 0.1)
        dan.entered = 1.5
    for text in ("hi", "so", "bye"):
        ledger.hear(dan, "ann", text, 5.0)
    assert verdicts(ledger) == [("missing", "ann", "hi", "dan")]


def test_a_newcomer_that_reads_faster_than_those_who_were_there_before_puts_nobody_out_of_order() -> None:
    ledger = room_of(readers=("ann", "bob"))
    dan = ledger.enter("dan", 0.5)
    for number in range(3):
        ledger.say("ann", str(number), 1.0 + number, 1.0 + number)
    dan.entered = 2.5
    ledger.hear(dan, "ann", "2", 4.0)
    for number in range(3):
        for reader in ledger.readers[:2]:
            ledger.hear(reader, "ann", str(number), 5.0)
    assert verdicts(ledger) == []


def test_words_said_again_after_a_lost_connection_may_be_all_that_arrived_of_them() -> None:
    ledger = room_of()
    ledger.say("ann", "hello?", 0.0, 0.0)
    ledger.lose("ann", 0.5)
    ledger.say("ann", "hello?", 1.0, 1.0)
    hear(ledger, {reader: [("ann", "hello?")] for reader in READERS})
    assert verdicts(ledger) == []


@pytest.mark.parametrize("first", [True, False])
def test_of_equal_words_one_that_the_server_refuses_is_not_missing(first: bool) -> None:
    ledger = room_of()
    refused, _ = (ledger.say("ann", "hi", at, at) for at in (1.0, 2.0))
    if first:
        ledger.withdraw(refused)
    hear(ledger, {reader: [("ann", "hi")] for reader in READERS})
    ledger.withdraw(refused)
    assert verdicts(ledger) == []


def test_a_slow_reader_that_drops_the_connection_may_have_left_anything_unread() -> None:
    ledger = room_of(readers=("ann", "bob"))
    ann, bob = ledger.readers
    for number in range(3):
        ledger.say("ann", str(number), float(number), float(number))
        ledger.hear(ann, "ann", str(number), number + 0.1)
    ledger.say("ann", "what only bob would hear", 3.0, 3.0)
    ann.leaving = ann.left = 3.1
    bob.pace.timed, bob.leaving, bob.dropped, bob.left = False, 9.0, True, 9.0
    assert verdicts(ledger) == []


def test_at_the_end_only_what_was_heard_during_a_stay_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    must_hear = Attendance.must_hear

    def count(reader: Attendance, message: Message) -> bool:
        nonlocal asked
        asked += 1
        return must_hear(reader, message)

    ledger = room_of(readers=("ann",))
    for number in range(1000):
        guest = ledger.enter(f"guest{number}", float(number))
        guest.entered = float(number)
        ledger.say("ann", str(number), number + 0.1, number + 0.1)
        for reader in (ledger.readers[0], guest):
            ledger.hear(reader, "ann", str(number), number + 0.2)
        guest.leaving = guest.left = number + 0.3
    monkeypatch.setattr(Attendance, "must_hear", count)
    assert verdicts(ledger) == []
    assert asked < 1000


def lobby(cast: frozenset[str] = frozenset(READERS)) -> RoomLedger:
    """Return a room where people may be besides the cast."""
    ledger = RoomLedger(per_sender=False, cast=cast)
    for name in READERS:
        ledger.enter(name, 0.0).entered = 0.0
    return ledger


def test_what_people_say_who_are_not_in_the_cast_is_counted_and_no_fault() -> None:
    ledger = lobby()
    say(ledger)
    talk = [SAID[0], ("eve", "hello"), *SAID[1:3], ("eve", "hello"), *SAID[3:]]
    hear(ledger, dict.fromkeys(READERS, talk))
    assert (verdicts(ledger), ledger.from_others) == ([], 2)
    assert ledger.timeline.delivered == ledger.timeline.latency.count == len(SAID) * len(READERS)


def test_nobody_has_to_hear_what_people_say() -> None:
    ledger = lobby()
    say(ledger)
    hear(ledger, {"ann": [("eve", "psst"), *SAID], "bob": SAID, "cat": [*SAID, ("eve", "bye")]})
    assert (verdicts(ledger), ledger.from_others) == ([], 2)


@pytest.mark.parametrize("ids", [False, True])
def test_what_people_say_is_heard_in_one_order_too(ids: bool) -> None:
    ledger = lobby()
    said = [("eve", "one"), ("eve", "two"), ("eve", "three")]
    for reader, order in zip(ledger.readers, ([0, 1, 2], [0, 2, 1], [0, 1, 2]), strict=True):
        for number in order:
            ledger.hear(reader, *said[number], 1.0, f"1-{number}" if ids else "")
    assert verdicts(ledger) == [("reordered", "eve", "two", "bob")]


def test_with_ids_people_are_known_to_be_heard_twice() -> None:
    ledger = lobby()
    for reader in ledger.readers:
        ledger.hear(reader, "eve", "hi", 1.0, "1-1")
    ledger.hear(ledger.readers[1], "eve", "hi", 2.0, "1-1")
    assert verdicts(ledger) == [("duplicate", "eve", "hi", "bob")]


def test_a_line_under_a_nick_of_the_cast_that_nobody_said_is_corrupt() -> None:
    ledger = lobby()
    ledger.hear(ledger.readers[0], "bob", "I never said this", 1.0)
    assert (verdicts(ledger), ledger.from_others) == ([("corrupt", "bob", "I never said this", "ann")], 0)


def test_a_line_that_comes_under_the_nick_of_somebody_else_is_missing_under_its_own() -> None:
    """The one that is heard first must not stand in the way of the true one, though both have the same id."""
    ledger = lobby()
    ledger.say("ann", "hello", 0.0, 0.0)
    for reader, nick in zip(ledger.readers, ("eve", "ann", "ann"), strict=True):
        ledger.hear(reader, nick, "hello", 1.0, "1-7")
    assert (verdicts(ledger), ledger.from_others) == ([("missing", "ann", "hello", "ann")], 1)


def test_what_was_said_in_another_room_is_leaked() -> None:
    elsewhere = {("bob", "a secret")}
    ledger = RoomLedger(per_sender=False, cast=frozenset(READERS), was_sent_elsewhere=elsewhere.__contains__)
    ann = ledger.enter("ann", 0.0)
    ann.entered = 0.0
    ledger.hear(ann, "bob", "a secret", 1.0)
    ledger.hear(ann, "bob", "no secret", 1.0)
    assert verdicts(ledger) == [("corrupt", "bob", "no secret", "ann"), ("leaked", "bob", "a secret", "ann")]


def test_what_is_heard_of_a_room_by_a_user_who_is_not_there_is_leaked() -> None:
    ledger = lobby()
    say(ledger)
    ledger.overhear("dan", *SAID[0], 1.0)
    ledger.overhear("dan", "eve", "from outside", 1.0)
    ledger.overhear("dan", "bob", "nobody said it", 1.0)
    hear(ledger, dict.fromkeys(READERS, SAID))
    found = [(one.fault, one.text) for one in ledger.findings]
    assert found == [("leaked", "1"), ("leaked", "from outside"), ("corrupt", "nobody said it")]
    assert [reader.name for reader in ledger.readers] == [*READERS]


def test_what_may_still_have_been_on_its_way_when_a_run_is_broken_off_is_not_missing() -> None:
    ledger = room_of()
    for time, text in enumerate(["early", "early too", "late", "late too"]):
        ledger.say("ann", text, float(time), float(time))
    ledger.hear(ledger.readers[0], "ann", "early", 5.0)
    ledger.hear(ledger.readers[0], "ann", "late", 5.0)
    ledger.close(until=1.5)
    found = [(one.fault, one.text, one.reader.name) for one in ledger.findings]
    for_others = [("missing", "early", name) for name in ("bob", "cat")]
    assert sorted(found) == sorted([*for_others, *[("missing", "early too", name) for name in READERS]])


def test_who_may_have_heard_another_message_with_the_same_words_heard_nothing_late() -> None:
    """Bob heard one of two equal messages, after what stands between them: then it was the second."""
    ledger = room_of()
    for time, (nick, text) in enumerate([("ann", "hi"), ("cat", "so"), ("cat", "oh"), ("ann", "hi")]):
        ledger.say(nick, text, float(time), float(time))
    ann, bob, cat = ledger.readers
    for reader in (ann, cat):
        for nick, text in [("ann", "hi"), ("cat", "so"), ("cat", "oh"), ("ann", "hi")]:
            ledger.hear(reader, nick, text, 9.0)
    for nick, text in [("cat", "so"), ("ann", "hi"), ("cat", "oh")]:
        ledger.hear(bob, nick, text, 9.0)
    assert verdicts(ledger) == [("missing", "ann", "hi", "bob")]


def test_lateness_stays_with_its_message_when_another_is_put_before_it() -> None:
    ledger = room_of(readers=("ann", "bob", "cat"))
    ann, bob, cat = ledger.readers
    ledger.say("ann", "slow", 1.0, 1.0)
    ledger.say("bob", "a", 5.0, 5.0)
    ledger.say("bob", "b", 6.0, 6.0)
    for text in ("a", "b"):
        ledger.hear(ann, "bob", text, 7.0, line=f"bob: {text}\n".encode())
    ledger.hear(bob, "bob", "a", 7.0, line=b"bob: a\n")
    assert ledger.follow(bob, b"bob: b\n", 0, 7, 7.0) == 7  # counted later, together with others
    ledger.hear(cat, "ann", "slow", 7.0, line=b"ann: slow\n")  # comes before all that
    ledger.close()
    latency = ledger.timeline.latency
    assert (latency.count, latency.largest_s) == (5, 6.0)
    assert latency.percentile(40) == pytest.approx(1.0, rel=0.02)


def test_a_message_that_comes_very_late_is_put_at_the_end_of_the_order() -> None:
    ledger = room_of(readers=("ann", "bob"))
    ann, bob = ledger.readers
    ledger.say("bob", "lost for ann", 0.0, 0.0)
    for number in range(1_001):
        ledger.say("ann", str(number), 1.0, 1.0)
        ledger.hear(ann, "ann", str(number), 2.0)
    ledger.hear(bob, "ann", "0", 3.0)
    ledger.hear(bob, "bob", "lost for ann", 3.0)
    assert ledger.messages[1].text == "lost for ann"
    ledger.say("ann", "one more", 4.0, 4.0)
    ledger.hear(ann, "ann", "one more", 4.0)
    ledger.say("cat", "too late", 0.5, 0.5)
    ledger.hear(bob, "cat", "too late", 5.0)
    assert ledger.messages[-1].text == "too late"


def test_words_that_come_more_often_to_a_newcomer_than_they_were_said_are_doubled() -> None:
    ledger = room_of(readers=("ann",))
    dan = ledger.enter("dan", 0.5)
    for at in (0.6, 2.0):
        ledger.say("ann", "hi", at, at)
        ledger.hear(ledger.readers[0], "ann", "hi", at + 0.1)
    dan.entered = 1.0
    for _ in range(3):
        ledger.hear(dan, "ann", "hi", 3.0)
    assert verdicts(ledger) == [("duplicate", "ann", "hi", "dan")]


def test_with_ids_too_it_is_not_known_which_of_equal_words_was_lost_with_a_connection() -> None:
    ledger = room_of()
    ledger.say("ann", "hello?", 0.0, 0.0)
    ledger.lose("ann", 0.5)
    ledger.say("ann", "hello?", 1.0, 1.0)
    for reader in ledger.readers:
        ledger.hear(reader, "ann", "hello?", 2.0, "1-2")
    assert verdicts(ledger) == []


def test_with_ids_who_missed_the_first_of_equal_words_does_not_turn_the_order_of_the_others_around() -> None:
    ledger = room_of()
    said = [("ann", "hi", "1-1"), ("ann", "so", "1-2"), ("ann", "hi", "1-3")]
    for time, (nick, text, _) in enumerate(said):
        ledger.say(nick, text, float(time), float(time))
    for reader, heard in zip(ledger.readers, (said[1:], said, said), strict=True):
        for nick, text, event_id in heard:
            ledger.hear(reader, nick, text, 5.0, event_id)
    assert verdicts(ledger) == [("missing", "ann", "hi", "ann")]
    assert [message.sent for message in ledger.messages] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("first", [True, False])
def test_what_comes_under_the_id_of_something_else_is_corrupt_though_its_words_were_said_before(first: bool) -> None:
    ledger = room_of()
    for time, (nick, text) in enumerate([("bob", "yes"), ("ann", "yes")]):
        ledger.say(nick, text, float(time), float(time))
    for reader in ledger.readers:
        ledger.hear(reader, "bob", "yes", 2.0, "1-1")
    ann, bob, cat = ledger.readers
    for reader in (bob, ann, cat) if first else (ann, bob, cat):
        ledger.hear(reader, "bob" if reader is bob else "ann", "yes", 3.0, "1-2")
    assert verdicts(ledger) == [("corrupt", "bob", "yes", "bob"), ("missing", "ann", "yes", "bob")]


def test_of_equal_words_the_one_that_was_refused_is_not_missing_but_what_was_said_before_a_newcomer_came() -> None:
    ledger = room_of(readers=())
    ledger.enter("dan", 0.5).entered = 1.5
    _, refused = (ledger.say("ann", "hi", at, at) for at in (1.0, 2.0))
    ledger.withdraw(refused)
    assert verdicts(ledger) == []


def test_a_newcomer_that_is_the_first_to_hear_a_person_turns_nobodys_order_around() -> None:
    ledger = lobby()
    first, second = ledger.readers[:2]
    dan = ledger.enter("dan", 1.0)
    for reader in (first, second):
        ledger.hear(reader, "guest", "before", 1.1, event_id="1-0")
    dan.entered = 1.2
    ledger.hear(dan, "guest", "after", 1.3, event_id="2-0")
    assert ledger.hear(first, "guest", "after", 1.4, event_id="2-0")[0] == "in place"
    last = ledger.last_heard(first)
    assert last is not None
    assert last.id == "2-0"  # what a user that comes back is told is counted from here
    ledger.hear(second, "guest", "after", 1.5, event_id="2-0")
    assert verdicts(ledger) == []


def test_who_heard_one_first_that_others_never_heard_is_out_of_step_with_nobody() -> None:
    """Bob hears C, A, B; ann hears A, B and leaves: nothing tells where C belongs."""
    ledger = room_of(readers=("ann", "bob"))
    ann, bob = ledger.readers
    said = [("ann", "A"), ("bob", "B"), ("cat", "C")]
    for time, (nick, text) in enumerate(said):
        ledger.say(nick, text, float(time), float(time))
    for one in said[:2]:
        ledger.hear(ann, *one, 4.0)
    ann.leaving = ann.left = 5.0
    for one in (said[2], *said[:2]):
        ledger.hear(bob, *one, 6.0)
    assert verdicts(ledger) == []


def test_what_people_say_between_takes_nothing_from_the_lateness_of_the_bots() -> None:
    ledger = lobby()
    ann, bob, _ = ledger.readers
    said = [("ann", "one"), ("zoe", "hi"), ("ann", "two"), ("zoe", "bye")]
    lines = [f"{nick}: {text}\n".encode() for nick, text in said]
    for time, (nick, text) in enumerate(said):
        if nick == "ann":
            ledger.say(nick, text, float(time), float(time))
    for one, line in zip(said, lines, strict=True):
        ledger.hear(ann, *one, 3.0, line=line)
    ledger.hear(bob, *said[0], 3.0, line=lines[0])
    for now, line in ((4.0, lines[1]), (5.0, lines[2] + lines[3])):
        assert ledger.follow(bob, line, 0, len(line), now) == len(line)
    ledger.close()
    latency = ledger.timeline.latency
    assert (latency.count, latency.largest_s) == (4, 3.0)
    assert latency.percentile(25) == pytest.approx(1.0, rel=0.02)


def test_what_was_said_before_a_user_came_back_is_late_for_that() -> None:
    ledger = room_of(readers=("ann",))
    ann = ledger.readers[0]
    ledger.say("ann", "while away", 1.0, 1.0)
    ledger.say("ann", "back again", 6.0, 6.0)
    ann.pace.back = 5.0
    for text in ("while away", "back again"):
        ledger.hear(ann, "ann", text, 7.0)
    assert (ledger.timeline.delivered, ledger.timeline.latency.count) == (2, 1)


def hear_in_orders(said: dict[str, str], heard: dict[str, str], *, per_sender: bool = False) -> RoomLedger:
    """Return a room where each reader heard the texts, one letter each, of these senders in an order of its own."""
    ledger = room_of(per_sender=per_sender, readers=tuple(heard))
    for time, (text, nick) in enumerate(said.items()):
        ledger.say(nick, text, float(time), float(time))
    hear(ledger, {reader: [(said[text], text) for text in texts] for reader, texts in heard.items()})
    return ledger


def test_who_hears_one_sender_behind_another_hears_that_ones_words_in_order() -> None:
    said = {"1": "ann", "2": "ann", "3": "ann", "x": "cat"}
    assert verdicts(hear_in_orders(said, {"ann": "123x", "bob": "x123"}, per_sender=True)) == []


def test_whoever_hears_a_message_later_than_all_is_found_though_most_heard_it_later_than_the_first() -> None:
    said = {"a": "ann", "1": "bob", "2": "cat", "3": "dan"}
    ledger = hear_in_orders(said, {"ann": "a123", "bob": "1a23", "cat": "1a23", "dan": "123a"})
    assert verdicts(ledger) == [("reordered", "ann", "a", "dan"), ("reordered", "bob", "1", "ann")]


def test_a_message_that_overtook_three_is_one_fault_whoever_was_the_first_to_hear_it() -> None:
    said = {"1": "ann", "2": "bob", "3": "ann", "a": "cat"}
    for first in (("ann", "bob", "cat"), ("cat", "ann", "bob")):
        ledger = hear_in_orders(said, {reader: "a123" if reader == "cat" else "123a" for reader in first})
        assert verdicts(ledger) == [("reordered", "cat", "a", "cat")]


def test_of_two_messages_that_changed_places_the_one_that_came_late_is_named_whoever_was_the_first_to_hear_it() -> None:
    said = {"1": "ann", "2": "bob"}
    for first in (("ann", "bob", "cat"), ("cat", "ann", "bob")):
        ledger = hear_in_orders(said, {reader: "21" if reader == "cat" else "12" for reader in first})
        assert verdicts(ledger) == [("reordered", "ann", "1", "cat")]


def test_what_changed_places_with_a_late_message_is_found_between_what_did_not() -> None:
    """Of all that dan heard before "a", only "2" came behind it for the others."""
    said = {"a": "ann", "1": "bob", "2": "cat", "3": "dan"}
    ledger = hear_in_orders(said, {"ann": "a123", "bob": "13a2", "cat": "13a2", "dan": "132a"})
    assert ("reordered", "ann", "a", "dan") in verdicts(ledger)


def test_who_hears_a_message_later_than_most_is_found_also_far_from_where_the_first_heard_it() -> None:
    others = "".join(map(chr, range(0x100, 0x11E)))  # thirty
    said = {"a": "ann"} | dict.fromkeys(others, "eve")
    late, later = (f"{others[:place]}a{others[place:]}" for place in (25, 28))
    ledger = hear_in_orders(said, {"ann": f"a{others}", "bob": late, "cat": late, "dan": later})
    assert ("reordered", "ann", "a", "dan") in verdicts(ledger)


def test_who_hears_a_message_a_little_late_is_found_though_others_heard_it_at_many_places_much_later() -> None:
    others = "".join(map(chr, range(0x100, 0x150)))  # eighty
    said = {"a": "ann"} | dict.fromkeys(others, "eve")
    heard = {f"in step {number}": f"a{others}" for number in range(8)}
    for number, place in enumerate((40, 40, 60, 60, 79, 79, 3)):
        heard[f"late {number}"] = f"{others[:place]}a{others[place:]}"
    ledger = hear_in_orders(said, heard)
    assert ("reordered", "ann", "a", "late 6") in verdicts(ledger)


def test_where_as_many_heard_the_one_order_as_the_other_that_of_the_first_to_hear_it_is_right() -> None:
    said = {"a": "ann", "b": "bob"}
    assert verdicts(hear_in_orders(said, {"ann": "ab", "bob": "ba"})) == [("reordered", "ann", "a", "bob")]


def test_what_was_on_its_way_with_the_last_that_a_user_heard_may_be_in_a_gap_without_ids() -> None:
    ledger = room_of(readers=("ann", "bob"))
    ann, bob = ledger.readers
    for at, text in ((1.5, "long before"), (2.5, "just before"), (3.0, "heard")):
        ledger.say("cat", text, at, at)
    ledger.hear(bob, "cat", "heard", 3.1)
    ledger.tell_gap(bob, "", "", 3.5)
    for text in ("long before", "just before", "heard"):
        ledger.hear(ann, "cat", text, 3.6)
    assert verdicts(ledger) == [("gap", "cat", "just before", "bob"), ("missing", "cat", "long before", "bob")]


def test_with_ids_too_it_is_not_known_which_of_equal_words_was_sent_before_a_newcomer_was_there() -> None:
    ledger = room_of(readers=("ann",))
    dan = ledger.enter("dan", 1.0)
    for at in (1.5, 2.5):
        ledger.say("ann", "hi", at, at)
    dan.entered = 2.0
    for number in (1, 2):
        ledger.hear(ledger.readers[0], "ann", "hi", 3.0, f"1-{number}")
    ledger.hear(dan, "ann", "hi", 3.0, "1-1")
    assert verdicts(ledger) == []


def test_what_was_heard_before_equal_words_were_sent_is_not_taken_for_those() -> None:
    """Bob missed the first, and puts the second before it; dan came between them, and had to hear the second."""
    ledger = room_of(readers=("bob", "cat"))
    bob, cat = ledger.readers
    ledger.say("ann", "hi", 1.0, 1.0)
    ledger.hear(cat, "ann", "hi", 2.0, "1-1")
    ledger.enter("dan", 2.5).entered = 3.0
    ledger.say("ann", "hi", 5.0, 5.0)
    for reader in (bob, cat):
        ledger.hear(reader, "ann", "hi", 6.0, "1-2")
    assert verdicts(ledger) == [("missing", "ann", "hi", "bob"), ("missing", "ann", "hi", "dan")]


def test_of_very_many_findings_all_are_counted_and_the_first_are_kept() -> None:
    ledger = room_of(readers=("ann",))
    for number in range(MAX_FINDINGS + 1):
        ledger.hear(ledger.readers[0], "bob", str(number), 1.0)
    assert (ledger.counts["corrupt"], len(ledger.findings)) == (MAX_FINDINGS + 1, MAX_FINDINGS)
    ledger.add_like(ledger.readers[0], Attendance("bob", 0.0))
    assert ledger.counts["corrupt"] > MAX_FINDINGS + 1
    assert len(ledger.findings) == MAX_FINDINGS


def test_the_bytes_are_kept_of_the_first_messages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_FRAMES", 2)
    ledger = room_of(readers=("ann",))
    for text in "abc":
        ledger.say("ann", text, 0.0, 0.0)
        ledger.hear(ledger.readers[0], "ann", text, 1.0, line=f"ann: {text}\n".encode())
    assert [message.frame for message in ledger.messages] == [b"ann: a\n", b"ann: b\n", b""]


@pytest.mark.parametrize(("before", "after", "kept"), [(1.0, 1.0, True), (6.0, 1.0, False), (1.0, 6.0, False)])
def test_what_a_newcomer_hears_while_others_talk_is_kept_for_who_knows_everything(
    before: float, after: float, kept: bool
) -> None:
    """Without ids it may have come in before what others heard just then, or behind it."""
    share = Share({"ann"})
    ledger = RoomLedger(False, share=share)
    ann = ledger.enter("ann", 0.0)
    ann.entered = 0.0
    ledger.say("ann", "one", 10.0 - before, 10.0 - before)
    ledger.hear(ann, "ann", "one", 10.0 - before)
    dan = ledger.enter("dan", 10.0)
    dan.entered = 10.1
    ledger.say("ann", "two", 10.0 + after, 10.0 + after)
    for reader in (ann, dan):
        ledger.hear(reader, "ann", "two", 10.0 + after)
    assert (dan in share.odd) is kept


def test_what_comes_very_late_is_counted_in_the_second_in_which_it_came() -> None:
    ledger = room_of()
    ann, bob, cat = ledger.readers
    ledger.say("ann", "one", 0.0, 0.0)
    ledger.say("ann", "two", 0.0, 0.0)
    for reader in ledger.readers:
        ledger.hear(reader, "ann", "one", 900.5, line=b"ann: one\n")
    ledger.hear(ann, "ann", "two", 1000.9, line=b"ann: two\n")
    for reader, now in ((bob, 1000.9), (cat, 1001.1)):
        assert ledger.follow(reader, b"ann: two\n", 0, 9, now) == 9
    ledger.count_all()
    ledger.timeline.close()
    assert [(one.at, one.delivered) for one in ledger.timeline.seconds] == [(0, 0), (900, 3), (1000, 2), (1001, 1)]
