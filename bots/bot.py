"""One simulated user: a connection, what is said on it, and what is heard.

What a user hears in the same bytes as the others in its room is not read, only compared: see `bots.unison`. There is no
greenlet per user: the loop calls `_take_in` when something has come, and nothing there waits.
"""

import itertools
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent import socket
from gevent.event import Event as Signal
from msgspec import structs

from bots.dialects import Dialect, Heard
from bots.ear import Ear
from bots.scenario import Actor
from geventchat import commands, events, replies
from geventchat.errors import ChatError

_RECV_BYTES = 64 << 10
# At a pace of its own, a user reads so much at a time.
_SIP_BYTES = 1 << 10
_READ = 1  # libev's EV_READ, as gevent's loop.io takes it
# How long a server has to let an actor in, or out.
PATIENCE_S = 10.0


class NotLetIn(ChatError):
    """The server did not let an actor in; the message says why."""


class Bot:
    """An actor's body.

    `hear` is called for each thing that was read, with the line that it came in; `lost` when the connection ends
    unasked. Both are called in the loop: they must not wait.
    """

    def __init__(
        self,
        actor: Actor,
        address: tuple[str, int],
        make_dialect: Callable[[], Dialect],
        hear: Callable[["Bot", Heard, bytes], None],
        lost: Callable[["Bot", str], None],
    ) -> None:
        self.actor = actor
        self.nick = actor.name
        self.last_id: str | None = None
        self.connected = False
        self.coming_back = False  # whether it is on its way back from a lost connection
        self.welcome: replies.Welcome | None = None
        self.ear = Ear(make_dialect(), self._take)
        self._address = address
        self._make_dialect = make_dialect
        self._hear = hear
        self._lost = lost
        self._watcher: Any = None
        self._changed = Signal()
        self._refused = ""
        self._tokens = map(str, itertools.count(1))
        self._pongs: set[str] = set()
        self._refs = map(str, itertools.count(1))
        self._unsure: dict[str, commands.Say | commands.Act] = {}  # said, and not known to be stored; by ref
        self._leaving = False
        self._pace = float("inf")

    def come_in(self, room: str | None, *, again: bool = False) -> None:
        """Connect and say hello; return when greeted. Raises NotLetIn or OSError."""
        self._socket = socket.create_connection(self._address, PATIENCE_S)
        try:
            self._greet(room, again=again)
        except BaseException:
            self._end()
            raise

    def _greet(self, room: str | None, *, again: bool) -> None:
        self.dialect = self._make_dialect()
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._leaving, self._refused = False, ""
        token = self.welcome.token if again and self.welcome is not None else None
        self.welcome = None
        if not again:
            self.last_id = None
        self.ear.begin(self.dialect)
        self._watcher = gevent.get_hub().loop.io(self._socket.fileno(), _READ)
        self._watcher.start(self._take_in)
        self._socket.sendall(self.dialect.hello(self.nick, room, self.last_id if again else None, token))
        if not self._wait(lambda: self.welcome is not None or bool(self._refused)):
            raise NotLetIn(f"{self.nick} got no answer to its name within {PATIENCE_S:g} s")
        if self._refused:
            raise NotLetIn(f"{self.nick} was not let in: {self._refused}")
        self._say_again()
        self.connected = True

    def note_id(self, event_id: str) -> None:
        """Note that the bot has heard an event, which it need not have read."""
        if event_id and (self.last_id is None or events.number_of(event_id) > events.number_of(self.last_id)):
            self.last_id = event_id

    def send(self, command: commands.AnyCommand) -> None:
        """Do something. Raises OSError when the connection is gone."""
        self._socket.sendall(self.dialect.encode(command))

    def say(self, command: commands.Say | commands.Act) -> None:
        """Say something; who comes back says it again until the server is known to have stored it."""
        if not (self.actor.comes_back and self.dialect.catches_up):
            self.send(command)
            return
        ref = next(self._refs)
        command = self._unsure[ref] = structs.replace(command, ref=ref)
        if self.connected:
            with suppress(OSError):  # the loop will notice, and the actor come back
                self.send(command)

    def _say_again(self) -> None:
        """Say what may not have arrived, and what was to be said meanwhile, in order; nothing new overtakes it."""
        said = 0
        while again := [ref for ref in self._unsure if int(ref) > said]:
            for ref in again:
                said = int(ref)
                if command := self._unsure.get(ref):
                    self.send(command)

    def send_bytes(self, data: bytes) -> None:
        """Send just these bytes."""
        self._socket.sendall(data)

    def ping(self, within: float) -> bool:
        """Ask for a pong; whether it came in time."""
        token = f"{self.actor.index}.{next(self._tokens)}"
        try:
            self.send(commands.Ping(token=token))
        except OSError:
            return False
        return self._wait(lambda: token in self._pongs or not self.connected, within) and self.connected

    def leave(self, reason: str) -> bool:
        """Say goodbye and take all that was on its way; whether the server ended the connection."""
        self._leaving = True
        self.send(commands.Bye(reason=reason))
        ended = self._wait(lambda: not self.connected)
        self._end()
        return ended

    def drop(self, how: str) -> None:
        """Lose the connection."""
        self._leaving = True
        if how == "reset":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._end()

    def read_at(self, bytes_a_second: float) -> None:
        """Read at this pace from now on."""
        was_stopped, self._pace = not self._pace, bytes_a_second
        if was_stopped and self._watcher is not None:
            self._watcher.start(self._take_in)

    def _end(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None
        self._socket.close()
        self.connected = False

    def _wait(self, done: Callable[[], bool], within: float = PATIENCE_S) -> bool:
        deadline = time.monotonic() + within
        while not done():
            self._changed.clear()
            if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                return False
        return True

    def _take_in(self) -> None:
        """Take what has come; called by the loop."""
        try:
            data = os.read(self._watcher.fd, _RECV_BYTES if self._pace == float("inf") else _SIP_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._ended(f"the connection broke ({error.strerror})")
            return
        if not data:
            self._ended("the server closed the connection")
            return
        self.ear.receive(data, time.monotonic())
        if self._pace < float("inf") and self._watcher is not None:
            self._watcher.stop()
            if self._pace:
                gevent.spawn_later(len(data) / self._pace, self._go_on, self._watcher)

    def _go_on(self, watcher: Any) -> None:
        if watcher is self._watcher and self._pace:
            watcher.start(self._take_in)

    def _ended(self, why: str) -> None:
        was_connected = self.connected
        self._end()
        self._refused = self._refused or why
        self._changed.set()
        if was_connected and not self._leaving:
            self._lost(self, why)

    def _take(self, heard: Heard, line: bytes) -> None:
        match heard:
            case replies.Welcome():
                self.welcome = heard
                self.nick = heard.nick
                if self.last_id is None:  # else what was missed since then is still to come
                    self.last_id = heard.id or None
                self._changed.set()
            case replies.Pong(token=token):
                self._pongs.add(token)
                self._changed.set()
            case replies.Ack(ref=ref):
                self._unsure.pop(ref, None)
            case replies.Error(code=code, message=message) if self.welcome is None:
                self._refused = f"{message} ({code})"
                self._changed.set()
            case events.Event(id=event_id) if event_id:
                self.last_id = event_id
        self._hear(self, heard, line)


_ADDRESS = re.compile(r" on (\S+);")


def address_in(introduction: str) -> str:
    """Return the address in the first line that geventchat-serve prints."""
    match = _ADDRESS.search(introduction)
    return match[1] if match else ""
