"""Where a message stands in the room's order, and how far each user is in it. No I/O.

A message stands where the first user to hear it heard it. Where that may be any of several places, one is guessed:
once somebody hears the message at another of them, it is moved there, unless anybody may have heard it where it stands.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

from bots.ledger.messages import SentMessages
from bots.ledger.model import Attendance, Message
from bots.ledger.shared_stream import SharedStream
from bots.ledger.timeline import DeliveryTally

# A message that is new is put at most so far back into the room's order: moving all that follows would cost more and
# more with every message that a user far behind the others is the first to hear.
_MAX_SHIFT = 1_000
# Past how many others a message is moved at most whose place was a guess: what is said while a server sends once.
_FAR = 20

_index = attrgetter("index")


class RoomOrder:
    """The order of one room's messages, and the positions in it of its `readers`.

    `stream` and `tally` keep what is at a place in the order: they are told when messages change their places.
    """

    def __init__(
        self, sent: SentMessages, readers: Sequence[Attendance], stream: SharedStream, tally: DeliveryTally
    ) -> None:
        self._sent = sent
        self._messages = sent.order
        self._readers = readers
        self._stream = stream
        self._tally = tally

    def put(self, message: Message, reader: Attendance, event_id: str, now: float, line: bytes) -> None:
        """Put a message that a user is the first to hear into the room's order."""
        index = self._place_for(message, reader)
        if index < len(self._messages):  # those who are further on have not heard it there
            self._tally.count()
            if not self._stream.insert(reader, index, line):
                self._stream.restart(len(self._messages) + 1)
            message.is_unsure |= bool(reader.progress.unplaced) or (index > 0 and self._messages[index - 1].is_unsure)
            for other in self._readers:
                if other.progress.position > index:
                    other.progress.position += 1
                    other.progress.skipped.add(message)
        self._sent.put(message, index, event_id, now)

    def _place_for(self, message: Message, reader: Attendance) -> int:
        """Return where a message belongs that this user is the first to hear.

        Nearly always that is the end. Where others are further on, it comes next for this user, but behind all that
        its sender sent before. Where a user came in is not known before it is placed: then a message comes behind what
        those have heard who have to hear it too, and in the order in which everything was sent. The place is a guess,
        and the message loose, where it stands next to words of this user's own that are not sent back to it.
        """
        order, begin = self._messages, reader.progress.position
        if begin < 0:
            begin = len(order)
            while begin and order[begin - 1].first_heard >= reader.asked:
                begin -= 1
            if begin < len(order) and not reader.must_hear(order[begin]):
                waiting = (one.progress.position for one in self._readers if _has_to_hear(one, message, reader))
                begin = max(begin, *waiting, 0)
                while begin < len(order) and order[begin].number < message.number:
                    begin += 1
                message.is_unsure |= begin < len(order)
        message.is_loose = begin > 0 and order[begin - 1].is_loose
        while begin < len(order) and reader.does_not_hear(order[begin]):
            message.is_loose = True
            if order[begin].number > message.number:
                break
            begin += 1
        equal = self._sent.equal(message.words)
        # With ids, the first to be heard need not be the first that was sent.
        if behind := equal[bisect_left(equal, begin, key=_index) :]:
            if reader.knows_order or all(reader.must_hear(one) for one in behind):
                _bind_in_order([message, *behind])
            else:  # it may have been sent before these, or behind them
                for one in (message, *behind):
                    one.is_unsure = True
        following = enumerate(order[begin : begin + _MAX_SHIFT], begin + 1)
        own = [place for place, one in following if one.nick == message.nick and one.number < message.number]
        index = own[-1] if own else begin
        return index if len(order) - index <= _MAX_SHIFT else len(order)

    def take_past(self, reader: Attendance, message: Message) -> list[Message]:
        """Take a user past a message that it hears, and that does not stand behind it.

        Return which messages those were, if that is known now, that it heard before and that were any of several.
        """
        progress = reader.progress
        if progress.position < 0:
            progress.first = message
            progress.skipped.update(self._before_first(reader, message))
        elif progress.position < message.index:
            self._settle(reader, message)
            progress.skipped.update(self._messages[progress.position : message.index])
        progress.position = message.index + 1
        return self._place_earlier(reader, message) if progress.unplaced and not self._sent.is_anything(message) else []

    def _before_first(self, reader: Attendance, first: Message) -> Iterator[Message]:
        """Yield what a user may have heard before the first message that is known to have reached it."""
        for index in range(first.index - 1, -1, -1):
            message = self._messages[index]
            if message.first_heard >= reader.asked:
                yield message
            elif first.index - index > _MAX_SHIFT:  # nothing that came later can have been put before this
                return

    def _settle(self, reader: Attendance, message: Message) -> None:
        """Put a message where this user hears it, if its place was a guess that nobody has heard to be right."""
        begin, end = reader.progress.position, message.index
        while begin < end and reader.does_not_hear(self._messages[begin]):
            begin += 1
        passed = self._messages[begin:end]
        if not 0 < end - begin <= _FAR or not any(one.is_loose for one in (message, *passed)):
            return
        if reader.progress.unplaced or any(one.nick == message.nick or reader.does_not_hear(one) for one in passed):
            return
        if any(_may_have_heard_so(other, message, passed) for other in self._readers):
            for one in (message, *passed):
                one.is_loose = False
            return
        self._move_forward(message, begin)

    def _move_forward(self, message: Message, begin: int) -> None:
        """Move a message forward to a place in the room's order, and with it the users for whom that changes something.

        Those who have heard it and nothing of what it passes are in front of that now; those who do not hear it, and
        are in the midst of that, are past it.
        """
        end = message.index
        passed = self._messages[begin:end]
        self._tally.count()
        back = {
            one for one in self._readers if one.progress.position == end + 1 and message not in one.progress.skipped
        }
        for other in self._readers:
            progress = other.progress
            if other in back:
                progress.position = begin + 1
                progress.skipped.difference_update(passed)
            elif begin < progress.position <= end:
                progress.position += 1
                progress.skipped.add(message)
        if not self._stream.move(end, begin, back):
            self._stream.restart(len(self._messages))
        self._sent.move(message, begin)

    def _place_earlier(self, reader: Attendance, message: Message) -> list[Message]:
        """Take what a user heard and was not placed for the last messages with these words before one it hears now."""
        progress, placed = reader.progress, list[Message]()
        for words, heard in [*progress.unplaced.items()]:
            if not reader.knows_order and words[0] != message.nick:
                continue
            passed = sorted((one for one in progress.skipped if one.words == words), key=_index)
            if len(passed) >= heard and not self._sent.is_awaited(words):
                placed += passed[-heard:]
                del progress.unplaced[words]
        progress.skipped.difference_update(placed)
        progress.sometime.update(placed)
        return placed


def _may_have_heard_so(reader: Attendance, message: Message, passed: Sequence[Message]) -> bool:
    """Whether a user may have heard something of what stands before a message before that one."""
    progress = reader.progress
    if progress.position <= message.index:
        return progress.position > passed[0].index and not reader.does_not_hear(message)
    if message in progress.skipped:
        return False
    return bool(progress.unplaced) or not progress.skipped.issuperset(passed)


def _has_to_hear(one: Attendance, message: Message, newcomer: Attendance) -> bool:
    """Whether a user has to hear what a newcomer is the first to hear.

    When others said it is not known, but the newcomer had asked to come in by then.
    """
    if message.from_others:
        return one.entered <= newcomer.asked and one.leaving == float("inf")
    return one.must_hear_unheard(message)


def _bind_in_order(equal: list[Message]) -> None:
    """Let messages with the same words, in the room's order, be those that were sent first, second and so on.

    Unless one had then been heard before it was sent, which shows that their order is not that in which they were sent.
    """
    sent = sorted((one.number, one.due, one.sent, one.line, one.is_uncertain) for one in equal)
    if any(message.first_heard < at for message, (_, _, at, _, _) in zip(equal, sent, strict=True)):
        return
    for message, (number, due, at, line, is_uncertain) in zip(equal, sent, strict=True):
        message.number, message.due, message.sent, message.line = number, due, at, line
        message.is_uncertain = is_uncertain
