"""A room's lines as shared bytes: how they are kept, dropped and walked along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.delivery.feed import GROUP_SIZE, Cursor, Feed
from tests.groups import send_newest, sent, waiting


def make_feed(window: int) -> Feed:
    return Feed(window, lambda first, last, count: f"gap {first} {last} {count}\n".encode())


def say(feed: Feed, *lines: bytes) -> None:
    for line in lines:
        feed.append(line.decode().strip(), line)
    feed.seal()


def kept(feed: Feed) -> list[bytes]:
    chunks = []
    chunk = feed.oldest
    while chunk.following is not None:
        assert chunk.data is not None
        chunks.append(chunk.data)
        chunk = chunk.following
    return chunks


def test_what_is_said_in_a_batch_becomes_one_piece_of_bytes() -> None:
    feed = make_feed(100)
    feed.append("1", b"one\n")
    feed.append("2", b"two\n")
    assert feed.newest.data is None
    assert feed.seal()
    assert feed.newest.data == b"one\ntwo\n"


def test_a_batch_in_which_nothing_was_said_adds_nothing() -> None:
    feed = make_feed(100)
    say(feed, b"one\n")
    newest = feed.newest
    assert not feed.seal()
    assert feed.newest is newest
    assert kept(feed) == [b"one\n"]


def test_lines_are_numbered_over_all_batches_those_that_are_not_sealed_included() -> None:
    feed = make_feed(100)
    assert feed.end == 0
    say(feed, b"one\n", b"two\n")
    feed.append("3", b"three\n")
    assert feed.end == 3


def test_the_oldest_batches_are_dropped_when_they_do_not_fit_the_window() -> None:
    feed = make_feed(8)
    for line in (b"one\n", b"two\n", b"six\n"):
        say(feed, line)
    assert kept(feed) == [b"two\n", b"six\n"]


def test_a_batch_that_is_larger_than_the_window_is_kept_until_the_next() -> None:
    feed = make_feed(8)
    say(feed, b"a long line\n")
    assert kept(feed) == [b"a long line\n"]
    say(feed, b"one\n")
    assert kept(feed) == [b"one\n"]


def test_when_nobody_is_behind_nothing_is_kept_and_no_gap_is_told() -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    say(feed, b"one\n")
    reader.next()
    reader.advance(4)
    feed.trim()
    assert kept(feed) == []
    say(feed, b"two\n")
    assert not reader.passed
    assert reader.next() == b"two\n"


def test_a_chunk_that_all_have_passed_is_held_by_nothing() -> None:
    feed = make_feed(100)
    say(feed, b"one\n")
    chunk = feed.newest
    feed.trim()
    assert chunk.data == b""
    assert chunk.following is None


def test_who_has_been_sent_the_last_line_stands_before_the_next_batch_s_first() -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    say(feed, b"one\n", b"two\n")
    reader.next()
    reader.advance(8)
    assert (reader.chunk, reader.index, reader.number) == (feed.tail, 0, 2)


def test_what_is_left_of_a_cut_line_is_handed_back_and_the_reader_stands_behind_it() -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    say(feed, b"one\n", b"two\n")
    assert reader.next() == b"one\ntwo\n"
    assert reader.advance(1) == b"ne\n"
    assert reader.number == 1
    assert reader.next() == b"two\n"
    assert reader.advance(0) == b""
    assert reader.advance(2) == b"o\n"
    assert reader.number == 2
    assert reader.next() == b""


def test_who_comes_at_the_end_of_a_batch_and_is_passed_by_the_window_misses_nothing_of_it() -> None:
    feed = make_feed(4)
    feed.append("1", b"one\n")
    reader = Cursor(feed)
    feed.seal()
    say(feed, b"two\n")
    assert reader.passed
    assert reader.skip() == b""
    assert reader.next() == b"two\n"


def test_who_comes_at_the_end_of_a_batch_is_told_what_it_missed_later() -> None:
    feed = make_feed(4)
    feed.append("1", b"one\n")
    reader = Cursor(feed)
    feed.seal()
    say(feed, b"two\n")
    say(feed, b"six\n")
    assert reader.skip() == b"gap two two 1\n"
    assert reader.next() == b"six\n"


def test_who_leaves_takes_all_that_was_said_and_of_much_the_first_part_and_a_gap() -> None:
    feed = make_feed(100)
    reader, other = Cursor(feed), Cursor(feed)
    say(feed, b"one\n", b"two\n")
    feed.append("six", b"six\n")
    feed.append("ten", b"ten\n")
    assert reader.take(feed.end, 100) == b"one\ntwo\nsix\nten\n"
    assert reader.number == feed.end
    assert other.take(3, 5) == b"one\ngap two six 2\n"
    assert other.number == 3
    feed.seal()
    assert other.next() == b"ten\n"


def test_who_was_passed_by_the_window_and_leaves_takes_what_is_kept_behind_a_gap() -> None:
    feed = make_feed(4)
    reader = Cursor(feed)
    for line in (b"one\n", b"two\n", b"six\n"):
        say(feed, line)
    assert reader.take(feed.end, 100) == b"gap one two 2\nsix\n"


def written(data: bytes) -> int:
    return len(data)


def test_those_who_are_caught_up_are_sent_each_chunk_once_and_then_stand_before_the_next() -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    reader.join_group(written)
    assert (sent(feed), waiting(feed), feed.lagging) == ([reader], [], {})
    say(feed, b"one\n")
    assert (sent(feed), waiting(feed)) == ([], [reader])
    assert reader.chunk is feed.newest
    send_newest(feed)
    assert reader.chunk is feed.tail
    late = Cursor(feed)
    late.join_group(written)
    assert waiting(feed) == [], "there is nothing that the newcomer has still to be sent"


@pytest.mark.parametrize("was_sent", [False, True])
def test_who_leaves_the_group_stands_where_the_group_has_come(was_sent: bool) -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    reader.join_group(written)
    say(feed, b"one\n")
    if was_sent:
        send_newest(feed)
    reader.leave_group()
    assert feed.lagging == {reader: None}
    assert not feed.groups
    say(feed, b"two\n")
    assert reader.next() == (b"two\n" if was_sent else b"one\n")


def test_a_group_has_only_so_many_readers_and_newcomers_take_the_places_of_those_who_left() -> None:
    feed = make_feed(100)
    readers = [Cursor(feed) for _ in range(2 * GROUP_SIZE + 1)]
    for reader in readers:
        reader.join_group(written)
    assert [len(group.readers) for group in feed.groups] == [GROUP_SIZE, GROUP_SIZE, 1]
    readers[0].leave_group()
    readers[-1].leave_group()
    assert [len(group.readers) for group in feed.groups] == [GROUP_SIZE - 1, GROUP_SIZE]
    readers[-1].join_group(written)
    assert [len(group.readers) for group in feed.groups] == [GROUP_SIZE, GROUP_SIZE]


def test_who_has_something_to_catch_up_with_is_in_no_group() -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    say(feed, b"one\n")
    reader.join_group(written)
    assert feed.lagging == {reader: None}
    feed.append("two", b"two\n")
    late = Cursor(feed)
    late.join_group(written)
    assert late in feed.lagging, "it stands behind a line that the group has still to be sent"


def test_who_leaves_is_in_no_group_and_with_the_last_one_nobody_reads() -> None:
    feed = make_feed(100)
    reader, other = Cursor(feed), Cursor(feed)
    reader.join_group(written)
    reader.leave()
    assert feed.has_readers
    other.leave()
    assert not feed.has_readers


def test_who_is_told_the_past_from_the_log_goes_on_where_the_feed_begins() -> None:
    feed = make_feed(4)
    reader = Cursor(feed)
    for line in (b"one\n", b"two\n", b"six\n"):
        say(feed, line)
    feed.append("ten", b"ten\n")
    assert reader.passed
    assert reader.to_oldest() == "two"
    assert reader.next() == b"six\n"


def test_only_lines_before_a_number_are_taken_of_what_is_next() -> None:
    feed = make_feed(100)
    reader = Cursor(feed)
    say(feed, b"zero\n")
    reader.next()
    reader.advance(5)
    say(feed, b"one\n", b"two\n", b"three\n")
    assert [reader.next_until(number) for number in (2, 3, 4, 9)] == [
        b"one\n",
        b"one\ntwo\n",
        b"one\ntwo\nthree\n",
        b"one\ntwo\nthree\n",
    ]


@given(st.lists(st.lists(st.integers(0, 9), min_size=1)), st.integers(0, 60))
def test_what_is_kept_is_the_most_that_fits_and_at_least_the_last_batch(batches: list[list[int]], window: int) -> None:
    feed = make_feed(window)
    said = []
    for batch in batches:
        say(feed, *(b"x" * size + b"\n" for size in batch))
        said.append(b"".join(b"x" * size + b"\n" for size in batch))
    start = len(said)
    while start and (start == len(said) or sum(map(len, said[start - 1 :])) <= window):
        start -= 1
    assert kept(feed) == said[start:]


@given(st.data())
def test_a_reader_hears_every_byte_once_however_its_socket_takes_them(data: st.DataObject) -> None:
    feed = make_feed(1_000_000)
    reader = Cursor(feed)
    said = heard = b""
    for batch in data.draw(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=5)):
        lines = [bytes([65 + size]) * size + b"\n" for size in batch]
        said += b"".join(lines)
        say(feed, *lines)
        for _ in range(data.draw(st.integers(0, 3))):
            count = data.draw(st.integers(0, len(reader.next())))
            heard += reader.next()[:count]
            if reader.next():
                heard += reader.advance(count)
    heard += b"".join(iter(lambda: (piece := reader.next()) and piece + reader.advance(len(piece)), b""))
    assert heard == said
