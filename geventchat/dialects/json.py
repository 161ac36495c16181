"""The json dialect: JSON Lines for programs. The structs in commands, events and replies are its definition."""

from typing import get_args

import msgspec

from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.dialects.base import Dialect, EmptyLine
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.events import Event
from geventchat.protocol.limits import MAX_REF
from geventchat.protocol.lines import LineBuffer
from geventchat.protocol.questions import Question
from geventchat.protocol.replies import Prompt, Reply
from geventchat.protocol.text import clean, decode

_decoder: msgspec.json.Decoder[commands.FromProgram] = msgspec.json.Decoder(commands.FromProgram)
_encoder = msgspec.json.Encoder()
_shape = msgspec.json.Decoder(dict[str, msgspec.Raw])

# What JSON may need around a text, and for it: six bytes for a character that is one or two in UTF-8.
_ESCAPED = 6
_AROUND_BYTES = 1_024
# The fields that are made safe: those that others will see, and what a pong says again.
_MADE_SAFE = (*commands.SEEN, "token")
# Those of them that are cut, where they are kept, to what they may have: longer ones are no mistake.
_CUT = ("about", "username")
_COMMANDS: tuple[type[Command], ...] = get_args(commands.FromProgram)
_KNOWN = frozenset(str(command.__struct_config__.tag) for command in _COMMANDS)
_TO_MAKE_SAFE = {
    command: [field for field in command.__struct_fields__ if field in _MADE_SAFE] for command in _COMMANDS
}


class JsonReader:
    """Reads lines, each an object with a `type`; a text in it can have at most `max_text` bytes of UTF-8."""

    __slots__ = ("_lines", "_max_text")
    ended = False

    def __init__(self, max_text: int) -> None:
        self._lines = LineBuffer(longest_line(max_text))
        self._max_text = max_text

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""
        self._lines.receive(data)

    def end(self) -> None:
        """Take in the end of the connection: a last line that lacks its end is complete."""
        self._lines.end()

    def next_command(self) -> commands.AnyCommand | EmptyLine | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        line = self._lines.next_line()
        if line is None:
            return None
        return self.read(line) if line.strip() else EmptyLine()

    def read(self, line: bytes) -> commands.AnyCommand:
        """Return what one object asks for. Raises ProtocolError."""
        command = _decode(line)
        for field in _TO_MAKE_SAFE[type(command)]:
            if text := getattr(command, field):
                if field not in _CUT and len(text.encode(errors="replace")) > self._max_text:
                    message = f"a {field} can have at most {self._max_text} bytes; this one was not sent"
                    raise ProtocolError("line-too-long", message, ref=commands.ref_of(command))
                setattr(command, field, clean(text))
        return command

    def data_to_send(self) -> bytes:
        """Return nothing: all that programs are sent comes from the server."""
        return b""

    def asked(self, question: Question | None) -> None:
        """Do nothing: programs are asked nothing."""

    def ping(self) -> bytes:
        """Return nothing: the system's keepalive finds who is gone."""
        return b""


def longest_line(max_text: int) -> int:
    """Return how many bytes an object may have in which every text has at most `max_text` bytes of UTF-8."""
    return _ESCAPED * max_text + _AROUND_BYTES


def _decode(line: bytes) -> commands.AnyCommand:
    try:
        return _decoder.decode(decode(line))
    except msgspec.ValidationError as error:
        raise _what_is_wrong(line, error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise ProtocolError("bad-json", "that line is not a JSON object") from None


def _what_is_wrong(line: bytes, error: msgspec.ValidationError) -> ProtocolError:
    """Return what to tell of JSON that is no command."""
    kind, ref = _string(line, "type"), _string(line, "ref")
    if kind is None:
        code, message = "bad-message", 'a message is an object whose type is a string, like {"type":"ping"}'
    elif kind not in _KNOWN:
        known = ", ".join(sorted(_KNOWN))
        code, message = "unknown-type", f"there is no type {clean(kind)[:32]!r}; known are {known}"
    else:
        code, message = "bad-message", str(error)
    return ProtocolError(code, message, ref=ref and ref[:MAX_REF])


def _string(line: bytes, field: str) -> str | None:
    """Return a field of an object, if it is one, and has that as a string."""
    try:
        return msgspec.json.decode(_shape.decode(decode(line)).get(field, b""), type=str)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def encode(message: Event | Reply) -> bytes:
    """Return an event or a reply as one line."""
    return _encoder.encode(message) + b"\n"


def encode_reply(reply: Reply) -> bytes:
    """Return a reply as one line; nothing for a prompt, as programs begin by themselves."""
    return b"" if isinstance(reply, Prompt) else encode(reply)


ENCODER = Encoder(
    name="json",
    event=encode,
    gap=encode,
    crowd=lambda _room, _words: b"",
    reply=lambda _, reply: encode_reply(reply),
)
PROGRAMS = Capabilities(several_rooms=True, gathers_joins=False, welcomed_with_list=True, greeted_with_history=False)
JSON = Dialect(name="json", reader=JsonReader, encoder=ENCODER, can=PROGRAMS, prompted=False)
