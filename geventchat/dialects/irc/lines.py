"""One message of IRC, from a line and to one: tags, prefix, command, parameters, and the limits on their bytes.

https://modern.ircdocs.horse/#message-format, https://ircv3.net/specs/extensions/message-tags
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from geventchat.dialects.irc.names import SERVER
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.text import cut_character

# What one message may have, without its tags and its end.
MAX_BYTES = 510
# What the tags that a client sends may have, with the @ before and the blank behind them.
MAX_TAG_BYTES = 4_096

_LONGEST_CHAR = 4  # in bytes of UTF-8: so much at least is in a piece

_ESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPED = str.maketrans({value: f"\\{name}" for name, value in _ESCAPES.items()})
_NEVER = {ord(char): None for char in "\0\r\n"}  # that may be in any message
_TAG_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)


class Line(NamedTuple):
    """What a client has sent: its tags, the command in capitals, and its parameters."""

    tags: dict[str, str]
    command: str
    params: list[str]


class Out(NamedTuple):
    """A message to be sent: all but its tags and its end, and the tags."""

    body: str
    tags: Mapping[str, str] = {}

    def tagged(self, **tags: str) -> "Out":
        """Return the same message with further tags."""
        return Out(self.body, {**self.tags, **tags})


def parse(line: bytes) -> Line:
    """Return the message that a line holds; the command is empty for a line that holds none.

    Raises ProtocolError for one that is too long, or is no UTF-8; its `ref` is the message's label, if it has one.
    """
    tag_bytes, rest = b"", line
    if line.startswith(b"@"):
        tag_bytes, _, rest = line.partition(b" ")
    tags = _tags(tag_bytes[1:].decode("utf-8", "replace"))
    label = tags.get("label")
    if len(rest) > MAX_BYTES or len(tag_bytes) >= MAX_TAG_BYTES:
        raise ProtocolError("line-too-long", "a message can have at most 512 bytes; this one was not sent", ref=label)
    try:
        text = rest.decode().translate(_NEVER)
    except UnicodeDecodeError:
        raise ProtocolError("not-utf8", "that was no UTF-8, and was not sent", ref=label) from None
    words, colon, trailing = f" {text}".partition(" :")
    if text.startswith(":"):  # a prefix, which clients need not send
        words, colon, trailing = f" {text.partition(' ')[2]}".partition(" :")
    command, *params = [word for word in words.split(" ") if word] or [""]
    return Line(tags, command.upper(), [*params, trailing] if colon else params)


def _tags(text: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in text.split(";") if tag)
    return {key: _TAG_ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), value) for key, _, value in pairs}


def build(prefix: str, command: str, *params: str) -> Out:
    """Return a message; the last parameter may hold blanks. What would be too long is cut at a character.

    No parameter holds the end of a line: that was made sure of where it came in.
    """
    *middle, last = params
    return Out(split(f":{prefix} {' '.join([command, *middle])} :{last}", MAX_BYTES)[0])


def in_pieces(head: str, text: str, end: str = "") -> list[Out]:
    """Return a text as messages of at most 510 bytes; `head` stands before each piece of it, and `end` behind."""
    left = MAX_BYTES - len(head.encode()) - len(end.encode())
    return [Out(f"{head}{piece}{end}") for piece in split(text, left)]


def notices(target: str, texts: Iterable[str]) -> list[Out]:
    """Return what the server says to a channel or a client, whole however long it is."""
    return [one for text in texts for one in in_pieces(f":{SERVER} NOTICE {target} :", text)]


def split(text: str, most: int) -> list[str]:
    """Return a text in pieces of at most `most` bytes of UTF-8, cut between characters."""
    data, most = text.encode(), max(most, _LONGEST_CHAR)
    if len(data) <= most:
        return [text]
    pieces = []
    while data:
        piece = data[:most]
        piece = piece[: len(piece) - cut_character(piece)]
        pieces.append(piece.decode())
        data = data[len(piece) :]
    return pieces


def render(messages: Iterable[Out]) -> bytes:
    """Return messages as lines."""
    return "".join([_with_tags(message) for message in messages]).encode()


def _with_tags(message: Out) -> str:
    if not message.tags:
        return f"{message.body}\r\n"
    tags = ";".join([f"{key}={value.translate(_ESCAPED)}" for key, value in message.tags.items()])
    return f"@{tags} {message.body}\r\n"
