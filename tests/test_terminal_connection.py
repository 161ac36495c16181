"""How often a lost connection is tried again."""

import random
from itertools import islice

from geventchat.terminal.connection import pauses


def test_pauses_grow_to_half_a_minute_and_differ_between_clients() -> None:
    first, second = (list(islice(pauses(random.Random(seed)), 12)) for seed in (1, 2))
    assert first != second
    for number, pause in enumerate(first):
        whole = min(0.5 * 2**number, 30)
        assert whole / 2 <= pause <= whole
