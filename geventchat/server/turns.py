"""How those who come in together leave room for those who are in."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
from gevent.lock import BoundedSemaphore

# How much longer all others have than one newcomer's work took.
_OTHERS_SHARE = 2.0


class Turns:
    """Work that holds the loop is done by one at a time, and is followed by twice as much time for everybody else."""

    def __init__(self) -> None:
        self._turn = BoundedSemaphore(1)

    @property
    def is_busy(self) -> bool:
        """Whether somebody has to wait."""
        return self._turn.locked()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn; the next one comes once the others have had their time."""
        self._turn.acquire()
        began = time.perf_counter()
        try:
            yield
        finally:
            gevent.spawn_later(_OTHERS_SHARE * (time.perf_counter() - began), self._turn.release)
