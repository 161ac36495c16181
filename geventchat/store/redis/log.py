"""The log that several servers write, each with users of its own: in Redis, which gives all events one order.

All writing is a call of a function in `functions.lua`. What it has written, a *part* of the stream, is published to all
servers, this one too, and shown once it comes back. So each server shows the same, in the same order.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.lock import RLock
from gevent.queue import Queue
from redis.exceptions import ResponseError

from geventchat.core import records
from geventchat.core.kept import Change, Kept
from geventchat.core.log import Entry
from geventchat.core.shared_log import Arrived, Figure, Forgotten, Happened, News
from geventchat.protocol.errors import NotStored, Refused, UsageError
from geventchat.protocol.events import number_of
from geventchat.protocol.limits import NEWCOMER_S
from geventchat.store.redis import items
from geventchat.store.redis.history import History
from geventchat.store.redis.lease import FORMAT, Lease
from geventchat.store.redis.link import Address, Away, Fenced, Full, Link, Overtaken, Shut
from geventchat.store.redis.stream import Stream

# After how long a part that was written, and is not heard, is asked for again.
_HEARD_S = 1.0
# How many users are read by one call: a few milliseconds.
_READ_AT_ONCE = 300
# How often it is looked whether Redis can be used again, where nobody waits for that.
_LOOK_S = 0.5


class _Own:
    """Stands for this server's own batch among what others have written."""


_OWN = _Own()
# A batch: its number, what is told in it, and what it changes of what is kept.
_Sent = tuple[str, Sequence[News | Entry], Sequence[Change]]


class RedisLog(History):
    """A log in the Redis at `url`, with a lease of so many seconds; as `History` says, old events are removed.

    Raises UsageError when it cannot be had.
    """

    gathers_s = 0.003  # a batch costs Redis ten times what a message does

    def __init__(
        self, url: str, *, lease_s: float = 5.0, keep_s: float | None = None, keep_messages: int | None = None
    ) -> None:
        address = Address(url)
        # Three connections: the pump's, that of all sessions, and the lease's. None of these waits for another.
        self._writer, self._reader, self._keeper = (Link(address) for _ in range(3))
        super().__init__(
            self._reader,
            keep_s,
            keep_messages,
            wait=lambda error: self._lease.see_to(error),
            server=lambda: self._lease.server,
        )
        self.location = address.shown
        self.kept = Kept()
        self._stream = Stream(
            address, self._keeper, max(1.0, lease_s / 2), self._take, lambda: self._lease.begin_anew(self._lease.server)
        )
        self._lease = Lease(self._keeper, self._stream, lease_s, self._begun, self._lost)
        self._number = 0  # of the last batch
        self._sent: _Sent = ("", (), ())  # the batch that is on its way
        self._own_is_here = True  # whether that has come back
        self._to_show: deque[News | _Own] = deque()
        self._shown = "0-0"
        self._wake: Callable[[], None] = _nothing
        self._to_release: Queue[str] = Queue()
        self._one_writes = RLock()
        with said_in_one_line(address.shown):
            self._lease.begin()
        tasks = (self._stream.follow_on, self._lease.live_on, self.trim_on, self._release_on)
        self._tasks = [gevent.spawn(task) for task in tasks]

    @property
    def shared(self) -> "RedisLog":
        """Return this log: several servers write it."""
        return self

    @property
    def trouble(self) -> str:
        """Return why nothing can be written at present; an empty string while all is well."""
        return self._lease.away.reason or self._lease.full.reason

    def figures(self) -> Sequence[Figure]:
        """Return how it stands with Redis."""
        return self._lease.figures()

    def follow(self, wake: Callable[[], None]) -> None:
        """Call this, from now on, whenever others have written something."""
        self._wake = wake
        wake()

    def watch(self) -> None:
        """Raise the error by which something has ended that follows the others; wait for that until killed."""
        gevent.joinall(self._tasks, raise_error=True)

    def refresh_records(self) -> None:
        """Do nothing: what others change comes by itself."""

    def close(self) -> None:
        """Leave the other servers, who see to what is left of this one's users."""
        gevent.killall(self._tasks)
        self._lease.resign()
        for connection in (self._writer, self._reader, self._keeper, self._stream):
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
            is_something = bool(told or changes)
            self._number += is_something
            self._sent = (str(self._number), told, changes)
            self._own_is_here = not is_something
            server = self._lease.server
            try:
                self._append_until_heard(str(self._number) if is_something else "", int(now * 1000), always=always)
            except Fenced:
                self._lease.begin_anew(server)
            if not self._own_is_here:
                self.kept.undo(changes)
            return self._take_out()

    def _append_until_heard(self, batch: str, now_ms: int, *, always: bool) -> None:
        """Write what is on its way as one part, and wait until it is here.

        It is written again where Redis has forgotten it before anybody heard it. Raises NotStored, Fenced.
        """
        server = self._lease.server
        while server == self._lease.server:
            upto = self._append(server, batch, now_ms, always=always)
            always = True  # from here on, it may be written
            is_here = self._stream.wait_for(upto, lambda: server == self._lease.server, _HEARD_S)
            if is_here and self._own_is_here:
                return

    def _append(self, server: str, batch: str, now_ms: int, *, always: bool) -> str:
        """Return the id of the part that was written; as often as it takes, for it is written once.

        All tries are that server's, which may have begun anew meanwhile, under another name. Raises Fenced.
        """
        _, told, changes = self._sent
        is_new = True  # whether no try can have succeeded yet
        while True:
            words = items.words_of(told, self.kept.to_store(changes), self._stream.heard)
            name = "append" if is_new and not always else "append_always"
            try:
                written: bytes = self._writer.function(name, server, batch, now_ms, *words)
            except Full as full:
                raise NotStored(str(full)) from None
            except Shut:
                self._lease.open()
            except Overtaken as overtaken:
                self._stream.wait_for(str(overtaken), lambda: server == self._lease.server, _HEARD_S)
            except Away as away:
                is_new = False
                self._lease.wait_until_back(away)
            else:
                self._lease.away.end()
                return written.decode()

    # Showing.

    def _take(self, part: items.Part) -> None:
        batch, told, changes = self._sent
        if part.server == self._lease.server and part.batch and part.batch == batch:
            taken = [one for place, one in enumerate(told) if place not in part.dropped]
            for one, event_id in zip(taken, part.ids(), strict=False):
                if isinstance(one, Entry | Happened):
                    items.stamp(one if isinstance(one, Entry) else one.entry, event_id)
            self.kept.settle(changes)  # in its place among what others change
            self._to_show.append(_OWN)
            self._own_is_here = True  # whoever wrote it waits for that
            return
        for item, event_id in zip(part.items, part.ids(), strict=False):
            if item is not None:
                self._take_news(item, event_id)
        self._wake()

    def _take_news(self, item: items.Item, event_id: str) -> None:
        if change := items.change_of(item):
            self.kept.settle([change])
            self.kept.on_elsewhere()
        elif news := items.news_of(item, event_id):
            self._to_show.append(news)

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
        self._shown = self._stream.heard
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

    def release(self, uid: str) -> None:
        """Take the nick of a user, who has not come in with it: later, where Redis cannot be used now."""
        try:
            self._ask("release", int(time.time() * 1000), uid)
        except Refused:  # the claim may have reached Redis all the same, or is on its way there
            self._to_release.put(uid)

    def _release_on(self) -> None:
        """Take what could not be taken; runs until killed."""
        while True:
            uid = self._to_release.get()
            while self._lease.away.is_on:
                gevent.sleep(_LOOK_S)
            self.release(uid)

    def reserve(self, event_id: str) -> bool:
        """Return whether this server, and none other that asks, is to do what can be done once. Raises Refused."""
        return bool(self._ask("reserve", event_id))

    def _ask(self, name: str, *words: str | bytes | int) -> Any:
        deadline = time.monotonic() + NEWCOMER_S
        while True:
            server = self._lease.server
            try:
                self._lease.check_not_away()
                return self._reader.function(name, server, *words)
            except Shut:
                self._lease.open()
            except Fenced:
                self._lease.begin_anew(server)
            except Full as full:
                raise Refused("not-stored", f"that cannot be done now: {full}") from None
            except Away as away:
                if time.monotonic() > deadline:
                    raise Refused("not-stored", "that cannot be done at the moment; try again soon") from None
                self._lease.wait_until_back(away)

    # Beginning, and beginning anew.

    def _begun(self, kept: Sequence[bytes]) -> None:
        """Learn what is kept, and who is here."""
        self._sent = ("", (), ())
        self.kept.load(map(records.decode, kept))
        cursor = b"0"
        while True:
            cursor, *found = self._keeper.function("users", cursor, _READ_AT_ONCE)
            for uid, fields in found:
                self._to_show.extend(items.news_of_user(uid, fields, self._stream.heard))
            if cursor == b"0":
                break
        self._wake()

    def _lost(self) -> None:
        while not self._own_is_here:  # it may have been stored before, and shown by others
            try:
                self._stream.take_rest()
                break
            except Away as away:
                self._lease.wait_until_back(away)
        self._to_show.append(Forgotten(""))


class said_in_one_line:  # noqa: N801 - it reads as a function
    """Turns what is wrong with a Redis that was given into a UsageError of one line."""

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
