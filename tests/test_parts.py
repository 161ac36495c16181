"""A run whose users are spread over several parts is judged as if one ledger had seen them all."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from bots.ledger.model import About, Attendance
from bots.ledger.room import RoomLedger
from bots.ledger.share import Share, digest_of
from bots.ledger.timeline import Timeline
from bots.parts.agreement import agree
from bots.parts.merge import merge
from bots.parts.part import Answer, Part, Question
from bots.parts.segments import RoomReport, Segment, room_report
from tests.simulated_chat import FAULTS, Apart, SimulatedChat

_ENCODE = msgspec.msgpack.encode
LOBBY = About("room", "lobby")


class Wire:
    """The way between who judges and the parts: everything goes as bytes, which are counted."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.answered_bytes = 0

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        answers = []
        for part, question in zip(self.parts, questions, strict=True):
            asked = msgspec.msgpack.decode(_ENCODE(question), type=Question)
            data = _ENCODE(part.answer(asked))
            self.answered_bytes += len(data)
            answers.append(msgspec.msgpack.decode(data, type=Answer))
        return answers


def merged(chat: SimulatedChat, whole_up_to: int, one_in: int = 4) -> dict[About, RoomLedger]:
    chat.run()
    wire = Wire([Part(part.ledgers, one_in=one_in) for part in chat.parts])
    names = [actor.name for actor in chat.outcome.scenario.actors]
    per_sender = chat.outcome.is_ordered_per_sender
    return merge(wire.ask, len(chat.parts), names, per_sender=per_sender, whole_up_to=whole_up_to)


def verdict(rooms: dict[About, RoomLedger]) -> Counter[tuple[str, ...]]:
    """Return all findings, and what was heard of others."""
    found = Counter[tuple[str, ...]]()
    for about, room in rooms.items():
        name = about.shown
        found[name, "from others"] = room.from_others
        for one in room.findings:
            found[name, one.fault, one.nick, one.text, one.reader.name] += 1
    return found


def _in_order(found: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    return Counter({key: times for key, times in found.items() if key[1] != "reordered"})


_RUNS = settings(deadline=None, max_examples=30, phases=[Phase.explicit, Phase.generate])


@pytest.mark.slow
@_RUNS
@given(
    seed=st.integers(0, 10_000),
    apart=st.sampled_from(["ids", "marks", "words"]),
    fault=st.sampled_from(sorted(FAULTS)),
    parts=st.integers(2, 5),
    whole=st.booleans(),
    order=st.sampled_from(["same for everyone", "per sender"]),
)
@example(seed=2, apart="ids", fault="swap", parts=2, whole=False, order="same for everyone")
@example(seed=5, apart="words", fault="swap", parts=4, whole=False, order="same for everyone")
@example(seed=2, apart="ids", fault="swap", parts=4, whole=True, order="same for everyone")
@example(seed=1595, apart="ids", fault="nick", parts=4, whole=True, order="same for everyone")
@example(seed=0, apart="ids", fault="shuffle", parts=2, whole=True, order="same for everyone")
def test_a_verdict_of_parts_is_that_of_one_ledger(
    seed: int, apart: Apart, fault: str, parts: int, whole: bool, order: str
) -> None:
    one = SimulatedChat(seed, apart, fault, order=order)
    one.run()
    split = SimulatedChat(seed, apart, fault, parts=parts, order=order)
    expected, together = verdict(one.outcome.ledgers), verdict(merged(split, 1_000_000 if whole else 0))
    if fault == "shuffle":
        # Where there is no order, which of two messages is called out of it is a matter of who is asked first; and less
        # is told of where all agree by chance.
        assert {key[1] for key in together} == {key[1] for key in expected}
    else:
        assert together == expected
    if fault != "shuffle" or whole:
        assert _in_order(together) == _in_order(expected)


# Which segments are in question: two parts in a room with two segments, the second of which is looked at.


def segment(digest: int, begin: int, claimed: int, *, odd: bool = False) -> Segment:
    """Return a segment of ten messages, of a second, that have the sum 10; the part's own have one each."""
    return Segment(digest, 10, 10, claimed, claimed, 0, 0, begin * 1000, begin * 1000 + 1000, odd)


def report(
    *claimed: int, moving: Sequence[tuple[int, int]] = (), present: tuple[int, int] = (0, 1_000), odd: int = -1
) -> RoomReport:
    segments = [segment(place, 10 * place, many, odd=place == odd) for place, many in enumerate(claimed)]
    return RoomReport(3, tuple(segments), tuple(moving), (present,))


def in_question(*reports: RoomReport, error_s: float = 0.0) -> list[list[int]]:
    return agree(reports, error_s, whole_up_to=0).in_question


def test_nothing_is_asked_about_what_all_parts_agree_on() -> None:
    assert in_question(report(4, 4, 4, 4), report(6, 6, 6, 6)) == [[], []]


def test_what_was_said_by_nobody_or_by_two_is_in_question() -> None:
    """And so is what stands beside it."""
    assert in_question(report(4, 4, 4, 4, 3), report(6, 6, 6, 6, 6)) == [[3, 4], [3, 4]]
    assert in_question(report(4, 5, 4, 4, 4), report(6, 6, 6, 6, 6)) == [[0, 1, 2], [0, 1, 2]]


def test_what_somebody_heard_otherwise_is_in_question() -> None:
    assert in_question(report(4, 4, 4, 4), report(6, 6, 6, 6, odd=0)) == [[0, 1], [0, 1]]


def test_what_was_on_its_way_while_somebody_came_or_went_is_in_question() -> None:
    """The third segment goes from 20 s to 21 s, which are the tenths from 200 to 210."""
    assert in_question(report(4, 4, 4), report(6, 6, 6, moving=[(205, 206)])) == [[1, 2], [1, 2]]
    assert in_question(report(4, 4, 4), report(6, 6, 6, moving=[(215, 216)])) == [[], []]
    assert in_question(report(4, 4, 4), report(6, 6, 6, moving=[(215, 216)]), error_s=1.0) == [[1, 2], [1, 2]]


def test_what_one_part_has_not_heard_is_in_question_only_if_its_users_were_there() -> None:
    assert in_question(report(10, 10, 10), report(0, 0, present=(0, 300))) == [[1, 2], [1]]
    assert in_question(report(10, 10, 10), report(0, 0, present=(0, 150))) == [[], []]


def test_what_two_parts_heard_in_another_order_is_in_question() -> None:
    one, other = report(4, 4, 4, 4), report(6, 6, 6, 6)
    swapped = [other.segments[place] for place in (0, 2, 1, 3)]
    assert in_question(one, RoomReport(3, tuple(swapped), (), ((0, 1_000),))) == [[0, 1, 2, 3], [0, 1, 2, 3]]


def test_what_one_part_heard_far_behind_its_place_is_in_question_with_all_between() -> None:
    one, other = report(4, 4, 4, 4, 4), report(6, 6, 6, 6, 6)
    turned = RoomReport(3, (*other.segments[1:], other.segments[0]), (), ((0, 1_000),))
    assert in_question(one, turned) == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]


def test_what_was_said_by_two_is_in_question_though_as_much_was_said_by_nobody() -> None:
    twice = msgspec.structs.replace(segment(0, 0, 4), claimed_sum=5)
    one = RoomReport(3, (twice, *report(4, 4, 4).segments[1:]), (), ((0, 1_000),))
    assert in_question(one, report(6, 6, 6)) == [[0, 1], [0, 1]]


def test_what_only_one_part_takes_for_said_by_people_is_in_question() -> None:
    people = msgspec.structs.replace(segment(0, 0, 3), others=1, others_sum=1)
    one = RoomReport(3, (people, *report(4, 4, 4).segments[1:]), (), ((0, 1_000),))
    assert in_question(one, report(6, 6, 6)) == [[0, 1], [0, 1]]


def test_a_small_room_is_looked_at_in_whole() -> None:
    assert agree([report(4, 4), report(6, 6)]).in_question == [[0, 1], [0, 1]]


class Crowd:
    """A part of a crowd in one room, that hears what all say, in batches as a server sends them."""

    def __init__(self, part: int, parts: int, readers: int) -> None:
        cast = [f"user{number}" for number in range(readers)]
        ours = set(cast[part::parts])
        self.timeline = Timeline()
        self.tells: list[tuple[int, float, float]] = []
        share = Share(ours, lambda *said: self.tells.append(said))
        self.room = RoomLedger(False, self.timeline, set(cast), share=share)
        self.readers = [self._enter(name) for name in cast[part::parts]]

    def _enter(self, name: str) -> Attendance:
        reader = self.room.enter(name, 0.5)
        reader.entered = 0.6
        return reader

    def hear(self, batch: Sequence[tuple[str, str, str]], now: float, without: str = "") -> None:
        """Let all hear a batch of nicks, texts and ids; `without` is an id that the last of them is not sent."""
        leader, *others = self.readers
        lines = [f"{one[0]}: {one[1]}\n".encode() for one in batch]
        for (nick, text, event_id), line in zip(batch, lines, strict=True):
            self.room.hear(leader, nick, text, now, event_id, line)
        data = b"".join(lines)
        for reader in others if not without else others[:-1]:
            if self.room.follow(reader, data, 0, len(data), now + 0.001) < len(data):
                for (nick, text, event_id), line in zip(batch, lines, strict=True):
                    self.room.hear(reader, nick, text, now, event_id, line)
        if without:
            for nick, text, event_id in batch:
                if event_id != without:
                    self.room.hear(others[-1], nick, text, now, event_id)


def crowds(parts: int, readers: int, batches: int, without: str = "") -> list[Crowd]:
    """Return parts of a crowd after so many batches of a thousand messages; the last user was not sent one of them."""
    all_parts = [Crowd(part, parts, readers) for part in range(parts)]
    for batch in range(batches):
        now, said = 1.0 + batch, []
        for number in range(batch * 1000, (batch + 1) * 1000):
            nick = f"user{number % readers}"
            said.append((nick, f"{number} these are some eight words to be said here", f"1-{number}"))
            all_parts[number % readers % parts].room.say(nick, said[-1][1], now, now)
        for part in all_parts:
            guilty = without if part is all_parts[-1] and any(one[2] == without for one in said) else ""
            part.hear(said, now + 0.01, guilty)
        for part in all_parts:
            for other in all_parts:
                if other is not part:
                    for digest, due, sent in part.tells:
                        other.room.announce(digest, due, sent)
            part.tells.clear()
    for part in all_parts:
        part.timeline.close()
    return all_parts


def test_a_newcomer_is_not_taken_past_what_it_has_not_heard_by_a_notice_that_all_get() -> None:
    """Where it came in is not sure without ids, so that what it hears is read for it alone."""
    room = RoomLedger(False, Timeline(), {"ann", "ben"}, share=Share({"ann", "ben"}))
    early, late, newcomer = (room.enter(name, asked) for name, asked in (("early", 0.0), ("late", 0.0), ("new", 1.0)))
    early.entered = late.entered = 0.5
    room.say("ann", "one", 1.1, 1.1)
    room.say("ben", "two", 1.1, 1.1)
    room.hear(late, "ann", "one", 1.2, "", b"ann: one\n")
    room.hear(early, "ben", "two", 1.3, "", b"ben: two\n")
    room.hear(early, "ann", "one", 1.3, "", b"ann: one\n")
    assert [message.text for message in room.messages] == ["two", "one"]
    for reader in (early, newcomer):
        room.notice(reader, b"* zoe joined\n")
    room.notice(early, b"* zoe left\n")
    room.hear(newcomer, "ben", "two", 1.4, "", b"ben: two\n")
    room.follow(newcomer, b"* zoe left\n", 0, 11, 1.5)
    assert [message.text for message in room.heard(newcomer, 0)] == ["two"]


@pytest.mark.parametrize("taken", [3.0, float("-inf")])
def test_what_a_lost_connection_may_have_swallowed_is_judged_as_in_one_ledger(taken: float) -> None:
    """The other part has heard what its speaker said later; what came first is in question."""
    rooms = [RoomLedger(False, Timeline(), {"ann", "ben"}, share=Share({nick})) for nick in ("ann", "ben")]
    readers = [room.enter(nick, 0.0) for room, nick in zip(rooms, ("ann", "ben"), strict=True)]
    readers[0].entered = readers[1].entered = 0.5
    rooms[0].say("ann", "swallowed", 1.0, 1.0)
    if taken < 0:
        rooms[0].say("ann", "hi", 2.0, 2.0)
        for room, reader in zip(rooms, readers, strict=True):
            room.hear(reader, "ann", "hi", 2.1, "1-1")
    rooms[0].say("ann", "on its way", 8.5, 8.5)
    rooms[0].lose("ann", 9.0, taken)
    readers[0].leaving, readers[0].dropped = 9.0, True
    wire = Wire([Part({LOBBY: room}) for room in rooms])
    for whole_up_to in (0, 1_000):
        room = merge(wire.ask, 2, ("ann", "ben"), per_sender=False, whole_up_to=whole_up_to)[LOBBY]
        found = sorted((one.fault, one.text, one.reader.name) for one in room.findings)
        assert found == [("missing", "swallowed", "ann"), ("missing", "swallowed", "ben")]


def alone(*, per_sender: bool = False) -> tuple[RoomLedger, list[Attendance]]:
    """Return a room that one part sees all of, and its readers, ann and ben."""
    room = RoomLedger(per_sender, Timeline(), {"ann", "ben"}, share=Share({"ann", "ben"}))
    readers = [room.enter(nick, 0.0) for nick in ("ann", "ben")]
    for reader in readers:
        reader.entered = 0.5
    return room, readers


def judged_alone(
    room: RoomLedger, *, per_sender: bool = False, until: float = float("inf"), whole_up_to: int = 1_000
) -> RoomLedger:
    """Return the room as it is judged by what its one part tells."""
    wire = Wire([Part({LOBBY: room})])
    return merge(wire.ask, 1, ["ann", "ben"], per_sender=per_sender, until=until, whole_up_to=whole_up_to)[LOBBY]


def test_what_may_still_have_been_on_its_way_when_a_run_of_parts_is_broken_off_is_not_missing() -> None:
    room, _ = alone()
    for at, text in ((1.0, "early"), (9.0, "late")):
        room.say("ann", text, at, at)
    found = [(one.fault, one.text, one.reader.name) for one in judged_alone(room, until=5.0).findings]
    assert found == [("missing", "early", "ann"), ("missing", "early", "ben")]


def test_a_newcomer_is_not_taken_to_have_heard_what_stands_behind_something_that_was_on_its_way() -> None:
    """Ben was slow to hear "slow", which stands before what all had heard when the newcomer asked."""
    room, (ann, ben) = alone(per_sender=True)
    room.say("ben", "slow", 0.8, 0.8)
    room.say("ann", "quick", 0.9, 0.9)
    room.hear(ann, "ann", "quick", 1.0, "1-2")
    newcomer = room.enter("dan", 3.0)
    newcomer.entered = 3.0
    room.hear(ben, "ben", "slow", 5.0, "1-1")
    room.hear(ben, "ann", "quick", 5.0, "1-2")
    room.hear(ann, "ben", "slow", 5.1, "1-1")
    room.say("ann", "to all", 5.5, 5.5)
    for reader in (ann, ben, newcomer):
        room.hear(reader, "ann", "to all", 6.0, "1-3")
    assert not judged_alone(room, per_sender=True).findings


def test_what_people_said_is_counted_also_where_nothing_is_in_question() -> None:
    room, readers = alone()
    for number in range(3):
        for reader in readers:
            room.hear(reader, "eve", str(number), 10.0 + number, f"1-{number}")
    assert judged_alone(room, whole_up_to=0).from_others == 3


def test_users_are_told_of_in_the_order_in_which_they_came_whatever_they_heard() -> None:
    """Ben, who heard the same as ann, is gone through last."""
    room, readers = alone()
    room.say("ann", "one", 1.0, 1.0)
    for reader in readers:
        room.hear(reader, "ann", "one", 1.1, "1-1")
    room.enter("dan", 2.0).entered = 2.5
    room.say("ann", "heard by nobody", 3.0, 3.0)
    assert [one.reader.name for one in judged_alone(room).findings] == ["ann", "ben", "dan"]


def test_of_two_who_heard_the_same_only_who_was_told_of_a_gap_has_one() -> None:
    room, (ann, ben) = alone()
    for number in (1, 2, 3):
        room.say("ann", str(number), float(number), float(number))
    for reader in (ann, ben):
        room.hear(reader, "ann", "1", 3.1, "1-1")
        room.hear(reader, "ann", "3", 3.1, "1-3")
    room.tell_gap(ben, "1-2", "1-2", 3.2)
    found = [(one.fault, one.text, one.reader.name) for one in judged_alone(room).findings]
    assert found == [("missing", "2", "ann"), ("gap", "2", "ben")]


def test_all_that_somebody_heard_before_what_stands_in_front_of_it_is_odd() -> None:
    room, (ann, ben) = alone()
    for reader, texts in ((ann, "12345678"), (ben, "23456178")):
        for text in texts:
            room.hear(reader, "eve", text, 1.0, f"1-{text}")
    segments = room_report(room, lambda at: at, one_in=1)[0].segments
    assert [one.odd for one in segments] == [True] * 7 + [False]


def test_who_dropped_the_connection_was_on_the_way_while_something_may_have_been_in_flight() -> None:
    room, (ann, _) = alone()
    ann.leaving, ann.dropped, ann.left = 9.0, True, 9.5
    assert room_report(room, lambda at: at)[0].moving == ((0, 6), (80, 96))


def judged(parts: Sequence[Crowd], readers: int) -> tuple[RoomLedger, int]:
    """Return the room as all parts together saw it, and how many bytes they needed to tell it."""
    wire = Wire([Part({LOBBY: part.room}) for part in parts])
    rooms = merge(wire.ask, len(parts), [f"user{number}" for number in range(readers)], per_sender=False)
    return rooms[LOBBY], wire.answered_bytes


def test_what_was_said_on_another_part_is_counted_with_how_late_it_was() -> None:
    parts = crowds(4, 40, 5)
    assert sum(part.timeline.said for part in parts) == 5_000
    assert sum(part.timeline.delivered for part in parts) == 5_000 * 40
    assert all(part.timeline.latency.count == 5_000 * 10 for part in parts)
    assert all(0.010 <= part.timeline.latency.percentile(50) <= 0.012 for part in parts)


@pytest.mark.parametrize("at", [2.001, 1.998])
def test_what_seems_to_be_heard_before_it_was_sent_for_clocks_differ_is_no_fault(at: float) -> None:
    """Even if it seems to be heard before its hearer was known to be whispered to."""
    to_ben = About("whispers", "ben")
    said, heard = (RoomLedger(False, Timeline(), {"ann", "ben"}, share=Share({nick})) for nick in ("ann", "ben"))
    said.say("ann", "psst", 2.0, 2.0)
    reader = heard.enter("ben", 1.999)
    reader.entered = 1.999
    heard.hear(reader, "ann", "psst", at)
    wire = Wire([Part({to_ben: said}), Part({to_ben: heard}, clock=lambda at: at - 0.003)])
    rooms = merge(*(wire.ask, 2, ["ann", "ben"]), per_sender=False, clock_error_s=0.005, is_by_one_clock=lambda _: True)
    assert [one.fault for one in rooms[to_ben].findings] == []


@pytest.mark.slow
def test_one_delivery_that_is_missing_among_many_is_found_and_little_is_told_of_the_rest() -> None:
    room, told = judged(crowds(4, 80, 10, without="1-7777"), 80)
    assert [(one.fault, one.text[:4], one.reader.name) for one in room.findings] == [("missing", "7777", "user79")]
    assert len(room.messages) < 5_000
    assert told < 1_000_000


@pytest.mark.slow
def test_what_is_told_of_a_million_messages_heard_by_a_thousand_is_less_than_a_megabyte() -> None:
    """A fifth of them is tried: what is told grows with the messages, and with nothing else."""
    room, told = judged(crowds(4, 1_000, 200), 1_000)
    assert not room.findings
    assert told * 5 < 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("apart", ["ids", "marks", "words", "nothing"])
@pytest.mark.parametrize("parts", [2, 3])
def test_a_right_server_is_not_accused_by_any_number_of_parts(apart: Apart, parts: int) -> None:
    for seed in range(30):
        for whole_up_to in (0, 1_000_000):
            chat = SimulatedChat(seed, apart, parts=parts)
            rooms = merged(chat, whole_up_to)
            assert [one for room in rooms.values() for one in room.findings] == [], f"seed {seed}"


@pytest.mark.parametrize(("heard_at", "found"), [(11.5, [("missing", "new")]), (20.0, [])])
def test_what_a_newcomer_heard_once_of_equal_words_may_be_what_was_said_before_it_heard_that(
    heard_at: float, found: list[tuple[str, str]]
) -> None:
    """The second part has only heard the first of the two then, and tells that the newcomer has heard that one, too."""
    rooms = [RoomLedger(False, Timeline(), {"ann", "ben", "new"}, share=Share(ours)) for ours in ({"ann"}, {"ben"})]
    speaking, hearing = rooms
    for at in (9.0, 10.5, 15.0):
        speaking.say("ann", "hi" if at > 10 else "so", at, at)
    ben = hearing.enter("ben", 0.0)
    hearing.hear(ben, "ann", "so", 9.1)
    new = hearing.enter("new", 10.0)
    ben.entered, new.entered = 0.5, 11.0
    ben.hears_itself = new.hears_itself = False
    hearing.hear(ben, "ann", "hi", 11.2)
    hearing.hear(new, "ann", "hi", heard_at)
    hearing.hear(ben, "ann", "hi", 21.0)
    wire = Wire([Part({LOBBY: room}) for room in rooms])
    room = merge(wire.ask, 2, ["ann", "ben", "new"], per_sender=False)[LOBBY]
    assert [(one.fault, one.reader.name) for one in room.findings] == found


def test_what_was_refused_elsewhere_leaves_what_was_said_in_the_same_words() -> None:
    announced: list[tuple[int, float, float]] = []
    refused: list[tuple[int, float]] = []
    there = RoomLedger(
        False, share=Share({"ann"}, lambda *one: announced.append(one), lambda *one: refused.append(one))
    )
    first, _ = (there.say("ann", "hi", due, due + 0.1) for due in (1.0, 2.0))
    there.withdraw(first)
    here = RoomLedger(False, share=Share({"bob"}))
    bob = here.enter("bob", 0.0)
    bob.entered = 0.0
    for one in announced:
        here.announce(*one)
    for digest, sent in refused:
        here.withdraw_elsewhere(digest, sent)
    _, message = here.hear(bob, "ann", "hi", 2.3, "7-0")
    assert message is not None
    assert (message.due, message.sent) == (2.0, 2.1)


def test_of_equal_words_elsewhere_the_one_that_was_refused_takes_nothing_from_the_lateness_of_the_other() -> None:
    room = RoomLedger(False, Timeline(), {"ann", "eve"}, share=Share({"ann"}))
    ann = room.enter("ann", 0.0)
    digest = digest_of(("eve", "hi"))
    for at in (1.0, 2.0):
        room.announce(digest, at, at)
    room.withdraw_elsewhere(digest, 2.001)
    _, message = room.hear(ann, "eve", "hi", 3.0)
    assert message is not None
    assert message.due == 1.0


@pytest.mark.parametrize("whole_up_to", [0, 1_000])
def test_who_hears_nothing_at_all_misses_the_first_message_too(whole_up_to: int) -> None:
    parts = []
    for names in (("ann",), ("ben", "cat")):
        ledger = RoomLedger(False, share=Share(set(names)))
        readers = {name: ledger.enter(name, 0.0) for name in names}
        for reader in readers.values():
            reader.entered = 0.5
        if "ann" in readers:
            ledger.say("ann", "hi", 2.0, 2.0)
        for name in {"ann", "cat"} & readers.keys():
            ledger.hear(readers[name], "ann", "hi", 2.1, "7-0")
        parts.append(Part({LOBBY: ledger}, names))
    rooms = merge(Wire(parts).ask, 2, ["ann", "ben", "cat"], per_sender=False, whole_up_to=whole_up_to)
    assert [(one.fault, one.text, one.reader.name) for one in rooms[LOBBY].findings] == [("missing", "hi", "ben")]
