"""What every dialect's reader offers. A reader knows no socket: bytes go in, commands come out."""

from typing import Protocol

from geventchat.commands import AnyCommand


class Reader(Protocol):
    """The incoming half of one connection."""

    def receive(self, data: bytes) -> None:
        """Take in what has arrived."""

    def end(self) -> None:
        """Take note that nothing more will arrive; what stands unended is taken as it is."""

    def next_command(self) -> AnyCommand | None:
        """Return the next command; None when more must arrive first.

        Raises ProtocolError, and nothing else, for bytes that are no command. It can be called again afterwards,
        unless the error is fatal.
        """

    def named(self) -> None:
        """Take note that the user has a name now."""
