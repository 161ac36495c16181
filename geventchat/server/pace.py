"""How fast one session may go on: the rate of its user, its share of the loop, and how far it may be ahead."""

import logging
import time
from collections.abc import Callable

from geventchat.core.counters import Counters
from geventchat.core.member import Member
from geventchat.protocol.limits import Limits
from geventchat.server.cooperate import let_others_run
from geventchat.server.pump import Pump, Sender
from geventchat.server.token_bucket import TokenBucket

logger = logging.getLogger("geventchat")

# How many commands one session may do before others have their turn.
_SLICE = 64
# What one session may have posted that is not published yet.
_MAX_UNPUBLISHED = 8
# How often it is said of a user that it is over the rate.
_SAY_EVERY_S = 60.0


class Pace:
    """Holds a session up before it does what its user asks for."""

    __slots__ = ("_bucket", "_counters", "_member", "_pump", "_sender", "_throttled_at", "_worked")

    def __init__(self, pump: Pump, counters: Counters, member: Member, sender: Sender, limits: Limits) -> None:
        self._pump = pump
        self._counters = counters
        self._member = member
        self._sender = sender
        self._bucket = TokenBucket(limits.rate, limits.burst) if limits.rate else None
        self._throttled_at = float("-inf")  # when it was last said that the user is over the rate
        self._worked = 0  # since others were last let run

    def wait(self, tokens: int, is_over: Callable[[], bool]) -> None:
        """Wait while the user is over the rate, has had its slice, is ahead of the pump, or reads no answers."""
        pump, member, sender = self._pump, self._member, self._sender
        if self._bucket is not None and (delay := self._bucket.take(time.monotonic(), tokens)):
            self._say_throttled()
            pump.wait_until(sender, is_over, delay)
        self._worked += 1
        if self._worked >= _SLICE:
            self._worked = 0
            let_others_run()
        if member.unpublished > _MAX_UNPUBLISHED:
            pump.wait_until(sender, lambda: member.unpublished <= _MAX_UNPUBLISHED or is_over())
        if member.is_behind:
            pump.drain(sender, lambda: True)

    def _say_throttled(self) -> None:
        self._counters.throttled += 1
        if time.monotonic() > self._throttled_at + _SAY_EVERY_S:
            self._throttled_at = time.monotonic()
            logger.info("%s is over the rate and is read more slowly", self._member.nick or self._member.address)
