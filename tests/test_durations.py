"""Durations as people write them, in scenarios and on command lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("0s", 0),
        ("90s", 90),
        ("3m12s", 192),
        ("15m", 900),
        ("1.5h", 5_400),
        ("1h30m0.25s", 5_400.25),
        ("30d", 2_592_000),
        ("4w", 2_419_200),
        ("1w2d", 777_600),
    ],
)
def test_numbers_and_their_units_are_a_duration(text: str, seconds: float) -> None:
    assert durations.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2", "did you mean 2s or 2ms"),
        ("-2h", "negative"),
        ("9" * 400 + "s", "too long"),
        *(
            (text, "is not a time")
            for text in ("", "h", "2 h", "2H", "2y", "2min", "1e3s", ".5h", "٣d", "12s3m", "2s\n")
        ),
    ],
)
def test_anything_else_is_refused_with_what_would_be_one(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        durations.seconds(text)


@given(st.integers(0, 10**9))
def test_a_shown_duration_reads_as_the_same(milliseconds: int) -> None:
    assert durations.seconds(durations.show(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (0.5, "0.5s"), (60, "1m"), (192.5, "3m12.5s"), (3600, "1h"), (3661.001, "1h1m1.001s")],
)
def test_a_duration_is_shown_as_short_as_it_can_be(seconds: float, shown: str) -> None:
    assert durations.show(seconds) == shown
