"""How a run went on, second by second, in memory that grows with its length alone. No I/O; times come in."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from bots.ledger.histogram import Histogram
from bots.ledger.model import Message

# Deliveries that are counted together are exact to this, or to this share of their lateness where that is more.
_TICK_S = 250e-6
_TICK_SHARE = 0.005
_LONGEST_TICK_S = 50e-3
_NEVER = float("-inf")


class Second(NamedTuple):
    """One second of a run in which something was said or heard: when it began, how much, and how late in seconds."""

    at: int
    said: int
    delivered: int
    p50: float
    p99: float


class Timeline:
    """Counts what is said and heard, and how late: for the whole run, and for each second of it.

    What others say is no delivery of ours, and is not counted. `ended` is called with each second that is over: when it
    began, what was said and delivered in it, and its latencies.
    """

    ended: Callable[[int, int, int, Histogram], None] | None = None

    def __init__(self) -> None:
        self.said = self.delivered = 0
        self.begin, self.end = float("inf"), 0.0  # when the first message was said, and the last one heard
        self.seconds: list[Second] = []  # all but the one that is not over
        self._before = Histogram()  # of those
        self._now = 0
        self._said = self._delivered = 0
        self._latency = Histogram()
        # Who heard when, and whether that counts, what was said elsewhere and is not known yet when.
        self._early: dict[Message, list[tuple[float, int, bool]]] = defaultdict(list)

    def say(self, now: float) -> None:
        """Count a message that is said."""
        self.tick(now)
        self.said += 1
        self._said += 1
        self.begin = min(self.begin, now)

    def hear(self, messages: Iterable[Message], now: float, readers: int = 1, *, timed: bool) -> None:
        """Count messages that so many users heard at a time; `timed` says whether their lateness counts."""
        self.tick(now)
        delivered, add = 0, self._latency.add
        for message in messages:
            if not message.from_others or message.due > _NEVER:
                delivered += readers
                if timed:
                    add(now - message.due, readers)
            elif message.said_elsewhere:
                self._early[message].append((now, readers, timed))
        self._count(delivered, now)

    def know_due(self, message: Message) -> None:
        """Count who has heard a message that was said elsewhere, now that it is known when it was due."""
        for at, readers, timed in self._early.pop(message, ()):
            if timed:
                self._latency.add(at - message.due, readers)
            self._count(readers, at)

    def hear_unplaced(self, now: float) -> None:
        """Count a message of which it is not known when it was due, as it may be one of several."""
        self.tick(now)
        self._count(1, now)

    def close(self) -> None:
        """End the last second."""
        self.tick(self._now + 1)

    @property
    def latency(self) -> Histogram:
        """All latencies until now."""
        whole = Histogram()
        whole.merge(self._before)
        whole.merge(self._latency)
        return whole

    @property
    def lasted(self) -> float:
        """How many seconds passed from the first message said to the last one heard."""
        return max(0.0, self.end - self.begin)

    def rate(self, count: int) -> float | None:
        """Return how many a second `count` were while the run lasted; None in less than a second, which shows none."""
        return count / self.lasted if self.lasted >= 1 else None

    def _count(self, delivered: int, now: float) -> None:
        if delivered:
            self.delivered += delivered
            self._delivered += delivered
            self.end = max(self.end, now)

    def tick(self, now: float) -> None:
        """End the last second if it is over by now, though nothing may have come since."""
        if now < self._now + 1:
            return
        if self._said or self._delivered:
            latency = self._latency
            p50, p99 = latency.percentile(50), latency.percentile(99)
            self.seconds.append(Second(self._now, self._said, self._delivered, p50, p99))
            if self.ended is not None:
                self.ended(self._now, self._said, self._delivered, latency)
            self._before.merge(latency)
            self._said = self._delivered = 0
            latency.clear()
        self._now = int(now)


class DeliveryTally:
    """Deliveries of a room's messages, in its order, that are counted together in a timeline.

    Many users hear the same messages at nearly the same time: what comes within a tick is counted once for all, as of
    the end of the tick, and so never as earlier than it was.
    """

    def __init__(self, order: Sequence[Message], timeline: Timeline) -> None:
        self._order = order
        self._timeline = timeline
        self._now = self._tick_ends = 0.0
        # With lateness counted or not: how many more users heard the message than the one before it.
        self._steps: dict[bool, dict[int, int]] = {True: defaultdict(int), False: defaultdict(int)}

    def add(self, begin: int, end: int, now: float, *, timed: bool) -> None:
        """Note that a user heard the messages from `begin` up to, not including, `end`."""
        if now > self._tick_ends:
            self.count()
            late = now - self._order[end - 1].due
            self._tick_ends = now + min(max(_TICK_S, _TICK_SHARE * late), _LONGEST_TICK_S)
        self._now = now
        steps = self._steps[timed]
        steps[begin] += 1
        steps[end] -= 1

    def count(self) -> None:
        """Count what was noted; also needed before the messages' order changes."""
        for timed, steps in self._steps.items():
            readers = 0
            for begin, end in pairwise(sorted(steps)):
                readers += steps[begin]
                if readers:
                    self._timeline.hear(self._order[begin:end], self._now, readers, timed=timed)
            steps.clear()
