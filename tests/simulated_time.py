"""Time in which a test's own acts happen: it passes at once."""

import heapq
import itertools
from collections.abc import Callable


class SimulatedTime:
    """What is to be done when; what is to be done at the same time is done in the order in which that was said."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._acts: list[tuple[float, int, Callable[[float], None]]] = []

    def at(self, when: float, do: Callable[[float], None]) -> None:
        """Have something done at a time, with which it is called."""
        heapq.heappush(self._acts, (when, next(self._numbers), do))

    def pass_by(self) -> None:
        """Do everything."""
        while self._acts:
            at, _, do = heapq.heappop(self._acts)
            do(at)
