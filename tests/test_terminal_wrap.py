"""How a line is broken into rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from geventchat.client.terminal.view import Line
from geventchat.client.terminal.wrap import wrap


def rows(line: Line, columns: int) -> list[str]:
    return ["".join(text for _, text in row) for row in wrap(line, columns, get_cwidth)]


def said(text: str) -> Line:
    return [("class:time", "15:00 "), ("bold", "bob"), ("", ": "), ("", text)]


def test_a_line_that_fits_is_one_row() -> None:
    assert rows(said("hello"), 16) == ["15:00 bob: hello"]
    assert rows([], 16) == [""]


def test_words_wrap_and_the_rows_after_the_first_begin_below_the_text() -> None:
    assert rows(said("the quick brown fox jumps"), 30) == ["15:00 bob: the quick brown fox", "          jumps"]
    assert rows(said("the quick brown fox jumps"), 36) == ["15:00 bob: the quick brown fox jumps"]
    assert rows(said("the quick brown fox jumps"), 33)[1] == "           jumps"


def test_the_indent_is_at_most_a_third_of_the_screen() -> None:
    assert rows(said("the quick brown fox"), 16) == ["15:00 bob: the ", "     quick brown", "     fox"]


def test_a_word_that_is_too_long_is_broken_and_nothing_of_it_lost() -> None:
    assert rows(said("x" * 30), 20) == ["15:00 bob: ", "      " + "x" * 14, "      " + "x" * 14, "      xx"]


def test_wide_characters_are_broken_anywhere_and_with_what_stands_on_them() -> None:
    assert rows(said("你好世界你好世界"), 20) == ["15:00 bob: 你好世界", "      你好世界"]
    assert rows(said("a\u0301" * 12), 12)[1] == "    " + "a\u0301" * 8
    assert "👩\u200d💻" in "".join(rows(said("xxxx 👩\u200d💻"), 18)).split()


@pytest.mark.parametrize(("text", "first"), [("  two spaces", "15:00 bob:   two"), ("\tif x:", "15:00 bob:     if x:")])
def test_spaces_at_the_begin_of_a_text_stay(text: str, first: str) -> None:
    assert rows(said(text), 21)[0].startswith(first)


@pytest.mark.parametrize("word", ["x", "é", "a\u0301", "字", "\u200d👩"])
def test_a_word_of_any_length_is_broken_in_time_that_grows_with_it_alone(word: str) -> None:
    def looked_at(count: int) -> int:
        measured: list[int] = []

        def width(text: str) -> int:
            measured.append(len(text))
            return get_cwidth(text)

        wrap(said(word * count), 40, width)
        return sum(measured)

    assert looked_at(4000) < 5 * looked_at(1000)


_TEXT = st.text(st.sampled_from("ab c字👍\u0301\t é"), max_size=60)


@given(st.lists(st.tuples(st.sampled_from(["", "bold"]), _TEXT), max_size=4), st.integers(2, 40))
def test_no_row_is_wider_than_the_screen_and_only_spaces_are_lost(line: Line, columns: int) -> None:
    wrapped = wrap(line, columns, get_cwidth)
    assert all(get_cwidth("".join(text for _, text in row)) <= columns for row in wrapped)
    for style in ("", "bold"):
        before = "".join(text for one, text in line if one == style)
        after = "".join(text for row in wrapped for one, text in row if one == style)
        assert "".join(after.split()) == "".join(before.split())
