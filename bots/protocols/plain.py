"""Lines, as people at nc send and see them: see `geventchat.dialects.plain`."""

import re
from collections.abc import Iterator

from bots.protocols.base import ClientDialect, Heard, Notice, Saying, is_ping_token, read_gap, shown
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.names import LOBBY
from geventchat.protocol.text import decode

PASSWORD_PROMPT = "Server password: "  # noqa: S105 - it is what is asked for
PROMPT = "Enter your name: "
_GREETING = "Hi, "
_GREETING_END = " To exit the chat enter 'exit'."
_EXIT = "exit"
_PING = "/ping "
_TAKEN = re.compile("the name .+ is taken.*")
_CAME_OR_WENT = re.compile("([^:]+) (joined|left)(?:: (.*))?")


class Plain(ClientDialect):
    """The plain dialect: one room at a time, no ids, and notices in words, of which only some can be understood."""

    answers_pings = True
    half_closes = False

    def __init__(self, host: str = "") -> None:
        super().__init__(host)
        self._rest = b""
        self._room = LOBBY
        self._is_in = False

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first: the server's password, and a name. They come into the lobby, whatever the room."""
        del room, after, token
        return (self._end(self.password) if self.password else b"") + self._end(nick)

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as a line."""
        return self._end(_typed(command))

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line:
                yield self._read(shown(decode(line).removesuffix("\r")))

    def cannot_say(self, words: Saying) -> str:
        """Return why something cannot be said; empty when it can."""
        return "this word leaves the chat" if _typed(words) == _EXIT else ""

    def _end(self, line: str) -> bytes:
        """Return a line as it is sent."""
        return f"{line}\n".encode()

    def _read(self, line: str) -> Heard:
        """Return what a line of the server's means."""
        line = line.removeprefix(PASSWORD_PROMPT).removeprefix(PROMPT)
        if line == _EXIT:
            return replies.Closing(code="bye", message="bye")
        if line.startswith("* "):
            return self._read_notice(line[2:])
        nick = line.removeprefix(_GREETING).removesuffix(_GREETING_END)
        if line.startswith(_GREETING) and nick.endswith("!"):
            self._is_in = True
            return replies.Welcome(
                nick=nick[:-1], room=self._room, members=[], count=0, topic="", id="", token="", server="", limits={}
            )
        nick, colon, text = line.partition(": ")
        if text.startswith(_PING) and is_ping_token(token := text.removeprefix(_PING)):
            self.answers_pings = False  # a server that knows no commands says it to everyone
            return replies.Pong(token=token)
        if not colon:
            return replies.Error(code="not-understood", message=f"what is this line: {line}")
        return events.Said("", "", self._room, nick, text)

    def _read_notice(self, notice: str) -> Heard:
        if not self._is_in and _TAKEN.fullmatch(notice):
            return replies.Error(code="nick-taken", message=notice)
        if gap := read_gap(notice):
            return gap
        word, _, rest = notice.partition(" ")
        if word == "pong":
            return replies.Pong(token=rest)
        nick, whispers, said = notice.partition(" whispers to ")
        if whispers and ":" not in nick:  # else it stands in a topic or a reason: no nick holds a colon
            to, _, text = said.partition(": ")
            return replies.Whispered(time="", nick=nick, to=to, text=text)
        nick, renamed, new = notice.partition(" is now ")
        if renamed and ":" not in nick:
            return events.Renamed("", "", self._room, nick, new)
        if (match := _CAME_OR_WENT.fullmatch(notice)) and not match[1].isdigit():  # "37 joined" is a crowd
            nick, how, reason = match.groups()
            event = events.Joined if how == "joined" else events.Left
            return event("", "", self._room, nick) if reason is None else events.Left("", "", self._room, nick, reason)
        if word.isdigit() and rest.startswith("in "):
            self._room = rest[3:].partition(": ")[0]
            return replies.Members(room=self._room, members=[], count=int(word), topic="")
        return Notice(notice)


def _typed(command: commands.AnyCommand) -> str:
    """Return what a person types for a command."""
    match command:
        case commands.Say(text=text):
            return f"/{text}" if text.startswith("/") else text
        case commands.Act(text=text):
            return f"/me {text}"
        case commands.Whisper(to=to, text=text):
            return f'/msg "{to}" {text}' if " " in to else f"/msg {to} {text}"
        case commands.WhisperBack(text=text):
            return f"/reply {text}"
        case commands.Rename(nick=nick):
            return f"/nick {nick}"
        case commands.Join(room=room):
            return f"/join {room}"
        case commands.Leave():
            return "/leave"
        case commands.Who():
            return "/who"
        case commands.Rooms():
            return "/rooms"
        case commands.History():
            return "/history"
        case commands.Topic(text=text):
            return f"/topic {text or ''}".rstrip()
        case commands.Ping(token=token):
            return f"{_PING}{token}"
        case commands.Help():
            return "/help"
        case commands.Bye():
            return _EXIT
    raise TypeError(f"{command!r} has no line")
