"""One user's connection, kept up: it notices that it is lost, also by silence, and comes back."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.queue import Queue

from geventchat.client.client import ChatClient
from geventchat.commands import commands
from geventchat.protocol import replies
from geventchat.protocol.errors import ConnectionLost, Refused, ServerUnavailable

# How often the way to the server and back is measured.
PING_EVERY_S = 3.0
# Without a word from the server for so many of these times, though it was asked, the connection is taken for lost.
SILENT_TIMES = 4
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# A connection that has held for less than this has been no success: the pauses go on growing.
_STEADY_S = 10.0
# How long one try to connect may take.
_TRY_S = 10.0
_PING = "round trip"


class User(Protocol):
    """Whom the connection is for. None of these may block but `heard`, which may wait until it can take more."""

    def hello(self) -> commands.Hello:
        """Return what to introduce ourselves with."""

    def welcomed(self, welcome: replies.Welcome) -> None:
        """Take note that we are in."""

    def heard(self, message: replies.Message) -> None:
        """Take note of what the server tells."""

    def measured(self) -> None:
        """Take note that there is a new round trip time."""

    def lost(self, why: str) -> None:
        """Take note that the connection is gone."""

    def turned_away(self, refusal: Refused) -> None:
        """Take note that the server is there but does not let us in."""


def pauses(chance: random.Random) -> Iterator[float]:
    """Yield how many seconds to wait before each try: longer and longer, and not the same for everyone."""
    pause = _FIRST_PAUSE_S
    while True:
        yield pause * chance.uniform(0.5, 1.0)
        pause = min(pause * 2, _LONGEST_PAUSE_S)


class Connection:
    """Sends and receives for one user, for as long as that user wants. `round_trip_s` is None while unknown."""

    def __init__(self, address: tuple[str, int], user: User) -> None:
        self._address = address
        self._user = user
        self._client: ChatClient | None = None
        self._outbox: Queue[commands.Command | None] = Queue()
        self._writer: gevent.Greenlet[..., None] | None = None
        self._pinged_at: float | None = None
        self._now = Event()
        self.round_trip_s: float | None = None

    def connect(self) -> None:
        """Come in. Raises ServerUnavailable or Refused."""
        hello = self._user.hello()
        self._client = client = ChatClient(
            self._address, name=hello.nick, room=hello.room, after=hello.after, token=hello.token, timeout=_TRY_S
        )
        self._outbox = Queue()
        self._writer = gevent.spawn(_write, client, self._outbox)
        self._pinged_at = self.round_trip_s = None
        self._user.welcomed(client.welcome)

    def keep(self) -> None:
        """Hear what the server tells, and come back whenever the connection is lost; does not return."""
        waits = pauses(random.Random())
        while True:
            assert self._client is not None
            began = time.monotonic()
            try:
                self._listen(self._client)
            except ConnectionLost as lost:
                self._drop()
                self._user.lost(str(lost))
            if time.monotonic() - began > _STEADY_S:
                waits = pauses(random.Random())
            self._come_back(waits)

    def send(self, command: commands.Command) -> None:
        """Send a command when its turn comes; without a connection it is forgotten."""
        if self._client is not None:
            self._outbox.put(command)

    def retry_now(self) -> None:
        """Do not wait for the next try to come back."""
        self._now.set()

    def close(self, timeout_s: float) -> None:
        """Say goodbye and end the connection, waiting for no step longer than `timeout_s` seconds."""
        if self._client is not None and self._writer is not None:
            self._outbox.put(None)
            self._writer.join(timeout_s)
            gevent.with_timeout(timeout_s, self._client.close, timeout_value=None)
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

    def _come_back(self, waits: Iterator[float]) -> None:
        self._now.clear()
        for pause in waits:
            self._now.wait(pause)
            self._now.clear()
            try:
                self.connect()
            except ServerUnavailable:
                continue
            except Refused as refusal:
                self._user.turned_away(refusal)
            else:
                return

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.kill(timeout=1)
        if self._client is not None:
            self._client.drop()
        self._client = self._writer = None


def _write(client: ChatClient, outbox: "Queue[commands.Command | None]") -> None:
    """Send what is put into the outbox, up to None; a slow server holds up this greenlet only."""
    with suppress(ConnectionLost):  # who listens says so
        while (command := outbox.get()) is not None:
            client.send(command)
