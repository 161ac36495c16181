"""The plain dialect: lines, for people with nc, telnet or socat.

A line that nobody said begins with `* `. What a user says stands behind `nick: `, and so can never be taken for one.
"""

import re
from collections.abc import Callable
from typing import Any

from geventchat.commands import commands
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.dialects import slash
from geventchat.dialects.base import Dialect, EmptyLine
from geventchat.dialects.lines import LineBuffer
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.text import REPLACED, clean, decode

PROMPT = b"Enter your name: "

# Telnet's own talk (RFC 854, RFC 855): IAC and a command; IAC, will/won't/do/don't and an option; a subnegotiation.
# A subnegotiation of more than 1,024 bytes is none: its bytes are text. The last alternative has begun, and its rest is
# still to come.
_IAC = b"\xff"
_TELNET = re.compile(
    rb"\xff(?:[\xfb-\xfe].|\xfa.{0,1020}?\xff\xf0|[\xf0-\xf9\xff])"
    rb"|(?P<text>\xff\xfa.{1022})"
    rb"|(?P<begun>\xff(?:[\xfb-\xfe]|\xfa.*)?\Z)",
    re.DOTALL,
)


class PlainReader:
    """Reads lines: the first is a name, the others are said or are commands."""

    __slots__ = ("_held", "_lines", "_naming")

    def __init__(self, max_line: int) -> None:
        self._lines = LineBuffer(max_line)
        self._naming = True
        self._held = b""  # the beginning of a telnet command

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""
        if self._held or _IAC in data:
            data = self._without_telnet(self._held + data)
        self._lines.receive(data)

    def end(self) -> None:
        """Take in the end of the connection: a last line that lacks its end is complete."""
        self._lines.end()

    def next_command(self) -> commands.AnyCommand | EmptyLine | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        line = self._lines.next_line()
        return None if line is None else self.read(line)

    def data_to_send(self) -> bytes:
        """Return nothing: people are told by the server."""
        return b""

    def registered(self) -> None:
        """Read lines as said from now on."""
        self._naming = False

    def read(self, line: bytes) -> commands.AnyCommand | EmptyLine:
        """Return what one line asks for. Raises ProtocolError."""
        text = clean(decode(line))
        if self._naming:
            if REPLACED in text:
                raise ProtocolError("not-utf8", "that name is not UTF-8: please use UTF-8")
            return commands.Bye() if text.strip() == slash.EXIT else commands.Hello(nick=text)
        return slash.read_line(text) or EmptyLine()

    def _without_telnet(self, data: bytes) -> bytes:
        def talk(match: re.Match[bytes]) -> bytes:
            if match.lastgroup == "begun":
                self._held = match[0]
            elif match.lastgroup == "text" or match[0] == _IAC + _IAC:
                return match[0][len(_IAC) :]
            return b""

        self._held = b""
        return _TELNET.sub(talk, data)


def notice(text: str) -> bytes:
    """Return a line that nobody said."""
    return f"* {text}\n".encode()


def line_of(event: events.Event) -> str:
    """Return an event as a line of text, without its end."""
    match event:
        case events.Said(nick=nick, text=text):
            return f"{nick}: {text}"
        case events.Acted(nick=nick, text=text):
            return f"{nick}: *{text}*"
        case events.Joined(nick=nick):
            return f"* {nick} joined"
        case events.Left(nick=nick, reason=reason):
            return f"* {nick} left: {reason}" if reason else f"* {nick} left"
        case events.Renamed(nick=nick, new=new):
            return f"* {nick} is now {new}"
        case events.TopicSet(nick=nick, text=text):
            return f"* {nick} set the topic: {text}"
    raise TypeError(f"{event!r} has no line")


def encode_event(event: events.Event) -> bytes:
    """Return an event as a whole line."""
    return f"{line_of(event)}\n".encode()


def encode_reply(reply: replies.Reply) -> bytes:
    """Return a reply as whole lines."""
    return _REPLIES[type(reply)](reply)


def encode(message: replies.Message) -> bytes:
    """Return anything that a server tells as whole lines."""
    return encode_event(message) if isinstance(message, events.Event) else encode_reply(message)


def _welcome(welcome: replies.Welcome) -> bytes:
    topic = notice(f"topic: {welcome.topic}") if welcome.topic else b""
    return f"Hi, {welcome.nick}! To exit the chat enter 'exit'.\n".encode() + topic


def _members(members: replies.Members) -> bytes:
    nicks = ", ".join(members.members)
    more = members.count - len(members.members)
    topic = notice(f"topic: {members.topic}") if members.topic else b""
    return notice(f"{members.count} in {members.room}: {nicks}" + (f" and {more} more" if more else "")) + topic


def _rooms(listed: replies.RoomList) -> bytes:
    return notice("rooms: " + ", ".join(f"{name} ({count})" for name, count in listed.rooms.items()))


def _topic(topic: replies.TopicIs) -> bytes:
    return notice(f"topic: {topic.text}" if topic.text else "no topic is set; /topic TEXT sets one")


def _history(page: replies.HistoryPage) -> bytes:
    lines = [notice(f"{event.time[11:19]} {line_of(event)}") for event in page.events]
    end = "that was earlier; there is more before it" if page.more else "that was earlier"
    return b"".join([notice(f"earlier in {page.room}, times in UTC:"), *lines, notice(end)])


def _closing(closing: replies.Closing) -> bytes:
    said = {"bye": b"exit\n", "gone": b""}  # the task's own word; nothing for a peer that has gone
    return said[closing.code] if closing.code in said else notice(closing.message)


_REPLIES: dict[type[replies.Reply], Callable[[Any], bytes]] = {
    replies.NamePrompt: lambda _: PROMPT,
    replies.Welcome: _welcome,
    replies.Members: _members,
    replies.RoomList: _rooms,
    replies.Ack: lambda _: b"",
    replies.Whispered: lambda whispered: notice(f"{whispered.nick} whispers to {whispered.to}: {whispered.text}"),
    replies.HistoryPage: _history,
    replies.TopicIs: _topic,
    replies.Pong: lambda pong: notice(f"pong {pong.token}".rstrip()),
    replies.Gap: lambda gap: notice(f"you missed {'some' if gap.count is None else gap.count} lines"),
    replies.HelpText: lambda text: b"".join(map(notice, text.lines)),
    replies.Error: lambda error: notice(error.message),
    replies.Closing: _closing,
}

ENCODER = Encoder(
    name="plain",
    event=encode_event,
    gap=_REPLIES[replies.Gap],
    crowd=lambda _room, words: notice(words),
    reply=lambda _, reply: encode_reply(reply),
)
PEOPLE = Capabilities(several_rooms=False, gathers_joins=True, welcomed_with_list=False, greeted_with_history=True)
PLAIN = Dialect(name="plain", reader=PlainReader, encoder=ENCODER, can=PEOPLE)
