"""The master's clock, as a worker reads it. No I/O; times come in.

The worker asks the master for its time. The answer is from some moment between asking and hearing it: the middle is
wrong by half of that at most, however the way there and back may differ. The answer that came fastest within a few
seconds counts; between two of those, the clocks are taken to drift evenly.
"""

import math
from bisect import bisect
from itertools import pairwise
from typing import NamedTuple

# The best of the answers within so long counts.
_WINDOW_S = 10.0


class Reading(NamedTuple):
    """How far the master's clock was ahead at a time on the worker's own, give or take the error; all in seconds."""

    at: float
    ahead: float
    error: float


class MasterClock:
    """Turns times on this worker's clock into times on the master's, and back."""

    def __init__(self) -> None:
        self._best: list[Reading] = []  # of each window

    def read(self, asked: float, master: float, heard: float) -> None:
        """Take in what the master said its time was, to who asked then and heard it then."""
        reading = Reading((asked + heard) / 2, master - (asked + heard) / 2, (heard - asked) / 2)
        if not self._best or reading.at >= self._best[-1].at + _WINDOW_S:
            self._best.append(reading)
        elif reading.error < self._best[-1].error:
            self._best[-1] = reading

    def as_it_is(self) -> "MasterClock":
        """Return a clock that says for ever what this one says now, which each new answer may change a little."""
        clock = MasterClock()
        clock._best = [*self._best]
        return clock

    @property
    def error(self) -> float:
        """By how much a time may be wrong, in seconds; infinite as long as nothing is known."""
        if not self._best:
            return math.inf
        drift = max((abs(two.ahead - one.ahead) for one, two in pairwise(self._best)), default=0.0)
        worst = max(reading.error for reading in self._best)
        return max(worst, drift / 2)

    def to_master(self, at: float) -> float:
        """Return a time of this worker's on the master's clock; what is infinite stays so."""
        return at if math.isinf(at) else at + self._ahead(at)

    def from_master(self, at: float) -> float:
        """Return a time of the master's on this worker's clock."""
        return at if math.isinf(at) else at - self._ahead(at - self._best[-1].ahead)

    def _ahead(self, at: float) -> float:
        place = bisect(self._best, at, key=lambda reading: reading.at)
        if place in (0, len(self._best)):
            return self._best[min(place, len(self._best) - 1)].ahead
        one, two = self._best[place - 1], self._best[place]
        return one.ahead + (two.ahead - one.ahead) * (at - one.at) / (two.at - one.at)
