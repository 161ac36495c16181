"""A faultless server is not accused, whatever the users do and however late everything comes."""

import pytest

from tests.random_play import RandomPlay, random_play

_SEEDS = pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 600), marks=pytest.mark.slow)], ids=str)


@_SEEDS
def test_a_faultless_server_is_not_accused_whatever_users_do(seeds: range) -> None:
    for seed in seeds:
        assert RandomPlay(*random_play(seed)).run() == [], f"seed {seed}"
