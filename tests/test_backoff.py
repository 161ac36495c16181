"""How long clients wait before each try to reconnect."""

import random
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol.backoff import pauses


@given(st.randoms(use_true_random=False))
def test_pauses_grow_stay_below_five_seconds_in_the_first_minute_and_below_half_a_minute_for_ever(
    chance: random.Random,
) -> None:
    waited = 0.0
    for number, pause in enumerate(islice(pauses(chance.random), 60)):
        whole = min(0.5 * 2**number, 5.0)
        if waited < 60:
            assert whole / 2 <= pause <= whole
        else:
            assert 2.5 <= pause <= 30
        waited += pause
    assert pause >= 15


def test_two_clients_do_not_come_back_at_the_same_moments() -> None:
    first, second = (list(islice(pauses(random.Random(seed).random), 12)) for seed in (1, 2))
    assert first != second


def test_who_is_in_a_hurry_begins_with_shorter_pauses() -> None:
    assert list(islice(pauses(lambda: 1.0, 0.1), 4)) == [0.1, 0.2, 0.4, 0.8]
