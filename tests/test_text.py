"""No escape sequence of a user's reaches another's terminal, and no text leaves its line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol.text import clean, cut_character, decode


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hello", "hello"),
        ("a\tb", "a\tb"),
        ("Привет, 世界 👍🏽 עברית", "Привет, 世界 👍🏽 עברית"),
        ("\x1b[2J\x1b]0;title\x07", "[2J]0;title"),
        ("\x9b31m", "31m"),
        ("one\r\ntwo\x0b\x0c\x85three", "onetwothree"),
        ("a\u2028b\u2029c", "abc"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("\u2066a\u2067b\u2068c\u2069", "abc"),
        ("a\x7fb\x00c", "abc"),
        ("a\ud800b", "ab"),
        ("👩\u200d🚀", "👩\u200d🚀"),  # a joiner moves nothing
    ],
)
def test_what_acts_on_a_terminal_is_taken_out_and_nothing_else(written: str, read: str) -> None:
    assert clean(written) == read


@given(st.text(st.characters()))
def test_what_is_left_is_one_harmless_line(text: str) -> None:
    left = clean(text)
    assert clean(left) == left
    assert len(left.splitlines()) <= 1
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") and char != "\t" for char in left)
    assert not any(unicodedata.bidirectional(char) in ("LRE", "RLE", "PDF", "LRO", "RLO") for char in left)
    assert not any(unicodedata.bidirectional(char) in ("LRI", "RLI", "FSI", "PDI") for char in left)
    assert decode(left.encode()) == left


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_letters_marks_and_signs_stay(text: str) -> None:
    assert clean(text) == text


@given(st.binary())
def test_any_bytes_are_text(data: bytes) -> None:
    assert isinstance(decode(data).encode(), bytes)


@pytest.mark.parametrize("character", ["é", "ह", "€", "\ud7a3", "\uffee", "😀", "\U0010fffe"])
def test_a_character_that_is_cut_is_known_for_half_of_one(character: str) -> None:
    whole = character.encode()
    for size in range(1, len(whole)):
        assert cut_character(b"a" + whole[:size]) == size
    assert cut_character(b"a" + whole) == 0


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert decode(b"a\xffb\xc3") == "a\ufffdb\ufffd"
