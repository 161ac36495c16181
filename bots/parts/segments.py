"""A room's order in short: cut into segments, each of which is a digest, sums and times.

Segments end where the number that stands for a message ends in zeros, so that two parts that heard the same cut at the
same places, wherever each of them came in. Times are in milliseconds, rounded so that they never say less.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import count

import msgspec

from bots.ledger.model import IN_FLIGHT_S, Attendance, Message
from bots.ledger.room import RoomLedger
from bots.parts.history import Clock, Range, Whole, joined

# One message in so many ends a segment.
SEGMENT = 512
_MASK = (1 << 64) - 1
# What is heard late is nearly always heard behind fewer messages than these.
_NEAR = 64
_TENTHS = 10  # users come and go with a precision of a tenth of a second


class Segment(msgspec.Struct, array_like=True, frozen=True):
    """Some messages that stand together in a part's order.

    `claimed` of them were said by the part's own users, `others` by people beside the scenario, with the sums of the
    numbers that stand for them, and for all; `begin` and `end` are when the first was sent or heard, and the last
    first heard. `odd` says that some user heard something in it otherwise than the part's other users.
    """

    digest: int
    count: int
    sum: int
    claimed: int
    claimed_sum: int
    others: int
    others_sum: int
    begin: int
    end: int
    odd: bool


class RoomReport(msgspec.Struct, frozen=True):
    """A room as one part saw it, in short.

    In the tenths of seconds of `moving`, some user came or went; in those of `present`, some user was there.
    """

    readers: int = 0
    segments: tuple[Segment, ...] = ()
    moving: tuple[Range, ...] = ()
    present: tuple[Range, ...] = ()


def number_of(message: Message) -> int:
    """Return the 64 bits that stand for a message."""
    words = f"{message.id}\0{message.nick}\0{message.text}"
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), "big")


def cut(messages: Sequence[Message], one_in: int = SEGMENT) -> Iterator[tuple[Range, list[int]]]:
    """Yield each segment of an order: where it is, and the numbers that stand for its messages."""
    numbers: list[int] = []
    begin = 0
    for end, message in enumerate(messages, 1):
        numbers.append(number_of(message))
        if numbers[-1] % one_in == 0 or end == len(messages):
            yield (begin, end), numbers
            begin, numbers = end, []


def room_report(room: RoomLedger, clock: Clock, one_in: int = SEGMENT) -> tuple[RoomReport, list[Range]]:
    """Return a room in short, and where each segment is in its order."""
    odd, segments, ranges = _odd_places(room), [], []
    for (begin, end), numbers in cut(room.messages, one_in):
        inside = room.messages[begin:end]
        own = [number for message, number in zip(inside, numbers, strict=True) if not message.from_others]
        outside = [
            number
            for message, number in zip(inside, numbers, strict=True)
            if message.from_others and not message.said_elsewhere
        ]
        digest = blake2b(b"".join(number.to_bytes(8, "big") for number in numbers), digest_size=8).digest()
        sent = [message.sent for message in inside if not message.from_others]
        heard = [message.first_heard for message in inside]
        segments.append(
            Segment(
                int.from_bytes(digest, "big"),
                *(end - begin, sum(numbers) & _MASK),
                *(len(own), sum(own) & _MASK, len(outside), sum(outside) & _MASK),
                *(math.floor(clock(min(sent + heard)) * 1000), math.ceil(clock(max(heard)) * 1000)),
                odd=not odd.isdisjoint(range(begin, end)),
            )
        )
        ranges.append((begin, end))
    moving = joined(sorted(_tenths(span, clock) for reader in room.readers for span in _moves(reader)))
    present = joined(sorted(_tenths((one.entered, one.leaving), clock) for one in room.readers))
    return RoomReport(len(room.readers), tuple(segments), tuple(moving), tuple(present)), ranges


def _odd_places(room: RoomLedger) -> set[int]:
    """Return the places in a room's order where somebody heard otherwise than in step, or came or went."""
    share = room.share
    assert share is not None
    whole, places = Whole(room), {message.index for message in room.messages if message.is_unsure}
    for reader in room.readers:
        progress = reader.progress
        places |= {message.index for message in progress.skipped if not reader.does_not_hear(message)}
        begin = next((first for first, _ in whole.heard_by(reader)), 0)
        end = max(progress.position, 0)
        if begin:
            places |= {begin - 1, begin}
        if end < len(room.messages) or not math.isinf(reader.leaving):
            places |= {end - 1, end}
        if reader.entered < math.inf:
            places |= set(_unheard_behind(room, whole, reader, end))
    for unheard in room.unheard():  # it may have been any of those with the same words
        places |= {message.index for message in room.like(unheard.words)}
    for heard in share.odd.values():
        for odd in heard:
            places |= {message.index for message in room.like(odd.words, odd.id)}
            after = odd.after.index if odd.after is not None else -1
            places |= {after, after + 1}
    for reader, messages in share.out_of_place.items():
        behind = [one.after.index for one in share.odd[reader] if one.after is not None]
        for message in messages:  # all that it was heard behind, where that is near
            farthest = max((index for index in behind if message.index < index < message.index + _NEAR), default=0)
            places |= {message.index, *range(message.index, farthest)}
    return places


def _unheard_behind(room: RoomLedger, whole: Whole, reader: Attendance, end: int) -> Iterable[int]:
    """Yield the places behind a user's own of what others heard while it was there still."""
    for place in count(end):
        if place >= len(room.messages) or whole.soonest_from[place] > reader.leaving:
            return
        yield place


def _moves(reader: Attendance) -> Iterator[tuple[float, float]]:
    """Yield the times between which a user may hear what it need not."""
    yield reader.asked, reader.entered if reader.entered < math.inf else reader.asked
    if reader.leaving < math.inf:
        begin = reader.leaving - (IN_FLIGHT_S if reader.dropped else 0.0)
        yield begin, reader.left if reader.left < math.inf else reader.leaving


def _tenths(span: tuple[float, float], clock: Clock) -> Range:
    """Return the tenths of seconds that a span of time is in; it may go on for ever."""
    begin, end = (at if math.isinf(at) else clock(at) for at in span)
    if math.isinf(begin):
        return 0, 0
    first = math.floor(begin * _TENTHS)
    return first, _FOREVER if math.isinf(end) else max(first, math.floor(end * _TENTHS)) + 1


_FOREVER = 1 << 52


def overlaps(ranges: Sequence[Range], begin: int, end: int) -> bool:
    """Whether any of these tenths, which are in order, is between two times in milliseconds."""
    first, last = begin * _TENTHS // 1000, end * _TENTHS // 1000
    low, high = 0, len(ranges)
    while low < high:
        middle = (low + high) // 2
        if ranges[middle][1] <= first:
            low = middle + 1
        else:
            high = middle
    return low < len(ranges) and ranges[low][0] <= last
