"""How a run went on, second by second, in memory that grows with its length alone. No I/O; times come in."""

from typing import NamedTuple

from bots.ledger.histogram import Histogram


class Second(NamedTuple):
    """One second of a run in which something was said or heard: when it began, how much, and how late in seconds."""

    at: int
    said: int
    delivered: int
    p50: float
    p99: float


class Timeline:
    """Counts what is said and heard, and how late: for the whole run, and for each second of it."""

    def __init__(self) -> None:
        self.said = self.delivered = 0
        self.begin, self.end = float("inf"), 0.0  # when the first message was said, and the last one heard
        self.seconds: list[Second] = []  # all but the one that is not over
        self._before = Histogram()  # of those
        self._now = 0
        self._said = self._delivered = 0
        self._latency = Histogram()

    def say(self, now: float) -> None:
        """Count a message that is said."""
        self._go_on(now)
        self.said += 1
        self._said += 1
        self.begin = min(self.begin, now)

    def hear(self, now: float, latency: float | None, times: int = 1) -> None:
        """Count a message that so many readers heard so late; None for readers who are late on purpose."""
        self._go_on(now)
        self.delivered += times
        self._delivered += times
        self.end = max(self.end, now)
        if latency is not None:
            self._latency.add(latency, times)

    def close(self) -> None:
        """End the last second."""
        self._go_on(self._now + 1)

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

    def _go_on(self, now: float) -> None:
        if now < self._now + 1:
            return
        if self._said or self._delivered:
            latency = self._latency
            p50, p99 = latency.percentile(50), latency.percentile(99)
            self.seconds.append(Second(self._now, self._said, self._delivered, p50, p99))
            self._before.merge(latency)
            self._said = self._delivered = 0
            self._latency = Histogram()
        self._now = int(now)
