"""What one reader is sent, however the room's lines, its own lines and its slow socket come together."""

from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from geventchat.delivery.feed import Cursor, Feed
from geventchat.delivery.outbox import MAX_LEFT_BYTES, Outbox
from geventchat.dialects.unframed_outbox import UnframedOutbox
from tests.groups import sent, waiting


def make_feed(window: int = 1_000_000) -> Feed:
    return Feed(window, lambda first, last, count: f"gap {first} {last} {count}\n".encode())


def say(feed: Feed, *lines: bytes) -> None:
    """Let one batch say these lines; each line is its own id."""
    for line in lines:
        feed.append(line.decode().strip(), line)
    feed.seal()


def burst(outbox: Outbox, at_once: int = 1_000_000) -> bytes:
    """Return all that can be sent now, taken by a socket that takes `at_once` bytes at a time."""
    out = b""
    while outbox.next().data:
        out += send(outbox, at_once)
    return out


def send(outbox: Outbox, at_once: int = 1_000_000) -> bytes:
    """Return what a socket takes of the next piece, which takes so much at once."""
    piece = outbox.next()
    outbox.sent(piece, len(piece.data[:at_once]))
    return piece.data[:at_once]


def written(data: bytes) -> int:
    return len(data)


@pytest.fixture(params=[1, 2, 3, 1_000], ids=lambda size: f"{size} bytes at once")
def at_once(request: pytest.FixtureRequest) -> int:
    size = request.param
    assert isinstance(size, int)
    return size


def test_who_follows_hears_what_is_said_from_then_on(at_once: int) -> None:
    feed, outbox = make_feed(), Outbox()
    say(feed, b"before\n")
    outbox.follow(feed)
    say(feed, b"one\n", b"two\n")
    say(feed, b"three\n")
    assert burst(outbox, at_once) == b"one\ntwo\nthree\n"
    assert burst(outbox) == b""


def test_who_comes_in_the_middle_of_a_batch_hears_the_rest_of_it(at_once: int) -> None:
    feed, outbox = make_feed(), Outbox()
    feed.append("1", b"before\n")
    outbox.follow(feed)
    say(feed, b"after\n")
    assert burst(outbox, at_once) == b"after\n"


def test_an_answer_stands_behind_what_was_said_before_and_ahead_of_what_comes_after(at_once: int) -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    say(feed, b"one\n")
    feed.append("two", b"two\n")
    outbox.put(b"answer\n")
    say(feed, b"three\n")
    assert burst(outbox, at_once) == b"one\ntwo\nanswer\nthree\n"


def test_an_answer_waits_for_the_batch_that_it_belongs_to() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    feed.append("1", b"one\n")
    outbox.put(b"answer\n")
    assert not outbox.next().data
    feed.seal()
    assert burst(outbox) == b"one\nanswer\n"


def test_an_answer_does_not_wait_behind_what_is_no_longer_kept_and_its_reader_knew() -> None:
    feed, outbox = make_feed(10), Outbox()
    outbox.follow(feed)
    outbox.pass_over_next(feed)
    say(feed, b"my own words\n")
    outbox.put(b"answer\n")
    say(feed, b"two\n")
    assert burst(outbox) == b"answer\ntwo\n"


def test_an_answer_never_lands_inside_a_line_that_was_cut() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    say(feed, b"one\n", b"two\n")
    send(outbox, 1)
    outbox.put(b"answer\n")
    assert burst(outbox) == b"ne\ntwo\nanswer\n"


def test_who_leaves_still_hears_what_was_said_until_then_and_nothing_later(at_once: int) -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    feed.append("1", b"one\n")
    outbox.unfollow(feed)
    say(feed, b"two\n")
    assert not outbox.follows
    assert burst(outbox, at_once) == b"one\n"


def test_who_reads_too_slowly_is_told_what_it_missed_and_goes_on(at_once: int) -> None:
    feed, outbox = make_feed(window=6), Outbox()
    outbox.follow(feed)
    for line in (b"one\n", b"two\n", b"six\n", b"ten\n"):
        say(feed, line)
    assert burst(outbox, at_once) == b"gap one six 3\nten\n"


def test_who_left_is_told_only_of_what_it_missed_while_it_was_here() -> None:
    feed, outbox = make_feed(window=6), Outbox()
    outbox.follow(feed)
    for line in (b"one\n", b"two\n", b"six\n"):
        say(feed, line)
    outbox.unfollow(feed)
    for line in (b"not\n", b"for\n", b"you\n"):
        say(feed, line)
    assert burst(outbox) == b"gap one two 2\nsix\n"


def test_who_left_is_owed_a_bounded_part_of_what_it_has_not_read_and_the_rest_is_told_as_a_gap() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    say(feed, b"first\n")
    outbox.put(b"answer\n")
    lines = [b"%06d %s\n" % (number, b"x" * 92) for number in range(2 * MAX_LEFT_BYTES // 100)]
    say(feed, *lines)
    outbox.unfollow(feed)
    assert outbox.private_bytes < MAX_LEFT_BYTES + 300
    *kept, gap, end = burst(outbox).split(b"\n")
    assert kept[:2] == [b"first", b"answer"]
    assert kept[2:] == [line[:-1] for line in lines[: len(kept) - 2]]
    assert MAX_LEFT_BYTES - 200 < sum(map(len, kept)) + len(kept) <= MAX_LEFT_BYTES + len(b"answer\n")
    assert gap.endswith(str(len(lines) - len(kept) + 2).encode())
    assert not end


def test_who_leaves_and_comes_again_and_again_without_reading_holds_no_more_and_no_more() -> None:
    outbox = Outbox()
    for _ in range(5):
        feed = make_feed()
        outbox.follow(feed)
        for number in range(3 * MAX_LEFT_BYTES // 1_000):
            feed.append(f"{number}", b"x" * 999 + b"\n")
        feed.seal()
        outbox.unfollow(feed)
        assert not feed.has_readers
    assert MAX_LEFT_BYTES / 2 < outbox.private_bytes < MAX_LEFT_BYTES + 200


def test_answers_between_what_a_room_said_leave_its_bound_as_it_is() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    for _ in range(3):
        for number in range(MAX_LEFT_BYTES // 1_500):
            feed.append(f"{number}", b"x" * 999 + b"\n")
        feed.seal()
        outbox.put(b"answer\n")
    outbox.unfollow(feed)
    assert MAX_LEFT_BYTES / 2 < outbox.private_bytes < MAX_LEFT_BYTES + 300


def test_what_a_slow_reader_who_left_has_still_to_hear_is_not_forgotten() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    say(feed, b"one\n")
    outbox.unfollow(feed)
    say(feed, b"two\n")
    feed.trim()  # all who are still in the room have heard everything
    assert burst(outbox) == b"one\n"


def test_a_line_that_was_cut_is_finished_before_the_reader_is_told_of_a_gap() -> None:
    feed, outbox = make_feed(window=4), Outbox()
    outbox.follow(feed)
    say(feed, b"one\n", b"two\n")
    send(outbox, 2)
    say(feed, b"six\n")
    say(feed, b"ten\n")
    assert burst(outbox) == b"e\ngap two six 2\nten\n"


def test_answers_that_follow_each_other_go_out_as_one() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    feed.append("1", b"one\n")
    outbox.put(b"first\n")
    outbox.put(b"second\n")
    feed.seal()
    assert send(outbox) == b"one\n"
    assert outbox.next().data == b"first\nsecond\n"


def test_nothing_put_in_changes_nothing() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    outbox.put(b"")
    say(feed, b"one\n")
    outbox.put(b"")
    outbox.put(b"answer\n")
    assert burst(outbox) == b"one\nanswer\n"


def test_what_waits_for_one_reader_alone_is_counted() -> None:
    outbox = Outbox()
    outbox.put(b"12345\n")
    outbox.put(b"123\n")
    assert outbox.private_bytes == 10
    send(outbox, 7)
    assert outbox.private_bytes == 3
    burst(outbox)
    assert outbox.private_bytes == 0


def test_many_answers_go_out_together_but_not_without_bound() -> None:
    outbox = Outbox()
    for _ in range(100):
        outbox.put(b"x" * 999 + b"\n")
    first = outbox.next()
    assert 10_000 < len(first.data) < 20_000
    assert burst(outbox) == (b"x" * 999 + b"\n") * 100


def test_a_part_of_one_room_s_lines_that_was_sent_is_never_taken_for_another_s() -> None:
    # Those who are caught up are sent the newest chunk whatever the other rooms of each one have to say.
    one, two, outbox = make_feed(), make_feed(), Outbox()
    outbox.follow(one)
    outbox.follow(two)
    outbox.join_groups(written)
    say(one, b"from one\n")
    say(two, b"from two\n")
    (cursor,) = waiting(two)
    outbox.cut(cursor, 3)  # "fro" of the room two
    assert not waiting(one), "nothing may come between"
    assert burst(outbox) == b"m two\nfrom one\n"


def test_who_was_answered_or_lags_is_in_no_group() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    outbox.join_groups(written)
    assert sent(feed)
    outbox.put(b"answer\n")
    assert not sent(feed)
    outbox.join_groups(written)
    assert not sent(feed), "the answer waits"
    assert burst(outbox) == b"answer\n"
    say(feed, b"new\n")
    outbox.join_groups(written)
    assert not sent(feed), "what was said waits"
    assert burst(outbox) == b"new\n"
    outbox.join_groups(written)
    assert sent(feed)
    outbox.hold(feed)
    assert not sent(feed)
    outbox.join_groups(written)
    assert not sent(feed)


def test_who_has_had_the_newest_chunk_already_is_not_sent_it_with_the_group() -> None:
    one, two, outbox = make_feed(), make_feed(), Outbox()
    outbox.follow(one)
    outbox.follow(two)
    say(one, b"from one\n")
    say(two, b"from two\n")
    assert burst(outbox) == b"from one\nfrom two\n"
    outbox.join_groups(written)
    assert sent(two)
    assert not waiting(two)
    say(two, b"more\n")
    assert waiting(two)


def test_what_was_said_in_a_room_that_one_left_comes_before_what_is_new_elsewhere() -> None:
    here, left, outbox = make_feed(), make_feed(), Outbox()
    outbox.follow(here)
    outbox.join_groups(written)
    outbox.follow(left)
    left.append("1", b"goodbye\n")
    outbox.unfollow(left)
    left.seal()
    say(here, b"news\n")
    assert not waiting(here)
    assert burst(outbox) == b"goodbye\nnews\n"


def test_who_is_held_is_sent_answers_only_and_later_what_was_said_meanwhile() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    outbox.hold(feed)
    say(feed, b"new\n")
    outbox.put(b"old\n")
    assert burst(outbox) == b"old\n"
    outbox.release()
    assert burst(outbox) == b"new\n"


def test_who_goes_before_it_was_told_the_past_is_not_told_what_came_behind_that() -> None:
    feed, other, outbox = make_feed(), make_feed(), Outbox()
    outbox.follow(other)
    outbox.follow(feed)
    outbox.hold(feed)
    say(feed, b"new\n")
    say(other, b"elsewhere\n")
    outbox.unfollow(feed)
    outbox.put(b"goodbye\n")
    assert burst(outbox) == b"elsewhere\ngoodbye\n"


def test_who_knows_a_line_already_is_sent_all_but_that(at_once: int) -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    feed.append("1", b"one\n")
    outbox.pass_over_next(feed)
    say(feed, b"own\n", b"two\n")
    outbox.pass_over_next(feed)
    say(feed, b"own again\n")
    say(feed, b"three\n")
    assert burst(outbox, at_once) == b"one\ntwo\nthree\n"


def test_who_passes_over_a_line_is_caught_up_again_behind_it() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    outbox.join_groups(written)
    assert sent(feed)
    outbox.pass_over_next(feed)
    assert not sent(feed)
    outbox.join_groups(written)
    assert not sent(feed), "it would be sent the line with the others"
    say(feed, b"own\n")
    assert not outbox.next().data
    outbox.join_groups(written)
    assert sent(feed)


def test_a_line_that_was_not_wanted_is_not_missed() -> None:
    feed, outbox = make_feed(window=4), Outbox()
    outbox.follow(feed)
    outbox.pass_over_next(feed)
    say(feed, b"own\n")
    say(feed, b"two\n")
    assert burst(outbox) == b"two\n"
    outbox.pass_over_next(feed)
    say(feed, b"own\n", b"one\n")
    outbox.pass_over_next(feed)
    say(feed, b"own\n")
    say(feed, b"two\n")
    assert burst(outbox) == b"gap one own 1\ntwo\n"


def test_who_leaves_is_not_told_the_line_that_it_knew_already() -> None:
    feed, outbox = make_feed(), Outbox()
    outbox.follow(feed)
    outbox.pass_over_next(feed)
    say(feed, b"own\n", b"one\n")
    outbox.unfollow(feed)
    assert burst(outbox) == b"one\n"


def test_the_task_s_client_is_sent_no_end_of_line_behind_what_comes_at_once() -> None:
    feed, outbox = make_feed(), UnframedOutbox()
    outbox.follow(feed)
    outbox.put(b"Hi!\n")
    assert burst(outbox) == b"Hi!"
    say(feed, b"bob: one\n", b"bob: two\n")
    say(feed, b"bob: three\n")
    assert burst(outbox) == b"bob: one\nbob: two\nbob: three"
    outbox.put(b"exit\n")
    assert burst(outbox) == b"exit"


def test_the_task_s_client_gets_ends_of_lines_between_lines_however_little_its_socket_takes(at_once: int) -> None:
    feed, outbox = make_feed(), UnframedOutbox()
    outbox.follow(feed)
    say(feed, b"bob: one\n", b"bob: two\n")
    outbox.put(b"Hi!\n")
    assert burst(outbox, at_once) == b"bob: one\nbob: two\nHi!"


def test_what_has_no_end_of_line_is_sent_to_the_task_s_client_as_it_is(at_once: int) -> None:
    outbox = UnframedOutbox()
    outbox.put(b"Enter your name: ")
    assert burst(outbox, at_once) == b"Enter your name: "


# The model. Lines come from named feeds or are private; each is unlike every other.


@dataclass
class Line:
    feed: str  # its name; empty for a private line
    number: int  # within its feed
    id: str
    data: bytes


@dataclass
class Said:
    """A feed as the model sees it: batches of lines, and the number of the first line that is kept."""

    feed: Feed
    window: int
    lines: list[Line] = field(default_factory=list)
    batches: deque[list[Line]] = field(default_factory=deque)  # those that are sealed and kept
    sealed: int = 0

    @property
    def oldest(self) -> int:
        return self.batches[0][0].number if self.batches else self.sealed

    def seal(self) -> None:
        if self.sealed < len(self.lines):
            self.batches.append(self.lines[self.sealed :])
            self.sealed = len(self.lines)
        while len(self.batches) > 1 and sum(len(line.data) for batch in self.batches for line in batch) > self.window:
            self.batches.popleft()


@dataclass
class Segment:
    """Lines of feeds, which come in the order of each feed, and the private line behind them, if any."""

    lines: list[Line]
    private: Line | None


@dataclass
class Reader:
    """A reader as the model sees it: what it has to hear, in which order, and what it has heard of it."""

    outbox: Outbox
    places: dict[str, Cursor] = field(default_factory=dict)
    queue: list[Segment] = field(default_factory=list)
    loose: list[Line] = field(default_factory=list)  # behind the queue
    heard: bytes = b""  # of the line that is not ended
    ended: bool = False  # whether an end of line came last
    held: str = ""  # the feed that it has come back to
    begun: bool = False  # whether a line was begun before it was held or something was put in
    left: bool = False  # whether it has left a feed with lines that are its own now

    @property
    def unframed(self) -> bool:
        return isinstance(self.outbox, UnframedOutbox)

    def unfollow(self, name: str) -> None:
        self.begun = bool(self.heard)
        self.left = True
        if name == self.held:  # what comes behind the past that it was not told is not told either
            self.held = ""
        else:
            self.queue.append(Segment([line for line in self.loose if line.feed == name], None))
        self.loose = [line for line in self.loose if line.feed != name]

    def put(self, line: Line) -> None:
        if self.held:
            self.begun = bool(self.heard)
            self.queue.append(Segment([], line))
        else:
            self.queue.append(Segment(self.loose, line))
            self.loose = []

    def hear(self, data: bytes, said: dict[str, Said]) -> None:
        """Check that what the socket was given is what comes next."""
        *lines, self.heard = (self.heard + data).split(b"\n")
        for line in lines:
            self.take(line + b"\n", said)
        self.ended = data.endswith(b"\n")

    def rest(self, said: dict[str, Said]) -> None:
        """Take note that nothing more can be sent now."""
        if self.unframed:
            assert not self.ended, "the last end of line was not held back"
            if self.heard:
                self.take(self.heard + b"\n", said)
                self.heard = b""
        assert not self.heard, "it ends in the middle of a line"

    def take(self, data: bytes, said: dict[str, Said]) -> None:
        if data.startswith(b"gap "):
            self.take_gap(data, said)
            return
        if self.begun and self._finish(data):
            self.begun = False
            return
        self.begun = False
        while self.queue and not self.queue[0].lines and self.queue[0].private is None:
            self.queue.pop(0)
        if self.queue and not self.queue[0].lines:
            private = self.queue.pop(0).private
            assert private is not None
            assert data == private.data
            return
        assert self.queue or not self.held, "it was held, and yet sent what a feed said"
        lines = self.queue[0].lines if self.queue else self.loose
        firsts = {line.feed: line for line in reversed(lines)}
        line = next((line for line in firsts.values() if line.data == data), None)
        assert line is not None, f"{data!r} is not its turn"
        lines.remove(line)

    def _finish(self, data: bytes) -> bool:
        """Take a line that was begun before its place changed; whether it is one."""
        for lines in (*(segment.lines for segment in self.queue), self.loose):
            for line in lines:
                if line.data == data:
                    lines.remove(line)
                    return True
        return False

    def take_gap(self, data: bytes, said: dict[str, Said]) -> None:
        """Check that a gap names exactly the next lines of a feed, which are no longer kept.

        Among the lines from the first to the last, there may be some that it knew already.
        """
        first, last, count = data.decode().split()[1:]
        name = first[0]
        places = [*(segment.lines for segment in self.queue), self.loose]
        missed = [line for lines in places for line in lines if line.feed == name][: int(count)]
        number = {line.id: line.number for line in said[name].lines}
        assert number[first] <= missed[0].number
        assert missed[-1].number <= number[last]
        assert number[last] - number[first] + 1 >= len(missed) == int(count)
        assert missed[-1].number < said[name].oldest
        for lines in places:
            lines[:] = [line for line in lines if line not in missed]


_FEEDS = "ABC"
_READERS = st.integers(0, 2)
_SIZES = st.one_of(st.integers(1, 12), st.just(10_000))


class Interleavings(RuleBasedStateMachine):
    """Any order of everything that can happen to three feeds and three readers."""

    outbox: type[Outbox] = Outbox
    who_may_know = frozenset({0, 1, 2})  # a line before it is sent

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.said = {
            name: Said(make_feed(window), window) for name, window in zip(_FEEDS, (0, 40, 10_000), strict=True)
        }
        self.readers = [Reader(self.outbox()) for _ in range(3)]
        for reader in self.readers:
            self._follow(reader, "B")

    def _line(self, feed: str, number: int, padding: int) -> Line:
        self.count += 1
        name = f"{feed or 'private'}{self.count}"
        return Line(feed, number, name, f"{name}:{'.' * padding}\n".encode())

    def _follow(self, reader: Reader, name: str) -> None:
        reader.outbox.follow(self.said[name].feed)
        reader.places[name] = reader.outbox.cursor(self.said[name].feed)

    def _take(self, reader: Reader, data: bytes, at_once: int) -> int:
        """Return how many bytes of this the reader's socket takes, of which so many fit into it now."""
        del reader
        return min(at_once, len(data))

    def _send(self, reader: Reader, at_once: int) -> None:
        piece = reader.outbox.next()
        if count := self._take(reader, piece.data, at_once):
            reader.outbox.sent(piece, count)
        reader.hear(piece.data[:count], self.said)

    def _drain(self, reader: Reader, at_once: int) -> None:
        while reader.outbox.next().data:
            self._send(reader, at_once)
        reader.rest(self.said)

    def _seal(self) -> list[Said]:
        for said in self.said.values():
            said.seal()
        return [said for said in self.said.values() if said.feed.seal()]

    @rule(name=st.sampled_from(_FEEDS), padding=st.integers(0, 20), knowing=st.sets(_READERS))
    def somebody_speaks(self, name: str, padding: int, knowing: set[int]) -> None:
        """Some of the readers know the line already."""
        said = self.said[name]
        line = self._line(name, len(said.lines), padding)
        said.lines.append(line)
        knowing &= self.who_may_know
        for number, reader in enumerate(self.readers):
            if name in reader.places and number not in knowing:
                reader.loose.append(line)
            elif name in reader.places:
                reader.outbox.pass_over_next(said.feed)
        said.feed.append(line.id, line.data)

    @rule(number=_READERS, padding=st.integers(0, 20))
    def one_is_answered(self, number: int, padding: int) -> None:
        line = self._line("", 0, padding)
        self.readers[number].outbox.put(line.data)
        self.readers[number].put(line)

    @rule(number=_READERS, name=st.sampled_from(_FEEDS))
    def one_comes_or_goes(self, number: int, name: str) -> None:
        reader = self.readers[number]
        if name not in reader.places:
            self._follow(reader, name)
        else:
            del reader.places[name]
            reader.outbox.unfollow(self.said[name].feed)
            reader.unfollow(name)
        assert reader.outbox.follows == bool(reader.places)

    @rule(number=_READERS, name=st.sampled_from(_FEEDS))
    def one_comes_back(self, number: int, name: str) -> None:
        reader = self.readers[number]
        if not reader.held and name not in reader.places:
            self._follow(reader, name)
            reader.outbox.hold(self.said[name].feed)
            reader.held, reader.begun = name, bool(reader.heard)

    @rule(number=_READERS)
    def one_has_been_told_the_past(self, number: int) -> None:
        reader = self.readers[number]
        if reader.held:
            said, place = self.said[reader.held], reader.places[reader.held]
            if place.passed and place.number < said.oldest:
                assert place.to_oldest() == said.lines[said.oldest - 1].id
                reader.loose = [line for line in reader.loose if line.feed != reader.held or line.number >= said.oldest]
            reader.outbox.release()
            reader.held = ""

    @rule()
    def a_batch_ends_while_no_socket_takes_anything(self) -> None:
        for said in self._seal():
            self._send_group(said, [0] * 9)

    @rule(number=_READERS, size=_SIZES)
    def a_socket_takes_some(self, number: int, size: int) -> None:
        reader = self.readers[number]
        data = reader.outbox.next()
        assert data == reader.outbox.next(), "asking twice changes nothing"
        if data.data:
            self._send(reader, size)
        else:
            reader.rest(self.said)

    @rule(number=_READERS, at_once=_SIZES)
    def a_socket_takes_all(self, number: int, at_once: int) -> None:
        self._drain(self.readers[number], at_once)

    @rule(sizes=st.lists(st.one_of(st.just(10_000), st.integers(0, 12)), min_size=9, max_size=9))
    def a_batch_is_sent(self, sizes: list[int]) -> None:
        """As the pump does it: the whole chunk to those caught up, unasked; then the others, who may join them."""
        for said in self._seal():
            self._send_group(said, sizes)
            for number, reader in enumerate(self.readers):
                if any(cursor in said.feed.lagging for cursor in reader.places.values()):
                    if size := sizes.pop():
                        self._drain(reader, size)
                    self.one_joins_the_groups(number)
            said.feed.trim()

    def _send_group(self, said: Said, sizes: list[int]) -> None:
        data = said.feed.newest.data
        assert data is not None
        for group in [group for group in said.feed.groups if group.chunk is said.feed.newest]:
            short = []
            for cursor in group.readers:
                reader = next(one for one in self.readers if cursor in one.places.values())
                count = self._take(reader, data, sizes.pop())
                reader.hear(data[:count], self.said)
                if count < len(data):
                    short.append((reader, cursor, count))
            for reader, cursor, count in short:
                reader.outbox.cut(cursor, count)
            group.chunk = said.feed.tail

    @rule(number=_READERS)
    def one_joins_the_groups(self, number: int) -> None:
        reader = self.readers[number]
        if not reader.outbox.next().data:
            reader.rest(self.said)
            reader.outbox.join_groups(written)

    @rule(number=_READERS)
    def one_leaves_the_groups(self, number: int) -> None:
        self.readers[number].outbox.leave_groups()

    @precondition(lambda self: not self.readers[0].unframed)
    @invariant()
    def what_waits_for_one_alone_is_counted(self) -> None:
        for reader in self.readers:
            waiting = sum(len(one.private.data) for one in reader.queue if one.private is not None)
            cut = len(reader.heard) if reader.heard.startswith(b"p") else 0
            if reader.left:
                assert reader.outbox.private_bytes >= waiting - cut
            else:
                assert reader.outbox.private_bytes == waiting - cut

    @invariant()
    def what_a_feed_keeps_is_bounded(self) -> None:
        for said in self.said.values():
            kept, chunk = 0, said.feed.oldest
            sizes = [0]
            while chunk.following is not None:
                sizes.append(len(chunk.data or b""))
                chunk = chunk.following
            kept = sum(sizes)
            assert kept <= max(said.window, sizes[-1])

    def teardown(self) -> None:
        """In the end everyone has heard everything, or of its absence."""
        for said in self._seal():
            self._send_group(said, [0] * 9)
        for reader in self.readers:
            reader.outbox.release()
            reader.held = ""
            self._drain(reader, 7)
            assert not reader.loose
            assert not any(one.lines or one.private for one in reader.queue)


class UnframedInterleavings(Interleavings):
    """The same for the task's client."""

    outbox = UnframedOutbox


TestEveryReader = Interleavings.TestCase
TestEveryUnframedReader = UnframedInterleavings.TestCase
TestEveryReader.settings = TestEveryUnframedReader.settings = settings(max_examples=30, stateful_step_count=40)
