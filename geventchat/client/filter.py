"""A conversation between the standard streams and a server: lines in are said, what happens comes out as lines."""

import signal
import sys
from contextlib import suppress

import gevent
import msgspec
from gevent.event import AsyncResult, Event
from gevent.queue import Full, Queue

from geventchat.client.client import ChatClient
from geventchat.commands import commands
from geventchat.commands.commands import LOBBY
from geventchat.dialects import plain, slash
from geventchat.protocol import replies
from geventchat.protocol.errors import ConnectionLost, ProtocolError, Refused
from geventchat.protocol.text import clean, decode, escape
from geventchat.system import standard_output
from geventchat.system.standard_input import read_lines

# When the server has been silent for so long it is asked for a word; when for as long again, it is gone.
_PATIENCE_S = 10.0
# How long the server has, once a signal asks us to end, to say that it has stored what was said.
_STORE_S = 5.0
_GOODBYE_S = 2.0
# Commands that may wait to be sent; past it, no more of the input is read.
_MOST_WAITING = 100
# Comes back after everything that was said.
_END = "that was all"
_ALIVE = "are you there"
_MOVE = "to another room"


def talk(address: tuple[str, int], name: str, room: str, *, as_json: bool) -> int:
    """Talk until the input ends, the user leaves or the server does; return the exit status.

    Raises ServerUnavailable or Refused if the server cannot be reached or does not let us in.
    """
    client = ChatClient(address, name=name, room=room)
    conversation = _Conversation(client, as_json=as_json)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, conversation.stop)
    return conversation.run()


class _Conversation:
    """What was said and is not known to be stored, and what was heard, as lines."""

    def __init__(self, client: ChatClient, *, as_json: bool) -> None:
        self._client = client
        self._as_json = as_json
        self._room = client.welcome.room
        self._unstored: set[str] = set()
        self._said = 0
        self._failed = False
        self._aloud = True  # whether to say what is not known to be stored
        self._moving: AsyncResult[replies.Members] | None = None  # to the room that is being entered
        self._stopping = False
        self._ended = Event()
        self._outbox: Queue[commands.Command | None] = Queue(_MOST_WAITING)
        self._writing = gevent.spawn(self._write)
        self._reading = gevent.spawn(self._read)
        self._hearing = gevent.spawn(self._hear)

    def run(self) -> int:
        """Talk to the end; return 0 if all that was said is stored."""
        self._ended.wait()
        gevent.killall([self._reading, self._hearing], timeout=1)
        self._leave()
        if self._reading.exception or self._hearing.exception:  # a mistake of ours, which gevent has printed
            self._failed = True
        if self._unstored and self._aloud:
            self._complain(f"{len(self._unstored)} lines are not known to be stored")
        return 1 if self._unstored or self._failed else 0

    def stop(self) -> None:
        """Say nothing more, and end when all that was said has come back, or soon; called again, at once."""
        if self._stopping:
            self._ended.set()
        self._stopping = True
        self._reading.kill(block=False)
        gevent.spawn_later(_STORE_S, self._ended.set)

    def _leave(self) -> None:
        """Say goodbye, unless what is still to be sent would stand before it."""
        with suppress(Full):
            self._outbox.put_nowait(None)
            self._writing.join(_GOODBYE_S)
        if self._writing.dead:
            gevent.with_timeout(_GOODBYE_S, self._client.close, timeout_value=None)
        self._client.drop()

    def _fail(self, why: str) -> None:
        """Say what went wrong; the exit status will be 1."""
        self._complain(why)
        self._failed = True

    def _complain(self, what: str) -> None:
        with suppress(OSError):  # whoever reads us may have enough
            print(f"geventchat-client: {clean(what)}", file=sys.stderr)

    # What is read.

    def _read(self) -> None:
        """Read the input to its end, or until the user leaves; then ask to be told when all is stored."""
        try:
            for line in read_lines():
                try:
                    if isinstance(line, ProtocolError):
                        raise line
                    command = slash.read_line(clean(decode(line)))
                    if isinstance(command, commands.Bye):
                        break
                    if command is not None:
                        self._do(command)
                except Refused as refusal:
                    self._fail(refusal.message)
        except OSError as error:
            self._fail(f"the input cannot be read: {error.strerror}")
        finally:
            gevent.spawn(self._outbox.put, commands.Ping(token=_END))

    def _do(self, command: commands.AnyCommand) -> None:
        """Act on a command. Raises Refused."""
        match command:
            case commands.Join(room=room):
                self._go(room)
            case commands.Leave():
                self._go(LOBBY)
            case commands.Say() | commands.Act():
                command.room = self._room
                self._say(command)
            case commands.Whisper() | commands.WhisperBack():
                self._say(command)
            case commands.Who() | commands.History() | commands.Topic():
                command.room = self._room
                self._outbox.put(command)
            case _:
                self._outbox.put(command)

    def _say(self, command: commands.Say | commands.Act | commands.Whisper | commands.WhisperBack) -> None:
        self._said += 1
        command.ref = f"said-{self._said}"
        self._client.check(command)
        self._unstored.add(command.ref)
        self._outbox.put(command)

    def _go(self, room: str) -> None:
        """Be in another room from now on, and in that one only, as people at `nc` are. Raises Refused."""
        self._moving = AsyncResult()
        self._outbox.put(commands.Join(room=room, ref=_MOVE))
        there = self._moving.get()
        assert there is not None
        self._outbox.put(commands.Leave(room=self._room))
        self._room = there.room

    def _write(self) -> None:
        """Send what waits: by itself, so that a server that takes nothing holds up nobody else."""
        with suppress(ConnectionLost):  # `_hear` says so
            while (command := self._outbox.get()) is not None:
                self._client.send(command)

    # What is heard.

    def _hear(self) -> None:
        """Print what the server tells, until all that was said has come back."""
        try:
            self._print(self._client.welcome)
            while not self._is_last(self._next()):
                pass
        except BrokenPipeError:  # whoever reads us has enough
            self._aloud = False
        except ConnectionLost as lost:
            self._fail(str(lost))
        except OSError as error:
            self._fail(f"what happens cannot be written: {error.strerror}")
        finally:
            self._ended.set()

    def _next(self) -> replies.Message:
        """Return what the server tells next. Raises ConnectionLost when nothing comes any more."""
        asked = False
        while (message := self._client.receive(_PATIENCE_S)) is None:
            if asked:
                raise ConnectionLost(f"the server has been silent for {2 * _PATIENCE_S:g} s")
            asked = True
            with suppress(Full):  # then what is waiting there asks for an answer, too
                self._outbox.put_nowait(commands.Ping(token=_ALIVE))
        return message

    def _is_last(self, message: replies.Message) -> bool:
        """Print a message; whether it was the last that is waited for."""
        if isinstance(message, replies.Pong) and message.token in (_END, _ALIVE):
            return message.token == _END
        if isinstance(message, replies.Ack | replies.Error) and message.ref in self._unstored:
            self._unstored.discard(message.ref)
            self._failed = self._failed or isinstance(message, replies.Error)
        if isinstance(message, replies.Error) and message.ref == _MOVE and self._moving is not None:
            self._moving.set_exception(Refused(message.code, message.message))
            return False
        self._print(message)
        if isinstance(message, replies.Members) and message.ref == _MOVE and self._moving is not None:
            self._moving.set(message)
        return False

    def _print(self, message: replies.Message) -> None:
        text = escape(_json(message)) if self._as_json else plain.encode(_clean(message)).decode().rstrip("\n")
        if text:
            standard_output.write(text + "\n")


def _clean(message: replies.Message) -> replies.Message:
    """Return a message in which nothing acts on a terminal or ends a line, whatever the server put into it."""
    cleaned: replies.Message = msgspec.convert(_without_controls(msgspec.to_builtins(message)), replies.Message)
    return cleaned


def _without_controls(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case list():
            return [_without_controls(one) for one in value]
        case dict():
            return {_without_controls(key): _without_controls(one) for key, one in value.items()}
    return value


def _json(message: replies.Message) -> str:
    """Return a message as JSON, without the secret that the user could come back with: logs are read by others."""
    fields = msgspec.to_builtins(message)
    if isinstance(message, replies.Welcome):
        del fields["token"]
    return msgspec.json.encode(fields).decode()
