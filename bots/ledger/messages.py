"""What was said in a room, by its words: which message is it that a reader hears? No I/O.

Where the server gives ids they tell. Otherwise a reader that is in step hears the next message. A reader that is coming
in may have missed the first of several with the same words, or not; that shows only when it hears something of which
there is one. Until then it is taken for the first that it can be, and from then on for the last: see `settle`.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import takewhile
from operator import attrgetter

from bots.ledger.model import Message, Reader, Verdict
from bots.ledger.order import Order

# A reader that has heard so much is in step, even if everyone always says the same.
_MAX_ARRIVAL = 1_000

_index = attrgetter("index")
_first_heard = attrgetter("first_heard")


class Spoken:
    """All messages of one room: those that nobody has heard yet, and those that somebody has."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._said = 0
        self._unheard: dict[tuple[str, str], deque[Message]] = defaultdict(deque)
        self._heard: dict[tuple[str, str], list[Message]] = defaultdict(list)
        self._by_id: dict[str, Message] = {}

    def say(self, nick: str, text: str, due: float, now: float) -> None:
        """Note that a message is being sent."""
        self._said += 1
        self._unheard[nick, text].append(Message(nick, text, self._said, due, now))

    def lose(self, nick: str) -> None:
        """Note that a user lost the connection: nobody knows whether what nobody has heard yet has arrived."""
        for (sender, _), messages in self._unheard.items():
            if sender == nick:
                for message in messages:
                    message.uncertain = True

    def unheard(self) -> Iterator[Message]:
        """Yield the messages that nobody has heard."""
        for messages in self._unheard.values():
            yield from messages

    def lost(self) -> Iterator[Message]:
        """Yield those of them that must have arrived.

        Of equal ones of which one may have been lost with the sender's connection, it is not known which was heard.
        """
        for words, messages in self._unheard.items():
            certain = [message for message in messages if not message.uncertain]
            for message in self._heard.get(words, ()):
                if message.uncertain and certain and message.first_heard >= certain[0].sent:
                    del certain[0]
            yield from certain

    def find(self, reader: Reader, nick: str, text: str, event_id: str) -> Message | None:
        """Return which of the messages that others have heard a reader hears."""
        if event_id:
            return self._by_id.get(event_id)
        equal = self._heard.get((nick, text), [])
        if reader.position < 0:
            recent = list(takewhile(lambda message: message.first_heard >= reader.asked, reversed(equal)))
            return recent[-1] if recent else None
        skipped = min((one for one in reader.skipped if (one.nick, one.text) == (nick, text)), key=_index, default=None)
        if skipped is not None and reader.arrival is None:
            return skipped
        place = bisect_left(equal, reader.position, key=_index)
        return equal[place] if place < len(equal) else skipped

    def take(self, reader: Reader, nick: str, text: str, event_id: str, now: float) -> Message | None:
        """Return which message a reader is the first to hear; of equal ones, the first that was said."""
        unheard = self._unheard.get((nick, text))
        if not unheard:
            return None
        if len(unheard) > 1 and unheard[0].sent < reader.entered:  # a newcomer may have heard any of them
            for message in unheard:
                message.has_double = True
        message = unheard.popleft()
        if not unheard:
            del self._unheard[nick, text]
        message.first_heard, message.id = now, event_id
        if event_id:
            self._by_id[event_id] = message
        return message

    def note_heard(self, message: Message) -> None:
        """Note that a message has its place in the room's order."""
        insort(self._heard[message.nick, message.text], message, key=_index)

    def judge_stray(self, reader: Reader, nick: str, text: str) -> Verdict:
        """Return what is wrong when a reader hears words and no message is left that they could be."""
        equal = self._heard.get((nick, text))
        if not equal:
            return "corrupt"
        recent = takewhile(lambda message: message.first_heard >= reader.asked, reversed(equal))
        return "duplicate" if any(reader.has_heard(message) for message in recent) else "leaked"

    def may_be_another(self, reader: Reader, message: Message) -> bool:
        """Whether a reader that heard a message may have heard another one with the same words instead."""
        if message.id:
            return False
        equal = self._heard.get((message.nick, message.text), ())
        return any(reader.may_hear(one) and not reader.has_heard(one) for one in equal if one is not message)

    # Coming in.

    def arrive(self, reader: Reader, message: Message) -> None:
        """Note what a reader that is coming in heard next; once it can be nothing else, all before it is settled."""
        assert reader.arrival is not None
        reader.arrival.append(message)
        words = message.nick, message.text
        equal = self._heard[words]
        is_last = equal[-1] is message and words not in self._unheard
        is_first = len(reader.arrival) > 1 or len(equal) == 1 or equal[-2].first_heard < reader.asked
        if message.id or (is_last and is_first) or len(reader.arrival) > _MAX_ARRIVAL:
            self._settle(reader, message.index + 1)

    def settle(self, reader: Reader) -> None:
        """Settle what a reader heard that left, or was there at the end, before it heard anything certain.

        It heard what it had to, if it can have.
        """
        messages = self._order.messages
        behind = bisect_right(messages, reader.leaving, key=_first_heard)
        recent = takewhile(lambda message: message.first_heard >= reader.asked, reversed(messages[:behind]))
        last = next((message.index for message in recent if reader.must_hear(message)), -1)
        self._settle(reader, max(reader.position, last + 1))

    def _settle(self, reader: Reader, behind: int) -> None:
        """Take what a reader has heard for the last that it can have been, up to a place in the room's order."""
        assert reader.arrival is not None
        heard: list[Message] = []
        latest = behind
        for message in reversed(reader.arrival):
            equal = self._heard[message.nick, message.text]
            place = bisect_left(equal, latest, key=_index) - 1
            heard.append(equal[place] if place >= 0 and equal[place].first_heard >= reader.asked else message)
            latest = heard[-1].index
        reader.position, reader.arrival = heard[0].index + 1, None
        reader.skipped = {
            *self._order.missed_before(reader, heard[-1]),
            *self._order.messages[latest : reader.position],
        }
        reader.skipped.difference_update(heard)
