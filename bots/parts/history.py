"""What one part of a run knows of a room, as it tells who judges: what its users said, and what each of them heard.

Users heard nearly everything in the order of the part's ledger, so that a few places in it say what one user heard.
Times are in seconds on the clock that all parts share.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

import msgspec

from bots.ledger.model import Attendance, Message
from bots.ledger.room import RoomLedger

# Turns a time on a part's own clock into one that all parts share.
Clock = Callable[[float], float]
# Places in an order: from the first up to, not including, the second.
Range = tuple[int, int]


class Said(msgspec.Struct, array_like=True, frozen=True):
    """What one of the part's users said."""

    nick: str
    text: str
    due: float
    sent: float
    sender: str
    line: int


class Heard(msgspec.Struct, array_like=True, frozen=True):
    """A message as the first of the part's users heard it, whose stay has this number."""

    nick: str
    text: str
    id: str
    at: float
    first: int = 0


class OddlyHeard(msgspec.Struct, array_like=True, frozen=True):
    """What one user heard otherwise than in the part's order, when it was at the place `place` in that."""

    place: int
    nick: str
    text: str
    id: str
    at: float
    raw: bytes


class Stay(msgspec.Struct, array_like=True, frozen=True):
    """One user in the room, as `bots.ledger.model.Attendance` has it, and what it heard: ranges of the part's order."""

    name: str
    asked: float
    entered: float
    leaving: float
    left: float
    hears_itself: bool
    dropped: bool
    timed: bool
    heard: tuple[Range, ...]
    odd: tuple[OddlyHeard, ...] = ()
    gaps: tuple[tuple[str, str, float, float], ...] = ()


class Overheard(msgspec.Struct, array_like=True, frozen=True):
    """What somebody heard of the room without being in it."""

    name: str
    nick: str
    text: str
    at: float
    raw: bytes


class History(msgspec.Struct, frozen=True):
    """A room as one part saw it, or pieces of that, one behind the other; `lost` is who lost its connection when.

    With that goes since when nobody knows what has arrived of what was sent.
    """

    said: tuple[Said, ...] = ()
    order: tuple[Heard, ...] = ()
    stays: tuple[Stay, ...] = ()
    overheard: tuple[Overheard, ...] = ()
    lost: tuple[tuple[str, float, float], ...] = ()


def history(room: RoomLedger, kept: Sequence[Range], clock: Clock) -> History:
    """Return what is known of the messages in these ranges of a room's order, and of those that nobody here heard."""
    messages = [message for begin, end in kept for message in room.messages[begin:end]]
    own = [message for message in (*messages, *room.unheard()) if not message.from_others]
    said = (Said(m.nick, m.text, clock(m.due), clock(m.sent), m.sender, m.line) for m in own)
    share = room.share
    assert share is not None
    whole, numbers = Whole(room), {reader: number for number, reader in enumerate(room.readers)}
    offsets = list(accumulate((end - begin for begin, end in kept), initial=0))

    def place(index: int) -> int:
        """Return how many of the kept messages stand before a place in the whole order."""
        before = bisect_left(kept, (index, index)) - 1
        inside = min(index, kept[before][1]) - kept[before][0] if before >= 0 else 0
        return offsets[max(before, 0)] + inside

    def stay(reader: Attendance) -> Stay:
        odd = (
            OddlyHeard(
                place(one.after.index + 1) if one.after is not None else 0, *one.words, one.id, clock(one.at), one.line
            )
            for one in share.odd.get(reader, ())
        )
        ranges = joined((place(begin), place(end)) for begin, end in whole.heard_by(reader))
        return Stay(
            reader.name,
            asked=clock(reader.asked),
            entered=clock(reader.entered),
            leaving=clock(reader.leaving),
            left=clock(reader.left),
            hears_itself=reader.hears_itself,
            dropped=reader.dropped,
            timed=reader.pace.timed,
            heard=tuple(ranges),
            odd=tuple(odd),
            gaps=tuple((gap.first, gap.last, clock(gap.since), clock(gap.at)) for gap in reader.gaps),
        )

    return History(
        tuple(said),
        tuple(Heard(m.nick, m.text, m.id, clock(m.first_heard), numbers[share.first[m]]) for m in messages),
        tuple(map(stay, room.readers)),
        tuple(Overheard(one.name, *one.words, clock(one.at), one.line) for one in share.overheard),
        tuple((one.nick, clock(one.at), clock(one.since)) for one in share.lost),
    )


class Whole:
    """A room's order with what is needed to say quickly which of it a user heard."""

    def __init__(self, room: RoomLedger) -> None:
        self._room = room
        messages = room.messages
        self._latest_until = list(accumulate((message.first_heard for message in messages), max))
        self.soonest_from = list(accumulate((message.first_heard for message in reversed(messages)), min))[::-1]

    def heard_by(self, reader: Attendance) -> Iterator[Range]:
        """Yield the ranges that a user heard in its place."""
        share, messages = self._room.share, self._room.messages
        assert share is not None
        begin, end = bisect_left(self._latest_until, reader.asked), max(reader.progress.position, 0)
        sure = min(bisect_left(self.soonest_from, reader.asked), end)
        gaps = {number for number in range(begin, sure) if messages[number].first_heard < reader.asked}
        gaps |= _places(reader.progress.skipped) | _places(share.out_of_place.get(reader, ()))
        bounds = [begin - 1, *sorted(gap for gap in gaps if begin <= gap < end), end]
        for before, after in pairwise(bounds):
            if before + 1 < after:
                yield before + 1, after


def _places(messages: Iterable[Message]) -> set[int]:
    return {message.index for message in messages}


def joined(ranges: Iterable[Range]) -> Iterator[Range]:
    """Yield ranges, in order, those that touch as one, and none that is empty."""
    begin = end = -1
    for first, last in ranges:
        if first > end:
            if begin < end:
                yield begin, end
            begin = first
        end = max(end, last)
    if begin < end:
        yield begin, end
