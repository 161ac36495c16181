"""Percentiles of many times in a fixed amount of memory, by HdrHistogram."""

import struct
from collections.abc import Iterator

from hdrh.histogram import HdrHistogram

_PER_S = 1_000_000
_LONGEST_US = 3_600 * _PER_S  # an hour; what took longer counts as that
_DIGITS = 2  # a third would make each percentile of a second that has passed cost a millisecond


class Histogram:
    """Counts times, given in seconds; percentiles are exact to a hundredth, and to a microsecond."""

    def __init__(self) -> None:
        self.largest_s = 0.0
        self._counts = HdrHistogram(1, _LONGEST_US, _DIGITS)

    @property
    def count(self) -> int:
        """How many times were counted."""
        return int(self._counts.total_count)

    def add(self, seconds: float, times: int = 1) -> None:
        """Count a time that was taken so many times; one below zero counts as zero."""
        if seconds > self.largest_s:
            self.largest_s = seconds
        self._counts.record_value(min(max(int(seconds * _PER_S), 0), _LONGEST_US), times)

    def merge(self, other: "Histogram") -> None:
        """Count all that another has counted."""
        self.largest_s = max(self.largest_s, other.largest_s)
        self._counts.add(other._counts)

    def counts(self) -> Iterator[tuple[float, int]]:
        """Yield times in seconds, each with how often it was taken, to a hundredth."""
        for value in self._counts.get_recorded_iterator():
            yield value.value_iterated_to / _PER_S, int(value.count_added_in_this_iter_step)

    def to_bytes(self) -> bytes:
        """Return all that was counted, in a few hundred bytes."""
        return struct.pack("<d", self.largest_s) + bytes(self._counts.encode())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Histogram":
        """Return what `to_bytes` has made bytes of."""
        histogram = cls()
        (histogram.largest_s,) = struct.unpack_from("<d", data)
        histogram._counts = HdrHistogram.decode(data[8:])
        return histogram

    def clear(self) -> None:
        """Count from nothing again."""
        self.largest_s = 0.0
        self._counts.reset()

    def percentile(self, percent: float) -> float:
        """Return the time in seconds that `percent` of all do not exceed; 0 when there are none."""
        if not self.count:
            return 0.0
        return min(float(self._counts.get_value_at_percentile(percent)) / _PER_S, self.largest_s)
