"""A faultless server is not accused, whatever the users do and however late everything comes."""

import pytest

from tests.random_play import RandomPlay, random_play

# Plays in which it took more care than was there at first not to accuse anybody.
_HARD: tuple[int, ...] = ()
_SEEDS = pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 1500), marks=pytest.mark.slow)], ids=str)


@_SEEDS
def test_a_faultless_server_is_not_accused_whatever_users_do(seeds: range) -> None:
    for seed in seeds:
        assert RandomPlay(*random_play(seed)).run() == [], f"seed {seed}"


def test_nor_where_it_once_was() -> None:
    for seed in _HARD:
        assert RandomPlay(*random_play(seed)).run() == [], f"seed {seed}"
