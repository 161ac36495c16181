"""Whoever heard messages in another order than the others did. No I/O; times come in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bots.ledger.messages import Spoken
from bots.ledger.model import Message, Reader


class Late(NamedTuple):
    """When a reader heard a message, and the one farthest behind it in the order that it had heard before."""

    at: float
    after: Message


class Reordered(NamedTuple):
    """A reader that heard a message out of order, and when."""

    message: Message
    reader: Reader
    at: float


class Reordering:
    """Keeps what readers heard out of order, and says at the end who is to blame.

    With `per_sender`, readers may hear different senders in different orders, but each sender's words in their own.
    """

    def __init__(self, messages: Sequence[Message], spoken: Spoken, *, per_sender: bool) -> None:
        self._messages = messages
        self._spoken = spoken
        self._per_sender = per_sender
        self._late: dict[Message, dict[Reader, Late]] = {}  # whoever heard it after others that stand behind it

    def hear_late(self, reader: Reader, message: Message, now: float) -> None:
        """Note that a reader heard a message after others that stand behind it."""
        if not self._per_sender or self._has_overtaken(reader, message):
            self._late.setdefault(message, {})[reader] = Late(now, self._messages[reader.position - 1])

    def _has_overtaken(self, reader: Reader, late: Message) -> bool:
        """Whether a reader heard a later message of the same sender before this one."""
        later = self._messages[late.index + 1 : reader.position]
        return any(message.nick == late.nick and message not in reader.skipped for message in later)

    def find(self, readers: Sequence[Reader]) -> Iterator[Reordered]:
        """Yield whoever heard a message out of order: all, or those who heard it otherwise than most did.

        A reader that missed a message has heard it in no order: where nobody heard two the other way round, the order
        kept here is only one of those that may have been, and nobody is at fault. The same holds for a reader that may
        have heard another message with the same words.
        """
        newest: dict[str, Message] = {}  # of each sender
        for message in self._messages:
            is_known = not (message.uncertain or message.has_double)
            before = newest.setdefault(message.nick, message) if is_known else message
            if before.number < message.number:
                newest[message.nick] = message
            if before.number > message.number:
                yield from self._overtaken(message, before, readers)
            elif late := self._late.get(message):
                yield from self._out_of_step(message, late, readers)

    def _overtaken(self, message: Message, before: Message, readers: Sequence[Reader]) -> Iterator[Reordered]:
        """Yield those who heard a message after `before`, which its sender said later."""
        late, before_late = self._late.get(message, {}), self._late.get(before, {})
        for reader in readers:
            if reader not in before_late and self._heard_both(reader, message, before):
                yield Reordered(message, reader, late[reader].at if reader in late else message.first_heard)

    def _out_of_step(
        self, message: Message, late: dict[Reader, Late], readers: Sequence[Reader]
    ) -> Iterator[Reordered]:
        """Yield the fewer: those who heard a message late, or those who heard it in step, and then what is ahead."""
        ahead = self._heard_ahead(message, late)
        against = [
            reader
            for reader in readers
            if reader not in late and any(self._heard_both(reader, message, one) for one in ahead)
        ]
        if len(late) <= len(against):
            for reader, heard in late.items():
                if not self._spoken.may_be_another(reader, message):
                    yield Reordered(message, reader, heard.at)
        else:
            for reader in against:
                yield Reordered(message, reader, message.first_heard)

    def _heard_both(self, reader: Reader, message: Message, other: Message) -> bool:
        """Whether it is certain that a reader heard these two."""
        return all(reader.has_heard(one) and not self._spoken.may_be_another(reader, one) for one in (message, other))

    def _heard_ahead(self, message: Message, late: dict[Reader, Late]) -> list[Message]:
        """Return what most of those who heard a message late had heard before it, though it stands behind it."""
        most = Counter(heard.after for heard in late.values()).most_common(1)[0][0]
        one = next(reader for reader, heard in late.items() if heard.after is most)
        between = self._messages[message.index + 1 : most.index + 1]
        heard = [other for other in between if other not in one.skipped and one not in self._late.get(other, {})]
        if self._per_sender:
            heard = [other for other in heard if other.nick == message.nick]
        return [other for other in heard if (other.nick, other.text) != (message.nick, message.text)]
