"""A conversation between the standard streams and a server: lines in are said, what happens comes out as lines."""

import os
import signal
import sys
from contextlib import suppress

import gevent
import msgspec

from geventchat import commands, replies
from geventchat.client import ChatClient
from geventchat.commands import LOBBY
from geventchat.dialects import plain, slash
from geventchat.errors import ConnectionLost, Refused
from geventchat.standard_input import read_lines
from geventchat.text import clean, decode, escape

# When the server has been silent for so long it is asked for a word; when for as long again, it is gone.
_PATIENCE_S = 10.0
# Comes back after everything that was said.
_END = "that was all"
_ALIVE = "are you there"


def talk(address: tuple[str, int], name: str, room: str, *, as_json: bool) -> int:
    """Talk until the input ends, the user leaves or the server does; return the exit status.

    Raises ServerUnavailable or Refused if the server cannot be reached or does not let us in.
    """
    with ChatClient(address, name=name, room=room) as client:
        conversation = _Conversation(client, as_json=as_json)
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, conversation.stop)
        try:
            conversation.hear()
        except BrokenPipeError:  # whoever reads us has enough
            _print_nowhere()
            return conversation.status(aloud=False)
        except ConnectionLost as lost:
            conversation.fail(str(lost))
        except OSError as error:
            _print_nowhere()
            conversation.fail(f"what happens cannot be written: {error.strerror}")
        finally:
            conversation.end()
        return conversation.status()


def _print_nowhere() -> None:
    """Let nothing more be written, also of what Python has still to flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class _Conversation:
    """What was said and is not known to be stored, and what was heard, as lines."""

    def __init__(self, client: ChatClient, *, as_json: bool) -> None:
        self._client = client
        self._as_json = as_json
        self._room = client.welcome.room
        self._unstored: set[str] = set()
        self._said = 0
        self._failed = False
        self._asked = False
        self._reading = gevent.spawn(self._read)
        self._reading.link(lambda _: self._ask_for_the_end())

    def hear(self) -> None:
        """Print what the server tells, until all that was said has come back.

        Raises ConnectionLost when nothing comes any more, OSError when it cannot be printed.
        """
        self._print(self._client.welcome)
        while True:
            message = self._client.receive(_PATIENCE_S)
            if message is None:
                if self._asked:
                    raise ConnectionLost(f"the server has been silent for {2 * _PATIENCE_S:g} s")
                self._client.send(commands.Ping(token=_ALIVE))
            elif self._take(message):
                return
            self._asked = message is None

    def stop(self) -> None:
        """Say nothing more, and end when all that was said has come back."""
        self._reading.kill(block=False)

    def end(self) -> None:
        """Take no more of the input."""
        self._reading.unlink_all()
        self._reading.kill(timeout=1)

    def fail(self, why: str) -> None:
        """Say what went wrong; the exit status will be 1."""
        print(f"geventchat-client: {clean(why)}", file=sys.stderr)
        self._failed = True

    def status(self, *, aloud: bool = True) -> int:
        """Return 0 if all that was said is stored."""
        if self._unstored and aloud:
            print(f"geventchat-client: {len(self._unstored)} lines are not known to be stored", file=sys.stderr)
        return 1 if self._unstored or self._failed else 0

    # What is read.

    def _read(self) -> None:
        with suppress(ConnectionLost, OSError):  # `hear` says so
            for line in read_lines():
                try:
                    command = slash.read_line(clean(decode(line.removesuffix(b"\r"))))
                    if isinstance(command, commands.Bye):
                        return
                    if command is not None:
                        self._do(command)
                except Refused as refusal:
                    self.fail(refusal.message)

    def _do(self, command: commands.AnyCommand) -> None:
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
                self._client.send(command)
            case _:
                self._client.send(command)

    def _say(self, command: commands.Say | commands.Act | commands.Whisper | commands.WhisperBack) -> None:
        self._said += 1
        command.ref = f"said-{self._said}"
        self._unstored.add(command.ref)
        self._client.send(command)

    def _go(self, room: str) -> None:
        """Be in another room from now on, and in that one only, as people at `nc` are. Raises Refused."""
        self._print(self._client.join(room))
        self._client.send(commands.Leave(room=self._room))
        self._room = room

    def _ask_for_the_end(self) -> None:
        with suppress(ConnectionLost):
            self._client.send(commands.Ping(token=_END))

    # What is heard.

    def _take(self, message: replies.Message) -> bool:
        """Print a message; whether it was the last that is waited for."""
        if isinstance(message, replies.Pong) and message.token in (_END, _ALIVE):
            return message.token == _END
        if isinstance(message, replies.Ack | replies.Error) and message.ref in self._unstored:
            self._unstored.discard(message.ref)
            self._failed = self._failed or isinstance(message, replies.Error)
        self._print(message)
        return False

    def _print(self, message: replies.Message) -> None:
        if self._as_json:
            text = escape(msgspec.json.encode(message).decode())
        else:
            text = "\n".join(map(clean, plain.encode(message).decode().splitlines()))
        if text:
            print(text, flush=True)
