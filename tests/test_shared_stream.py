"""The bytes that everyone in a room hears are kept for those who are behind, as long as there is room for them."""

from bots.ledger.model import Attendance
from bots.ledger.shared_stream import SharedStream


def reader_at(position: int) -> Attendance:
    reader = Attendance("somebody", 0.0)
    reader.progress.position = position
    return reader


def lines(begin: int, end: int) -> list[bytes]:
    return [b"ann: number %d\n" % number for number in range(begin, end)]


def test_a_slow_user_whose_place_is_dropped_is_given_the_beginning_of_the_line_that_it_is_in() -> None:
    stream, leader, slow = SharedStream(window_bytes=200), reader_at(0), reader_at(0)
    for number, line in enumerate(lines(0, 3)):
        stream.hear(leader, number, line)
    stream.hear(slow, 0, lines(0, 1)[0])
    assert stream.follow(slow, b"ann: num", 0, 8) == 8
    for number, line in enumerate(lines(3, 40), 3):
        stream.hear(leader, number, line)
    assert stream.follow(slow, b"ber 1\n", 0, 6) == 0  # that place is not kept any more
    assert stream.unfinished(slow) == b"ann: num"


def test_what_is_kept_does_not_grow() -> None:
    stream, leader = SharedStream(window_bytes=200), reader_at(0)
    for number, line in enumerate(lines(0, 1000)):
        stream.hear(leader, number, line)
    assert len(stream._lines) <= 200 + len(lines(0, 1)[0])


def test_of_more_than_is_kept_only_what_is_kept_is_followed() -> None:
    stream, leader, other = SharedStream(), reader_at(0), reader_at(0)
    for number, line in enumerate(lines(0, 3)):
        stream.hear(leader, number, line)
    stream.hear(other, 0, lines(0, 1)[0])
    more = b"".join(lines(1, 5))
    assert stream.follow(other, more, 0, len(more)) == len(b"".join(lines(1, 3)))
    assert stream.messages_before(other.stream.place) == 3


def test_a_notice_that_came_before_is_found_only_at_the_beginning_of_a_line() -> None:
    stream, leader, other = SharedStream(), reader_at(1), reader_at(1)
    stream.hear(leader, 0, b"ann: * x joined\n")
    stream.notice(leader, b"* y joined\n")
    stream.notice(other, b"* x joined\n")  # stands within the message
    assert other.stream.place == -1
    stream.notice(other, b"* y joined\n")
    assert other.stream.place == leader.stream.place


def test_a_notice_does_not_take_a_user_past_a_message_that_it_has_not_heard() -> None:
    stream, leader, other = SharedStream(), reader_at(1), reader_at(1)
    stream.hear(leader, 0, b"ann: one\n")
    stream.hear(other, 0, b"ann: one\n")
    stream.hear(leader, 1, b"ann: two\n")
    leader.progress.position = 2
    stream.notice(leader, b"* y joined\n")
    stream.notice(other, b"* y joined\n")  # told earlier than the leader was
    assert stream.messages_before(other.stream.place) == 1
