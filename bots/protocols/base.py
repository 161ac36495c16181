"""What a bot speaks on one connection: commands to bytes, bytes to what was heard, and what the protocol can do.

What is heard comes as the events and replies of the json dialect, also from servers that speak another one. Whatever a
server sends is made safe to show where it comes in: see `shown`.
"""

import re
from collections.abc import Iterator

import msgspec

from bots.scenario.abilities import Ability
from geventchat.commands import commands
from geventchat.dialects.json_client import MAX_SERVER_LINE
from geventchat.protocol import events, replies
from geventchat.protocol.text import escape

# The longest frame that a server may send.
MAX_FRAME_BYTES = MAX_SERVER_LINE


class Notice(msgspec.Struct):
    """A line for people that nobody said and that means nothing to a bot."""

    text: str


Heard = events.Event | replies.Reply | Notice
Saying = commands.Say | commands.Act | commands.Whisper

_TOKEN = re.compile(r"bot\.\d+\.\d+", re.ASCII)


def ping_token(bot: int, number: int) -> str:
    """Return what a bot asks with for a pong: nothing that anybody would say."""
    return f"bot.{bot}.{number}"


def is_ping_token(text: str) -> bool:
    """Whether a text is what some bot has asked with for a pong."""
    return _TOKEN.fullmatch(text) is not None


_GAP = re.compile("you missed [0-9]+ lines of (?P<one>.+)|lines of (?P<other>.+) may be missing here: .+")


def read_gap(notice: str) -> replies.Gap | None:
    """Return what our server tells people who have missed something, if a notice is that; it gives them no ids."""
    match = _GAP.fullmatch(notice)
    return match and replies.Gap(room=match["one"] or match["other"], first="", last="", count=None)


def shown(text: str) -> str:
    """Return a server's text without anything that acts on a terminal: such characters are written as JSON escapes.

    They are not left out, so that a text that a server has altered is never taken for the one that was sent.
    """
    return text if text.isprintable() else escape(text)


class ClientDialect:
    """The client's half of one connection to the server at `host`, as `HOST:PORT`: what all protocols are built on.

    The first attributes say what the protocol can do; where most can, or cannot, that is what stands here.
    """

    framed: bool = True  # whether the bytes themselves say where a message ends
    stateless: bool = True  # whether the same bytes mean the same to everyone, whatever came before: else all is read
    answers_pings: bool = False  # whether a pong says that nothing more is on its way, as far as is known
    several_rooms: bool = False  # whether a user can be in several rooms at once
    gives_ids: bool = False  # whether each message comes with an id
    catches_up: bool = False  # whether a user that comes back is told what it missed
    tells_refusals: bool = False  # whether a refusal can be told from other notices
    greets: bool = True  # whether the server shows that a newcomer is in
    echoes: bool = True  # whether a speaker hears itself
    half_closes: bool = True  # whether a goodbye ends with the end of what is sent: else the server ends the connection
    pause_s: float = 0.0  # how long to wait between two lines of a script
    quiet_s: float = 1.0  # without pongs: after how long a silence nothing more is coming
    password: str = ""  # the server's, if it has one
    # Told where a server says something else than a welcome.
    doubt: str = "does it speak another --dialect? geventchat-bots try shows every frame."
    cannot: frozenset[Ability] = frozenset()  # what nobody can do in it; see bots.scenario.abilities

    def __init__(self, host: str = "") -> None:
        self.host = host

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first: who comes in, and where.

        One who comes back gives the id `after` which to be told what it missed, and the `token` of its last welcome.
        Raises ProtocolError for a nick that cannot be sent.
        """
        raise NotImplementedError

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as bytes.

        Raises ConnectionError when the server takes no more, and ProtocolError for what cannot be sent.
        """
        raise NotImplementedError

    def line_end(self, data: bytes, start: int) -> int:
        """Return the place behind the message that begins at `start`; 0 while it is not whole.

        What is in it, `receive` says: a message that reaches many as the same bytes is read once.
        """
        return data.find(b"\n", start) + 1

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean: one whole message, or what has come, where that says nothing.

        It is called without bytes first, for what is known before the server says anything. Raises ProtocolError if
        the connection is of no use any more.
        """
        raise NotImplementedError

    def data_to_send(self) -> bytes:
        """Return what the protocol itself has to answer to what was received: asked for after each `receive`."""
        return b""

    def cannot_say(self, words: Saying) -> str:
        """Return why something cannot be said in this protocol; empty when it can."""
        del words
        return ""
