"""Percentiles of many times in a fixed amount of memory."""

import math

# Each bucket is this much wider than the one before: percentiles are exact to 2 %.
_GROWTH = 1.02
_SMALLEST_S = 10e-6
_LOG_GROWTH = math.log(_GROWTH)
_BUCKETS = 900  # up to about ten minutes


class Histogram:
    """Counts times, in seconds, in buckets that grow with them."""

    def __init__(self) -> None:
        self.count = 0
        self.largest_s = 0.0
        self._buckets = [0] * _BUCKETS

    def add(self, seconds: float, times: int = 1) -> None:
        """Count a time that was taken so many times; one below zero counts as zero."""
        self.count += times
        if seconds > self.largest_s:
            self.largest_s = seconds
        index = int(math.log(seconds / _SMALLEST_S) / _LOG_GROWTH) + 1 if seconds > _SMALLEST_S else 0
        self._buckets[min(index, _BUCKETS - 1)] += times

    def merge(self, other: "Histogram") -> None:
        """Count all that another has counted."""
        self.count += other.count
        self.largest_s = max(self.largest_s, other.largest_s)
        self._buckets = [mine + others for mine, others in zip(self._buckets, other._buckets, strict=True)]

    def percentile(self, percent: float) -> float:
        """Return the time in seconds that `percent` of all do not exceed; 0 when there are none."""
        wanted, seen = self.count * percent / 100, 0
        for index, count in enumerate(self._buckets):
            seen += count
            if count and seen >= wanted:
                return min(_SMALLEST_S * _GROWTH**index, self.largest_s)
        return 0.0
