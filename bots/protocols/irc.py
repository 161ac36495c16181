"""IRC, as RFC 1459 and RFC 2812 have it and all servers of today speak it; a room is a channel, `#name`.

A server does not send a speaker its own lines, and gives no ids. It answers a PING once it has done with all that was
sent before, so that a PONG says that nothing more is on its way.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bots.protocols.base import ClientDialect, Heard, Notice, Saying, read_gap, shown
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.names import LOBBY
from geventchat.protocol.text import decode

# A line has 512 bytes with its end; of those, the sender's prefix and the command need some.
_MAX_TEXT_BYTES = 380
_ACTION = re.compile("\x01ACTION (.*)\x01", re.DOTALL)
_NICK_IN_USE = "433"
_BAD_NICK = "432"
_NO_MOTD = "422"
_FLOOD = re.compile(r"flood|penalt|too fast|throttl|sendq|recvq", re.IGNORECASE)
# What stands in front of an error that says nothing against the server's delivery.
_SLOWER = "the server limits how much one may send, which is no fault; play at a lower --speed or raise its limit: "


class Line(NamedTuple):
    """A line of IRC: who sent it, what it is, and its parameters."""

    nick: str
    command: str
    params: list[str]


def parse(text: str) -> Line:
    """Take a line apart; what is missing in it is empty."""
    if text.startswith("@"):
        text = text.partition(" ")[2].lstrip(" ")
    prefix = ""
    if text.startswith(":"):
        prefix, _, text = text[1:].partition(" ")
    middle, has_trailing, trailing = text.partition(" :")
    command, *params = middle.split(" ") if middle else [""]
    params = [one for one in params if one]
    return Line(prefix.partition("!")[0], command.upper(), params + ([trailing] if has_trailing else []))


class Irc(ClientDialect):
    """One connection to an IRC server."""

    answers_pings = True
    several_rooms = True
    tells_refusals = True
    echoes = False
    half_closes = False

    def __init__(self, host: str = "") -> None:
        super().__init__(host)
        self._nick = ""
        self._room = LOBBY  # where one is who is asked to be nowhere else
        self._rooms: dict[str, None] = {}
        self._asked: dict[str, str | None] = {}  # the rooms that one is on the way into, and the ref of each
        self._is_in = False
        self._answers = b""

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first: a nick. The channel is joined once the server has said welcome."""
        del after, token
        self._nick, self._room = nick, room
        secret = _line(f"PASS :{self.password}") if self.password else b""
        return secret + _line(f"NICK {nick}") + _line(f"USER bot 0 * :{nick}")

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as a line."""
        room = getattr(command, "room", None) or next(iter(self._rooms), self._room)
        match command:
            case commands.Say(text=text):
                return _line(f"PRIVMSG #{room} :{text}")
            case commands.Act(text=text):
                return _line(f"PRIVMSG #{room} :\x01ACTION {text}\x01")
            case commands.Whisper(to=to, text=text):
                return _line(f"PRIVMSG {to} :{text}")
            case commands.Rename(nick=nick):
                return _line(f"NICK {nick}")
            case commands.Join(ref=ref):
                self._asked[room] = ref
                return _line(f"JOIN #{room}")
            case commands.Leave(reason=reason):
                return _line(f"PART #{room} :{reason}")
            case commands.Who():
                return _line(f"NAMES #{room}")
            case commands.Rooms():
                return _line("LIST")
            case commands.Topic(text=text):
                return _line(f"TOPIC #{room}" if text is None else f"TOPIC #{room} :{text}")
            case commands.Ping(token=token):
                return _line(f"PING :{token}")
            case commands.Bye(reason=reason):
                return _line(f"QUIT :{reason}")
        raise TypeError(f"{command!r} has no line in IRC")

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what a line means."""
        for text in decode(data).split("\n"):
            if line := text.rstrip("\r"):
                yield from self._understand(parse(line), line)

    def data_to_send(self) -> bytes:
        """Return the answers to the server's pings, and the channel to join."""
        answers, self._answers = self._answers, b""
        return answers

    def cannot_say(self, words: Saying) -> str:
        """Return why something cannot be said; empty when it can."""
        if len(words.text.encode()) > _MAX_TEXT_BYTES:
            return f"a line of IRC has room for {_MAX_TEXT_BYTES} bytes of text"
        return ""

    def _understand(self, line: Line, raw: str) -> Iterator[Heard]:
        nick, command, params = line
        last = shown(params[-1]) if params else ""
        match command:
            case "PRIVMSG" if len(params) == 2:
                yield _said(shown(nick), params[0], params[1])
            case "PONG":
                yield replies.Pong(token=last)
            case "PING":
                self._answers += _line(f"PONG :{params[-1] if params else ''}")
            case "001":
                self._nick = params[0] if params else self._nick
                self._answers += _line(f"JOIN #{self._room}")
            case "366" if len(params) > 1:
                yield from self._joined(shown(params[1].removeprefix("#")))
            case "ERROR":
                yield replies.Closing(code="closing", message=_told(last))
            case "JOIN" | "PART" | "QUIT" | "KICK" | "NICK":
                yield from self._moved(line)
            case _ if command[:1] in ("4", "5") and command.isdigit() and command != _NO_MOTD:
                asked = self._asked.pop(params[1].removeprefix("#"), None) if len(params) > 1 else None
                yield _error(command, shown(" ".join(params[1:])), asked)
            case "NOTICE" if gap := read_gap(last):
                yield gap
            case "TOPIC" | "MODE" if self._is_in:  # a room's own; what is for one user alone is not told as a notice
                yield Notice(shown(raw))

    def _joined(self, room: str) -> Iterator[Heard]:
        if self._is_in:
            yield replies.Members(room=room, members=[], count=0, topic="")
            return
        self._is_in = True
        yield replies.Welcome(
            nick=shown(self._nick), room=room, members=[], count=0, topic="", id="", token="", server="", limits={}
        )

    def _moved(self, line: Line) -> Iterator[Heard]:
        """Yield who came, went, or has another nick, and keep the rooms that this user is in."""
        nick, first = shown(line.nick), shown(line.params[0]) if line.params else ""
        room = first.removeprefix("#")
        match line.command:
            case "JOIN":
                if line.nick == self._nick:
                    self._rooms[room] = None
                    self._asked.pop(room, None)
                yield events.Joined("", "", room, nick)
            case "NICK":
                if line.nick == self._nick:
                    self._nick = first
                yield events.Renamed("", "", next(iter(self._rooms), self._room), nick, first)
            case "QUIT":
                yield events.Left("", "", next(iter(self._rooms), self._room), nick, first)
            case _:
                gone = line.params[1] if line.command == "KICK" and len(line.params) > 1 else line.nick
                if gone == self._nick:
                    self._rooms.pop(room, None)
                yield events.Left("", "", room, shown(gone))


def _line(text: str) -> bytes:
    return f"{text}\r\n".encode()


def _said(nick: str, target: str, text: str) -> Heard:
    action = _ACTION.fullmatch(text)
    words = shown(action[1] if action else text)
    if not target.startswith("#"):
        return replies.Whispered(time="", nick=nick, to=shown(target), text=words)
    kind = events.Acted if action else events.Said
    return kind("", "", shown(target[1:]), nick, words)


def _error(number: str, message: str, ref: str | None) -> replies.Error:
    code = {_NICK_IN_USE: "nick-taken", _BAD_NICK: "bad-nick"}.get(number, number)
    return replies.Error(code=code, message=_told(message), ref=ref)


def _told(message: str) -> str:
    return _SLOWER + message if _FLOOD.search(message) else message
