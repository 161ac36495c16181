"""What a bot speaks on one connection: commands to bytes, bytes to what was heard, and what the protocol can do.

What is heard comes as the events and replies of the json dialect, also from servers that speak another one. Whatever a
server sends is made safe to show where it comes in: see `shown`.
"""

import re
from collections.abc import Iterator
from typing import Protocol

import msgspec

from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.text import escape


class Notice(msgspec.Struct):
    """A line for people that nobody said and that means nothing to a bot."""

    text: str


Heard = events.Event | replies.Reply | Notice

_TOKEN = re.compile(r"bot\.\d+\.\d+", re.ASCII)


def ping_token(bot: int, number: int) -> str:
    """Return what a bot asks with for a pong: nothing that anybody would say."""
    return f"bot.{bot}.{number}"


def is_ping_token(text: str) -> bool:
    """Whether a text is what some bot has asked with for a pong."""
    return _TOKEN.fullmatch(text) is not None


def shown(text: str) -> str:
    """Return a server's text without anything that acts on a terminal: such characters are written as JSON escapes.

    They are not left out, so that a text that a server has altered is never taken for the one that was sent.
    """
    return text if text.isprintable() else escape(text)


class ClientDialect(Protocol):
    """The client's half of one connection. The first attributes say what the protocol can do."""

    in_lines: bool  # whether what comes is lines
    answers_pings: bool  # whether a pong says that nothing more is on its way, as far as is known
    several_rooms: bool  # whether a user can be in several rooms at once
    gives_ids: bool  # whether each message comes with an id
    catches_up: bool  # whether a user that comes back is told what it missed
    tells_refusals: bool  # whether a refusal can be told from other notices
    pause_s: float  # how long to wait between two lines of a script

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first: who comes in, and where.

        One who comes back gives the id `after` which to be told what it missed, and the `token` of its last welcome.
        """

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as bytes."""

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""

    def cannot_say(self, text: str) -> str:
        """Return why a text cannot be said in this protocol; empty when it can."""
