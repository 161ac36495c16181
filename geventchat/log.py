"""The log that orders a server's events, and the store that keeps them in memory only."""

from collections import deque
from collections.abc import Sequence
from itertools import dropwhile, islice, takewhile
from typing import NamedTuple, Protocol

from geventchat.events import AnyEvent, IdClock, id_key

# What the memory log keeps of all rooms together: hours of talk to catch up with, not an archive.
MEMORY_BYTES = 32 << 20
# About what an event costs besides its text.
_EVENT_BYTES = 400


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


class MemoryLog:
    """A log that lasts as long as the server: the last events, until they come to `max_bytes` over all rooms."""

    where = "memory only"

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clock = IdClock()
        self._rooms: dict[str, deque[Entry]] = {}
        self._order: deque[tuple[str, int]] = deque()  # of all events kept, oldest first: room and size

    def append(self, entries: Sequence[Entry], now: float) -> None:
        """Stamp the events and keep them; nothing here can be lost that outlives the process."""
        for entry in entries:
            self._clock.stamp(entry.event, now)
            kept = self._rooms.get(entry.room)
            if kept is None:
                kept = self._rooms[entry.room] = deque()
            kept.append(entry)
            size = _EVENT_BYTES + len(getattr(entry.event, "text", ""))
            self._order.append((entry.room, size))
            self._bytes += size
        while self._bytes > self._max_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        room, size = self._order.popleft()
        self._bytes -= size
        kept = self._rooms[room]
        kept.popleft()
        if not kept:
            del self._rooms[room]

    def since(self, room: str, after: str, limit: int) -> list[AnyEvent]:
        """Return up to `limit` events later than the id `after`, oldest first."""
        return [entry.event for entry in self._later(room, after)[:limit]]

    def latest(self, room: str, limit: int, before: str | None = None) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first."""
        newest_first = reversed(self._rooms.get(room, ()))
        if before is not None:
            end = id_key(before)
            newest_first = dropwhile(lambda entry: id_key(entry.event.id) >= end, newest_first)
        return [entry.event for entry in islice(newest_first, limit)][::-1]

    def refs(self, room: str, nick: str, after: str) -> dict[str, str]:
        """Return what `nick` has had stored later than the id `after`: from the client's marks to ids."""
        later = self._later(room, after)
        return {entry.ref: entry.event.id for entry in later if entry.ref is not None and entry.event.nick == nick}

    def oldest(self, room: str) -> str | None:
        """Return the id of the oldest event kept of a room; None when there is none."""
        kept = self._rooms.get(room)
        return kept[0].event.id if kept else None

    def close(self) -> None:
        """Nothing is open."""

    def _later(self, room: str, after: str) -> list[Entry]:
        start = id_key(after)
        newest_first = reversed(self._rooms.get(room, ()))
        return list(takewhile(lambda entry: id_key(entry.event.id) > start, newest_first))[::-1]
