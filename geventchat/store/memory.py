"""A log in memory only."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import islice

import msgspec

from geventchat.core.kept import Change, Kept
from geventchat.core.log import Entry
from geventchat.protocol.events import Acted, AnyEvent, Deleted, IdClock, Said, TopicSet, id_of, number_of

# What the memory log keeps of all rooms together, some 40,000 short lines: talk to catch up with, not an archive.
MEMORY_BYTES = 4 << 20


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """An event as it is kept: as bytes it takes a fifth of what its objects would."""

    event: AnyEvent
    ref: str | None
    sender: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


class _RoomLog:
    """What is kept of one room, oldest first; and once more what of it was said."""

    __slots__ = ("all", "talk", "topic")

    def __init__(self) -> None:
        self.all: deque[bytes] = deque()
        self.talk: deque[bytes] = deque()
        self.topic = ""


_NOTHING = _RoomLog()


class MemoryLog:
    """A log that lasts as long as the server: the last events, until they come to `max_bytes` over all rooms."""

    location = "memory only"
    gathers_s = 0.0
    shared = None
    trouble = ""

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clock = IdClock()
        self._rooms: dict[str, _RoomLog] = {}  # by room
        self._order: deque[str] = deque()  # the rooms of all events kept, oldest first
        self._trimmed: int | None = None  # None before the first event
        self.kept = Kept()

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        """Give each event its id and time, and keep them; none of it outlives the process."""
        for entry in entries:
            self._clock.stamp(entry.event, now)
            if self._trimmed is None:  # what an earlier server may have said is forgotten
                self._trimmed = number_of(entry.event.id) - 1
            if isinstance(entry.event, Deleted):
                self._erase(entry.room, number_of(entry.event.target))
            self._keep(*entry)
        self.kept.settle(changes)
        while self._bytes > self._max_bytes:
            self._drop_oldest()

    def refresh_records(self) -> None:
        """Nobody else has this log."""

    def _keep(self, room: str, event: AnyEvent, ref: str | None, sender: str) -> None:
        kept = _encoder.encode(_Kept(event, ref, sender))
        log = self._rooms.get(room)
        if log is None:
            log = self._rooms[room] = _RoomLog()
        log.all.append(kept)
        if isinstance(event, Said | Acted):
            log.talk.append(kept)
        elif isinstance(event, TopicSet):
            log.topic = event.text
        self._order.append(room)
        self._bytes += len(kept)

    def _erase(self, room: str, number: int) -> None:
        """Forget one event."""
        log = self._rooms.get(room, _NOTHING)
        for kept in (log.talk, log.all):
            at = bisect_left(kept, number, key=_number)
            if at == len(kept) or _number(kept[at]) != number:
                continue
            if kept is log.all:
                self._bytes -= len(kept[at])
                place, *_ = islice((place for place, other in enumerate(self._order) if other == room), at, None)
                del self._order[place]
            del kept[at]

    def _drop_oldest(self) -> None:
        room = self._order.popleft()
        log = self._rooms[room]
        dropped = log.all.popleft()
        if log.talk and log.talk[0] is dropped:
            log.talk.popleft()
        self._bytes -= len(dropped)
        self._trimmed = _number(dropped)
        if not log.all:
            del self._rooms[room]

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first; with `talk`, only what was said."""
        log = self._rooms.get(room, _NOTHING)
        kept = log.talk if talk else log.all
        begin = bisect_right(kept, number_of(after), key=_number)
        found = (_decoder.decode(kept[place]) for place in range(begin, min(begin + limit, len(kept))))
        return [Entry(room, one.event, one.ref, one.sender) for one in found]

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""
        log = self._rooms.get(room, _NOTHING)
        kept = log.talk if talk else log.all
        end = len(kept) if before is None else bisect_left(kept, number_of(before), key=_number)
        return [_decoder.decode(kept[place]).event for place in range(max(0, end - limit), end)]

    def topics(self, rooms: Sequence[str]) -> dict[str, str]:
        """Return the topics of rooms that have one."""
        logs = {room: self._rooms.get(room, _NOTHING) for room in rooms}
        return {room: log.topic for room, log in logs.items() if log.topic}

    def trimmed_up_to(self) -> str:
        """Return the id up to which events may have been removed."""
        return id_of(self._trimmed or 0)

    def close(self) -> None:
        """Nothing is open."""


def _number(kept: bytes) -> int:
    return number_of(_decoder.decode(kept).event.id)
