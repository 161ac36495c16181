"""How fast one user may speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.server.token_bucket import TokenBucket


def test_a_burst_is_heard_at_once_and_the_rest_at_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=3)
    assert [bucket.take(100.0) for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])


def test_who_has_been_silent_has_the_whole_burst_again() -> None:
    bucket = TokenBucket(rate=10, burst=3)
    for _ in range(3):
        bucket.take(100.0)
    assert bucket.take(100.05) == pytest.approx(0.05)
    assert [bucket.take(101.0) for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


def test_silence_does_not_add_up_beyond_the_burst() -> None:
    bucket = TokenBucket(rate=10, burst=3)
    assert [bucket.take(1_000_000.0) for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


def test_who_keeps_to_the_rate_never_waits() -> None:
    bucket = TokenBucket(rate=10, burst=1)
    assert [bucket.take(100 + number * 0.101) for number in range(1_000)] == [0] * 1_000


@given(
    st.floats(0.1, 100),
    st.integers(1, 50),
    st.lists(st.one_of(st.just(0.0), st.floats(0, 5)), min_size=1, max_size=100),
)
def test_no_stretch_of_time_holds_more_than_the_burst_and_the_rate_allow(
    rate: float, burst: int, silences: list[float]
) -> None:
    bucket, now, heard = TokenBucket(rate, burst), 1_000.0, []
    for silence in silences:
        now += silence
        now += bucket.take(now)
        heard.append(now)
    for first in range(len(heard)):
        for last in range(first, len(heard)):
            assert last - first + 1 <= burst + rate * (heard[last] - heard[first]) + 1e-6
