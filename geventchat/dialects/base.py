"""What every dialect has: a reader for what comes in, an encoder for what goes out. Neither knows a socket."""

from typing import Protocol

import msgspec

from geventchat.commands.commands import AnyCommand


class Blank(msgspec.Struct, frozen=True):
    """A line on which nothing stands. It counts as a line: a flood of them is read no faster than talk."""


class Reader(Protocol):
    """The incoming half of one connection: bytes go in, commands come out."""

    def receive(self, data: bytes) -> None:
        """Take in what has arrived."""

    def end(self) -> None:
        """Take note that nothing more will arrive; what stands unended is taken as it is."""

    def next_command(self) -> AnyCommand | Blank | None:
        """Return what the next line asks for; None when more must arrive first.

        Raises ProtocolError, and nothing else, for bytes that are no command. It can be called again afterwards,
        unless the error is fatal.
        """

    def named(self) -> None:
        """Take note that the user has a name now."""
