"""The client's half of the json dialect: commands to bytes, bytes to what the server tells. No I/O."""

from contextlib import suppress

import msgspec

from geventchat.commands.command import Command
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.lines import LineBuffer
from geventchat.protocol.replies import Message
from geventchat.protocol.text import decode

# The longest line that a server may send: a full page of history, with room to spare.
MAX_SERVER_LINE = 8 << 20

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(command: Command) -> bytes:
    """Return a command as one line."""
    return _encoder.encode(command) + b"\n"


def is_too_long(command: Command, most: float | None) -> bool:
    """Whether a command has a text of more bytes of UTF-8 than the `most` that the server takes, if that is known."""
    text = getattr(command, "text", None) or ""
    return most is not None and len(text.encode(errors="replace")) > most


class MessageReader:
    """Bytes to messages. Lines that are no message known here are skipped: a newer server may say more."""

    def __init__(self) -> None:
        self._lines = LineBuffer(MAX_SERVER_LINE, MAX_SERVER_LINE)

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""
        self._lines.receive(data)

    def next_message(self) -> Message | None:
        """Return the next message; None when more must arrive first. Raises ProtocolError, fatal, for endless lines."""
        while (line := self._next_line()) is not None:
            with suppress(msgspec.MsgspecError, RecursionError, UnicodeError):
                return _decoder.decode(decode(line))
        return None

    def _next_line(self) -> bytes | None:
        try:
            return self._lines.next_line()
        except ProtocolError as error:
            raise ProtocolError(error.code, "the server sends a line without end", fatal=True) from None
