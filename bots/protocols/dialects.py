"""The clients' half of each dialect: what an actor does to bytes, bytes to what it heard. No I/O.

What is heard comes as the events and replies of the json dialect, also from servers that speak another one.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from geventchat.commands import commands
from geventchat.dialects import json_client
from geventchat.protocol import events, replies

Heard = events.Event | replies.Reply
_PROMPT = "Enter your name: "
_GREETING_END = " To exit the chat enter 'exit'."
_EXIT = "exit"
_PING = "/ping "
_TOKEN = re.compile(r"bot\.\d+\.\d+", re.ASCII)


def ping_token(bot: int, number: int) -> str:
    """Return what a bot asks with for a pong: nothing that anybody would say."""
    return f"bot.{bot}.{number}"


class Dialect(Protocol):
    """One connection's way to speak."""

    in_lines: bool  # whether what comes is lines
    tells_end: bool  # whether a pong says that nothing more is on its way, as far as is known
    follows_rooms: bool  # whether an actor can be in several rooms
    catches_up: bool  # whether a user that comes back is told what it missed
    pause_s: float  # how long to wait between two lines of a script

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what comes first."""

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as bytes."""

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""

    def cannot_say(self, text: str) -> str:
        """Return why a text cannot be said in this dialect; empty when it can."""


class Json:
    """JSON Lines."""

    in_lines = True
    tells_end = True
    follows_rooms = True
    catches_up = True
    pause_s = 0.0

    def __init__(self) -> None:
        self._reader = json_client.MessageReader()

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what comes first."""
        return json_client.encode(commands.Hello(nick=nick, room=room, after=after, token=token))

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as bytes."""
        return json_client.encode(command)

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""
        self._reader.receive(data)
        while (message := self._reader.next_message()) is not None:
            yield message

    def cannot_say(self, text: str) -> str:
        """Return why a text cannot be said: every text can."""
        del text
        return ""


class Plain:
    """Lines, as people at nc send and see them."""

    in_lines = True
    follows_rooms = False
    catches_up = False
    pause_s = 0.0

    def __init__(self) -> None:
        self._rest = b""
        self.room = commands.LOBBY
        self.tells_end = True

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what comes first: a name. People come into the lobby, whatever the room."""
        del room, after, token
        return self._end(nick)

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as a line."""
        return self._end(_typed(command))

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._rest == _PROMPT.encode():
            self._rest = b""
        for line in lines:
            if line:
                yield self._read(line.decode("utf-8", "replace").removesuffix("\r"))

    def cannot_say(self, text: str) -> str:
        """Return why a text cannot be said in this dialect; empty when it can."""
        return "this word leaves the chat" if text == _EXIT else ""

    def _end(self, line: str) -> bytes:
        return f"{line}\n".encode()

    def _read(self, line: str) -> Heard:
        line = line.removeprefix(_PROMPT)
        if line == _EXIT:
            return replies.Closing(code="bye", message="bye")
        if line.startswith("* "):
            return self._read_notice(line[2:])
        nick, colon, text = line.partition(": ")
        if line.startswith("Hi, ") and (nick := line[4:].removesuffix(_GREETING_END)).endswith("!"):
            nick = nick[:-1]
            return replies.Welcome(
                nick=nick, room=self.room, members=[], count=0, topic="", id="", token="", server="", limits={}
            )
        if text.startswith(_PING) and _TOKEN.fullmatch(token := text.removeprefix(_PING)):
            self.tells_end = False  # a server that knows no commands says it to everyone
            return replies.Pong(token=token)
        if not colon:
            return replies.Error(code="not-understood", message=f"what is this line: {line}")
        return events.Said("", "", self.room, nick, text)

    def _read_notice(self, notice: str) -> Heard:
        word, _, rest = notice.partition(" ")
        if word == "pong":
            return replies.Pong(token=rest)
        nick, whispers, said = notice.partition(" whispers to ")
        if whispers and ":" not in nick:  # else it stands in a topic or a reason: no nick holds a colon
            to, _, text = said.partition(": ")
            return replies.Whispered(time="", nick=nick, to=to, text=text)
        if word.isdigit() and rest.startswith("in "):
            self.room = rest[3:].partition(": ")[0]
            return replies.Members(room=self.room, members=[], count=int(word), topic="")
        if notice.startswith(("the name ", "a name ", "a line can ", "/", "nobody of that name")):
            return replies.Error(code="refused", message=notice)
        return replies.HelpText(lines=[notice])


class Unframed(Plain):
    """The classroom task's: one packet, one message. What runs together cannot be told apart."""

    in_lines = False
    # So that one line is taken before the next is sent. Within a line the scenario's pace decides; if it is slowed down
    # (--speed 0.2), two messages never come closer than this.
    pause_s = 0.1

    def __init__(self) -> None:
        super().__init__()
        self.tells_end = False

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what one packet means."""
        text = data.decode("utf-8", "replace")
        if text == _PROMPT:
            return
        for line in text.split("\n"):
            if line:
                yield self._read(line)

    def _end(self, line: str) -> bytes:
        return line.encode()


def _typed(command: commands.AnyCommand) -> str:
    """Return what a person types for a command."""
    match command:
        case commands.Say(text=text):
            return f"/{text}" if text.startswith("/") else text
        case commands.Act(text=text):
            return f"/me {text}"
        case commands.Whisper(to=to, text=text):
            return f'/msg "{to}" {text}' if " " in to else f"/msg {to} {text}"
        case commands.Rename(nick=nick):
            return f"/nick {nick}"
        case commands.Join(room=room):
            return f"/join {room}"
        case commands.Leave():
            return "/leave"
        case commands.Ping(token=token):
            return f"{_PING}{token}"
        case commands.Bye():
            return _EXIT
    raise TypeError(f"{command!r} has no line")


DIALECTS: dict[str, type[Json] | type[Plain] | type[Unframed]] = {"json": Json, "plain": Plain, "unframed": Unframed}
