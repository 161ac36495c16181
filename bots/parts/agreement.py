"""Which segments of a room all parts agree on: nothing can be wrong in those, and nothing more is asked about them.

A segment is agreed on if every part whose users were there heard just these messages in just this order; if each of
them was said once, by the users of one part; if no user heard any of them otherwise; and if nobody came or went
meanwhile. Then everyone who was there heard all of it, and nobody else could.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bots.parts.segments import RoomReport, Segment, overlaps

# A room with so few messages times readers is looked at in whole: then its ledger is, too.
WHOLE_UP_TO = 200_000


class Agreed(NamedTuple):
    """What is in question, for each part the numbers of its segments; and how much of the rest is from others."""

    in_question: list[list[int]]
    from_others: int


class _Key(NamedTuple):
    """A segment by its digest; if the same comes again, by how many came before."""

    digest: int
    before: int


def agree(reports: Sequence[RoomReport], clock_error_s: float = 0.0, whole_up_to: int = WHOLE_UP_TO) -> Agreed:
    """Compare what the parts of a run report of one room."""
    messages = max((sum(one.count for one in report.segments) for report in reports), default=0)
    if messages * sum(report.readers for report in reports) <= whole_up_to:
        return Agreed([list(range(len(report.segments))) for report in reports], 0)
    keys = [_keys(report) for report in reports]
    places: dict[_Key, dict[int, int]] = defaultdict(dict)
    for part, own in enumerate(keys):
        for place, key in enumerate(own):
            places[key][part] = place
    disordered = _disordered(keys)
    good = {
        key
        for key, at in places.items()
        if key not in disordered and _is_agreed_on(reports, at, math.ceil(clock_error_s * 1000))
    }
    good -= {near for own in keys for near in _beside(own, good)}
    others = sum(reports[part].segments[place].others for key in good for part, place in list(places[key].items())[:1])
    return Agreed([[place for place, key in enumerate(own) if key not in good] for own in keys], others)


def _beside(keys: Sequence[_Key], good: set[_Key]) -> Iterator[_Key]:
    """Yield the segments beside those in question: what was said just before and after helps to judge, and to tell."""
    for one, other in pairwise(keys):
        if (one in good) != (other in good):
            yield one if one in good else other


def _keys(report: RoomReport) -> list[_Key]:
    seen = Counter[int]()
    keys = []
    for segment in report.segments:
        keys.append(_Key(segment.digest, seen[segment.digest]))
        seen[segment.digest] += 1
    return keys


def _is_agreed_on(reports: Sequence[RoomReport], places: dict[int, int], error_ms: int) -> bool:
    """Whether all parts agree on a segment, which those with a place in `places` have."""
    segments: list[Segment] = [reports[part].segments[place] for part, place in places.items()]
    one = segments[0]
    begin = min(segment.begin for segment in segments) - error_ms
    end = max(segment.end for segment in segments) + error_ms
    claimed = sum(segment.claimed for segment in segments) + one.others
    claimed_sum = sum(segment.claimed_sum for segment in segments) + one.others_sum
    return (
        not any(segment.odd for segment in segments)
        and all((segment.others, segment.others_sum) == (one.others, one.others_sum) for segment in segments)
        and claimed == one.count
        and (claimed_sum - one.sum) % (1 << 64) == 0
        and not any(overlaps(report.moving, begin, end) for report in reports)
        and not any(part not in places and overlaps(report.present, begin, end) for part, report in enumerate(reports))
    )


def _disordered(keys: Sequence[Sequence[_Key]]) -> set[_Key]:
    """Return the segments that stand before another one on one part, and behind it on another."""
    found: set[_Key] = set()
    for first in range(len(keys)):
        rank = {key: place for place, key in enumerate(keys[first])}
        for other in keys[first + 1 :]:
            common = [key for key in other if key in rank]
            highest = lowest = -1
            for key in common:
                highest = max(highest, rank[key])
                if rank[key] < highest:
                    found.add(key)
            lowest = len(rank)
            for key in reversed(common):
                lowest = min(lowest, rank[key])
                if rank[key] > lowest:
                    found.add(key)
    return found
