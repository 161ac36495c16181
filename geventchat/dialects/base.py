"""What every dialect has: a reader for what comes in, an encoder for what goes out. Neither knows a socket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from geventchat.commands.commands import AnyCommand
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.core.member import Member
from geventchat.delivery.outbox import Outbox
from geventchat.protocol.questions import Question


class EmptyLine(msgspec.Struct, frozen=True):
    """A line on which nothing stands. It counts as a line: a flood of them is read no faster than talk."""


class Answer(msgspec.Struct, frozen=True):
    """What a dialect answers by itself, though in its turn: behind the replies to all that was asked before.

    With `dialect`, the user is spoken to in that one from there on.
    """

    encode: Callable[[Member], bytes]
    dialect: "Dialect | None" = None


class Reader(Protocol):
    """The incoming half of one connection: bytes go in; commands come out, and bytes that the dialect itself sends.

    `ended` says that the client has announced the end: nothing more comes, though the connection still stands.
    """

    ended: bool

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""

    def end(self) -> None:
        """Take in the end of the connection: a last line that lacks its end is complete."""

    def next_command(self) -> AnyCommand | Answer | EmptyLine | None:
        """Return what the next line asks for; None when more must arrive first.

        Raises ProtocolError, and nothing else, for bytes that are no command. It can be called again afterwards,
        unless the error is fatal.
        """

    def data_to_send(self) -> bytes:
        """Return what the dialect sends by itself, such as pongs to what `next_command` has read."""

    def asked(self, question: Question | None) -> None:
        """Read what follows as an answer to this question; with None, as from a user who is in."""

    def ping(self) -> bytes:
        """Return what a living client answers to; empty where the dialect has no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One kind of client: how it is read, how it is spoken to, and what it can."""

    name: str
    reader: Callable[[int], Reader]  # of lines with at most so many bytes
    encoder: Encoder
    can: Capabilities
    outbox: Callable[[], Outbox] = Outbox
    prompted: bool = True  # whether it is asked for a name
