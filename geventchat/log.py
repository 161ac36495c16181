"""The log that orders a server's events, and the store that keeps them in memory only."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import msgspec

from geventchat.events import Acted, AnyEvent, IdClock, Said, TopicSet, id_of, number_of

# What the memory log keeps of all rooms together, some 40,000 short lines: talk to catch up with, not an archive.
MEMORY_BYTES = 4 << 20


class Entry(NamedTuple):
    """One event for the log: the key of its room, and the mark that its speaker's client gave it, if any."""

    room: str
    event: AnyEvent
    ref: str | None


class Log(Protocol):
    """Keeps the events of all rooms, each room's in order, and each room's topic. Rooms go by their keys.

    A log that waits for a disk lets other greenlets run meanwhile. `where` tells people where the events are kept.
    """

    where: str

    def append(self, entries: Sequence[Entry], now: float) -> None:
        """Give each event its id and time, and return once all of them are safe; `now` is in seconds since 1970.

        Raises NotStored when they cannot be kept; ids and times are given all the same.
        """

    def since(self, room: str, after: str, limit: int) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first.

        Raises Refused when `after` is no id, or when the log cannot be read; so does every other way of reading.
        """

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""

    def topic(self, room: str) -> str:
        """Return the topic that was set last; empty when none was."""

    def forgotten(self) -> str:
        """Return the id up to which events may have been removed; 0-0 when everything is still there."""

    def close(self) -> None:
        """Put away what is open; the log is not used afterwards."""


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """An event as it is kept: as bytes it takes a fifth of what its objects would."""

    is_talk: bool
    event: AnyEvent
    ref: str | None


class _Glance(msgspec.Struct, array_like=True, gc=False):
    """The beginning of a _Kept, which is all that needs to be read to pass it over."""

    is_talk: bool


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)
_glancer = msgspec.msgpack.Decoder(_Glance)


class MemoryLog:
    """A log that lasts as long as the server: the last events, until they come to `max_bytes` over all rooms."""

    where = "memory only"

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clock = IdClock()
        self._rooms: dict[str, deque[bytes]] = {}
        self._order: deque[str] = deque()  # the rooms of all events kept, oldest first
        self._topics: dict[str, str] = {}  # of rooms of which something is kept
        self._forgotten: int | None = None  # None before the first event

    def append(self, entries: Sequence[Entry], now: float) -> None:
        """Stamp the events and keep them; nothing here can be lost that outlives the process."""
        for room, event, ref in entries:
            self._clock.stamp(event, now)
            if self._forgotten is None:  # what an earlier server may have said is forgotten
                self._forgotten = number_of(event.id) - 1
            if isinstance(event, TopicSet):
                self._topics[room] = event.text
            kept = _encoder.encode(_Kept(isinstance(event, Said | Acted), event, ref))
            self._rooms.setdefault(room, deque()).append(kept)
            self._order.append(room)
            self._bytes += len(kept)
        while self._bytes > self._max_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        room = self._order.popleft()
        kept = self._rooms[room]
        dropped = kept.popleft()
        self._bytes -= len(dropped)
        self._forgotten = _number(dropped)
        if not kept:
            del self._rooms[room]
            self._topics.pop(room, None)

    def since(self, room: str, after: str, limit: int) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first."""
        kept = self._rooms.get(room, deque())
        begin = bisect_right(kept, number_of(after), key=_number)
        found = (_decoder.decode(kept[place]) for place in range(begin, min(begin + limit, len(kept))))
        return [Entry(room, one.event, one.ref) for one in found]

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""
        kept = self._rooms.get(room, deque())
        end = len(kept) if before is None else bisect_left(kept, number_of(before), key=_number)
        newest_first: Iterable[bytes] = islice(reversed(kept), len(kept) - end, None)
        if talk:
            newest_first = (one for one in newest_first if _glancer.decode(one).is_talk)
        return [_decoder.decode(one).event for one in islice(newest_first, limit)][::-1]

    def topic(self, room: str) -> str:
        """Return the topic that was set last; empty when none was."""
        return self._topics.get(room, "")

    def forgotten(self) -> str:
        """Return the id up to which events may have been removed."""
        return id_of(self._forgotten or 0)

    def close(self) -> None:
        """Nothing is open."""


def _number(kept: bytes) -> int:
    return number_of(_decoder.decode(kept).event.id)
