"""The json dialect: JSON Lines for programs. The structs in commands, events and replies are its definition."""

import msgspec

from geventchat.commands import commands
from geventchat.core.encoder import Encoder
from geventchat.dialects.base import Blank
from geventchat.dialects.lines import LineBuffer
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.events import Event
from geventchat.protocol.replies import NamePrompt, Reply
from geventchat.protocol.text import clean, decode

_decoder: msgspec.json.Decoder[commands.AnyCommand] = msgspec.json.Decoder(commands.AnyCommand)
_encoder = msgspec.json.Encoder()
_shape = msgspec.json.Decoder(dict[str, msgspec.Raw])

# The fields of commands that other users will see; names are checked where they are claimed.
_SEEN = ("text", "reason", "token")
_KNOWN = frozenset(str(command.__struct_config__.tag) for command in commands.Command.__subclasses__())


class JsonReader:
    """Reads lines, each an object with a `type`."""

    __slots__ = ("_lines",)

    def __init__(self, max_line: int) -> None:
        self._lines = LineBuffer(max_line)

    def receive(self, data: bytes) -> None:
        """Take in what has arrived."""
        self._lines.receive(data)

    def end(self) -> None:
        """Take note that nothing more will arrive: a last line without its end counts."""
        self._lines.end()

    def next_command(self) -> commands.AnyCommand | Blank | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        line = self._lines.next_line()
        if line is None:
            return None
        return _read(line) if line.strip() else Blank()

    def named(self) -> None:
        """Do nothing: a hello says itself what it is."""


def _read(line: bytes) -> commands.AnyCommand:
    try:
        command: commands.AnyCommand = _decoder.decode(decode(line))
    except msgspec.ValidationError as error:
        raise ProtocolError(*_what_is_wrong(line, error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise ProtocolError("bad-json", "that line is not a JSON object") from None
    for field in _SEEN:
        text = getattr(command, field, None)
        if text:
            setattr(command, field, clean(text))
    return command


def _what_is_wrong(line: bytes, error: msgspec.ValidationError) -> tuple[str, str]:
    """Return code and message for JSON that is no command."""
    try:
        kind = msgspec.json.decode(_shape.decode(decode(line)).get("type", b""), type=str)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return "bad-message", 'a message is an object whose type is a string, like {"type":"ping"}'
    if kind not in _KNOWN:
        return "unknown-type", f"there is no type {clean(kind)[:32]!r}; known are {', '.join(sorted(_KNOWN))}"
    return "bad-message", str(error)


def encode(message: Event | Reply) -> bytes:
    """Return an event or a reply as one line."""
    if isinstance(message, NamePrompt):
        return b""
    return _encoder.encode(message) + b"\n"


def notice(text: str) -> bytes:
    """Return nothing: programs are told by events."""
    del text
    return b""


ENCODER = Encoder("json", encode, notice, for_people=False)
