"""The task's own client, for which what one recv returns is one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands.commands import Bye, Hello, Rename, Say
from geventchat.dialects.base import EmptyLine
from geventchat.dialects.registry import UNFRAMED
from geventchat.dialects.unframed import UnframedReader
from geventchat.dialects.unframed_outbox import UnframedOutbox
from tests import fuzz

MAX_LINE = 60


def read(*packets: bytes, named: bool = True) -> list[object]:
    reader = UnframedReader(MAX_LINE)
    if named:
        reader.asked(None)
    return list(fuzz.read(reader, packets))


def test_what_comes_at_once_is_a_name_and_then_a_message() -> None:
    reader = UnframedReader(MAX_LINE)
    reader.receive(b"alice")
    assert reader.next_command() == Hello(nick="alice")
    reader.asked(None)
    reader.receive(b"hello")
    reader.receive(b"exit")
    assert [reader.next_command() for _ in range(3)] == [Say(text="hello"), Bye(), None]


@pytest.mark.parametrize("packet", [b"hello\n", b"hello\r\n"])
def test_an_end_of_line_at_the_end_changes_nothing(packet: bytes) -> None:
    assert read(packet) == [Say(text="hello")]


def test_lines_that_came_at_once_are_messages_of_their_own() -> None:
    assert read(b"one\ntwo\n\nthree") == [Say(text="one"), Say(text="two"), EmptyLine(), Say(text="three")]


def test_a_character_that_a_packet_cuts_is_completed_by_the_next() -> None:
    data = "\u043f\u0440\u0438\u0432\u0435\u0442 \U0001f600".encode()
    for place in range(1, len(data)):
        texts = [say.text for say in read(data[:place], data[place:]) if isinstance(say, Say)]
        assert "".join(texts) == data.decode()


def test_commands_work_as_in_plain() -> None:
    assert read(b"/nick bob", b"//hi", b"/what") == [Rename(nick="bob"), Say(text="/hi"), ("unknown-command", False)]


def test_a_message_that_is_too_long_is_refused_and_the_next_is_said() -> None:
    assert read(b"x" * 60, b"x" * 61, b"hello") == [Say(text="x" * 60), ("line-too-long", False), Say(text="hello")]


def test_what_it_is_sent_has_no_end_of_line() -> None:
    outbox = UNFRAMED.outbox()
    assert isinstance(outbox, UnframedOutbox)
    outbox.put(b"* bob joined\n")
    assert outbox.next().data == b"* bob joined"


def test_it_has_time_to_take_what_it_is_sent_before_more_comes() -> None:
    assert UNFRAMED.outbox().pause_s > 0


@given(st.lists(fuzz.streams), st.booleans())
def test_any_packets_are_commands_or_refused_and_nothing_of_them_is_kept(packets: list[bytes], named: bool) -> None:
    reader = UnframedReader(MAX_LINE)
    if named:
        reader.asked(None)
    fuzz.read(reader, packets, at_most=64 + 3 + (0 if named else MAX_LINE))  # the name is kept until one is in
