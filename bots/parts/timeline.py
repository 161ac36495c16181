"""How a whole run went on, second by second, from what its parts saw of each second. No I/O."""

from bots.ledger.histogram import Histogram
from bots.ledger.timeline import Second, Timeline

# Parts tell of a second so much later at most; its latencies need not be kept apart any longer.
_LATEST_S = 30


class SummedTimeline(Timeline):
    """Adds up what the parts of a run have counted."""

    def __init__(self) -> None:
        super().__init__()
        self._apart: dict[int, Histogram] = {}  # the latencies of each of the last seconds

    def add(self, at: int, said: int, delivered: int, latency: Histogram) -> None:
        """Add what one part counted in the second that began at `at`."""
        self.said += said
        self.delivered += delivered
        self._before.merge(latency)
        place = next((n for n in range(len(self.seconds) - 1, -1, -1) if self.seconds[n].at <= at), -1)
        if place >= 0 and self.seconds[place].at == at:
            before = self.seconds.pop(place)
            said, delivered, place = said + before.said, delivered + before.delivered, place - 1
        apart = self._apart.setdefault(at, Histogram())
        apart.merge(latency)
        p50, p99 = apart.percentile(50), apart.percentile(99)
        self.seconds.insert(place + 1, Second(at, said, delivered, p50, p99))
        for old in [old for old in self._apart if old < self.seconds[-1].at - _LATEST_S]:
            del self._apart[old]

    def span(self, begin: float, end: float) -> None:
        """Note when one part said its first message, and heard its last one."""
        self.begin, self.end = min(self.begin, begin), max(self.end, end)
