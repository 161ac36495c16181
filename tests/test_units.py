import math

import pytest

from bots.scenario.units import duration, rate, share, show_duration


def test_a_time_is_a_duration() -> None:
    assert duration("3m12s") == 192
    assert show_duration(192) == "3m12s"


@pytest.mark.parametrize(("text", "says"), [("2", "2s or 2ms"), (None, "is needed"), ([], "is needed")])
def test_what_is_no_time_is_told_with_what_would_be_one(text: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        duration(text)


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
