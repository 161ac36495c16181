import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.scenario.units import duration, rate, share, show_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("2s", 2), ("0s", 0), ("1.5s", 1.5), ("3m12s", 192), ("1h", 3600), ("1h30m0.25s", 5400.25)],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2", "2s or 2ms"),
        ("-2s", "negative"),
        ("2 s", "not a time"),
        ("2s\n", "not a time"),
        ("12s3m", "not a time"),
        ("٢s", "not a time"),
        ("", "not a time"),
        ("2min", "not a time"),
        ("9" * 400 + "s", "too long"),
        (None, "is needed"),
        ([], "is needed"),
    ],
)
def test_what_is_no_time_is_told_with_what_would_be_one(text: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        duration(text)


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_a_shown_time_reads_as_the_same_time(milliseconds: int) -> None:
    assert duration(show_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=1e-9)


def test_times_are_shown_as_short_as_they_can_be() -> None:
    assert [show_duration(s) for s in (0, 0.5, 2, 60, 192.5, 3600, 3661.001)] == [
        "0s",
        "0.5s",
        "2s",
        "1m",
        "3m12.5s",
        "1h",
        "1h1m1.001s",
    ]


def test_rates_are_in_bytes_a_second() -> None:
    assert [rate(text) for text in ("stopped", "500B/s", "1kB/s", "2.5MB/s", "normal")] == [
        0,
        500,
        1000,
        2_500_000,
        math.inf,
    ]


@pytest.mark.parametrize("text", ["", "fast", "1k", "1kB", "-1kB/s", "0B/s", "kB/s", None])
def test_what_is_no_rate_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"stopped"):
        rate(text)


def test_shares_are_of_one() -> None:
    assert [share("0%"), share("20%"), share("12.5%"), share("100%")] == [0, 0.2, 0.125, 1]


@pytest.mark.parametrize("text", ["101%", "20", "%", "-5%", None])
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"share|more than there is"):
        share(text)
