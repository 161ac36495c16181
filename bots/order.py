"""The one order of a room's messages, and whoever heard them in another. No I/O; times come in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bots.hearing import Message, Reader

# Further back than this, a message that is new is not put into a room's order: it is taken for a late one.
_MAX_SHIFT = 1_000


class Late(NamedTuple):
    """When a reader heard a message, and the one farthest behind it in the order that it had heard before."""

    at: float
    after: Message


class Reordered(NamedTuple):
    """A reader that heard a message out of order, and when."""

    message: Message
    reader: Reader
    at: float


class Order:
    """A room's messages in the order in which they were first heard.

    With `per_sender`, readers may hear different senders in different orders, but each sender's words in their own.
    """

    def __init__(self, *, per_sender: bool) -> None:
        self.messages: list[Message] = []
        self._per_sender = per_sender
        self._newest: dict[str, Message] = {}  # of each sender
        self._late: dict[Message, dict[Reader, Late]] = {}  # whoever heard it after others that stand behind it

    def place_for(self, message: Message, index: int) -> int:
        """Return where a message that is heard for the first time belongs: at `index` or behind it.

        Nearly always that is the end. Where others have heard more than its reader, either they or this reader have
        missed something: most likely the order is that in which everything was said.
        """
        while index < len(self.messages) and self.messages[index].number < message.number:
            index += 1
        return index if len(self.messages) - index <= _MAX_SHIFT else len(self.messages)

    def insert(self, message: Message, index: int) -> None:
        """Put a message into the order."""
        message.overtaken = self._is_overtaken(message, index)
        self.messages.insert(index, message)
        for number in range(index, len(self.messages)):
            self.messages[number].index = number

    def _is_overtaken(self, message: Message, index: int) -> bool:
        """Whether something that its sender said later stands before it."""
        newest = self._newest.get(message.nick)
        if newest is not None and newest.index >= index:
            newest = next((one for one in reversed(self.messages[:index]) if one.nick == message.nick), None)
        else:
            self._newest[message.nick] = message
        return newest is not None and newest.number > message.number and not message.uncertain

    def missed_before(self, reader: Reader, first: Message) -> Iterator[Message]:
        """Yield what a reader must have heard before the first message that it did hear."""
        for index in range(first.index - 1, -1, -1):
            message = self.messages[index]
            if message.first_heard < reader.asked:
                return
            if message.sent >= reader.entered:
                yield message

    def hear_late(self, reader: Reader, message: Message, now: float) -> None:
        """Note that a reader heard a message after others that stand behind it."""
        if not self._per_sender or self._has_overtaken(reader, message):
            self._late.setdefault(message, {})[reader] = Late(now, self.messages[reader.position - 1])

    def _has_overtaken(self, reader: Reader, late: Message) -> bool:
        """Whether a reader heard a later message of the same sender before this one."""
        later = self.messages[late.index + 1 : reader.position]
        return any(message.nick == late.nick and message not in reader.skipped for message in later)

    def reordered(self, readers: Sequence[Reader]) -> Iterator[Reordered]:
        """Yield whoever heard a message out of order: all, or those who heard it otherwise than most did."""
        for message in self.messages:
            if message.overtaken or message in self._late:
                yield from self._out_of_step(message, readers)

    def _out_of_step(self, message: Message, readers: Sequence[Reader]) -> Iterator[Reordered]:
        """Yield those who heard one message out of order.

        A reader that missed a message has heard it in no order: where nobody heard two the other way round, the order
        kept here is only one of those that may have been, and nobody is at fault.
        """
        late = self._late.get(message, {})
        times = {reader: heard.at for reader, heard in late.items()}
        in_step = [one for one in readers if one not in late and one.has_heard(message) and one.must_hear(message)]
        if message.overtaken:
            odd = dict.fromkeys(in_step, message.first_heard) | times
        else:
            ahead = self._heard_ahead(message, late)
            against = [reader for reader in in_step if any(reader.has_heard(one) for one in ahead)]
            odd = times if len(late) <= len(against) else dict.fromkeys(against, message.first_heard)
        for reader, at in odd.items():
            yield Reordered(message, reader, at)

    def _heard_ahead(self, message: Message, late: dict[Reader, Late]) -> list[Message]:
        """Return what most of those who heard a message late had heard before it, though it stands behind it."""
        most = Counter(heard.after for heard in late.values()).most_common(1)[0][0]
        one = next(reader for reader, heard in late.items() if heard.after is most)
        between = self.messages[message.index + 1 : most.index + 1]
        return [other for other in between if other not in one.skipped and one not in self._late.get(other, {})]
