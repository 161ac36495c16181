"""Dates and times of day as a log writes them, turned into seconds since its beginning.

Times never go back: a clock that was set right is passed over, and what is further back is of the next day.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import groupby, pairwise
from typing import NamedTuple

from bots.scenario.units import counted
from bots.transcripts.entries import Entry
from bots.transcripts.stamps import Date, Stamp
from bots.transcripts.writer import Moment
from geventchat.protocol import events

_DAY_S = 24 * 3600
_HOUR_S = 3600
# A clock that is set right goes back by less than this: one hour in autumn, or what a computer without a network lost.
_SET_BACK_S = 2 * _HOUR_S
# In which order the numbers of a date may stand, and how people write that down.
_ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
_LONGEST_MONTHS_DAYS = 62  # within two months there is any day of the month


class _Days(NamedTuple):
    """For each entry that says a date, the number of that day, None for no date; and which of them are believed."""

    ordinals: list[int | None]
    believed: set[int]

    @property
    def span(self) -> int:
        """How many days there are between the first and the last date that is believed."""
        days = [self.ordinals[place] or 0 for place in self.believed]
        return max(days) - min(days) if days else 0


def timed(entries: Sequence[Entry]) -> tuple[list[Moment], list[str]]:
    """Return what happened, with its time in seconds from the first of it, and what a reader must be told.

    What is of the same minute, or second, is spread over it in order. Without any times there is one event a second.
    """
    stamps = [entry.stamp for entry in entries]
    days, notes = _days(stamps)
    wrong = [number for number, day in enumerate(days.ordinals) if day is not None and number not in days.believed]
    if wrong:
        first = f"the first is in line {entries[wrong[0]].number:,}"
        notes.append(f"{counted(len(wrong), 'jumping date')} not believed; {first}")
    moments: list[Moment] = []
    clock = zip(entries, _seconds(stamps, days), strict=True)
    happened = [(start, exact_to, event) for entry, (start, exact_to) in clock for event in entry.events]
    if not any(stamp and stamp.second is not None for stamp in stamps):
        return [(float(place), event) for place, (*_, event) in enumerate(happened)], notes
    now = happened[0][0] if happened else 0.0
    for (start, exact_to), group in groupby(happened, key=lambda one: one[:2]):
        together: list[events.AnyEvent] = [event for *_, event in group]
        for place, event in enumerate(together):
            now = max(now, start + exact_to * place / len(together))
            moments.append((now, event))
    begin = moments[0][0] if moments else 0.0
    return [(at - begin, event) for at, event in moments], notes


def _seconds(stamps: Sequence[Stamp | None], days: _Days) -> Iterator[tuple[float, float]]:
    """Yield for each entry the beginning of its minute or second, in seconds, and how long that is."""
    period = _period(stamps)
    first = next((stamp for stamp in stamps if stamp and stamp.second is not None), None)
    exact_to = first.exact_to if first else 1.0
    base = 0.0  # midnight, or noon by a clock of twelve hours
    origin: int | None = None  # the number of the day that began at 0
    now: float | None = None
    for place, stamp in enumerate(stamps):
        day = days.ordinals[place]
        if stamp is not None and (day is None or place in days.believed):
            if day is not None:
                if origin is None:
                    origin = day - _passed(base, now, stamp)
                base = max(base, float((day - origin) * _DAY_S))
            if stamp.second is not None:
                then = base + (stamp.second if period == _DAY_S else stamp.second % period)
                if day is None and now is not None and now - then > _SET_BACK_S:
                    base += period
                    then += period
                now, exact_to = max(then, then if now is None else now), stamp.exact_to
        yield (first.second or 0.0 if first else 0.0) if now is None else now, exact_to


def _passed(base: float, now: float | None, stamp: Stamp) -> int:
    """Return how many days have passed when the first date is told."""
    passed = int(base // _DAY_S)
    if now is None:
        return passed
    is_next = stamp.second is None or now - base - stamp.second > _SET_BACK_S
    return passed + is_next


def _period(stamps: Sequence[Stamp | None]) -> int:
    """Return after how many seconds the clock begins anew: 12 hours if it goes from 12 to 1 and shows no 0 or 13."""
    hours = [int(stamp.second // _HOUR_S) for stamp in stamps if stamp and stamp.second is not None]
    twelve = all(1 <= hour <= 12 for hour in hours) and (12, 1) in pairwise(hours)
    return _DAY_S // 2 if twelve else _DAY_S


def _days(stamps: Sequence[Stamp | None]) -> tuple[_Days, list[str]]:
    """Return the days that dates mean, in that order of day, month and year in which most of them follow each other."""
    dates = [stamp.date if stamp else None for stamp in stamps]
    unsure = {one for one in dates if one and len(one.orders) > 1}
    orders = [order for order in _ORDERS if all(_ordinal(one, order, None) is not None for one in unsure)]
    readings = {order: _reading(dates, order) for order in orders or ["dmy"]}
    order = min(readings, key=lambda one: (-len(readings[one].believed), readings[one].span))
    if len(readings) == 1 or len(unsure) < 2:
        return readings[order], []
    return readings[order], [f"dates are read as {_ORDERS[order]}, as they follow each other best so"]


def _reading(dates: Sequence[Date | None], order: str) -> _Days:
    ordinals = list(_ordinals(dates, order))
    return _Days(ordinals, _in_order(ordinals))


def _ordinals(dates: Sequence[Date | None], order: str) -> Iterator[int | None]:
    """Yield the number of each date's day; what it does not say is such that the date is near to the one before."""
    before: int | None = None
    for one in dates:
        day = _ordinal(one, order if len(one.orders) > 1 else one.orders[0], before) if one else None
        before = before if day is None else day
        yield day


def _ordinal(written: Date, order: str, before: int | None) -> int | None:
    if order not in written.orders:
        return None
    parts = dict(zip(order, written.numbers, strict=True))
    year, month, day = parts["y"], parts["m"], parts["d"]
    if 0 < year < 100:
        year += 2000 if year < 70 else 1900
    if not month:
        begin = date(year or 2000, 1, 1).toordinal() if before is None else before
        following = (date.fromordinal(begin + more) for more in range(_LONGEST_MONTHS_DAYS))
        return next((one.toordinal() for one in following if one.day == day), None)
    base = date.fromordinal(before).year if before else 2000
    found = []
    for each in [year] if year else [base, base + 1, base - 1]:
        with suppress(ValueError, OverflowError):
            found.append(date(each, month, day).toordinal())
    return min(found, key=lambda one: abs(one - (before or one)), default=None)


def _in_order(ordinals: Sequence[int | None]) -> set[int]:
    """Return the places of the most days that never go back: none is among them that jumps ahead and back again.

    Where several rows are as long, it is the one with the fewest days from its first to its last.
    """
    # Rows that a later day may go on with, by their last day: how many days they have, the first day, the last place.
    # One that ends on a later day than another is here only if it is the better one.
    ends: list[int] = []
    rows: list[tuple[int, int, int]] = []
    before: dict[int, int] = {}
    for place, day in enumerate(ordinals):
        if day is None:
            continue
        at = bisect_right(ends, day)
        count, first, before[place] = rows[at - 1] if at else (0, day, -1)
        begin = at - 1 if at and ends[at - 1] == day else at
        while at < len(rows) and rows[at][:2] <= (count + 1, first):
            at += 1
        ends[begin:at] = [day]
        rows[begin:at] = [(count + 1, first, place)]
    best = max(zip(rows, ends, strict=True), key=lambda one: (one[0][0], one[0][1] - one[1]), default=None)
    believed = set()
    place = best[0][2] if best else -1
    while place >= 0:
        believed.add(place)
        place = before[place]
    return believed
