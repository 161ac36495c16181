"""What only the whole run can tell: what is missing, and who heard in another order than the others. No I/O."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, count, islice
from typing import NamedTuple

from bots.ledger.messages import SentMessages
from bots.ledger.model import Attendance, Message, Words

# A message that was heard late is compared with so many that stand behind it, and as many before each of the places
# where it was heard most often: what changed places with it is among them.
_NEAR = 20
_PLACES = 3


def missing(sent: SentMessages, readers: Sequence[Attendance]) -> Iterator[tuple[Attendance, Message]]:
    """Yield what users must have heard and have not, each user's in the order in which it was sent.

    Where it is not sure which of several with equal words a user heard, each that it need not have heard, as far as is
    known, stands for one that is missing.
    """
    missed: dict[Attendance, list[Message]] = defaultdict(list)
    for reader, message in _missed_in_order(sent, readers):
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
                    reader.may_have_heard(one)
                    and _is_taken_by_guess(sent, reader, one)
                    and not _had_to_be_heard(reader, one)
                    for one in sent.equal(words)
                )
            if spare[words]:
                spare[words] -= 1
            elif not _may_be_older(sent, reader, message):
                yield reader, message


def _is_taken_by_guess(sent: SentMessages, reader: Attendance, message: Message) -> bool:
    """Whether what a user heard may have been another one with the same words than this message."""
    if message in reader.progress.sure:
        return False
    first = reader.progress.first
    # Whether nobody knows where it came in.
    is_somewhere = first is not None and (first.is_unsure or (first.from_others and sent.is_repeated(first)))
    return message.is_unsure or not (message.id or (reader.knows_order and not is_somewhere))


def _had_to_be_heard(reader: Attendance, message: Message) -> bool:
    """Whether a user had to hear a message, whichever of those with its words it is."""
    return reader.must_hear(message) and not message.is_uncertain


def _may_be_older(sent: SentMessages, reader: Attendance, message: Message) -> bool:
    """Whether a message may have been sent before a user was there: as another with its words, on its way just then.

    An id says which of the two was heard, but not which of them was sent first.
    """
    if not message.id:
        return False
    others = (one for one in sent.equal(message.words) if one is not message)
    return any(one.sent < reader.entered and one.sent < message.sent <= one.first_heard for one in others)


def _missed_in_order(sent: SentMessages, readers: Sequence[Attendance]) -> Iterator[tuple[Attendance, Message]]:
    """Yield what users missed of the messages that somebody heard.

    Of an attendance, only the messages are looked at that were first heard between its beginning and its end: a user in
    step with the room costs nothing, however many have come and gone.
    """
    order = sent.order
    latest_until = list(accumulate((message.first_heard for message in order), max))
    soonest_from = list(accumulate((message.first_heard for message in reversed(order)), min))[::-1]
    for reader in readers:
        begin = max(reader.progress.position, bisect_left(latest_until, reader.entered), 0)
        behind = order[begin : bisect_right(soonest_from, reader.leaving)]
        for message in (*reader.progress.skipped, *behind):
            if reader.must_hear(message) or _was_passed(sent, reader, message):
                yield reader, message


def _was_passed(sent: SentMessages, reader: Attendance, message: Message) -> bool:
    """Whether a user lost its connection, but not this message with it: it has heard what its sender said later."""
    is_here = reader.entered <= message.sent and message.first_heard <= reader.leaving
    if not (reader.dropped and is_here and _is_only_one(sent, message)) or reader.does_not_hear(message):
        return False
    later = (sent.order[index] for index in range(message.index + 1, reader.progress.position))
    return any(
        one.sender == message.sender
        and one.number > message.number
        and reader.has_heard(one)
        and _is_only_one(sent, one)
        for one in later
    )


def _is_only_one(sent: SentMessages, message: Message) -> bool:
    """Whether a message can be no other one, and it is known where it stands among its sender's."""
    return message.is_known and (bool(message.id) or len(list(islice(sent.with_words(message.words), 2))) == 1)


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
    """When a user heard a message behind its place; its number among all of these; and the last one heard before it.

    Where it was heard in the place of another one with the same words, the number is -1, and `after` is that one.
    """

    at: float
    number: int
    after: Message


class Reordered(NamedTuple):
    """A user that heard a message out of order, and when; `after` is what it had heard before it, if that is known."""

    message: Message
    reader: Attendance
    at: float
    after: Message | None = None


class Pair(NamedTuple):
    """Two messages as somebody heard them, in the wrong order."""

    first: Message
    second: Message


class Reordering:
    """Keeps what users heard out of order, and says at the end which of them, and of what.

    With `per_sender`, users may hear different senders in different orders, but each sender's words in their own.
    """

    def __init__(self, sent: SentMessages, *, per_sender: bool) -> None:
        self._order = sent.order
        self._sent = sent
        self._per_sender = per_sender
        self._numbers = count()
        self._late: dict[Message, dict[Attendance, Late]] = {}  # by whom it was heard after others that stand behind it
        self._late_words: dict[Attendance, set[Words]] = defaultdict(set)
        # See `_is_guess` and `_first_in_place`; filled at the end.
        self._guesses: dict[Attendance, dict[Words, bool]] = defaultdict(dict)
        self._first_places: dict[Attendance, dict[str, int]] = {}

    def hear_late(self, reader: Attendance, message: Message, now: float) -> None:
        """Note that a user heard a message after others that stand behind it."""
        heard: Iterator[Message] = reversed(self._order[message.index + 1 : reader.progress.position])
        if self._per_sender:
            heard = (one for one in heard if one.nick == message.nick and reader.has_heard(one))
        if after := next(heard, None):
            self._late.setdefault(message, {})[reader] = Late(now, next(self._numbers), after)
            if not message.id:
                self._late_words[reader].add(message.words)

    def hear_like(self, leader: Attendance, reader: Attendance) -> None:
        """Note that a user heard everything as another one did."""
        for late in self._late.values():
            if leader in late:
                late[reader] = late[leader]
        self._late_words[reader] |= self._late_words[leader]

    def find(self, readers: Sequence[Attendance]) -> Iterator[Reordered]:
        """Yield who heard a message out of order: all, or those who heard it otherwise than most did.

        Two messages are compared at a time, by those who certainly heard both. Their sender's order is the right one;
        of different senders' words, it is that in which most heard them. The room's order as it is kept here is only
        one of those that may have been: where nobody heard the two the other way round, nobody is at fault.
        """
        self._sort_equal_words()
        newest: dict[str, Message] = {}  # of each sender
        heard_wrong: dict[Attendance, dict[Pair, None]] = defaultdict(dict)
        for message in self._order:
            for pair, at_fault in self._compared(message, newest, readers):
                for reader in at_fault:
                    heard_wrong[reader][pair] = None
        found = ((message, reader) for reader, pairs in heard_wrong.items() for message in _out_of_place(pairs))
        for message, reader in sorted(found, key=lambda one: one[0].index):
            late = self._late.get(message, {}).get(reader)
            after = late.after if late and late.number >= 0 else None
            yield Reordered(message, reader, late.at if late else message.first_heard, after)

    def _sort_equal_words(self) -> None:
        """Let the first of equal words that a user heard be the first of those messages, the second one the second.

        When it heard them, each was taken for what came next then.
        """
        for reader, late_words in self._late_words.items():
            for words in late_words:
                equal = [one for one in self._sent.equal(words) if reader.has_heard(one) and not one.id]
                in_place = [Late(one.first_heard, -1, one) for one in equal]
                heard = [self._late.get(one.after, {}).pop(reader, one) for one in in_place]
                heard.sort(key=lambda late: (late.after.index, late.number))
                for message, late in zip(equal, heard, strict=True):
                    if late.number >= 0 or late.after is not message:
                        self._late.setdefault(message, {})[reader] = late

    def _compared(
        self, message: Message, newest: dict[str, Message], readers: Sequence[Attendance]
    ) -> Iterator[tuple[Pair, Iterable[Attendance]]]:
        """Yield what a message is compared with, as it was heard by those who heard the two in the wrong order."""
        if message.is_known:
            before = newest.setdefault(message.nick, message)
            if before.number < message.number:
                newest[message.nick] = message
            elif before is not message:
                yield Pair(before, message), self._otherwise(before, message, readers)
        if self._late.get(message) and not self._sent.is_anything(message):
            for other in self._near(message):
                yield self._at_fault(message, other, readers)

    def _near(self, message: Message) -> list[Message]:
        """Return what stands behind a message, and may have been heard before it: near to where it was put or heard."""
        places = Counter(late.after.index for late in self._late[message].values()).most_common(_PLACES)
        begin = message.index + 1
        near = set(range(begin, min(begin + _NEAR, max(place for place, _ in places) + 1)))
        for place, _ in places:
            near.update(range(max(begin, place + 1 - _NEAR), place + 1))
        others = (self._order[index] for index in sorted(near))
        if self._per_sender:
            others = (one for one in others if one.nick == message.nick)
        return [one for one in others if not self._sent.is_anything(one)]

    def _at_fault(
        self, message: Message, other: Message, readers: Sequence[Attendance]
    ) -> tuple[Pair, Iterable[Attendance]]:
        """Return how these two were heard in the wrong order, and by whom; `other` stands behind the message.

        Only who heard the message late can have heard them so. The others are counted no further than it takes.
        """
        late = self._late[message]
        both = [one for one in late if self._heard_both(one, message, other)]
        behind = dict.fromkeys(one for one in both if self._heard_first(one, other, message))
        if not behind:
            return Pair(other, message), behind
        in_step = (one for one in readers if one not in late and self._heard_both(one, message, other))
        before = chain((one for one in both if one not in behind), in_step)
        of_one = message.nick == other.nick and message.words != other.words  # ids do not say which is which
        if of_one and message.is_known and other.is_known:
            is_right_as_it_stands = message.number < other.number
        else:
            as_many = list(islice(before, len(behind)))
            is_right_as_it_stands = len(as_many) == len(behind)
            before = chain(as_many, before)
        return (Pair(other, message), behind) if is_right_as_it_stands else (Pair(message, other), before)

    def _otherwise(self, before: Message, message: Message, readers: Sequence[Attendance]) -> Iterator[Attendance]:
        """Yield who heard these two of one sender as they stand, which is not as they were sent."""
        for reader in readers:
            if self._heard_both(reader, message, before) and not self._heard_first(reader, message, before):
                yield reader

    def _heard_first(self, reader: Attendance, first: Message, second: Message) -> bool:
        """Whether a user that heard two messages heard `first` before `second`."""
        return self._when(reader, first) < self._when(reader, second)

    def _when(self, reader: Attendance, message: Message) -> tuple[int, int]:
        """Return what orders all that a user certainly heard as it heard it."""
        late = self._late.get(message, {}).get(reader)
        return (late.after.index, late.number) if late is not None else (message.index, -1)

    def _heard_both(self, reader: Attendance, message: Message, other: Message) -> bool:
        """Whether it is certain that a user heard these two, and when."""
        return all(reader.has_heard(one) and not self._is_guess(reader, one) for one in (message, other))

    def _is_guess(self, reader: Attendance, message: Message) -> bool:
        """Whether a user that heard a message may have heard another one with the same words, or it at another time."""
        if message.id:
            return message in reader.progress.sometime or message.words in reader.progress.unplaced
        guesses = self._guesses[reader]
        if message.words not in guesses:
            guesses[message.words] = (
                message.words in reader.progress.unplaced
                or not reader.progress.sometime.isdisjoint(self._sent.equal(message.words))
                or self._sent.may_be_another(reader, message)
                or (reader in self._late.get(message, ()) and message.from_others and not self._was_in(reader, message))
            )
        return guesses[message.words]

    def _was_in(self, reader: Attendance, message: Message) -> bool:
        """Whether a user was in when others said something: it has heard in its place what stands before that.

        Else it may have heard, instead, the same words said again, when those who had heard them were gone.
        """
        if reader not in self._first_places:
            self._first_places[reader] = self._first_in_place(reader)
        return self._first_places[reader].get(self._compared_among(message), message.index) < message.index

    def _first_in_place(self, reader: Attendance) -> dict[str, int]:
        """Return the index of what a user certainly heard first in its place, of all or of each sender."""
        places: dict[str, int] = {}
        if reader.progress.first is not None:
            for one in islice(self._order, reader.progress.first.index, None):
                among = self._compared_among(one)
                if (
                    among not in places
                    and reader.has_heard(one)
                    and reader not in self._late.get(one, ())
                    and not self._sent.is_anything(one)
                ):
                    places[among] = one.index
        return places

    def _compared_among(self, message: Message) -> str:
        """Return whose messages a message is compared with: its sender's, or, as an empty name, everybody's."""
        return message.nick if self._per_sender else ""


def _out_of_place(pairs: Iterable[Pair]) -> Iterable[Message]:
    """Return as few messages of one user as all these pairs come from.

    One that came out of its place makes a pair with each that it passed. Of two that changed places, it is the one that
    came late, whoever else was the first to hear which.
    """
    times = Counter(message for pair in pairs for message in pair)
    named: dict[Message, None] = {}
    for first, second in sorted(pairs, key=lambda pair: max(times[pair.first], times[pair.second]), reverse=True):
        if first not in named and second not in named:
            named[first if times[first] > times[second] else second] = None
    return named
