"""Where chance comes from: a scenario's seed, and what the chance is for. Nothing depends on what happened before."""

import random


def chance(seed: int, *purpose: object) -> random.Random:
    """Return a source of chance of its own for one purpose: the same seed and purpose give the same numbers.

    Draw from it with `random()` alone: that sequence is the one that Python keeps the same in all its versions.
    """
    return random.Random("/".join(map(str, (seed, *purpose))))
