"""A server among others: it shows that it lives, sees to the users of those that do not, and opens the log with them.

A server has a name that is used once, and holds a lease. If it does not show in time that it lives, any other sends its
users away in the log; it then finds its name unknown, sends its users away itself, and begins anew with another name.

The log is open in one process of Redis. Another one, be it the same Redis after a crash or a replica in its place, may
have forgotten the end of what it was told. So before anything is written there, all servers give back what they heard.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import gevent
from gevent.lock import RLock
from redis.exceptions import ResponseError

from geventchat.core.shared_log import Figure
from geventchat.store.outage import Outage
from geventchat.store.redis.link import PREFIX, Away, Fenced, Full, Link, Shut
from geventchat.store.redis.stream import Stream

logger = logging.getLogger("geventchat")

# Servers with another one do not understand each other.
FORMAT = "1"
# A server is dead for the others after this part of its lease; it shows more often that it lives, and looks for others.
_DEAD_AFTER = 0.8
_LOOK_EVERY = 0.1
# ... and at least after so many seconds, by which it is soon noticed that Redis is another.
_LOOK_S = 0.5
# How many users are sent away by one call: a few milliseconds.
SWEPT_AT_ONCE = 300
# How much of what was written before a server has begun it can give back: a second or two, as Redis may forget that.
_READ_BACK = 1_000
# How long it takes until what could not be done is tried again.
_PAUSE_S = 0.05


class Lease:
    """The lease of this server, of so many seconds; `server` is its name.

    `begun` is called when it has a new one, with all records that are kept then; first, `lost` is called where that is
    because it had lost the others: its users are to be sent away.
    """

    def __init__(
        self,
        link: Link,
        stream: Stream,
        lease_s: float,
        begun: Callable[[Sequence[bytes]], None],
        lost: Callable[[], None],
    ) -> None:
        self._link = link
        self._stream = stream
        self._lease_s = lease_s
        self._begun = begun
        self._lost = lost
        self._one_opens = RLock()
        self._steady_since = time.monotonic()  # since when Redis was never away
        self._renewed_at = self._steady_since
        self._round_trip_s = 0.0
        self._times_lost = 0
        self._parted: list[tuple[str, str]] = []  # between which ids is lost what this server has shown
        self._opening_in = self._opened_in = ""  # the processes of Redis in which that was begun, and done, last
        self.server = ""
        self.away = Outage("Redis cannot be used", "Redis can be used again")
        self.full = Outage("nothing that is said can be stored", "what is said can be stored again")

    def begin(self) -> None:
        """Become one of the servers. Raises Away, Full, ResponseError."""
        server = secrets.token_hex(4)
        lease_ms = int(self._lease_s * _DEAD_AFTER * 1000)
        name, heard = self._link.function("register", server, lease_ms, FORMAT, secrets.token_hex(8))
        self._link.load_functions()  # the others have the same format, so they can use these
        before = self._link.call("XREVRANGE", f"{PREFIX}feed", heard, "-", "COUNT", _READ_BACK)
        kept = self._link.call("HVALS", f"{PREFIX}kept")
        self.server = server  # and at once `_begun`: it would forget what is written between, or not know what is kept
        self._stream.begin(name.decode(), heard.decode(), [part for _, (_, part) in reversed(before)])
        self._begun(kept)

    def begin_anew(self, left: str) -> None:
        """Send all own users away, and become another server, unless this one has ceased to be the server `left`."""
        with self._stream.one_takes:
            if self.server != left:  # somebody else has seen to that
                return
            logger.error("this server had lost the others: its users are sent away, and it begins anew")
            self._times_lost += 1
            self._lost()
            parted: list[tuple[str, str]] | None = None
            while True:
                try:
                    parted = self._stream.parted() if parted is None else parted  # before that begins anew, too
                    self._link.function("resign", left)
                    self.begin()
                    self._parted += parted
                    return
                except (Away, Full) as error:
                    self.wait_until_back(error)

    def resign(self) -> None:
        """Leave the others, who see to what is left of this server's users."""
        with suppress(Away, ResponseError):
            self._link.function("resign", self.server)

    def live_on(self) -> None:
        """Show again and again that this server lives; runs until killed."""
        pause_s = usual_s = min(self._lease_s * _LOOK_EVERY, _LOOK_S)
        while True:
            gevent.sleep(pause_s)
            pause_s = usual_s
            server = self.server
            try:
                asked_at = time.monotonic()
                dead = self._renew()
                self._renewed_at, self._round_trip_s = asked_at, time.monotonic() - asked_at
                if self._round_trip_s > self._lease_s * _DEAD_AFTER:  # this server was stopped: that was then
                    pause_s = 0.0
                if dead:
                    self._sweep()
                self._tell_lost()
                self._stream.ask()
                self.away.end()
            except Shut:
                self.open()
            except Fenced:
                self.begin_anew(server)
            except (Away, Full, ResponseError) as error:
                self.wait_until_back(error)

    def _renew(self) -> int:
        """Show that this server lives; return how many do not."""
        try:
            dead = self._link.function("renew_with_room", self.server, self._stream.heard)
        except Full as full:
            self.full.begin(full)
            return int(self._link.function("renew", self.server, self._stream.heard))
        self.full.end()
        return int(dead)

    def _sweep(self) -> None:
        """Send away the users of servers that are dead; not as soon as Redis is back, for the others need a moment."""
        is_steady = time.monotonic() > self._steady_since + self._lease_s
        words = (int(time.time() * 1000), SWEPT_AT_ONCE, "0" if is_steady else "1")
        swept = 0
        while (count := self._link.function("sweep", self.server, *words)) >= 0:
            swept += count
        if swept:
            logger.warning("%d users of a server that is gone were sent away", swept)

    def _tell_lost(self) -> None:
        """Have all users told what is lost of what this server has shown."""
        while self._parted:
            self._link.function("part", self.server, int(time.time() * 1000), *self._parted[0])
            del self._parted[0]

    def open(self) -> None:
        """Open the log in a Redis that may have forgotten some of it: give back what is missing."""
        with self._one_opens:
            server = self.server
            while True:
                try:
                    last = self._link.call("HGET", f"{PREFIX}meta", "last") or b"0-0"
                    if self._link.run != self._opening_in:
                        # What another process has told, and is not heard yet, comes too late.
                        self._opening_in = self._link.run
                        self._stream.close()
                    missing = self._stream.after(last.decode())
                    is_open, is_lost = self._link.function("offer", self.server, self._stream.heard, *missing)
                except Fenced:
                    is_open = is_lost = True
                except (Away, Full) as error:
                    self.wait_until_back(error)
                    continue
                if is_open:
                    break
                gevent.sleep(_PAUSE_S)
            if self._link.run != self._opened_in:
                self._opened_in = self._link.run
                logger.warning("the log is open again")
            if is_lost:
                self.begin_anew(server)

    def figures(self) -> Sequence[Figure]:
        """Return how it stands."""
        left_s = self._renewed_at + self._lease_s * _DEAD_AFTER - time.monotonic()
        return (
            Figure("redis_up", "Whether Redis can be used: 1, or 0.", float(not self.away.is_on)),
            Figure(
                "redis_round_trip_seconds",
                "How long Redis took for its last answer about the lease.",
                self._round_trip_s,
            ),
            Figure(
                "lease_left_seconds",
                "How long until the others take this server for dead, if it does not show that it lives.",
                left_s,
            ),
            Figure(
                "fenced",
                "How often this server had lost the others, and has begun anew.",
                self._times_lost,
                is_count=True,
            ),
        )

    def see_to(self, error: Away | Shut) -> None:
        """Wait for a moment, or open the log, as it takes."""
        if isinstance(error, Shut):
            self.open()
        else:
            self.wait_until_back(error)

    def check_not_away(self) -> None:
        """Raise Away while it is known that Redis cannot be used: each who tried for itself would wait for that."""
        if self.away.is_on:
            raise Away(self.away.reason)

    def wait_until_back(self, error: Exception) -> None:
        """Wait for a moment, because Redis could not be used."""
        self.away.begin(error)
        self._steady_since = time.monotonic()
        gevent.sleep(_PAUSE_S)
