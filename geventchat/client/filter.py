"""The client without a terminal: lines of standard input are said, and what happens is written to standard output."""

from contextlib import suppress

import gevent
import msgspec
from gevent.event import AsyncResult, Event
from gevent.queue import Full, Queue

from geventchat.client.client import ChatClient
from geventchat.client.pending import Pending, Spoken
from geventchat.client.reconnect import Dial
from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.dialects import plain_lines, slash
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ConnectionLost, ProtocolError, Refused
from geventchat.protocol.names import LOBBY
from geventchat.protocol.text import clean, decode
from geventchat.system import signals, stdio

# When the server has been silent for so long it is asked for a word; when for as long again, it is gone.
_PATIENCE_S = 10.0
# How long the server has, once a signal asks us to end, to say that it has stored what was said.
_STORE_S = 5.0
_GOODBYE_S = 2.0
# Commands that may wait to be sent; past it, no more of the input is read.
_MOST_WAITING = 100
# Tokens and refs of our own. The first comes back after everything that was said.
_END = "that was all"
_ALIVE = "are you there"
_MOVE = "to another room"


def run(dial: Dial, name: str, room: str, login: commands.Credentials | None = None, *, as_json: bool) -> int:
    """Chat until the input ends, the user leaves or the server closes; return the exit status, 0 if all is stored.

    `dial` connects to the server; `login` logs in to an account.

    Raises ServerUnavailable or Refused if the server cannot be reached or does not let us in.
    """
    chat = _Filter(dial(name=name, room=room, login=login), as_json=as_json)
    signals.on_end(chat.stop)
    return chat.run()


class _Astray(Refused):
    """The room cannot be entered: what follows was meant to be said there, and nowhere else."""


class _Filter:
    """One greenlet reads the input, one sends, and one receives and prints."""

    def __init__(self, client: ChatClient, *, as_json: bool) -> None:
        self._client = client
        self._as_json = as_json
        self._nick, self._room = client.welcome.nick, client.welcome.room
        self._pending = Pending("said")
        self._failed = False
        self._goodbye = ""  # why the user leaves
        self._has_reader = True  # of the output; without one, nobody wants to know what is not stored
        self._moving: AsyncResult[replies.Members] | None = None  # set while another room is being entered
        self._stopping = False
        self._ended = Event()
        self._outbox: Queue[Command | None] = Queue(_MOST_WAITING)
        self._sender = gevent.spawn(self._send)
        self._reader = gevent.spawn(self._read)
        self._receiver = gevent.spawn(self._receive)

    def run(self) -> int:
        """Chat to the end; return the exit status."""
        self._ended.wait()
        gevent.killall([self._reader, self._receiver], timeout=1)
        self._leave()
        if self._reader.exception or self._receiver.exception:  # a mistake of ours, which gevent has printed
            self._failed = True
        if self._pending and self._has_reader:
            self._complain(f"{len(self._pending)} lines are not known to be stored")
        return 1 if self._pending or self._failed else 0

    def stop(self) -> None:
        """Read no more, and end when all that was said has come back, or soon. The second call ends at once."""
        if self._stopping:
            self._ended.set()
        self._stopping = True
        self._reader.kill(block=False)
        gevent.spawn_later(_STORE_S, self._ended.set)

    def _leave(self) -> None:
        """Say goodbye, unless what is still to be sent would stand before it."""
        with suppress(Full):
            self._outbox.put_nowait(None)
            self._sender.join(_GOODBYE_S)
        if self._sender.dead:
            gevent.with_timeout(_GOODBYE_S, self._client.close, self._goodbye, timeout_value=None)
        self._client.drop()

    def _fail(self, why: str) -> None:
        """Say what went wrong; the exit status will be 1."""
        self._failed = True
        self._complain(why)

    def _complain(self, what: str) -> None:
        stdio.write_error(f"geventchat-client: {what}\n")

    # From the input to the server.

    def _read(self) -> None:
        """Read the input to its end, or until the user leaves; then ask to be told when all is stored."""
        try:
            for line in stdio.read_lines():
                try:
                    if isinstance(line, ProtocolError):
                        raise line
                    command = slash.read_line(clean(decode(line)))
                    if isinstance(command, commands.Bye):
                        self._goodbye = command.reason
                        break
                    if command is not None:
                        self._do(command)
                except _Astray as refusal:
                    self._fail(f"{refusal.message}; what follows was not said")
                    break
                except Refused as refusal:
                    self._fail(refusal.message)
        except OSError as error:
            self._fail(f"the input cannot be read: {error.strerror}")
        finally:
            gevent.spawn(self._outbox.put, commands.Ping(token=_END))

    def _do(self, command: commands.AnyCommand) -> None:
        """Act on a command. Raises Refused."""
        match command:
            case commands.Join():
                self._go(command)
            case commands.Leave(reason=reason):
                self._go(commands.Join(room=LOBBY), reason)
            case commands.Say() | commands.Act():
                command.room = self._room
                self._say(command)
            case commands.Whisper() | commands.WhisperBack():
                self._say(command)
            case commands.Who() | commands.History() | commands.Topic():
                command.room = command.room or self._room
                self._outbox.put(command)
            case _:
                self._outbox.put(command)

    def _say(self, command: Spoken) -> None:
        self._pending.add(command, sent=True)
        try:
            self._client.check(command)
        except Refused:
            self._pending.settle(command.ref)
            raise
        self._outbox.put(command)

    def _go(self, join: commands.Join, reason: str = "") -> None:
        """Enter another room and leave the one before, as at nc, where one is in one room. Raises Refused."""
        self._moving = AsyncResult()
        join.ref = _MOVE
        self._outbox.put(join)
        try:
            there = self._moving.get()
        except Refused as refusal:
            if refusal.code == "already-here":
                raise
            raise _Astray(refusal.code, refusal.message) from None
        assert there is not None
        self._outbox.put(commands.Leave(room=self._room, reason=reason))
        self._room = there.room

    def _send(self) -> None:
        """Send what waits, in a greenlet of its own: a server that takes nothing holds up nobody else."""
        with suppress(ConnectionLost):  # `_receive` says so
            while (command := self._outbox.get()) is not None:
                self._client.send(command)

    # From the server to the output.

    def _receive(self) -> None:
        """Print what the server sends, until all that was said has come back."""
        try:
            self._print(self._client.welcome)
            while not self._is_last(self._next()):
                pass
        except BrokenPipeError:
            self._has_reader = False
        except ConnectionLost as lost:
            self._fail(str(lost))
        except OSError as error:
            self._fail(f"what happens cannot be written: {error.strerror}")
        finally:
            self._ended.set()

    def _next(self) -> replies.Message:
        """Return the next message. Raises ConnectionLost when the server has been silent for too long."""
        asked = False
        while (message := self._client.receive(_PATIENCE_S)) is None:
            if asked:
                raise ConnectionLost(f"the server has been silent for {2 * _PATIENCE_S:g} s")
            asked = True
            with suppress(Full):  # then what is waiting there asks for an answer, too
                self._outbox.put_nowait(commands.Ping(token=_ALIVE))
        return message

    def _is_last(self, message: replies.Message) -> bool:
        """Print a message; return whether it is the last one that is waited for.

        Raises ConnectionLost when we are put out of the only room that we are in: nothing could be said any more.
        """
        match message:
            case replies.Pong(token=token) if token in (_END, _ALIVE):
                return token == _END
            case replies.Error(ref=ref) if ref == _MOVE and self._moving is not None:
                self._moving.set_exception(Refused(message.code, message.message))
                return False
            case replies.Ack(ref=ref):
                self._pending.settle(ref)
            case replies.Error(ref=ref) if self._pending.settle(ref):
                self._failed = True
        self._print(message)
        match message:
            case replies.Members(ref=ref) if ref == _MOVE and self._moving is not None:
                self._moving.set(message)
            case events.Renamed(nick=nick, new=new) if nick == self._nick:
                self._nick = new
            case events.Kicked(who=who, room=room, nick=nick) if (who, room) == (self._nick, self._room):
                raise ConnectionLost(f"{nick} put you out of {room}")
        return False

    def _print(self, message: replies.Message) -> None:
        text = _json(message) if self._as_json else plain_lines.encode(message).decode().rstrip("\n")
        if text:
            stdio.write(text + "\n")


def _json(message: replies.Message) -> str:
    """Return a message as JSON, without the secret that the user could come back with: logs are read by others."""
    fields = msgspec.to_builtins(message)
    if isinstance(message, replies.Welcome):
        del fields["token"]
    return msgspec.json.encode(fields).decode()
