"""One user's connection, kept up: it notices that it is lost, also by silence, and comes back."""

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.queue import Queue

from geventchat.client.client import ChatClient
from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.protocol import replies
from geventchat.protocol.backoff import pauses
from geventchat.protocol.errors import ConnectionLost, Refused, ServerUnavailable

# How often the way to the server and back is measured.
PING_EVERY_S = 3.0
# Without a word from the server for so many of these times, though it was asked, the connection is taken for lost.
SILENT_TIMES = 4
# A connection that has held for less than this has been no success: the pauses go on growing.
_STEADY_S = 10.0
# How long one try to connect may take.
_TRY_S = 10.0
_PING = "round trip"
# The same words would be refused again, and count as guesses, which others behind the same address have to wait for.
_WRONG_WORDS = ("wrong-password", "login-failed")

# Connects to one server: takes the named arguments of `ChatClient`.
Dial = Callable[..., ChatClient]


class User(Protocol):
    """What the connection calls. None of these may block but `heard`, which may wait until it can take more."""

    def hello(self) -> commands.Hello:
        """Return the command that introduces the user."""

    def welcomed(self, welcome: replies.Welcome) -> None:
        """Receive the answer to hello: the user is in."""

    def heard(self, message: replies.Message) -> None:
        """Receive any other message from the server."""

    def measured(self) -> None:
        """Show that the round trip time, or the time until the next try, has changed."""

    def lost(self, why: str) -> None:
        """Go on without the connection."""

    def turned_away(self, refusal: Refused) -> None:
        """Receive why the server, which answers again, does not let the user in."""


class Connection:
    """Sends and receives for one user, and reconnects, until it is closed.

    `dial` makes each connection, as `ChatClient` does once it knows the address. `round_trip_s` is None while unknown.
    """

    def __init__(self, dial: Dial, user: User) -> None:
        self._dial = dial
        self._user = user
        self._client: ChatClient | None = None
        self._outbox: Queue[Command | None] = Queue()
        self._writer: gevent.Greenlet[..., None] | None = None
        self._pinged_at: float | None = None
        self._try_now = Event()
        self._next_try_at: float | None = None
        self.round_trip_s: float | None = None

    @property
    def next_try_in_s(self) -> float | None:
        """How long until the next try to reconnect; None while connected, and while a try is under way.

        Infinite where none is made before `retry_now`, as the server does not take the password that we have.
        """
        return None if self._next_try_at is None else max(0.0, self._next_try_at - time.monotonic())

    def connect(self) -> None:
        """Connect and introduce the user. Raises ServerUnavailable or Refused."""
        hello = self._user.hello()
        self._client = client = self._dial(
            name=hello.nick, room=hello.room, after=hello.after, token=hello.token, login=hello.login, timeout=_TRY_S
        )
        self._outbox = Queue()
        self._writer = gevent.spawn(_write, client, self._outbox)
        self._pinged_at = self.round_trip_s = None
        self._user.welcomed(client.welcome)

    def keep(self) -> None:
        """Receive what the server sends, and reconnect whenever the connection is lost; does not return."""
        waits = pauses(random.random)
        while True:
            assert self._client is not None
            began = time.monotonic()
            try:
                self._listen(self._client)
            except ConnectionLost as lost:
                self._drop()
                self._user.lost(str(lost))
            if time.monotonic() - began > _STEADY_S:
                waits = pauses(random.random)
            self._reconnect(waits)

    def send(self, command: Command) -> None:
        """Send a command after those before it; without a connection it is dropped."""
        if self._client is not None:
            self._outbox.put(command)

    def retry_now(self) -> None:
        """Try to reconnect at once."""
        self._try_now.set()

    def close(self, timeout_s: float, reason: str) -> None:
        """Say goodbye, and why, and end the connection, waiting for no step longer than `timeout_s` seconds."""
        if self._client is not None and self._writer is not None:
            self._outbox.put(None)
            self._writer.join(timeout_s)
            gevent.with_timeout(timeout_s, self._client.close, reason, timeout_value=None)
            self._drop()

    def _listen(self, client: ChatClient) -> None:
        silent, last_ping = 0, 0.0
        while True:
            message = client.receive(PING_EVERY_S)
            now = time.monotonic()
            if message is None:
                silent += 1
                if silent == SILENT_TIMES:
                    raise ConnectionLost(f"the server has been silent for {PING_EVERY_S * SILENT_TIMES:g} s")
            else:
                silent = 0
                self._take(message, now)
            if self._pinged_at is None and now - last_ping >= PING_EVERY_S:
                self._pinged_at = last_ping = now
                self.send(commands.Ping(token=_PING))

    def _take(self, message: replies.Message, now: float) -> None:
        if isinstance(message, replies.Pong) and message.token == _PING and self._pinged_at is not None:
            self.round_trip_s = now - self._pinged_at
            self._pinged_at = None
            self._user.measured()
        else:
            self._user.heard(message)

    def _reconnect(self, waits: Iterator[float]) -> None:
        self._try_now.clear()
        is_wrong = False
        for pause in waits:
            self._next_try_at = math.inf if is_wrong else time.monotonic() + pause
            self._user.measured()
            self._try_now.wait(None if is_wrong else pause)
            self._try_now.clear()
            self._next_try_at = None
            self._user.measured()
            try:
                self.connect()
            except ServerUnavailable:
                is_wrong = False
            except Refused as refusal:
                is_wrong = refusal.code in _WRONG_WORDS
                self._user.turned_away(refusal)
            else:
                return

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.kill(timeout=1)
        if self._client is not None:
            self._client.drop()
        self._client = self._writer = None


def _write(client: ChatClient, outbox: "Queue[Command | None]") -> None:
    """Send what is put into the outbox, up to None; a slow server holds up this greenlet only."""
    with suppress(ConnectionLost):  # `keep` says so
        while (command := outbox.get()) is not None:
            client.send(command)
