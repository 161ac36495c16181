"""The plain dialect: lines, for people with nc, telnet or socat.

What people are sent stands in `plain_lines`.
"""

import re
from dataclasses import replace

from geventchat.commands import commands
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.dialects import slash
from geventchat.dialects.base import Dialect, EmptyLine
from geventchat.dialects.plain_lines import encode_event, encode_reply, notice
from geventchat.protocol.lines import LineBuffer
from geventchat.protocol.questions import Question
from geventchat.protocol.replies import AnyReply, Welcome
from geventchat.protocol.text import clean, decode

# Telnet's own talk (RFC 854, RFC 855): IAC and a command; IAC, will/won't/do/don't and an option; a subnegotiation.
# A subnegotiation of more than 1,024 bytes is none: its bytes are text. The last alternative has begun, and its rest is
# still to come. A run of commands is one match: a flood of them costs little.
_IAC = b"\xff"
_TELNET = re.compile(
    rb"(?:\xff(?:[\xfb-\xfe].|\xfa.{0,1020}?\xff\xf0|[\xf0-\xf9]))+"
    rb"|(?P<text>\xff(?:\xff|\xfa.{1022}))"
    rb"|(?P<begun>\xff(?:[\xfb-\xfe]|\xfa.*)?\Z)",
    re.DOTALL,
)


class PlainReader:
    """Reads lines: the first ones answer what is asked, the others are said or are commands."""

    __slots__ = ("_asked", "_held", "_lines", "_name")
    ended = False

    def __init__(self, max_line: int) -> None:
        self._lines = LineBuffer(max_line)
        self._asked: Question | None = Question.NAME
        self._name = ""  # the last one that was given
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

    def asked(self, question: Question | None) -> None:
        """Take lines for answers to this question; with None, for what is said.

        What has come behind a name that cannot be had answers nothing that was asked, and may be the password to that:
        it is dropped, as it is at a terminal after a failed login.
        """
        if question is Question.NAME and self.has_refused_name:
            self._lines.drop()
        self._asked = question

    @property
    def has_refused_name(self) -> bool:
        """Whether the line before was a name: if one is asked for again, that cannot be had."""
        return bool(self._name) and self._asked is not Question.SERVER_PASSWORD

    def ping(self) -> bytes:
        """Return nothing: the system's keepalive finds who is gone."""
        return b""

    def read(self, line: bytes) -> commands.AnyCommand | EmptyLine:
        """Return what one line asks for. Raises ProtocolError."""
        text = clean(decode(line))
        if self._asked is None:
            return slash.read_line(text) or EmptyLine()
        if text.strip() == slash.EXIT:
            return commands.Bye()
        if self._asked is Question.SERVER_PASSWORD:
            return commands.ServerPassword(password=text)
        if self._asked is Question.PASSWORD and text:  # without one, another name is given
            login = commands.Credentials(account=self._name, password=text)
            return commands.Hello(nick=self._name, login=login)
        self._name = text
        return commands.Hello(nick=text)

    def _without_telnet(self, data: bytes) -> bytes:
        def talk(match: re.Match[bytes]) -> bytes:
            if match.lastgroup == "begun":
                self._held = match[0]
            elif match.lastgroup == "text":
                return match[0][len(_IAC) :]
            return b""

        self._held = b""
        return _TELNET.sub(talk, data)


_HINT = notice("/help lists the commands")


def _reply(reply: AnyReply) -> bytes:
    """Return a reply as whole lines; who comes in is told how to go on."""
    return encode_reply(reply) + (_HINT if isinstance(reply, Welcome) else b"")


ENCODER = Encoder(
    name="plain",
    event=encode_event,
    gap=encode_reply,
    crowd=lambda _room, words: notice(words),
    reply=lambda _, reply: encode_reply(reply),
)
PEOPLE = Capabilities(several_rooms=False, gathers_joins=True, welcomed_with_list=False, greeted_with_history=True)
PLAIN = Dialect(
    name="plain", reader=PlainReader, encoder=replace(ENCODER, reply=lambda _, reply: _reply(reply)), can=PEOPLE
)
