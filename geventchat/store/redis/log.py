"""The log that several servers write, each with users of its own: in Redis, which gives all events one order.

All writing is a call of a function in `functions.lua`. What it has written, a *part* of the feed, is published to all
servers, this one too, and shown once it comes back. So each server shows the same, in the same order.

A server has a name that is used once, and holds a lease. If it does not show in time that it lives, any other sends its
users away in the log; it then finds its name unknown, sends its users away itself, and begins anew with another name.
"""

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import RLock
from redis.exceptions import ResponseError

from geventchat.core import records
from geventchat.core.kept import Change, Kept
from geventchat.core.log import Entry
from geventchat.core.shared_log import Arrived, Forgotten, Happened, News
from geventchat.protocol.errors import NotStored, Refused, UsageError
from geventchat.protocol.events import LARGEST, AnyEvent, Joined, id_of, number_of
from geventchat.store.outage import Outage
from geventchat.store.redis import items
from geventchat.store.redis.link import Address, Away, Fenced, Full, Link, Shut, Subscription

logger = logging.getLogger("geventchat")

_PREFIX = "geventchat:"
# Servers with another one do not understand each other.
FORMAT = "1"
# What is kept of the feed in memory, to give it back to a Redis that has forgotten it: a minute of a busy chat.
TAIL_BYTES = 8 << 20
# A server is dead for the others after this part of its lease; it shows more often that it lives, and looks for others.
_DEAD_AFTER = 0.8
_LOOK_EVERY = 0.1
# How many users are sent away by one call, and how many are read by one: a few milliseconds.
SWEPT_AT_ONCE = 300
_READ_AT_ONCE = 300
_PARTS_AT_ONCE = 200
# How long a newcomer waits for its name while Redis is away.
_CLAIM_S = 10.0
# How long it takes until what could not be done is tried again.
_PAUSE_S = 0.05
_TRIM_EVERY_S = 60.0


class _Own:
    """Stands for this server's own batch among what others have written."""


_OWN = _Own()


class RedisLog:
    """A log in the Redis at `url`, with a lease of so many seconds; events older than `keep_s` seconds are removed.

    Raises UsageError when it cannot be had.
    """

    def __init__(self, url: str, *, lease_s: float = 5.0, keep_s: float | None = None) -> None:
        self._address = Address(url)
        self.location = self._address.shown
        self._lease_s = lease_s
        self._keep_s = keep_s
        self.kept = Kept()
        self._writer, self._reader, self._keeper = (Link(self._address) for _ in range(3))
        self._server = ""
        self._name = ""  # of the log: where parts are published
        self._heard = "0-0"  # the id of the last part that was taken
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._number = 0  # of the last batch
        self._sent: tuple[str, Sequence[News | Entry]] = ("", ())  # the batch that is on its way
        self._to_show: deque[News | _Own] = deque()
        self._shown = "0-0"
        self._wake: Callable[[], None] = _nothing
        self._moved = Event()  # when a part was taken, or all was begun anew
        self._one_writes, self._one_opens, self._one_takes = RLock(), RLock(), RLock()
        self._away = Outage("Redis cannot be used", "Redis can be used again")
        self._subscription: Subscription | None = None
        self._steady_since = time.monotonic()  # since when Redis was never away
        with _said_at_start(self._address.shown):
            self._begin()
        self._tasks = [gevent.spawn(task) for task in (self._follow_on, self._live_on, self._trim_on)]

    @property
    def shared(self) -> "RedisLog":
        """Return this log: several servers write it."""
        return self

    def follow(self, wake: Callable[[], None]) -> None:
        """Call this, from now on, whenever others have written something."""
        self._wake = wake
        wake()

    def close(self) -> None:
        """Leave the other servers, who see to what is left of this one's users."""
        gevent.killall(self._tasks)
        with suppress(Away, ResponseError):
            self._keeper.function("resign", self._server)
        for connection in (self._writer, self._reader, self._keeper, self._subscription):
            if connection is not None:
                connection.close()

    # Writing.

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        """Write events of no user, and give them their ids and times. Raises NotStored."""
        before, after = self.write(entries, now, changes)
        self._to_show.extendleft([*before, *after][::-1])

    def news(self) -> Sequence[News]:
        """Return what others have written since the last call, without waiting."""
        before, after = self._take_out()
        return [*before, *after]

    def write(
        self, told: Sequence[News | Entry], now: float, changes: Sequence[Change] = (), *, always: bool = False
    ) -> tuple[Sequence[News], Sequence[News]]:
        """Write all this as one part; return what others have written before it and behind.

        While Redis is away, this waits. Raises NotStored when Redis has no memory left, except with `always`.
        """
        with self._one_writes:
            words = items.words_of(told, changes)
            self._number += bool(words)
            self._sent = (str(self._number), told)
            try:
                upto = self._append(str(self._number) if words else "", int(now * 1000), words, always=always)
            except Fenced:
                self._begin_anew()
                self.kept.undo(changes)
            else:
                self.kept.settle(changes)
                self._wait_for(upto)
            return self._take_out()

    def _append(self, batch: str, now_ms: int, words: list[str | bytes], *, always: bool) -> str:
        """Return the id of the part that was written; as often as it takes, for it is written once. Raises Fenced."""
        is_new = True  # whether no try can have succeeded yet
        while True:
            name = "append" if is_new and not always else "append_always"
            try:
                written: bytes = self._writer.function(name, self._server, batch, now_ms, *words)
            except Full as full:
                raise NotStored(str(full)) from None
            except Shut:
                self._open()
            except Away as away:
                is_new = False
                self._wait_until_back(away)
            else:
                self._away.end()
                return written.decode()

    def _wait_for(self, part: str) -> None:
        """Wait until a part was taken, or all was begun anew."""
        server = self._server
        while number_of(self._heard) < number_of(part) and server == self._server:
            self._moved.clear()
            self._moved.wait()

    def _take_out(self) -> tuple[list[News], list[News]]:
        """Return what is to be shown now: what others have written before this server's own batch, and behind it."""
        before: list[News] = []
        after: list[News] = []
        into = before
        while self._to_show:
            one = self._to_show.popleft()
            if isinstance(one, _Own):
                into = after
            else:
                into.append(one)
        self._shown = self._heard
        return before, after

    def has_shown(self, event_id: str) -> bool:
        """Return whether all up to this id has been returned, to be shown."""
        return number_of(self._shown) >= number_of(event_id)

    # Nicks.

    def claim(self, arrived: Arrived, earlier: str = "") -> str:
        """Give a user of this server a nick; return the id up to which to follow. Raises Refused."""
        nick = arrived.nick
        _, *words = items.words_of([arrived], ())
        answer, about = self._ask("claim", int(time.time() * 1000), *words, earlier)
        if answer == b"taken":
            raise Refused("nick-taken", f"the name {nick} is taken", about=nick)
        if answer == b"looks":
            like = about.decode()
            raise Refused("nick-taken", f"the name {nick} looks like that of {like}, who is here", about=nick)
        return str(about.decode())

    def release(self, mark: str) -> None:
        """Take the nick of a user, who has not come in with it."""
        with suppress(Refused):
            self._ask("release", int(time.time() * 1000), mark)

    def _ask(self, name: str, *words: str | bytes | int) -> Any:
        deadline = time.monotonic() + _CLAIM_S
        while True:
            try:
                return self._reader.function(name, self._server, *words)
            except Shut:
                self._open()
            except Fenced:
                self._begin_anew()
            except Full as full:
                raise Refused("not-stored", f"nobody can come in now: {full}") from None
            except Away as away:
                if time.monotonic() > deadline:
                    raise Refused("not-stored", f"nobody can come in now: {away}") from None
                self._wait_until_back(away)

    def notice(self) -> None:
        """Do nothing: what others change comes by itself."""

    # Reading.

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first; with `talk`, only what was said."""
        begin = id_of(number_of(after) + 1)
        return self._merged(room, limit, talk, lambda stream: ("XRANGE", stream, begin, "+", "COUNT", limit))[:limit]

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""
        end = id_of(max(0, (LARGEST if before is None else number_of(before)) - 1))
        found = self._merged(room, limit, talk, lambda stream: ("XREVRANGE", stream, end, "-", "COUNT", limit))
        return [entry.event for entry in found[-limit:]] if limit > 0 else []

    def _merged(
        self, room: str, limit: int, talk: bool, command: Callable[[str], tuple[str | int, ...]]
    ) -> list[Entry]:
        """Return entries of a room in their order: of what was said, and of all else that happened."""
        if limit <= 0:
            return []
        streams = ("talk:",) if talk else ("talk:", "moves:")
        found = [one for stream in streams for one in self._read(*command(f"{_PREFIX}{stream}{room}"))]
        entries = [items.stored_entry(event_id.decode(), fields[1]) for event_id, fields in found]
        return sorted(entries, key=lambda entry: number_of(entry.event.id))

    def topics(self, rooms: Sequence[str]) -> dict[str, str]:
        """Return the topics of rooms that have one."""
        found = self._read("HMGET", f"{_PREFIX}topics", *rooms) if rooms else []
        return {room: topic.decode() for room, topic in zip(rooms, found, strict=True) if topic}

    def trimmed_up_to(self) -> str:
        """Return the id up to which events may have been removed, or were never here; 0-0 in an empty log."""
        first = self._read("HGET", f"{_PREFIX}meta", "first")
        if first is None:
            return "0-0"
        removed = int((time.time() - self._keep_s) * 1000) if self._keep_s else 0
        return id_of(max(number_of(first.decode()) - 1, number_of(f"{removed}-0")))

    def lost(self, event_id: str) -> tuple[str, str] | None:
        """Return between which ids events are lost that somebody was shown, if this is one of those ids."""
        ids = [one.decode() for one in self._read("LRANGE", f"{_PREFIX}lost", 0, -1)]
        for kept, following in zip(ids[::2], ids[1::2], strict=False):
            if number_of(kept) < number_of(event_id) < number_of(following):
                return kept, following
        return None

    def _read(self, *words: str | bytes | int) -> Any:
        try:
            found = self._reader.call(*words)
        except (Away, ResponseError) as error:
            raise Refused("unreadable", f"the history cannot be read: {error}") from None
        return found

    # Following.

    def _follow_on(self) -> None:
        while True:
            try:
                silence_s = max(1.0, self._lease_s / 2)
                self._subscription = Subscription(self._address, _PREFIX + self._name, silence_s)
                self._catch_up()
                while True:
                    if part := self._subscription.next():
                        self._take(part)
            except (Away, ResponseError) as error:
                logger.debug("not following: %s", error)
                gevent.sleep(_PAUSE_S)

    def _catch_up(self) -> None:
        """Take all parts that are in the feed and were not heard."""
        with self._one_takes:
            while True:
                begin = ("XRANGE", f"{_PREFIX}feed", f"({self._heard}", "+", "COUNT", _PARTS_AT_ONCE)
                found = self._keeper.call(*begin)
                for _, (_, part) in found:
                    if items.head_of(part)[1] != self._heard:
                        logger.error("so much was missed that all is begun anew")
                        self._begin_anew()
                        return
                    self._accept(part)
                if len(found) < _PARTS_AT_ONCE:
                    return

    def _take(self, part: bytes) -> None:
        """Take a part that was published, after those that were missed, if any were."""
        with self._one_takes:
            event_id, before, *_ = items.head_of(part)
            if number_of(event_id) <= number_of(self._heard):
                return
            if before == self._heard:
                self._accept(part)
            else:
                self._catch_up()

    def _accept(self, written: bytes) -> None:
        part = items.read_part(written)
        self._tail.append(written)
        self._tail_bytes += len(written)
        while self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft())
        self._heard = part.id
        if part.server == self._server and part.batch and part.batch == self._sent[0]:
            self._accept_own(part)
        else:
            self._accept_others(part)
        self._moved.set()
        self._wake()

    def _accept_own(self, part: items.Part) -> None:
        taken = [one for place, one in enumerate(self._sent[1]) if place not in part.dropped]
        for one, event_id in zip(taken, part.ids(), strict=False):
            if isinstance(one, Entry):
                items.stamp(one, event_id)
            elif isinstance(one, Happened):
                items.stamp(one.entry, event_id)
        self._to_show.append(_OWN)

    def _accept_others(self, part: items.Part) -> None:
        for item, event_id in zip(part.items, part.ids(), strict=False):
            if item is None:
                continue
            if change := items.change_of(item):
                self.kept.settle([change])
                self.kept.on_elsewhere()
            elif news := items.news_of(item, event_id):
                self._to_show.append(news)

    # Living.

    def _begin(self) -> None:
        """Become one of the servers, and learn who is here. Raises Away, Full, ResponseError."""
        server = secrets.token_hex(4)
        lease_ms = int(self._lease_s * _DEAD_AFTER * 1000)
        name, heard = self._keeper.function("register", server, lease_ms, FORMAT, secrets.token_hex(8))
        self._tail.clear()
        self._tail_bytes = 0
        self._sent = ("", ())
        self._heard = heard.decode()
        written = self._keeper.call("HVALS", f"{_PREFIX}kept")
        self.kept.load(records.decode(one) for one in written)
        self._to_show.extend(self._who_is_here())
        if name.decode() != self._name and self._subscription is not None:
            self._subscription.close()
        self._name, self._server = name.decode(), server

    def _begin_anew(self) -> None:
        """Send all own users away, and become another server."""
        with self._one_takes:
            logger.error("this server had lost the others: its users are sent away, and it begins anew")
            left = self._server
            self._to_show.append(Forgotten(""))
            while True:
                try:
                    self._keeper.function("resign", left)
                    self._begin()
                    break
                except (Away, Full) as error:
                    self._wait_until_back(error)
            self._moved.set()
            self._wake()

    def _who_is_here(self) -> list[News]:
        here: list[News] = []
        cursor = b"0"
        while True:
            cursor, *found = self._keeper.function("users", cursor, _READ_AT_ONCE)
            for mark, fields in found:
                user = {name.decode(): value for name, value in zip(fields[::2], fields[1::2], strict=True)}
                if user:
                    here += self._found(mark.decode(), user)
            if cursor == b"0":
                return here

    def _found(self, mark: str, user: dict[str, bytes]) -> list[News]:
        nick = user["nick"].decode()
        found: list[News] = [
            Arrived(mark, nick, user["key"].decode(), user["proof"].decode(), items.read_person(user["who"]))
        ]
        for field, room in user.items():
            if field.startswith("in:"):
                joined = Entry(field[3:], Joined(self._heard, "", room.decode(), nick), None)
                items.stamp(joined, self._heard)
                found.append(Happened(mark, joined))
        return found

    def _live_on(self) -> None:
        while True:
            gevent.sleep(self._lease_s * _LOOK_EVERY)
            try:
                dead = self._keeper.function("renew", self._server)
                if dead:
                    self._sweep()
                if self._subscription is not None:
                    self._subscription.ask()
                self._away.end()
            except Shut:
                self._open()
            except Fenced:
                self._begin_anew()
            except (Away, Full, ResponseError) as error:
                self._wait_until_back(error)

    def _sweep(self) -> None:
        """Send away the users of servers that are dead; not as soon as Redis is back, for the others need a moment."""
        is_steady = time.monotonic() > self._steady_since + self._lease_s
        words = (int(time.time() * 1000), SWEPT_AT_ONCE, "0" if is_steady else "1")
        while (swept := self._keeper.function("sweep", self._server, *words)) >= 0:
            logger.warning("%d users of a server that is gone were sent away", swept)

    def _open(self) -> None:
        """Open the log in a Redis that may have forgotten some of it: give back what is missing."""
        with self._one_opens:
            while True:
                try:
                    last = self._keeper.call("HGET", f"{_PREFIX}meta", "last") or b"0-0"
                    missing = [part for part in self._tail if _number(part) > number_of(last.decode())]
                    is_open, is_lost = self._keeper.function("offer", self._server, self._heard, *missing)
                except Fenced:
                    is_open = is_lost = True
                except (Away, Full) as error:
                    self._wait_until_back(error)
                    continue
                if is_open:
                    break
                gevent.sleep(_PAUSE_S)
            logger.warning("the log is open again")
            if is_lost:
                self._begin_anew()

    def _wait_until_back(self, error: Exception) -> None:
        self._away.begin(error)
        self._steady_since = time.monotonic()
        gevent.sleep(_PAUSE_S)

    def _trim_on(self) -> None:
        """Remove what is older than is to be kept, now and then."""
        while self._keep_s:
            with suppress(Away, ResponseError):
                oldest = f"{int((time.time() - self._keep_s) * 1000)}-0"
                for room in self._keeper.call("SMEMBERS", f"{_PREFIX}rooms"):
                    for stream in ("talk:", "moves:"):
                        self._keeper.call("XTRIM", (_PREFIX + stream).encode() + room, "MINID", oldest)
            gevent.sleep(_TRIM_EVERY_S)


def _number(part: bytes) -> int:
    return number_of(items.head_of(part)[0])


class _said_at_start:  # noqa: N801 - it reads as a function
    """Turns what is wrong when a server starts into a UsageError of one line."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case Away() | Full():
                raise UsageError(f"--redis {self._shown}: {error}") from None
            case ResponseError():
                code, _, rest = str(error).partition(" ")
                raise UsageError(f"--redis {self._shown}: {_WRONG.get(code, str(error)).format(rest)}") from None


_WRONG = {
    "FORMAT": "servers of another version ({}) share this log, and this one's is " + FORMAT + "; give another database",
    "WRONGTYPE": "the keys geventchat:* there are another program's; give another database, as in redis://HOST:PORT/1",
}


def _nothing() -> None:
    """Do nothing."""
