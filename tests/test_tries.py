"""How long the next password from an address waits after wrong ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.core.tries import Tries
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import FREE_TRIES, LONGEST_PAUSE_S


def waits(tries: Tries, address: str, count: int, now: float = 0.0) -> list[float]:
    """Return how long each of so many tries waits, each begun when the one before was looked at."""
    found = []
    for _ in range(count):
        found.append(tries.begin(address, now))
        now += found[-1]
    return found


def test_five_are_free_and_each_further_one_waits_twice_as_long_up_to_a_minute() -> None:
    assert waits(Tries(), "192.0.2.1", 13) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_tries_at_the_same_time_wait_one_behind_the_other_and_too_many_are_refused() -> None:
    tries = Tries()
    assert [tries.begin("192.0.2.1", 0.0) for _ in range(10)][FREE_TRIES:] == [1, 3, 7, 15, 31]
    assert tries.begin("192.0.2.1", 0.0) == 63
    for _ in range(3):
        with pytest.raises(Refused, match="too many wrong passwords") as refused:
            tries.begin("192.0.2.1", 0.0)
        assert refused.value.code == "wrong-password"
    assert tries.begin("192.0.2.1", 63.0) == 60


def test_one_address_does_not_slow_down_another() -> None:
    tries = Tries()
    waits(tries, "192.0.2.1", 10)
    assert tries.begin("192.0.2.2", 0.0) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::2%eth1")],
)
def test_addresses_of_one_user_count_as_one(one: str, other: str) -> None:
    tries = Tries()
    waits(tries, one, FREE_TRIES)
    assert tries.begin(other, 0.0) == 1


def test_another_network_of_ip6_is_somebody_else() -> None:
    tries = Tries()
    waits(tries, "2001:db8::1", FREE_TRIES)
    assert tries.begin("2001:db8:0:1::1", 0.0) == 0


def test_a_right_password_counts_neither_as_wrong_nor_makes_up_for_wrong_ones() -> None:
    tries = Tries()
    for _ in range(100):
        assert tries.begin("192.0.2.1", 0.0) == 0
        tries.was_right("192.0.2.1")
    waits(tries, "192.0.2.1", FREE_TRIES)
    assert tries.begin("192.0.2.1", 0.0) == 1
    tries.was_right("192.0.2.1")
    assert tries.begin("192.0.2.1", 100.0) == 1


def test_after_a_quarter_of_an_hour_without_a_try_all_is_forgotten() -> None:
    tries = Tries()
    waits(tries, "192.0.2.1", 8)
    assert tries.begin("192.0.2.1", 1000.0) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 40)), max_size=60))
def test_whatever_comes_no_address_has_more_than_so_many_looked_at_in_a_minute(steps: list[tuple[int, float]]) -> None:
    tries, now = Tries(), 0.0
    looked_at: dict[str, list[float]] = {}
    for number, later in steps:
        now += later
        address = f"192.0.2.{number}"
        try:
            at = now + tries.begin(address, now)
        except Refused:
            continue
        assert at <= now + 2 * LONGEST_PAUSE_S
        looked_at.setdefault(address, []).append(at)
    for times in looked_at.values():
        assert times == sorted(times)
        for early, late in zip(times[FREE_TRIES:], times[FREE_TRIES + 1 :], strict=False):
            assert late - early >= 1


def test_tries_that_are_counted_when_they_were_wrong_wait_as_long_but_not_for_each_other() -> None:
    tries, waited, now = Tries(), [], 0.0
    for _ in range(8):
        assert tries.wait_s("192.0.2.1", now) == tries.wait_s("192.0.2.1", now)
        waited.append(tries.wait_s("192.0.2.1", now))
        now += waited[-1]
        tries.was_wrong("192.0.2.1", now)
    assert waited == [0, 0, 0, 0, 0, 1, 2, 4]
    assert tries.begin("192.0.2.1", now) == 8 + 8
    for _ in range(5):
        tries.was_wrong("192.0.2.1", now)
    with pytest.raises(Refused, match="too many wrong passwords"):
        tries.wait_s("192.0.2.1", now)
    assert tries.wait_s("192.0.2.1", now + 1_000) == 0
