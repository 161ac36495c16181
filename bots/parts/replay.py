"""The one verdict: what all parts know of a room, gone through once more in the order in which it happened.

It is the same ledger that judges a run in one process, so that its rules are the same. Users who heard exactly the same
are gone through once for all of them.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from bots.ledger.model import Attendance, ToldGap
from bots.ledger.room import RoomLedger
from bots.parts.history import Heard, History, OddlyHeard, Range, Stay

# What happens at the same time happens in this order.
_SAY, _MOVE, _HEAR_FIRST, _HEAR, _LOSE = range(5)


class Happened(NamedTuple):
    """Something that happened, at a time; what happens first when times are equal has the lower rank."""

    at: float
    rank: int
    do: Callable[[], object]


def replay(
    ledger: RoomLedger, histories: Sequence[History], clock_error_s: float = 0.0, stay_error_s: float = 0.0
) -> None:
    """Let a new ledger go through what happened in a room; it is not closed then.

    The parts' clocks may differ by the error, so that something may seem to be heard before it was sent. Who came or
    went within the error of a stay of when something was sent may have heard it, or not.
    """
    streams: list[Iterator[Happened]] = []
    followers: list[tuple[Attendance, Attendance]] = []
    for history in histories:
        streams.append(_told(ledger, history, clock_error_s))
        span = _Span(history, histories)
        leaders: dict[tuple[Range, ...], Attendance] = {}
        for number, stay in enumerate(history.stays):
            reader = _reader(stay, stay_error_s)
            if span.is_all_the_while(stay, reader):
                if stay.heard in leaders:
                    followers.append((leaders[stay.heard], reader))
                    continue
                leaders[stay.heard] = reader
            streams.append(_stay(ledger, stay, reader, number, history.order))
    for happened in heapq.merge(*streams, key=lambda one: one[:2]):
        happened.do()
    for leader, follower in followers:
        ledger.add_like(leader, follower)
    ledger.readers.sort(key=lambda reader: reader.asked)


def _told(ledger: RoomLedger, history: History, clock_error_s: float) -> Iterator[Happened]:
    """Return what a part's users said, who lost the connection, and what was overheard, in the order of time."""
    happened = [
        *(
            Happened(
                one.sent - clock_error_s,
                _SAY,
                lambda one=one: ledger.say(one.nick, one.text, one.due, one.sent, one.sender, one.line),  # type: ignore[misc]
            )
            for one in history.said
        ),
        *(Happened(one[1], _LOSE, lambda one=one: ledger.lose(*one)) for one in history.lost),  # type: ignore[misc]
        *(
            Happened(one.at, _HEAR, lambda one=one: ledger.overhear(one.name, one.nick, one.text, one.at, one.raw))  # type: ignore[misc]
            for one in history.overheard
        ),
    ]
    return iter(sorted(happened, key=lambda one: one[:2]))


def _reader(stay: Stay, clock_error_s: float) -> Attendance:
    """Return a user who has asked to come in, and has done nothing else yet."""
    reader = Attendance(stay.name, stay.asked - clock_error_s, hears_itself=stay.hears_itself)
    reader.pace.timed = stay.timed
    reader.entered = stay.entered + clock_error_s
    reader.leaving = stay.leaving - clock_error_s
    reader.left = stay.left + clock_error_s
    reader.dropped = stay.dropped
    reader.gaps = [ToldGap(*gap) for gap in stay.gaps]
    return reader


def _stay(
    ledger: RoomLedger, stay: Stay, reader: Attendance, number: int, order: Sequence[Heard]
) -> Iterator[Happened]:
    """Return what happened to one user, in the order in which it did."""
    entered, leaving, left = reader.entered, reader.leaving, reader.left
    reader.entered = reader.leaving = reader.left = float("inf")
    reader.dropped = False

    def go() -> None:
        reader.leaving, reader.dropped = leaving, stay.dropped

    moves = [
        Happened(reader.asked, _MOVE, lambda: ledger.take_in(reader)),
        Happened(entered, _MOVE, lambda: setattr(reader, "entered", entered)),
        Happened(leaving, _MOVE, go),
        Happened(left, _MOVE, lambda: setattr(reader, "left", left)),
    ]
    return heapq.merge(moves, _hearing(ledger, stay, reader, number, order), key=lambda one: one[:2])


def _hearing(
    ledger: RoomLedger, stay: Stay, reader: Attendance, number: int, order: Sequence[Heard]
) -> Iterator[Happened]:
    """Yield what a user heard, as it came; what it heard with the others, it heard when the first of them did."""
    now, odd = stay.asked, deque(stay.odd)

    def happened(one: Heard | OddlyHeard, rank: int, raw: bytes = b"") -> Happened:
        at, is_exact = now, isinstance(one, OddlyHeard)
        return Happened(at, rank, lambda: ledger.hear(reader, one.nick, one.text, at, one.id, raw, is_exact=is_exact))

    for place in chain(chain.from_iterable(range(*heard) for heard in stay.heard), (len(order),)):
        while odd and odd[0].place <= place:
            one = odd.popleft()
            now = max(now, one.at)
            yield happened(one, _HEAR, one.raw)
        if place < len(order):
            now = max(now, order[place].at)
            yield happened(order[place], _HEAR_FIRST if order[place].first == number else _HEAR)


class _Span:
    """Says of a part's users whether they were there all the while that messages were on their way."""

    def __init__(self, history: History, histories: Sequence[History]) -> None:
        sent: dict[tuple[str, str], float] = {}
        for one in chain.from_iterable(history.said for history in histories):
            sent[one.nick, one.text] = min(one.sent, sent.get((one.nick, one.text), one.sent))
        times = [(min(sent.get((one.nick, one.text), one.at), one.at), one.at) for one in history.order]
        self._begin = min((begin for begin, _ in times), default=0.0)
        self._end = max((end for _, end in times), default=0.0)

    def is_all_the_while(self, stay: Stay, reader: Attendance) -> bool:
        """Whether a user only heard what others heard, and was there before it began and after it ended."""
        is_there = reader.entered <= self._begin and reader.leaving >= self._end
        return is_there and stay.hears_itself and not (stay.odd or stay.dropped)
