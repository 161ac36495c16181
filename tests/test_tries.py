"""How long the next password from an address waits after wrong ones."""

from heapq import heapify, heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.core.tries import Tries
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import FREE_TRIES, LONGEST_PAUSE_S

ADDRESS = "192.0.2.1"


def guess(tries: Tries, arrivals: list[tuple[float, str]]) -> list[tuple[str, float, float]]:
    """Guess wrong at these times from these addresses; return from where, when it came and when it was looked at.

    What is refused is not in that.
    """
    looked_at = []
    waiting = [(came, number, came, address) for number, (came, address) in enumerate(arrivals)]
    heapify(waiting)
    while waiting:
        now, number, came, address = heappop(waiting)
        try:
            wait = tries.wait_s(address, now, came)
        except Refused:
            continue
        if wait:
            heappush(waiting, (now + wait, number, came, address))
        else:
            tries.was_wrong(address, now)
            tries.end(address, came)
            looked_at.append((address, came, now))
    return looked_at


def waits(tries: Tries, address: str, count: int) -> list[float]:
    """Return how long each of so many wrong tries waits, each begun when the one before was looked at."""
    found, now = [], 0.0
    for _ in range(count):
        came = now
        found.append(tries.wait_s(address, now, came))
        now += found[-1]
        assert not found[-1] or not tries.wait_s(address, now, came)
        tries.was_wrong(address, now)
        tries.end(address, came)
    return found


def test_five_are_free_and_each_further_one_waits_twice_as_long_up_to_a_minute() -> None:
    assert waits(Tries(), ADDRESS, 13) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_tries_at_the_same_time_wait_one_behind_the_other_and_too_many_are_refused() -> None:
    looked_at = guess(Tries(), [(0.0, ADDRESS)] * 20)
    assert [at for _, _, at in looked_at] == [0, 0, 0, 0, 0, 1, 3, 7, 15, 31]


def test_what_is_refused_says_why_and_may_be_tried_again_later() -> None:
    tries = Tries()
    guess(tries, [(0.0, ADDRESS)] * 20)
    with pytest.raises(Refused, match="too many wrong passwords"):
        tries.wait_s(ADDRESS, 2.0, 2.0)
    assert tries.wait_s(ADDRESS, 13.0, 13.0) == 50


def test_who_came_first_is_looked_at_first_and_one_at_a_time_after_wrong_ones() -> None:
    tries = Tries()
    waits(tries, ADDRESS, FREE_TRIES + 2)
    came = [1.0, 1.5, 2.0]
    assert [tries.wait_s(ADDRESS, at, at) for at in came] == [6, 5.5, 5]
    assert [tries.wait_s(ADDRESS, 7.0, at) > 0 for at in reversed(came)] == [True, True, False]
    assert tries.wait_s(ADDRESS, 7.0, came[1]) > 0  # the first one is in hand
    tries.end(ADDRESS, came[0])  # it was right
    assert [tries.wait_s(ADDRESS, 7.0, at) > 0 for at in (came[2], came[1])] == [True, False]
    tries.end(ADDRESS, came[2])  # it has gone
    tries.was_wrong(ADDRESS, 7.0)
    tries.end(ADDRESS, came[1])
    assert tries.wait_s(ADDRESS, 7.0, 7.0) == 8


def test_of_many_at_once_no_more_are_in_hand_than_may_be_wrong_for_nothing() -> None:
    tries = Tries()
    at_once = [tries.wait_s(ADDRESS, 0.0, number / 1_000) for number in range(64)]
    assert at_once.count(0.0) == FREE_TRIES
    assert at_once[FREE_TRIES] < 0.1
    assert max(at_once) < 1


def test_right_ones_do_not_wait_for_each_other() -> None:
    tries = Tries()
    guess(tries, [(0.0, ADDRESS)] * FREE_TRIES)
    assert [tries.wait_s(ADDRESS, 0.0, 0.0) for _ in range(100)] == [1.0] * 100


def test_one_address_does_not_slow_down_another() -> None:
    tries = Tries()
    waits(tries, ADDRESS, 10)
    assert tries.wait_s("192.0.2.2", 0.0, 0.0) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::2%eth1")],
)
def test_addresses_of_one_user_count_as_one(one: str, other: str) -> None:
    tries = Tries()
    waits(tries, one, FREE_TRIES)
    assert tries.wait_s(other, 0.0, 0.0) == 1


def test_another_network_of_ip6_is_somebody_else() -> None:
    tries = Tries()
    waits(tries, "2001:db8::1", FREE_TRIES)
    assert tries.wait_s("2001:db8:0:1::1", 0.0, 0.0) == 0


def test_after_a_quarter_of_an_hour_without_a_wrong_one_all_is_forgotten() -> None:
    tries = Tries()
    waits(tries, ADDRESS, 8)
    assert waits(tries, ADDRESS, 1) == [15]
    assert tries.wait_s(ADDRESS, 1_000.0, 1_000.0) == 0
    tries.was_wrong(ADDRESS, 1_000.0)
    assert tries.wait_s(ADDRESS, 1_000.0, 1_000.0) == 0


def test_a_crowd_behind_one_address_is_let_in_in_turn_and_asks_seldom() -> None:
    crowd, look_s, asked = 1_000, 0.05, 0
    tries, taken = Tries(), list[float]()
    # When something is due; when the one that it is about came; and whether that has been looked at by then.
    due = [(number * 0.001, number * 0.001, False) for number in range(crowd)]
    while due:
        now, came, is_looked_at = heappop(due)
        if is_looked_at:
            tries.end(ADDRESS, came)
            continue
        asked += 1
        wait = tries.wait_s(ADDRESS, now, came)
        heappush(due, (now + (wait or look_s), came, not wait))
        if not wait:
            taken.append(came)
    assert taken == sorted(taken)
    assert len(taken) == crowd
    assert asked < 20 * crowd
    assert now < 2 * crowd * look_s / FREE_TRIES + 2


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 40)), max_size=60))
def test_whatever_comes_no_address_has_more_than_so_many_looked_at_in_a_minute(steps: list[tuple[int, float]]) -> None:
    arrivals, now = [], 0.0
    for number, later in steps:
        now += later
        arrivals.append((now, f"192.0.2.{number}"))
    by_address: dict[str, list[float]] = {}
    for address, came, at in guess(Tries(), arrivals):
        assert at <= came + LONGEST_PAUSE_S + 0.001
        by_address.setdefault(address, []).append(at)
    for times in by_address.values():
        for early, late in zip(times[FREE_TRIES - 1 :], times[FREE_TRIES:], strict=False):
            assert late - early >= 0.999
