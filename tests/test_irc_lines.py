"""One message of IRC: what is read of a line, and what is made of one; no more bytes than a message may have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.dialects.irc.lines import MAX_BYTES, Line, Out, build, parse, render, split
from geventchat.protocol.errors import ProtocolError


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"PING", Line({}, "PING", [])),
        (b"ping x", Line({}, "PING", ["x"])),
        (b"PRIVMSG #a :hello : there ", Line({}, "PRIVMSG", ["#a", "hello : there "])),
        (b"JOIN :", Line({}, "JOIN", [""])),
        (b"  NICK   bob  ", Line({}, "NICK", ["bob"])),
        (b":bob!b@h QUIT :bye", Line({}, "QUIT", ["bye"])),
        (b"@label=a\\:\\sb;+x;y= TAGMSG #a", Line({"label": "a; b", "+x": "", "y": ""}, "TAGMSG", ["#a"])),
        ("NICK a\u00a0b".encode(), Line({}, "NICK", ["a\u00a0b"])),
        (b"PRIVMSG #a :one\rQUIT\0", Line({}, "PRIVMSG", ["#a", "oneQUIT"])),
        (b"", Line({}, "", [])),
        (b"@only=tags", Line({"only": "tags"}, "", [])),
        (b":only", Line({}, "", [])),
    ],
)
def test_a_line_is_read(line: bytes, message: Line) -> None:
    assert parse(line) == message


@pytest.mark.parametrize(
    ("line", "code", "ref"),
    [
        (b"PRIVMSG #a :" + b"x" * 499, "line-too-long", None),
        (b"@label=7;x=" + b"y" * 4_090 + b" PING", "line-too-long", "7"),
        (b"@label=7 PRIVMSG #a :\xff", "not-utf8", "7"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_label(line: bytes, code: str, ref: str | None) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(line)
    assert (refused.value.code, refused.value.ref, refused.value.fatal) == (code, ref, False)


def test_a_message_may_be_as_long_as_it_says() -> None:
    assert len(parse(b"PRIVMSG #a :" + b"x" * 498).params[1]) == 498
    assert len(render([build("server", "NOTICE", "bob", "ы" * 400)])) <= 512


def test_what_is_too_long_is_cut_at_a_character_wherever_it_is_too_long() -> None:
    assert render([build("s", "403", "bob", "#" + "x" * 600, "No such channel")]).startswith(b":s 403 bob #xxx")
    (line,) = render([build("s", "403", "bob", "ы" * 600, "No such channel")]).decode().splitlines()
    assert len(line.encode()) in (MAX_BYTES - 1, MAX_BYTES)


def test_tags_are_escaped() -> None:
    assert render([Out("PING", {"label": "a; b\\"}).tagged(time="1")]) == b"@label=a\\:\\sb\\\\;time=1 PING\r\n"


@given(st.text(), st.integers(-3, 40))
def test_pieces_are_the_text_and_none_is_longer_than_it_may_be(text: str, most: int) -> None:
    pieces = split(text, most) if text.isprintable() else [text]
    assert "".join(pieces) == text
    if text.isprintable():
        assert all(len(piece.encode()) <= max(most, 4) for piece in pieces)


_words = st.text(st.characters(exclude_characters=" :\r\n\0", exclude_categories=["Cs"]), min_size=1)
_texts = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(st.lists(_words, min_size=1, max_size=5), _texts)
def test_what_is_made_is_read_as_it_was(middle: list[str], last: str) -> None:
    data = render([build("server", "X", *middle, last)])
    assert data.endswith(b"\r\n")
    message = parse(data[:-2])
    assert [message.command, *message.params] == ["X", *middle, last][: len(message.params) + 1] or len(data) > 500
