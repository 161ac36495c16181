"""A worker's idea of its master's clock, and where workers meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.ledger.histogram import Histogram
from bots.parts.timeline import SummedTimeline
from bots.workers.clock import MasterClock
from bots.workers.meetings import Meetings
from bots.workers.messages import Arrived, Go

_DELAYS = st.floats(0.0001, 0.5)


@given(
    ahead=st.floats(-1e6, 1e6),
    drift=st.floats(-1e-4, 1e-4),
    delays=st.lists(st.tuples(_DELAYS, _DELAYS), min_size=1, max_size=60),
)
def test_a_time_is_never_wrong_by_more_than_the_clock_says(
    ahead: float, drift: float, delays: list[tuple[float, float]]
) -> None:
    """However far apart the clocks are, however they drift, and however the way there and back may differ."""

    def master(at: float) -> float:
        return at + ahead + drift * at

    clock = MasterClock()
    asked = 1.0
    for there, back in delays:
        clock.read(asked, master(asked + there), asked + there + back)
        asked += there + back + 1.0
    for at in (1.0, (1.0 + asked) / 2, asked):
        slack = 1e-6 + abs(drift) * (12 + asked - at)  # what a clock drifts while one answer counts, and since then
        assert abs(clock.to_master(at) - master(at)) <= clock.error + slack
        assert abs(clock.from_master(clock.to_master(at)) - at) <= 2 * clock.error + slack


def test_what_a_clock_said_once_does_not_change_with_what_is_read_later() -> None:
    clock = MasterClock()
    clock.read(1.0, 101.0, 1.0)
    told = clock.as_it_is()
    clock.read(20.0, 120.5, 21.0)
    assert (told.to_master(15.0), told.error) == (115.0, 0.0)
    assert (clock.to_master(15.0), clock.error) != (115.0, 0.0)


def test_times_that_are_not_known_stay_so() -> None:
    clock = MasterClock()
    assert clock.error == float("inf")
    clock.read(1.0, 101.0, 1.002)
    assert clock.to_master(float("inf")) == float("inf")
    assert clock.to_master(float("-inf")) == float("-inf")
    assert 0.0009 < clock.error < 0.0011


def test_nobody_goes_on_before_all_are_there_and_all_are_told_who_spoke_last() -> None:
    meetings = Meetings(3)
    assert meetings.arrive(0, Arrived("2", (1, 0.5, 4, "ann"), False), 7.0) is None
    assert meetings.arrive(2, Arrived("3", None, False), 7.0) is None
    assert meetings.arrive(1, Arrived("2", (1, 0.5, 7, "bob"), True), 7.0) is None
    assert meetings.arrive(2, Arrived("2", None, False), 8.0) == Go("2", 8.0, "bob", True)


def test_a_timeline_of_all_workers_adds_up_their_seconds() -> None:
    one, other, sums = Histogram(), Histogram(), SummedTimeline()
    one.add(0.010, 100)
    other.add(0.030, 100)
    sums.add(5, 3, 100, one)
    sums.add(6, 1, 100, one)
    sums.add(5, 2, 100, other)
    assert [second[:3] for second in sums.seconds] == [(5, 5, 200), (6, 1, 100)]
    assert 0.009 < sums.seconds[0].p50 < 0.011 < 0.029 < sums.seconds[0].p99 < 0.031
    assert (sums.said, sums.delivered, sums.latency.count) == (6, 300, 300)
    assert Histogram.from_bytes(one.to_bytes()).percentile(99) == one.percentile(99)


def test_of_two_clocks_that_drift_apart_it_is_said_how_far_a_time_may_be_wrong() -> None:
    clock = MasterClock()
    for at, ahead in ((0.0, 0.0), (20.0, 1.0)):
        clock.read(at - 0.001, at + ahead, at + 0.001)
    assert clock.error == pytest.approx(0.5)


def test_of_several_answers_within_a_while_the_fastest_counts() -> None:
    clock = MasterClock()
    for half_s, ahead in ((0.1, 5.1), (0.001, 5.0), (0.2, 5.2)):
        clock.read(1.0 - half_s, 1.0 + ahead, 1.0 + half_s)
    assert clock.to_master(1.0) == pytest.approx(6.0)
