"""Numbers for what master and workers send each other: with these, one that is lost on the way is missed. No I/O.

A connection that breaks is made again by Locust's sockets, without a word; what was on its way is gone then, and so is
what a worker that did not read for long had no room for.
"""

from itertools import count
from typing import NamedTuple


class Numbered(NamedTuple):
    """A message as it travels, in a form that Locust packs: its number, from 0 on, and its bytes."""

    number: int
    data: bytes


class Outgoing:
    """What goes from here to one other."""

    def __init__(self) -> None:
        self._numbers = count()

    def number(self, data: bytes) -> Numbered:
        """Return the next message as it is to be sent."""
        return Numbered(next(self._numbers), data)


class Incoming:
    """What comes from one other."""

    def __init__(self) -> None:
        self._awaited = 0

    def is_next(self, number: int) -> bool:
        """Whether none has been lost between the message with this number and the one before it."""
        awaited, self._awaited = self._awaited, number + 1
        return number == awaited
