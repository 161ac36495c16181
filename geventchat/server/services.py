"""What all sessions of one server share."""

import time
from dataclasses import dataclass

from gevent.lock import Semaphore

from geventchat.core.chat import Chat
from geventchat.core.log import Log
from geventchat.protocol import events
from geventchat.protocol.limits import JOINS_AT_ONCE
from geventchat.server.claims import Claims
from geventchat.server.passwords import Passwords
from geventchat.server.pump import Pump
from geventchat.server.throttle import Registrar


@dataclass(slots=True)
class Services:
    """What all sessions of a server share. People are shown the last `greet_with` lines of a room that they enter.

    `started` is the id that an event would have had when the server was started.
    """

    chat: Chat
    pump: Pump
    log: Log
    greet_with: int
    started: str
    passwords: Passwords
    registrar: Registrar
    claims: Claims | None  # where there are other servers
    joins: Semaphore  # newcomers wait here for their turn, so that those who are in are not kept waiting


def services(chat: Chat, pump: Pump, log: Log, greet_with: int) -> Services:
    """Return what the sessions of one server share."""
    started = events.id_at(time.time())
    claims = Claims(chat, pump, log.shared) if log.shared is not None else None
    joins = Semaphore(JOINS_AT_ONCE)
    return Services(chat, pump, log, greet_with, started, Passwords(), Registrar(), claims, joins)
