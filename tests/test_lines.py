"""Lines out of bytes: what one line may cost, however it comes."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.limits import MAX_UNENDED_BYTES
from geventchat.protocol.lines import LineBuffer
from tests import fuzz

Found = list[bytes | str]
MAX_LINE, MAX_UNENDED = 8, 20


def read(buffer: LineBuffer, *pieces: bytes) -> Found:
    """Return the lines found, and a word for each error."""
    found: Found = []
    for piece in pieces:
        buffer.receive(piece)
        while True:
            try:
                line = buffer.next_line()
            except ProtocolError as error:
                found.append("endless" if error.fatal else "too long")
                if error.fatal:
                    return found
                continue
            if line is None:
                break
            found.append(line)
    return found


def lines(*pieces: bytes) -> Found:
    return read(LineBuffer(MAX_LINE, MAX_UNENDED), *pieces)


def test_a_line_ends_with_lf_or_crlf() -> None:
    assert lines(b"one\ntwo\r\n\nthree") == [b"one", b"two", b""]


def test_a_crlf_that_is_cut_is_still_one_end() -> None:
    assert lines(b"one\r", b"\ntwo\n") == [b"one", b"two"]


def test_a_carriage_return_within_a_line_stays_there() -> None:
    assert lines(b"o\rne\n") == [b"o\rne"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_longest_line_is_taken_and_one_byte_more_is_refused(end: bytes) -> None:
    assert lines(b"12345678" + end) == [b"12345678"]
    assert lines(b"123456789" + end + b"next\n") == ["too long", b"next"]


def test_a_line_that_is_too_long_is_refused_once_while_it_is_still_coming() -> None:
    assert lines(b"1234567890", b"1234567890"[:5], b"12345\nnext\n") == ["too long", b"next"]


def test_who_sends_too_long_a_line_is_told_how_long_one_may_be() -> None:
    buffer = LineBuffer(MAX_LINE, MAX_UNENDED)
    buffer.receive(b"123456789\n")
    with pytest.raises(ProtocolError, match="at most 8 bytes") as refused:
        buffer.next_line()
    assert refused.value.code == "line-too-long"


def test_a_line_that_does_not_end_is_the_end() -> None:
    assert lines(b"1234567890", b"1234567890", b"1") == ["too long", "endless"]


def test_it_is_also_the_end_when_it_ends_in_the_bytes_that_make_it_too_much() -> None:
    assert lines(b"x" * 21 + b"\nnext\n") == ["endless"]
    assert lines(b"x" * 20, b"x\nnext\n") == ["too long", "endless"]


def test_64_kib_without_an_end_of_line_are_too_much() -> None:
    assert read(LineBuffer(4_096), b"x" * MAX_UNENDED_BYTES, b"\nnext\n") == ["too long", b"next"]
    assert read(LineBuffer(4_096), b"x" * MAX_UNENDED_BYTES, b"x") == ["too long", "endless"]


def test_what_stands_unended_at_the_end_is_handed_over() -> None:
    buffer = LineBuffer(MAX_LINE, MAX_UNENDED)
    assert read(buffer, b"one\ntwo\r") == [b"one"]
    buffer.end()
    assert buffer.next_line() == b"two"
    assert buffer.next_line() is None


def test_of_a_line_that_is_being_skipped_nothing_is_handed_over() -> None:
    buffer = LineBuffer(MAX_LINE, MAX_UNENDED)
    assert read(buffer, b"1234567890", b"123") == ["too long"]
    buffer.end()
    assert buffer.next_line() is None


def test_what_is_dropped_within_a_line_that_is_being_skipped_ends_with_that_line() -> None:
    buffer = LineBuffer(MAX_LINE, MAX_UNENDED)
    assert read(buffer, b"1234567890") == ["too long"]
    buffer.drop()
    assert read(buffer, b"rest\nnext\n") == [b"next"]


def test_also_a_last_line_without_end_can_be_too_long() -> None:
    buffer = LineBuffer(MAX_LINE, MAX_UNENDED)
    assert read(buffer, b"123456789") == []
    buffer.end()
    with pytest.raises(ProtocolError, match="at most"):
        buffer.next_line()


def model(stream: bytes) -> Found:
    found: Found = []
    *ended, last = stream.split(b"\n")
    for line in ended:
        if len(line.removesuffix(b"\r")) <= MAX_LINE:
            found.append(line.removesuffix(b"\r"))
        elif len(line) <= MAX_UNENDED:
            found.append("too long")
        else:
            return [*found, "endless"]
    if len(last) > MAX_UNENDED:
        found.append("endless")
    elif len(last) > MAX_LINE + 1:
        found.append("too long")
    return found


def without_a_word_before_the_end(found: Found) -> Found:
    """Leave out that a line is too long when it then turned out to have no end: that depends on how fast it came."""
    while found[-2:] == ["too long", "endless"]:
        del found[-2]
    return found


_streams = st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"x", b"12345678", b"1234567"])).map(b"".join)


@given(fuzz.cut(_streams))
def test_the_same_lines_are_found_however_their_bytes_are_cut(pieces: Sequence[bytes]) -> None:
    found = without_a_word_before_the_end(lines(*pieces))
    assert found == without_a_word_before_the_end(model(b"".join(pieces)))


@given(fuzz.cut())
def test_no_more_is_kept_than_a_line_may_have(pieces: Sequence[bytes]) -> None:
    buffer = LineBuffer(MAX_LINE, MAX_UNENDED)
    for piece in pieces:
        if "endless" in read(buffer, piece):
            break
        assert fuzz.kept(buffer) <= MAX_LINE + 1
