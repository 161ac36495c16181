"""What a bot has said, and the server has not acknowledged: to be said again after a lost connection."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

from msgspec import structs

from bots.ledger.room import Message
from geventchat.commands import commands


class _Said(NamedTuple):
    command: commands.Say | commands.Act
    message: Message


class Unacknowledged:
    """Messages by their refs, in the order in which they were said."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._said: dict[str, _Said] = {}

    def add(self, command: commands.Say | commands.Act, message: Message) -> commands.Say | commands.Act:
        """Keep a command, and return it with a ref; `message` is what the room's ledger knows it as."""
        ref = str(next(self._numbers))
        command = structs.replace(command, ref=ref)
        self._said[ref] = _Said(command, message)
        return command

    def acknowledge(self, ref: str) -> None:
        """Note that the server has stored the message with this ref."""
        self._said.pop(ref, None)

    def forget_stored(self, is_stored: Callable[[Message], bool]) -> None:
        """Keep no message that is known to be stored.

        A server recognises by its ref what it has not told a bot yet, but no message that the bot has heard itself.
        """
        for ref in [ref for ref, said in self._said.items() if is_stored(said.message)]:
            del self._said[ref]

    def in_order(self) -> Iterator[commands.Say | commands.Act]:
        """Yield what is to be said again, also what is added meanwhile: nothing new overtakes it."""
        last = 0
        while following := [ref for ref in self._said if int(ref) > last]:
            for ref in following:
                last = int(ref)
                if ref in self._said:
                    yield self._said[ref].command
