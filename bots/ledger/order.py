"""The one order of a room's messages: where each belongs that is heard for the first time. No I/O."""

from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter

from bots.ledger.model import Message, Reader

# Further back than this, a message that is new is not put into a room's order: it is taken for a late one.
_MAX_SHIFT = 1_000

_first_heard = attrgetter("first_heard")


class Order:
    """A room's messages in the order in which they were first heard, as far as that can be told.

    Of two messages that nobody has heard both, any may stand before the other: see `bots.ledger.reordering`.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def place_for(self, message: Message, reader: Reader) -> int:
        """Return where a message belongs that this reader is the first to hear.

        Nearly always that is the end. Where others are further on, it comes next for this reader, but behind all that
        its sender said before. Where a reader that is coming in stands is not known: most likely the order is that in
        which everything was said.
        """
        messages = self.messages
        begin = max(reader.position, 0)
        if reader.arrival is not None:
            begin = max(begin, bisect_left(messages, reader.asked, key=_first_heard))
            while begin < len(messages) and messages[begin].number < message.number:
                begin += 1
        behind = enumerate(messages[begin : begin + _MAX_SHIFT], begin + 1)
        own = [place for place, one in behind if one.nick == message.nick and one.number < message.number]
        index = own[-1] if own else begin
        return index if len(messages) - index <= _MAX_SHIFT else len(messages)

    def insert(self, message: Message, index: int) -> None:
        """Put a message into the order."""
        self.messages.insert(index, message)
        for number in range(index, len(self.messages)):
            self.messages[number].index = number

    def missed_before(self, reader: Reader, first: Message) -> Iterator[Message]:
        """Yield what a reader must have heard before the first message that it did hear."""
        for index in range(first.index - 1, -1, -1):
            message = self.messages[index]
            if message.first_heard < reader.asked:
                return
            if message.sent >= reader.entered:
                yield message
