"""Newcomers while nothing can be stored: they are told so, ahead of all that waits."""

import time
from collections.abc import Callable, Iterable

import gevent

from geventchat.core.log import Log
from geventchat.protocol.limits import NEWCOMER_S
from geventchat.protocol.replies import Closing
from geventchat.server.session import Session

_LOOK_EVERY_S = 0.25
_NOT_NOW = Closing(
    code="not-stored", message="nobody can come in at the moment, as nothing can be stored: try again soon"
)


def turn_away(log: Log, sessions: Callable[[], Iterable[Session]]) -> None:
    """Turn away, of the sessions that there are, those who have waited for too long; runs until killed."""
    while True:
        gevent.sleep(_LOOK_EVERY_S)
        if log.trouble:
            too_long = time.monotonic() - NEWCOMER_S
            for session in [one for one in sessions() if one.waits_since(too_long)]:
                session.turn_away(_NOT_NOW)
