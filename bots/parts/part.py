"""One part of a run, as it answers who judges: in short first, and then in full about what is in question."""

from collections.abc import Mapping, Sequence

import msgspec

from bots.ledger.model import About, Words
from bots.ledger.room import RoomLedger
from bots.parts.history import Clock, History, Range, history, joined
from bots.parts.segments import SEGMENT, RoomReport, room_report


class Overview(msgspec.Struct, tag=True, frozen=True):
    """Asks for every room in short."""


class Details(msgspec.Struct, tag=True, frozen=True):
    """Asks for these segments of each room in full."""

    segments: dict[About, list[int]]


class Where(msgspec.Struct, tag=True, frozen=True):
    """Asks for the segments of each room that these words are in, and who said them in any room."""

    words: dict[About, list[Words]]


Question = Overview | Details | Where


class InShort(msgspec.Struct, tag=True, frozen=True):
    """Every room in short, and the nicks that the part's users have taken."""

    rooms: dict[About, RoomReport]
    nicks: tuple[str, ...] = ()


class InFull(msgspec.Struct, tag=True, frozen=True):
    """Each room that was asked for, in full."""

    rooms: dict[About, History]


class Found(msgspec.Struct, tag=True, frozen=True):
    """The segments of each room that were asked for, and those of the words that the part's users said, by room."""

    segments: dict[About, list[int]]
    said: dict[About, list[Words]]


Answer = InShort | InFull | Found


class Part:
    """Answers questions about the ledgers of one part; `clock` makes its times those of all.

    One message in `one_in` ends a segment, the same on all parts.
    """

    def __init__(
        self,
        ledgers: Mapping[About, RoomLedger],
        nicks: Sequence[str] = (),
        clock: Clock = lambda at: at,
        one_in: int = SEGMENT,
    ) -> None:
        self._one_in = one_in
        self._ledgers = ledgers
        self._nicks = tuple(nicks)
        self._clock = clock
        self._ranges: dict[About, list[Range]] = {}

    def answer(self, question: Question) -> Answer:
        """Return what is asked for."""
        match question:
            case Overview():
                rooms = {}
                for about, ledger in self._ledgers.items():
                    rooms[about], self._ranges[about] = room_report(ledger, self._clock, self._one_in)
                return InShort(rooms, self._nicks)
            case Details(segments=wanted):
                return InFull({about: self._history(about, places) for about, places in wanted.items()})
            case Where(words=words):
                segments = {about: self._places(about, asked) for about, asked in words.items()}
                every = {one for asked in words.values() for one in asked}
                return Found(segments, {about: self._said(about, every) for about in self._ledgers})

    def _history(self, about: About, places: Sequence[int]) -> History:
        ranges = self._ranges.get(about, [])
        if about not in self._ledgers:
            return History()
        return history(self._ledgers[about], list(joined(ranges[place] for place in sorted(places))), self._clock)

    def _places(self, about: About, words: Sequence[Words]) -> list[int]:
        if about not in self._ledgers:
            return []
        indices = {message.index for one in words for message in self._ledgers[about].like(one)}
        return [
            place
            for place, (begin, end) in enumerate(self._ranges[about])
            if any(begin <= index < end for index in indices)
        ]

    def _said(self, about: About, words: set[Words]) -> list[Words]:
        return [one for one in words if self._ledgers[about].was_sent(one)]
