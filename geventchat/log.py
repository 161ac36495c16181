"""The log that orders a server's events, and the store that keeps them in memory only."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import dropwhile, islice, takewhile
from typing import NamedTuple, Protocol

import msgspec

from geventchat.events import AnyEvent, IdClock, id_key

# What the memory log keeps of all rooms together, some 20,000 lines: talk to catch up with, not an archive.
MEMORY_BYTES = 4 << 20


class Entry(NamedTuple):
    """One event for the log: the key of its room, and the mark that its speaker's client gave it, if any."""

    room: str
    event: AnyEvent
    ref: str | None


class Log(Protocol):
    """Keeps the events of all rooms, each room's in order. Rooms go by their keys.

    A log that waits for a disk lets other greenlets run meanwhile. `where` says to people where the events are kept.
    """

    where: str

    def append(self, entries: Sequence[Entry], now: float) -> None:
        """Give each event its id and time, and return once all of them are safe; `now` is in seconds since 1970.

        Raises NotStored when they cannot be kept; ids and times are given all the same.
        """

    def since(self, room: str, after: str, limit: int) -> list[AnyEvent]:
        """Return up to `limit` events later than the id `after`, oldest first."""

    def latest(self, room: str, limit: int, before: str | None = None) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first."""

    def refs(self, room: str, nick: str, after: str) -> dict[str, str]:
        """Return what `nick` has had stored later than the id `after`: from the client's marks to ids."""

    def oldest(self, room: str) -> str | None:
        """Return the id of the oldest event kept of a room; None when there is none."""

    def close(self) -> None:
        """Put away what is open; the log is not used afterwards."""


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """An event as it is kept: as bytes it takes a fifth of what its objects would."""

    event: AnyEvent
    ref: str | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


class MemoryLog:
    """A log that lasts as long as the server: the last events, until they come to `max_bytes` over all rooms."""

    where = "memory only"

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clock = IdClock()
        self._rooms: dict[str, deque[bytes]] = {}
        self._order: deque[str] = deque()  # the rooms of all events kept, oldest first

    def append(self, entries: Sequence[Entry], now: float) -> None:
        """Stamp the events and keep them; nothing here can be lost that outlives the process."""
        for room, event, ref in entries:
            self._clock.stamp(event, now)
            kept = _encoder.encode(_Kept(event, ref))
            self._rooms.setdefault(room, deque()).append(kept)
            self._order.append(room)
            self._bytes += len(kept)
        while self._bytes > self._max_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        room = self._order.popleft()
        kept = self._rooms[room]
        self._bytes -= len(kept.popleft())
        if not kept:
            del self._rooms[room]

    def since(self, room: str, after: str, limit: int) -> list[AnyEvent]:
        """Return up to `limit` events later than the id `after`, oldest first."""
        return [kept.event for kept in self._later(room, after)[:limit]]

    def latest(self, room: str, limit: int, before: str | None = None) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first."""
        newest_first = self._newest_first(room)
        if before is not None:
            end = id_key(before)
            newest_first = dropwhile(lambda kept: id_key(kept.event.id) >= end, newest_first)
        return [kept.event for kept in islice(newest_first, limit)][::-1]

    def refs(self, room: str, nick: str, after: str) -> dict[str, str]:
        """Return what `nick` has had stored later than the id `after`: from the client's marks to ids."""
        later = self._later(room, after)
        return {kept.ref: kept.event.id for kept in later if kept.ref is not None and kept.event.nick == nick}

    def oldest(self, room: str) -> str | None:
        """Return the id of the oldest event kept of a room; None when there is none."""
        kept = self._rooms.get(room)
        return _decoder.decode(kept[0]).event.id if kept else None

    def close(self) -> None:
        """Nothing is open."""

    def _later(self, room: str, after: str) -> list[_Kept]:
        start = id_key(after)
        return list(takewhile(lambda kept: id_key(kept.event.id) > start, self._newest_first(room)))[::-1]

    def _newest_first(self, room: str) -> Iterator[_Kept]:
        return map(_decoder.decode, reversed(self._rooms.get(room, ())))
