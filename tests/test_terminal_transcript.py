"""What of the lines a screen shows: the newest, or where the user has scrolled to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.client.terminal.transcript import KEPT_LINES, Transcript
from geventchat.client.terminal.view import EventLine, Line


def line(text: str) -> Line:
    return [("", text)]


def filled(count: int, text: str = "line {}") -> Transcript:
    transcript = Transcript(len)
    transcript.add(line(text.format(number)) for number in range(count))
    return transcript


def shown(transcript: Transcript, columns: int = 20, height: int = 4) -> list[str]:
    return ["".join(text for _, text in row) for row in transcript.rows(columns, height)]


def test_the_newest_is_shown_and_followed() -> None:
    transcript = filled(9)
    assert shown(transcript) == ["line 5", "line 6", "line 7", "line 8"]
    transcript.add([line("new")])
    assert shown(transcript)[-1] == "new"
    assert shown(Transcript(len)) == []
    assert shown(filled(2)) == ["line 0", "line 1"]


def test_a_page_up_keeps_a_row_in_sight_and_what_is_new_moves_nothing() -> None:
    transcript = filled(9)
    shown(transcript)
    transcript.scroll(1)
    assert shown(transcript) == ["line 2", "line 3", "line 4", "line 5"]
    transcript.add([line("new")])
    assert shown(transcript) == ["line 2", "line 3", "line 4", "line 5"]
    assert transcript.below == 4
    transcript.scroll(-1)
    assert shown(transcript) == ["line 5", "line 6", "line 7", "line 8"]
    transcript.scroll(-1)
    assert shown(transcript)[-1] == "new"
    assert transcript.below == 0
    transcript.add([line("newer")])
    assert shown(transcript)[-1] == "newer"


def test_it_ends_at_the_oldest_line_with_the_screen_full() -> None:
    transcript = filled(9)
    shown(transcript)
    transcript.scroll(7)
    assert shown(transcript) == ["line 0", "line 1", "line 2", "line 3"]
    transcript.to_end()
    assert shown(transcript)[-1] == "line 8"
    few = filled(2)
    shown(few)
    few.scroll(1)
    assert few.below == 0
    Transcript(len).scroll(1)


def test_a_line_longer_than_the_screen_is_scrolled_through_row_by_row() -> None:
    transcript = filled(1, "0 1 2 3 4 5 6 7 8 9")
    assert shown(transcript, 1, 3) == ["7", "8", "9"]
    transcript.scroll(1)
    assert shown(transcript, 1, 3) == ["5", "6", "7"]
    assert transcript.below == 1


def test_another_size_of_screen_shows_the_same_place() -> None:
    transcript = filled(50, "a line of some words {}")
    shown(transcript)
    transcript.scroll(3)
    last = shown(transcript)[-1]
    assert shown(transcript, 40, 10)[-1].startswith(last)
    assert last.startswith(shown(transcript, 8, 1)[0])
    assert len(shown(transcript, 30, 12)) == 12


def test_a_search_goes_up_and_on_from_what_was_found() -> None:
    transcript = filled(90)
    transcript.add([line("nothing else")])
    shown(transcript)
    assert transcript.find("LINE 4")
    assert shown(transcript) == ["line 48", "line 49", "line 50", "line 51"]  # with what stands around it
    assert transcript.find("")
    assert "line 48" in shown(transcript)
    assert [text for row in transcript.rows(20, 4) for style, text in row if "found" in style] == ["line", " ", "48"]
    assert not transcript.find("no such line")
    assert "line 48" in shown(transcript)
    assert transcript.find("nothing")
    assert transcript.below == 0
    transcript.scroll(1)
    transcript.scroll(-1)
    assert not any("class:found" in style for row in transcript.rows(20, 4) for style, _ in row)
    assert not Transcript(len).find("")


def test_what_is_taken_back_while_it_is_looked_at_is_gone_and_its_place_is_not() -> None:
    transcript = filled(5)
    transcript.add([EventLine(line("x" * 100), "7-0"), *map(line, "abcd")])
    shown(transcript)
    transcript.scroll(1)
    transcript.scroll(1)
    assert shown(transcript)[-1] == "x" * 20
    transcript.add([EventLine(line("* mod takes it back"), "8-0", erases="7-0")])
    assert shown(transcript) == ["line 2", "line 3", "line 4", "(deleted)"]


def test_what_is_kept_has_a_bound() -> None:
    transcript = filled(10)
    shown(transcript)
    transcript.scroll(9)
    transcript.add(line(f"more {number}") for number in range(KEPT_LINES))
    assert shown(transcript)[-1].startswith("more ")
    transcript.scroll(KEPT_LINES)
    assert shown(transcript)[0] == "more 0"


_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.text("ab ", max_size=30)),
        st.tuples(st.just("scroll"), st.integers(-3, 3)),
        st.tuples(st.just("find"), st.text("ab", max_size=2)),
        st.tuples(st.just("size"), st.tuples(st.integers(1, 12), st.integers(1, 6))),
    ),
    max_size=40,
)


@given(_ACTS)
def test_whatever_is_done_the_screen_is_as_full_as_it_can_be(acts: list[tuple[str, object]]) -> None:
    transcript, size, texts = Transcript(len), (10, 4), list[str]()
    for name, value in acts:
        match name, value:
            case "add", str(text):
                texts.append(text)
                transcript.add([line(text)])
            case "scroll", int(pages):
                transcript.scroll(pages)
            case "find", str(text):
                transcript.find(text)
            case "size", (int(columns), int(height)):
                size = (columns, height)
        rows = shown(transcript, *size)
        everything = Transcript(len)
        everything.add(map(line, texts))
        total = len(everything.rows(size[0], 10_000))
        assert len(rows) == min(size[1], total)
        if transcript.below == 0 and total:
            assert rows == shown(everything, *size)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_screen_of_hardly_any_size_shows_what_it_can(columns: int) -> None:
    transcript = filled(3)
    assert len(transcript.rows(columns, 1)) == 1
    assert transcript.rows(columns, 0) == []
