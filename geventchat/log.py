"""The log that orders a server's events, and the store that keeps them in memory only."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from geventchat.events import AnyEvent, IdClock, id_key

# What the memory log keeps of all rooms together: hours of talk to catch up with, not an archive.
MEMORY_BYTES = 32 << 20
# About what an event costs besides its text.
_EVENT_BYTES = 400


class Log(Protocol):
    """Keeps the events of all rooms, each room's in order. Rooms go by their keys."""

    def append(self, events: Sequence[tuple[str, AnyEvent]], now: float) -> None:
        """Give each event, with the key of its room, its id and time, and return once all of them are safe.

        `now` is in seconds since 1970.
        """

    def since(self, room: str, after: str, limit: int) -> list[AnyEvent]:
        """Return up to `limit` events later than the id `after`, oldest first."""

    def latest(self, room: str, limit: int, before: str | None = None) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first."""

    def close(self) -> None:
        """Put away what is open; the log is not used afterwards."""


class MemoryLog:
    """A log that lasts as long as the server: the last events, until they come to `max_bytes` over all rooms."""

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clock = IdClock()
        self._rooms: dict[str, deque[AnyEvent]] = {}
        self._order: deque[tuple[str, int]] = deque()  # of all events kept, oldest first: room and size

    def append(self, events: Sequence[tuple[str, AnyEvent]], now: float) -> None:
        """Stamp the events and keep them; nothing here can be lost that outlives the process."""
        for room, event in events:
            self._clock.stamp(event, now)
            kept = self._rooms.get(room)
            if kept is None:
                kept = self._rooms[room] = deque()
            kept.append(event)
            size = _EVENT_BYTES + len(getattr(event, "text", ""))
            self._order.append((room, size))
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
        start = id_key(after)
        later: list[AnyEvent] = []
        for event in reversed(self._rooms.get(room, ())):
            if id_key(event.id) <= start:
                break
            later.append(event)
        later.reverse()
        return later[:limit]

    def latest(self, room: str, limit: int, before: str | None = None) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first."""
        newest_first = reversed(self._rooms.get(room, ()))
        if before is not None:
            end = id_key(before)
            earlier = (event for event in newest_first if id_key(event.id) < end)
            return list(islice(earlier, limit))[::-1]
        return list(islice(newest_first, limit))[::-1]

    def close(self) -> None:
        """Nothing is open."""
