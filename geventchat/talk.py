"""A conversation between the standard streams and a server: what is typed is said, what happens is printed."""

import os
import sys
from contextlib import suppress

import gevent
import msgspec

from geventchat import commands, replies, wire
from geventchat.client import ChatClient
from geventchat.dialects import plain, slash
from geventchat.errors import ConnectionLost, ProtocolError
from geventchat.text import clean, decode

# How long the server may be silent while answers are awaited.
_PATIENCE_S = 10.0
# Comes back after everything that was said.
_END = "that was all"


def talk(address: tuple[str, int], name: str, room: str, *, as_json: bool) -> int:
    """Talk until the input ends, the user leaves or the server does; return the exit status."""
    with ChatClient(address, name=name, room=room) as client:
        conversation = _Conversation(client, as_json=as_json)
        reading = gevent.spawn(conversation.read)
        try:
            conversation.hear()
        except BrokenPipeError:  # whoever read us has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            print(file=sys.stderr)
        finally:
            reading.kill(block=False)
        return conversation.status()


class _Conversation:
    """What was said and is not known to be stored, and what was heard, as lines."""

    def __init__(self, client: ChatClient, *, as_json: bool) -> None:
        self._client = client
        self._as_json = as_json
        self._unstored: set[str] = set()
        self._said = 0
        self._ended = False
        self._failed = False

    def status(self) -> int:
        """Return 0 when all that was said is stored."""
        if self._unstored:
            print(f"geventchat-client: {len(self._unstored)} lines are not known to be stored", file=sys.stderr)
        return 1 if self._unstored or self._failed else 0

    def read(self) -> None:
        """Say each line of the standard input, until it ends or says exit."""
        with suppress(ConnectionLost):  # `hear` says so
            self._say_lines()
            self._ended = True
            self._client.send(commands.Ping(token=_END))

    def hear(self) -> None:
        """Print what the server tells, until all that was said has come back or nothing comes any more."""
        self._print(self._client.welcome)
        try:
            while True:
                message = self._client.receive(_PATIENCE_S)
                if message is None and self._ended:
                    raise ConnectionLost(f"the server has been silent for {_PATIENCE_S:g} s")
                if message is not None and self._take(message):
                    return
        except ConnectionLost as lost:
            print(f"geventchat-client: {lost}", file=sys.stderr)
            self._failed = True

    def _say_lines(self) -> None:
        pool = gevent.get_hub().threadpool
        while line := pool.apply(sys.stdin.buffer.readline):
            try:
                command = slash.read_line(clean(decode(line)))
            except ProtocolError as error:
                print(f"* {error.message}", flush=True)
                continue
            if isinstance(command, commands.Bye):
                return
            if command is not None:
                self._send(command)

    def _send(self, command: commands.AnyCommand) -> None:
        if isinstance(command, commands.Say | commands.Act):
            self._said += 1
            command.ref = f"said-{self._said}"
            self._unstored.add(command.ref)
        self._client.send(command)

    def _take(self, message: wire.Message) -> bool:
        """Print a message; whether it was the last that is waited for."""
        if isinstance(message, replies.Pong) and message.token == _END:
            return True
        if isinstance(message, replies.Ack | replies.Error) and message.ref in self._unstored:
            self._unstored.discard(message.ref)
            self._failed = self._failed or isinstance(message, replies.Error)
        self._print(message)
        return False

    def _print(self, message: wire.Message) -> None:
        if self._as_json:
            text = msgspec.json.encode(message).decode()
        else:
            text = "\n".join(map(clean, plain.encode(message).decode().splitlines()))
        if text:
            print(text, flush=True)
