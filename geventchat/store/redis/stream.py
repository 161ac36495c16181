"""The stream that all servers follow: parts, each published when it was written, and kept for those who missed it."""

import logging
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable

import gevent
from gevent.event import Event
from gevent.lock import RLock
from redis.exceptions import ResponseError

from geventchat.protocol.events import id_of, number_of
from geventchat.store.redis import items
from geventchat.store.redis.link import PREFIX, Address, Away, Link, Subscription

logger = logging.getLogger("geventchat")

# What is kept of the stream in memory, to give it back to a Redis that has forgotten it: a minute of a busy chat.
TAIL_BYTES = 8 << 20
_PARTS_AT_ONCE = 200
# For how long after a sign of life of Redis its words are taken. Later, it may be another process, which has forgotten
# them: that is not opened so soon without this server, for `functions.lua` has it wait for 2 s.
_TRUSTED_S = 1.5
# How long it takes until it is followed again when the connection was lost.
_PAUSE_S = 0.05


class Stream:
    """The stream `geventchat:feed`, and one server's place in it. `take` is called with each part, in their order.

    `missed` is called when what comes next is not in the stream any more; `one_takes` is held while parts are taken.
    """

    def __init__(
        self,
        address: Address,
        link: Link,
        silence_s: float,
        take: Callable[[items.Part], None],
        missed: Callable[[], None],
    ) -> None:
        self._address = address
        self._link = link
        self._silence_s = silence_s
        self._take_part = take
        self._missed = missed
        self._name = ""  # of the log: where its parts are published
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._subscription: Subscription | None = None
        self._moved = Event()
        self.heard = "0-0"  # the id of the part that was taken last
        self.one_takes = RLock()

    def begin(self, name: str, heard: str, before: Iterable[bytes]) -> None:
        """Follow the log of this name from here on; `before` are the parts up to here, oldest first."""
        self._tail.clear()
        self._tail_bytes = 0
        for part in before:
            self._keep(part)
        self.heard = heard
        if name != self._name and self._subscription is not None:
            self._subscription.close()
        self._name = name
        self._moved.set()

    def follow_on(self) -> None:
        """Take what comes, and what was missed while Redis was away; runs until killed."""
        while True:
            try:
                self.close()
                self._subscription = told = Subscription(self._address, PREFIX + self._name, self._silence_s)
                self._catch_up()
                while True:
                    if part := told.next():
                        self._take(part, told)
            except (Away, ResponseError) as error:
                logger.debug("not following: %s", error)
                gevent.sleep(_PAUSE_S)

    def ask(self) -> None:
        """Ask Redis for a sign of life, without which the connection is taken for lost. Raises Away."""
        if self._subscription is not None:
            self._subscription.ask()

    def wait_for(self, part: str, go_on: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a part while `go_on` holds, or until nothing was taken for so long; return whether it was taken."""
        while number_of(self.heard) < number_of(part) and go_on():
            self._moved.clear()
            if not self._moved.wait(timeout_s):
                return False
        return number_of(self.heard) >= number_of(part)

    def after(self, part: str) -> list[bytes]:
        """Return the parts that were taken after this one, as they were written, as far back as they are kept."""
        return [one for one in self._tail if number_of(items.head_of(one)[0]) > number_of(part)]

    def parted(self) -> list[tuple[str, str]]:
        """Return the ids, if any, between which parts were taken that are not in the stream: another Redis had them.

        Raises Away.
        """
        name = self._link.call("HGET", f"{PREFIX}meta", "log")
        if name is None or name.decode() != self._name:  # it is another log from its beginning
            return []
        oldest = self._link.call("XRANGE", f"{PREFIX}feed", "-", "+", "COUNT", 1)
        kept_from = number_of(oldest[0][0].decode()) if oldest else 0

        def is_missing(part: bytes) -> bool:
            event_id = items.head_of(part)[0]
            found = self._link.call("XRANGE", f"{PREFIX}feed", event_id, event_id)
            return not found and number_of(event_id) >= kept_from

        taken = list(self._tail)
        common = bisect_left(taken, True, key=is_missing)  # all before the first that is missing are there
        return [(items.head_of(one)[1], id_of(number_of(self.heard) + 1)) for one in taken[common : common + 1]]

    def close(self) -> None:
        """End the connection."""
        if self._subscription is not None:
            self._subscription.close()

    def _take(self, written: bytes, told: Subscription) -> None:
        """Take a part that was published, after those that were missed, if any were.

        What comes late is read instead, for it may have been forgotten meanwhile.
        """
        with self.one_takes:
            if told.has_ended:
                raise Away("another process may have taken its place")
            part = items.read_part(written)
            if part.before == self.heard and self._is_trusted(told):
                self._accept(part, written)
            elif number_of(part.id) > number_of(self.heard):
                self._catch_up()

    def _is_trusted(self, told: Subscription) -> bool:
        """Return whether what was told has not been forgotten meanwhile; ask, if it came late."""
        now = time.monotonic()
        if now > told.alive_at + _TRUSTED_S and self._link.leads_to(told.run):
            told.alive_at = now
        return now <= told.alive_at + _TRUSTED_S

    def _catch_up(self) -> None:
        """Take all parts that are in the stream and were not heard."""
        with self.one_takes:
            if not self.take_rest():
                self._missed()

    def take_rest(self) -> bool:
        """Take what is in the stream and was not heard, and return True; False at what does not follow. Raises Away."""
        with self.one_takes:
            while True:
                which = (f"{PREFIX}feed", f"({self.heard}", "+", "COUNT", _PARTS_AT_ONCE)
                found = self._link.call("XRANGE", *which)
                for _, (_, written) in found:
                    part = items.read_part(written)
                    if part.before != self.heard:
                        return False
                    self._accept(part, written)
                if len(found) < _PARTS_AT_ONCE:
                    return True

    def _accept(self, part: items.Part, written: bytes) -> None:
        self._keep(written)
        self.heard = part.id
        self._take_part(part)
        self._moved.set()

    def _keep(self, written: bytes) -> None:
        """Keep a part, to give it back where it is forgotten."""
        self._tail.append(written)
        self._tail_bytes += len(written)
        while self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft())
