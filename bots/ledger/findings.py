"""What only the whole run can tell: what is missing, and who heard in another order than the others. No I/O."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from bots.ledger.messages import SentMessages
from bots.ledger.model import Attendance, Message, Words


def missing(sent: SentMessages, readers: Sequence[Attendance]) -> Iterator[tuple[Attendance, Message]]:
    """Yield what users must have heard and have not, each user's in the order in which it was sent.

    Where it is not sure which of several with equal words a user heard, each of them stands for one that is missing.
    """
    missed: dict[Attendance, list[Message]] = defaultdict(list)
    for reader, message in _missed_in_order(sent.order, readers):
        missed[reader].append(message)
    for reader, message in _missed_by_all(sent, readers):
        missed[reader].append(message)
    for reader, messages in missed.items():
        messages.sort(key=lambda message: message.number)
        spare: dict[Words, int] = {}
        for message in messages:
            words = message.words
            if words not in spare:
                spare[words] = reader.progress.unplaced[words] + sum(
                    reader.has_heard(one) and one.is_unsure for one in sent.equal(words)
                )
            if spare[words]:
                spare[words] -= 1
            else:
                yield reader, message


def _missed_in_order(order: Sequence[Message], readers: Sequence[Attendance]) -> Iterator[tuple[Attendance, Message]]:
    """Yield what users missed of the messages that somebody heard.

    Of an attendance, only the messages are looked at that were first heard between its beginning and its end: a user in
    step with the room costs nothing, however many have come and gone.
    """
    latest_until = list(accumulate((message.first_heard for message in order), max))
    soonest_from = list(accumulate((message.first_heard for message in reversed(order)), min))[::-1]
    for reader in readers:
        begin = max(reader.progress.position, bisect_left(latest_until, reader.entered), 0)
        behind = order[begin : bisect_right(soonest_from, reader.leaving)]
        for message in (*reader.progress.skipped, *behind):
            if reader.must_hear(message):
                yield reader, message


def _missed_by_all(sent: SentMessages, readers: Sequence[Attendance]) -> Iterator[tuple[Attendance, Message]]:
    """Yield what users must have heard of the messages that nobody heard."""
    lost = sorted(sent.unheard(), key=lambda message: message.sent)
    times = [message.sent for message in lost]
    for reader in readers:
        for message in lost[bisect_left(times, reader.entered) : bisect_left(times, reader.leaving)]:
            if reader.must_hear_unheard(message):
                yield reader, message


def too_many(sent: SentMessages, readers: Sequence[Attendance]) -> Iterator[tuple[Attendance, Message]]:
    """Yield a message for each time that a user heard words which were not placed and cannot have been another one."""
    for reader in readers:
        for words, heard in reader.progress.unplaced.items():
            equal = list(sent.with_words(words))
            possible = [one for one in equal if reader.may_hear(one) and not reader.has_heard(one)]
            if not equal[0].from_others:
                for _ in range(heard - len(possible)):
                    yield reader, equal[-1]


class Late(NamedTuple):
    """When a user heard a message, and the one farthest behind it in the order that it had heard before.

    `overtaken_by` is what its own sender sent later, and the user had heard before; None for nothing.
    """

    at: float
    after: Message
    overtaken_by: Message | None = None


class Reordered(NamedTuple):
    """A user that heard a message out of order, and when; `after` is what it had heard before it, if that is known."""

    message: Message
    reader: Attendance
    at: float
    after: Message | None = None


class Reordering:
    """Keeps what users heard out of order, and says at the end which of them, and of what.

    With `per_sender`, users may hear different senders in different orders, but each sender's words in their own.
    """

    def __init__(self, sent: SentMessages, *, per_sender: bool) -> None:
        self._order = sent.order
        self._sent = sent
        self._per_sender = per_sender
        self._late: dict[Message, dict[Attendance, Late]] = {}  # by whom it was heard after others that stand behind it

    def hear_late(self, reader: Attendance, message: Message, now: float) -> None:
        """Note that a user heard a message after others that stand behind it."""
        heard: Iterator[Message] = reversed(self._order[message.index + 1 : reader.progress.position])
        if self._per_sender:
            own = (one for one in heard if one.nick == message.nick and _are_told_apart(one, message))
            heard = (one for one in own if reader.has_heard(one))
        if after := next(heard, None):
            behind = self._order[message.index + 1 : reader.progress.position]
            own = (one for one in behind if one.nick == message.nick and one.number > message.number)
            overtaken_by = next((one for one in own if reader.has_heard(one)), None)
            self._late.setdefault(message, {})[reader] = Late(now, after, overtaken_by)

    def hear_like(self, leader: Attendance, reader: Attendance) -> None:
        """Note that a user heard everything as another one did."""
        for late in self._late.values():
            if leader in late:
                late[reader] = late[leader]

    def find(self, readers: Sequence[Attendance]) -> Iterator[Reordered]:
        """Yield who heard a message out of order: all, or those who heard it otherwise than most did.

        A user that missed a message has heard it in no order: where nobody heard two the other way round, the order
        kept here is only one of those that may have been, and nobody is at fault. The same holds for a user that may
        have heard another message with the same words.
        """
        newest: dict[str, Message] = {}  # of each sender
        for message in self._order:
            is_known = not (message.is_uncertain or message.is_unsure or message.from_others)
            before = newest.setdefault(message.nick, message) if is_known else message
            if before.number < message.number:
                newest[message.nick] = message
            if before.number > message.number:
                yield from self._overtaken(message, before, readers)
            elif (late := self._late.get(message)) and not self._is_anything(message):
                told = list(self._out_of_step(message, late, readers))
                yield from told
                if is_known and not all(reader.hears_itself for reader in late):
                    yield from self._overtaken_late(message, late, {one.reader for one in told})

    def _overtaken(self, message: Message, before: Message, readers: Sequence[Attendance]) -> Iterator[Reordered]:
        """Yield those who heard a message after `before`, which its sender sent later."""
        late, before_late = self._late.get(message, {}), self._late.get(before, {})
        for reader in readers:
            if reader not in before_late and self._heard_both(reader, message, before):
                heard = late.get(reader, Late(message.first_heard, before))
                yield Reordered(message, reader, heard.at, heard.after)

    def _overtaken_late(
        self, message: Message, late: dict[Attendance, Late], told: Container[Attendance]
    ) -> Iterator[Reordered]:
        """Yield those, but for who was told already, who heard a message late and after what its sender sent later."""
        for reader, heard in late.items():
            other = heard.overtaken_by
            is_later = other is not None and other.number > message.number and not self._is_anything(other)
            if other is not None and is_later and reader not in told and self._heard_both(reader, message, other):
                yield Reordered(message, reader, heard.at, other)

    def _out_of_step(
        self, message: Message, late: dict[Attendance, Late], readers: Sequence[Attendance]
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
                if not self._sent.may_be_another(reader, message):
                    yield Reordered(message, reader, heard.at, heard.after)
        else:
            for reader in against:
                yield Reordered(message, reader, message.first_heard)
            if not self._per_sender and not all(reader.hears_itself for reader in late):
                yield from self._otherwise_late(message, late)

    def _otherwise_late(self, message: Message, late: dict[Attendance, Late]) -> Iterator[Reordered]:
        """Yield the few who heard a message late, as most did, but earlier or later still than these.

        So it comes out where speakers do not hear themselves: who is first to hear a message cannot tell where it
        stands among its own, so that everyone else may hear it behind the place where it was put.
        """
        most, count = Counter(heard.after for heard in late.values()).most_common(1)[0]
        if 2 * count <= len(late):
            return
        with_most = [reader for reader, heard in late.items() if heard.after is most]
        for reader, heard in late.items():
            begin, end = sorted((most.index, heard.after.index))
            for other in self._order[begin + 1 : end + 1]:
                if self._heard_in_step(reader, message, other) and any(
                    self._heard_in_step(one, message, other) for one in with_most
                ):
                    yield Reordered(message, reader, heard.at, heard.after)
                    break

    def _heard_in_step(self, reader: Attendance, message: Message, other: Message) -> bool:
        """Whether it is certain that a user heard another message than this, and where it stands."""
        is_certain = other.words != message.words and not self._is_anything(other)
        return is_certain and self._heard_both(reader, message, other) and reader not in self._late.get(other, {})

    def _heard_both(self, reader: Attendance, message: Message, other: Message) -> bool:
        """Whether it is certain that a user heard these two."""
        return all(reader.has_heard(one) and not self._sent.may_be_another(reader, one) for one in (message, other))

    def _heard_ahead(self, message: Message, late: dict[Attendance, Late]) -> list[Message]:
        """Return what most of those who heard a message late had heard before it, though it stands behind it."""
        most = Counter(heard.after for heard in late.values()).most_common(1)[0][0]
        one = next(reader for reader, heard in late.items() if heard.after is most)
        between = [most] if self._per_sender else self._order[message.index + 1 : most.index + 1]
        heard = [other for other in between if one.has_heard(other) and one not in self._late.get(other, {})]
        return [other for other in heard if _are_told_apart(other, message) and not self._is_anything(other)]

    def _is_anything(self, message: Message) -> bool:
        """Whether a message may be any of several; of what others say, nobody knows how often they said it."""
        return message.is_unsure or (message.from_others and self._sent.is_repeated(message))


def _are_told_apart(one: Message, other: Message) -> bool:
    return bool(one.id) or one.words != other.words
