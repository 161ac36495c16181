"""One simulated user: a connection, what is said on it, and what is heard.

What a user hears in the same bytes as the others in its room is not read, only compared: see
`bots.ledger.shared_stream`.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Literal, TypeVar

import gevent
from gevent import socket
from gevent.event import Event as Signal
from gevent.lock import BoundedSemaphore
from msgspec import structs

from bots.engine.paced_reader import PacedReader
from bots.engine.quiet import wait_for_quiet
from bots.engine.unacknowledged import Unacknowledged
from bots.ledger.room import Message
from bots.protocols.base import Heard, Notice, ping_token, shown
from bots.protocols.registry import MakeDialect
from bots.scenario.model import Actor
from bots.world.inbox import Inbox
from bots.world.receiver import Receiver
from bots.world.whispers import Withdraw
from geventchat.commands import commands
from geventchat.protocol import replies
from geventchat.protocol.address import Address, show
from geventchat.protocol.errors import ChatError, NotTrusted, ProtocolError, ServerUnavailable
from geventchat.protocol.text import decode
from geventchat.tls.engine import TlsEngine
from geventchat.tls.secure_socket import shake_hands
from geventchat.tls.trust import Trust

# How long a server has to let an actor in, or out; where it has much to do first, counted from the last sign of life.
PATIENCE_S = 10.0

# Signs of life do not count for longer than this: a server may send something or other for ever, and never an answer.
MAX_PATIENCE_S = 300.0

# A server that does not show that a bot is in gets so long to let it in.
_GRACE_S = 0.3

# What can be done where a bot is not let in; a name may be that of a person in the room.
_HINTS = {
    "nick-taken": '; give the cast another name: {count: 2, name: "bot{n}"}',
    "password-needed": "; --password-file FILE gives it",
    "too-many-connections": "; geventchat-serve --max-per-address 100000 --connect-rate 100000 takes more",
}

# Bytes that are shown of what a server sends instead of letting a bot in.
_MAX_SHOWN = 200

# What became of a ping: the pong came, or did not in time, or cannot any more because the connection is lost.
Answer = Literal["pong", "late", "lost"]

Refusable = TypeVar("Refusable", bound=commands.Say | commands.Act | commands.Whisper | commands.Join)


class NotDone(ChatError):
    """An actor could not do what its line says; the message says why."""


class NotLetIn(NotDone):
    """The server did not let an actor in; the message says why."""


class NotConnected(NotLetIn):
    """No server answers, or not the one that was meant; `why` says so for all who want to connect."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class Bot:
    """One actor's connection to the server, or one after another; where a chat has several, the actors take turns.

    `hear` is called for each thing that was read, with the line that it came in and the time; `lost` when the
    connection ends unasked. Both are called in the loop: they must not wait. With `trust`, it goes through TLS. What it
    says `may_be_refused`: then that is noted, where the protocol says what is refused.

    `transition_lock` is held while the bot comes in, changes its name or room, or leaves: nothing is to be said
    meanwhile, for nobody could tell under which name, or where.
    """

    def __init__(
        self,
        actor: Actor,
        addresses: Sequence[Address],
        make_dialect: MakeDialect,
        inbox: Inbox,
        hear: Callable[["Bot", Heard, bytes, float], None],
        lost: Callable[["Bot", str], None],
        trust: Trust | None = None,
        *,
        may_be_refused: bool = False,
    ) -> None:
        self.actor = actor
        self.nick = actor.name
        self.connected = False
        self.leaving = False  # whether it has said goodbye, or is about to drop the connection
        self.reconnecting = False  # whether it is on its way back from a lost connection
        self.transition_lock = BoundedSemaphore(1)
        self.taken = float("-inf")  # the server has taken what was sent before that: a later ping had its pong
        self.welcome: replies.Welcome | None = None
        self._token = ""  # of the last welcome
        self.last_notice = ""  # what the server told it last in a line that nobody said
        self._addresses = addresses
        self._turn = actor.index  # which of the servers it is at
        self.dialect = make_dialect(show(self._address))
        self.receiver = Receiver(self.dialect, self._take, inbox)
        self.reader = PacedReader(self._receive, self._ended)
        self._make_dialect = make_dialect
        self._hear = hear
        self._lost = lost
        self._trust = trust
        self._tls: TlsEngine | None = None
        self._changed = Signal()
        self._sending = BoundedSemaphore(1)
        self._refused = ""
        self._reason = ""  # why the server says that it ends the connection
        self._first_bytes = b""  # that came before the welcome
        self._tokens = itertools.count(1)
        self._pongs: set[str] = set()
        self.unacknowledged = Unacknowledged()
        self._may_be_refused = may_be_refused
        self._withdraw: dict[str, Withdraw] = {}  # by ref; what the server has neither taken nor refused

    @property
    def _address(self) -> Address:
        return self._addresses[self._turn % len(self._addresses)]

    def go_to_next_server(self) -> None:
        """Connect to the next of several servers, the next time."""
        self._turn += 1

    @property
    def is_here(self) -> bool:
        """Whether it is connected and has not begun to leave."""
        return self.connected and not self.leaving

    @property
    def queues_offline(self) -> bool:
        """Whether it is on its way back, and says then what it cannot say now."""
        return self.reconnecting and self.dialect.catches_up

    def come_in(self, room: str, *, again: bool = False, after: str = "", others: Sequence[commands.Join] = ()) -> None:
        """Connect and say hello; return when greeted. Raises NotLetIn or OSError.

        A bot that comes `again` takes its place over from the lost connection: it is told what came `after` an id, and
        goes into the `others` of its rooms before it says anything.
        """
        self._socket = socket.create_connection(self._address, PATIENCE_S)
        with self.reader.reading_all():
            try:
                self._tls = self._begin_tls()
                self._greet(room, after or None, others, again=again)
            except BaseException:
                self._end()
                raise

    def _begin_tls(self) -> TlsEngine | None:
        if self._trust is None:
            return None
        try:
            return shake_hands(self._socket, self._address, self._trust)
        except (NotTrusted, ServerUnavailable) as error:
            raise NotConnected(f"{self.nick} could not connect: {error}", str(error)) from None

    def _greet(self, room: str, after: str | None, others: Sequence[commands.Join], *, again: bool) -> None:
        self.dialect = self._make_dialect(show(self._address))
        self._socket.settimeout(MAX_PATIENCE_S)  # of sending, until the server has taken all of it
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.leaving, self._refused, self._reason, self._first_bytes = False, "", "", b""
        token = self._token if again and self._token else None
        self.welcome = None
        self.receiver.begin(self.dialect)
        self.reader.begin(self._socket, self._tls)
        try:
            self.send_bytes(self.dialect.hello(self.nick, room, after, token))
        except ProtocolError as error:
            raise NotLetIn(f"{self.nick} cannot come in: {error.message}") from None
        self._receive(b"", time.monotonic())
        self.reader.take_decrypted()
        if not self._wait(lambda: self.welcome is not None or bool(self._refused)):
            raise NotLetIn(f"{self.nick} got no answer to its name within {PATIENCE_S:g} s{self._sent_instead()}")
        if self._refused:
            raise NotLetIn(f"{self.nick} was not let in: {self._refused}")
        if not self.dialect.greets:
            gevent.sleep(_GRACE_S)
        for join in others:
            self.send(join)
        for command in self.unacknowledged.in_order():
            self.send(command)
        if self._refused:  # it has ended meanwhile, and nobody was told, for the bot was not yet here
            raise NotLetIn(f"{self.nick} was let in and lost the connection at once: {self._refused}")
        self.connected = True

    def send(self, command: commands.AnyCommand) -> None:
        """Send a command. Raises OSError when the connection is gone, and NotDone if the protocol cannot send it."""
        try:
            data = self.dialect.encode(command)
        except ProtocolError as error:
            raise NotDone(f"{self.nick} could not: {error.message}") from None
        self.send_bytes(data)

    def say(self, command: commands.Say | commands.Act, message: Message, withdraw: Withdraw) -> None:
        """Say something; a bot that reconnects says it again until the server is known to have stored it.

        `message` is what the room's ledger knows it as; `withdraw` is called if the server refuses it.
        """
        if not (self.actor.reconnects and self.dialect.catches_up):
            self.send(self.with_ref(command, withdraw))
            return
        command = self.with_ref(self.unacknowledged.add(command, message), withdraw)
        if self.connected:
            with suppress(OSError):  # the loop will notice, and the actor come back
                self.send(command)

    def with_ref(self, command: Refusable, withdraw: Withdraw) -> Refusable:
        """Return a command with a ref by which the server can refuse it: `withdraw` is called then.

        What is said has one only where it may be refused.
        """
        if not (isinstance(command, commands.Join) or (self._may_be_refused and self.dialect.catches_up)):
            return command
        ref = command.ref or f"said {next(self._tokens)}"
        self._withdraw[ref] = withdraw
        return structs.replace(command, ref=ref)

    def send_bytes(self, data: bytes) -> None:
        """Send just these bytes. Raises OSError when they cannot be sent: the connection is then gone."""
        with self._sending:  # the socket may be full, and somebody wait for it already
            if self._tls is not None:
                self._tls.encrypt(data)
                data = self._tls.records()
            try:
                self._socket.sendall(data)
            except TimeoutError:  # who knows how much of it the server has taken
                self._ended(f"the server did not take what was sent within {MAX_PATIENCE_S:g} s")
                raise

    def ping(self, within: float, *, patient: bool = False) -> Answer:
        """Ask for a pong.

        With patience, all is read meanwhile, and `within` counts from the last bytes that came, up to `MAX_PATIENCE_S`.
        """
        token, asked = ping_token(self.actor.index, next(self._tokens)), time.monotonic()
        try:
            self.send(commands.Ping(token=token))
        except OSError:
            return "lost"
        with self.reader.reading_all() if patient else nullcontext():
            self._wait(lambda: token in self._pongs or not self.connected, within, patient=patient)
        if token in self._pongs:
            self._pongs.discard(token)
            self.taken = max(self.taken, asked)
            return "pong"
        return "late" if self.connected else "lost"

    def waited_s(self, within: float) -> float:
        """Return how long it has waited for a pong in vain with patience: longer where other things came meanwhile."""
        return within if time.monotonic() - self.reader.last_at >= within else MAX_PATIENCE_S

    def wait_for_quiet(self) -> None:
        """Wait until nothing has come for a while, at a server that cannot say that nothing more is coming."""
        with self.reader.reading_all():
            wait_for_quiet(lambda: self.reader.last_at, self.dialect.quiet_s, PATIENCE_S)

    def leave(self, reason: str) -> bool:
        """Say goodbye and take all that was on its way; return whether the server ended the connection.

        Raises OSError when the connection is gone.
        """
        self.leaving = True
        with self.reader.reading_all():
            try:
                self.send(commands.Bye(reason=reason))
                if self.dialect.half_closes:
                    self._close_write()
                return self._wait(lambda: not self.connected, patient=True)
            finally:
                self._end()

    def _close_write(self) -> None:
        if self._tls is not None:
            self._tls.close()
            self._socket.sendall(self._tls.records())
        self._socket.shutdown(socket.SHUT_WR)

    def drop(self, how: Literal["reset", "close"]) -> None:
        """Lose the connection: break it off, or end it without a goodbye."""
        self.leaving = True
        if how == "reset":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._end()

    def _end(self) -> None:
        self.reader.end()
        self._socket.close()
        self.connected = False
        self._changed.set()  # nobody need wait any longer for what this connection would have brought

    def _wait(self, done: Callable[[], bool], within: float | None = None, *, patient: bool = False) -> bool:
        """Wait until something is done, for so long, or so long since the last bytes came; return whether it is."""
        within = PATIENCE_S if within is None else within
        began = time.monotonic()
        deadline = began + within
        while not done():
            self._changed.clear()
            if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                deadline = min(self.reader.last_at + within, began + MAX_PATIENCE_S)
                if not patient or deadline <= time.monotonic():
                    return done()
        return True

    def _ended(self, why: str) -> None:
        was_connected = self.connected
        self._end()
        instead = self._sent_instead() if self.welcome is None and self._first_bytes else ""
        self._refused = self._refused or self._reason or why + instead
        if was_connected and not self.leaving:
            self._lost(self, f"{why}: {self._reason}" if self._reason else why)

    def _receive(self, data: bytes, now: float) -> None:
        if self.welcome is None:
            self._first_bytes = (self._first_bytes + data)[:_MAX_SHOWN]
        try:
            self.receiver.receive(data, now)
        except ProtocolError as error:
            self._ended(error.message)
            return
        if answer := self.receiver.data_to_send():
            gevent.spawn(self._answer, answer)  # the loop must not wait

    def _answer(self, data: bytes) -> None:
        with suppress(OSError):  # the loop will notice
            self.send_bytes(data)

    def _sent_instead(self) -> str:
        """Return what the server sent instead of a welcome, safe to show: it may be no chat, or speak otherwise."""
        sent = shown(decode(self._first_bytes.strip()))
        return f"; {self.dialect.doubt} It sent: {sent}" if sent else ", nor anything else"

    def _take(self, heard: Heard, line: bytes, now: float) -> None:
        match heard:
            case replies.Welcome():
                self.welcome, self._token = heard, heard.token
                self.nick = heard.nick
                self._changed.set()
            case replies.Pong(token=token):
                self._pongs.add(token)
                self._changed.set()
            case replies.Ack(ref=ref):
                self.unacknowledged.acknowledge(ref)
                self._withdraw.pop(ref, None)
            case replies.Error(code=code, message=message) if self.welcome is None:
                self._refused = f"{message} ({code}){_HINTS.get(code, '')}"
                self._changed.set()
            case replies.Error(ref=str(ref)) if ref in self._withdraw:
                self.unacknowledged.acknowledge(ref)
                self._withdraw.pop(ref)()
            case replies.Closing(code=code, message=message):
                self._reason = message + _HINTS.get(code, "")
            case Notice(text=text):
                self.last_notice = text
                if self.welcome is None:
                    self._reason = text
        self._hear(self, heard, line, now)
