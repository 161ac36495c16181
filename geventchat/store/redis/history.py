"""What was said before, read from Redis: of each room a stream of what was said, and one of all else that happened."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from heapq import merge
from itertools import islice
from typing import Any

import gevent
from redis.exceptions import ResponseError

from geventchat.core.log import Entry
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import LARGEST, AnyEvent, id_of, number_of
from geventchat.store.redis import items
from geventchat.store.redis.link import PREFIX, Away, Fenced, Link, Shut

_TRIM_EVERY_S = 60.0
# How many entries are read at once of each of many streams, behind the first.
_AT_ONCE = 100
# Of how many rooms what is too old is removed by one call: a few milliseconds.
_ROOMS_AT_ONCE = 100

# Returns the answer to a command, as `Link.call` and `Link.read` do.
Read = Callable[..., Any]


class History:
    """The part of a log that reads, and removes as time goes what is older than is to be kept.

    That is `keep_s` seconds, or the last `keep_messages` events of all rooms together, if these are given.

    While Redis is away, or has forgotten what servers still have, reading waits, as speaking does: users who come back
    would else miss something. `wait` waits for a moment, or sees to it, and is told why. `server` returns this
    server's name.
    """

    def __init__(
        self,
        link: Link,
        keep_s: float | None,
        keep_messages: int | None,
        wait: Callable[[Away | Shut], None],
        server: Callable[[], str],
    ) -> None:
        self._link = link
        self._wait = wait
        self._server = server
        self._keep_s = keep_s
        self._keep_messages = keep_messages

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first; with `talk`, only what was said."""
        begin, end = id_of(number_of(after) + 1), id_of(self._newest())
        return self._merged(room, limit, talk, lambda stream: ("XRANGE", stream, begin, end, "COUNT", limit))[:limit]

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""
        end = id_of(max(0, min((LARGEST if before is None else number_of(before)) - 1, self._newest())))
        found = self._merged(room, limit, talk, lambda stream: ("XREVRANGE", stream, end, "-", "COUNT", limit))
        return [entry.event for entry in found[-limit:]]

    def _merged(
        self, room: str, limit: int, talk: bool, command: Callable[[str], tuple[str | int, ...]]
    ) -> list[Entry]:
        """Return what both streams of a room hold, in the order of the log."""
        if limit <= 0:
            return []
        streams = ("talk:",) if talk else ("talk:", "moves:")
        found = [one for stream in streams for one in self._read(*command(f"{PREFIX}{stream}{room}"))]
        entries = [items.stored_entry(event_id.decode(), fields[1]) for event_id, fields in found]
        return sorted(entries, key=lambda entry: number_of(entry.event.id))

    def _newest(self) -> int:
        """Return the number of the newest id: what is up to there can be read of one stream after the other."""
        return number_of((self._read("HGET", f"{PREFIX}meta", "last") or b"0-0").decode())

    def topics(self, rooms: Sequence[str]) -> dict[str, str]:
        """Return the topics of rooms that have one."""
        found = self._read("HMGET", f"{PREFIX}topics", *rooms) if rooms else []
        return {room: topic.decode() for room, topic in zip(rooms, found, strict=True) if topic}

    def trimmed_up_to(self) -> str:
        """Return the id up to which events may have been removed, or were never here; 0-0 in an empty log."""
        first, trimmed = self._read("HMGET", f"{PREFIX}meta", "first", "trimmed")
        if first is None:
            return "0-0"
        return id_of(max(number_of(first.decode()) - 1, number_of((trimmed or b"0-0").decode())))

    def lost(self, event_id: str, uid: str) -> list[tuple[str, str]]:
        """Return between which ids events are lost that somebody was shown, from that on which this user was."""
        ids = [one.decode() for one in self._read("LRANGE", f"{PREFIX}lost", 0, -1)]
        proved = self._read("SMEMBERS", f"{PREFIX}proved") if ids else []
        found = []
        for kept, following in zip(ids[::2], ids[1::2], strict=False):
            is_proved = f"{kept} {following}".encode() in proved
            if number_of(kept) < number_of(event_id) < number_of(following):
                found.append((kept, following))
                if not is_proved:
                    self._prove(kept, following, uid)
            elif is_proved and number_of(event_id) <= number_of(kept):
                found.append((kept, following))
        return found

    def _prove(self, kept: str, following: str, uid: str) -> None:
        """Have all others told that events are lost; if it cannot be now, whoever comes back next does it."""
        with suppress(Away, Shut, Fenced):
            self._link.function("prove", self._server(), int(time.time() * 1000), kept, following, uid)

    def trim_on(self) -> None:
        """Remove what is older than is to be kept, now and then; runs until killed."""
        while self._keep_s or self._keep_messages:
            with suppress(Away, Shut, Fenced, ResponseError):
                self.trim()
            gevent.sleep(_TRIM_EVERY_S)

    def trim(self) -> None:
        """Remove what is older than is to be kept, unless another server does that.

        Raises Away, Shut, Fenced, ResponseError.
        """
        if not self._link.function("reserve", self._server(), "trimming"):
            return
        last = self._too_old()
        if self._keep_messages:
            streams = streams_of(self._link.read)
            surplus = sum(self._link.read("XLEN", stream) for stream in streams) - self._keep_messages
            if surplus > 0:
                oldest = islice(entries(self._link.read, streams, "-"), surplus - 1, None)
                last = max(last, number_of(next(oldest, ("0-0", b""))[0]))
        self._link.function("trimmed", id_of(last))
        cursor = b"0"
        while (cursor := self._link.function("trim", id_of(last + 1), cursor, _ROOMS_AT_ONCE)) != b"0":
            pass

    def _too_old(self) -> int:
        """Return the number of the last id that is older than is to be kept, by the clock of Redis, as ids are."""
        if not self._keep_s:
            return 0
        seconds, microseconds = map(int, self._link.read("TIME"))
        return number_of(f"{max(0, int((seconds - self._keep_s) * 1000) + microseconds // 1000)}-0")

    def _read(self, *words: str | bytes | int) -> Any:
        while True:
            try:
                return self._link.read(*words)
            except (Away, Shut) as error:
                self._wait(error)
            except ResponseError as error:
                raise Refused("unreadable", f"the history cannot be read: {error}") from None


def streams_of(read: Read) -> list[bytes]:
    """Return the names of all streams of all rooms. Raises what `read` does, as all here."""
    rooms = read("SMEMBERS", f"{PREFIX}rooms")
    return [(PREFIX + stream).encode() + room for room in rooms for stream in ("talk:", "moves:")]


def entries(read: Read, streams: Sequence[bytes], begin: str) -> Iterator[tuple[str, bytes]]:
    """Yield what streams hold from an id on, of all of them in one order: each id, and what is written there."""
    return merge(*(_entries(read, stream, begin) for stream in streams), key=lambda entry: number_of(entry[0]))


def _entries(read: Read, stream: bytes, begin: str) -> Iterator[tuple[str, bytes]]:
    count = 1  # for there may be many streams, and only the earliest entries of all are wanted
    while found := read("XRANGE", stream, begin, "+", "COUNT", count):
        count = _AT_ONCE
        for event_id, (_, written) in found:
            yield event_id.decode(), written
        begin = f"({found[-1][0].decode()}"
