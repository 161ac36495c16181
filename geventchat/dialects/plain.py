"""The plain dialect: lines, for people with nc, telnet or socat.

A line that nobody said begins with `* `. What a user says stands behind `nick: `, and so can never be taken for one.
"""

import re
from collections.abc import Callable
from typing import Any

from geventchat.commands import commands
from geventchat.core.encoder import Encoder
from geventchat.dialects import slash
from geventchat.dialects.base import Blank
from geventchat.dialects.lines import LineBuffer
from geventchat.protocol import events, replies, wording
from geventchat.protocol.text import clean, decode

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
        """Take in what has arrived."""
        if self._held or _IAC in data:
            data = self._without_telnet(self._held + data)
        self._lines.receive(data)

    def end(self) -> None:
        """Take note that nothing more will arrive: a last line without its end counts."""
        self._lines.end()

    def next_command(self) -> commands.AnyCommand | Blank | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        line = self._lines.next_line()
        return None if line is None else self.read(line)

    def named(self) -> None:
        """Take note that lines are said from now on."""
        self._naming = False

    def read(self, line: bytes) -> commands.AnyCommand | Blank:
        """Return what one line asks for. Raises ProtocolError."""
        text = clean(decode(line))
        if self._naming:
            return commands.Bye() if text.strip() == slash.EXIT else commands.Hello(nick=text)
        return slash.read_line(text) or Blank()

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


def encode(message: events.Event | replies.Reply) -> bytes:
    """Return an event or a reply as whole lines."""
    if isinstance(message, events.Event):
        return f"{wording.line_of(message)}\n".encode()
    if type(message) in _OWN:
        return _OWN[type(message)](message)
    return b"".join(map(notice, wording.notices_of(message)))


def _welcome(welcome: replies.Welcome) -> bytes:
    topic = notice(f"topic: {welcome.topic}") if welcome.topic else b""
    return f"Hi, {welcome.nick}! To exit the chat enter 'exit'.\n".encode() + topic


def _history(page: replies.HistoryPage) -> bytes:
    lines = [notice(f"{event.time[11:19]} {wording.line_of(event)}") for event in page.events]
    return b"".join([notice(f"earlier in {page.room}, times in UTC:"), *lines, notice("that was earlier")])


def _closing(closing: replies.Closing) -> bytes:
    said = {"bye": b"exit\n", "gone": b""}  # the task's own word; nothing for a peer that has gone
    return said[closing.code] if closing.code in said else notice(closing.message)


# What reads otherwise here than for every other reader.
_OWN: dict[type[replies.Reply], Callable[[Any], bytes]] = {
    replies.NamePrompt: lambda _: PROMPT,
    replies.Welcome: _welcome,
    replies.HistoryPage: _history,
    replies.Closing: _closing,
}

ENCODER = Encoder("plain", encode, notice, for_people=True)
