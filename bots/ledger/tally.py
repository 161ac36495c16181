"""Deliveries of many messages to many readers at the same time, counted together. No I/O; times come in."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from bots.ledger.model import Message
from bots.ledger.timeline import Timeline

# Times of deliveries that are counted together are exact to this, and never earlier than they were.
_TICK_S = 250e-6


class Runs:
    """Runs of messages that readers hear at once, as part of a room's order.

    Many readers hear the same ones in the same tick: they are counted once for all, as of the end of the tick.
    """

    def __init__(self, messages: Sequence[Message], timeline: Timeline) -> None:
        self._messages = messages
        self._timeline = timeline
        self._tick = 0
        # With lateness counted or not: how many more readers heard the message than the one before it.
        self._steps: dict[bool, dict[int, int]] = {True: defaultdict(int), False: defaultdict(int)}

    def add(self, begin: int, end: int, now: float, *, is_timed: bool) -> None:
        """Note that a reader heard the messages from `begin` up to, not including, `end`."""
        tick = int(now / _TICK_S) + 1
        if tick != self._tick:
            self.count()
            self._tick = tick
        steps = self._steps[is_timed]
        steps[begin] += 1
        steps[end] -= 1

    def count(self) -> None:
        """Count what was noted; also needed before the messages' order changes."""
        now = self._tick * _TICK_S
        for is_timed, steps in self._steps.items():
            readers = 0
            for begin, end in pairwise(sorted(steps)):
                readers += steps[begin]
                for message in self._messages[begin:end] if readers else ():
                    self._timeline.hear(now, now - message.due if is_timed else None, readers)
            steps.clear()
