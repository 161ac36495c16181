"""Percentiles of times."""

from hypothesis import given
from hypothesis import strategies as st

from bots.ledger.histogram import Histogram


@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=20), st.floats(0, 100))
def test_a_percentile_is_exact_to_a_hundredth_and_never_above_the_largest_time(
    times: list[float], share: float
) -> None:
    histogram = Histogram()
    for seconds in times:
        histogram.add(seconds)
    found = histogram.percentile(share)
    assert found <= histogram.largest_s == max(times)
    assert any(abs(found - seconds) <= seconds / 100 + 2e-6 for seconds in times)


def test_without_times_all_percentiles_are_zero() -> None:
    assert Histogram().percentile(99) == 0
