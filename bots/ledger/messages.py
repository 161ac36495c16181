"""What was sent in a room: which message is it that a user hears? No I/O.

Where the server gives ids, or every text is said once (a mark at its end sees to that), there is one answer. Without,
equal words of one sender may be any of several messages to a user who came in between them, or whose sender lost the
connection between them. Such a message is counted for that user, but not placed: see `Progress.unplaced`.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import chain
from operator import attrgetter

from bots.ledger.model import IN_FLIGHT_S, Attendance, Message, Words

_index = attrgetter("index")


class SentMessages:
    """All messages of one room: in `order` those that somebody has heard, as they were first heard.

    Of two messages that nobody has heard both, any may stand before the other.
    """

    def __init__(self) -> None:
        self.order: list[Message] = []
        self._sent = 0
        self._unheard: dict[Words, deque[Message]] = defaultdict(deque)
        self._heard: dict[Words, list[Message]] = defaultdict(list)  # each list in the room's order
        self._by_id: dict[str, Message] = {}
        self._losses: dict[str, list[float]] = defaultdict(list)  # when a connection was lost, by the nick, in order

    def send(self, nick: str, text: str, due: float, now: float, sender: str, line: int) -> Message:
        """Note that a message is being sent, and return it."""
        self._sent += 1
        message = Message(nick, text, self._sent, due, now, sender, line)
        unheard = self._unheard[message.words]
        message.is_unsure = bool(unheard) and unheard[-1].is_unsure  # it is one more that a doubted one may be
        unheard.append(message)
        return message

    def lose(self, nick: str, now: float, taken: float) -> float:
        """Note that a user lost the connection; return from when on nobody knows whether what it sent has arrived.

        What was sent before `taken` the server is known to have taken, and so is what was sent before something that
        somebody has heard; but for what was in flight. If nobody has heard that, it is lost. What is heard after this,
        `end_doubts` looks at.
        """
        self._losses[nick].append(now)
        unheard = [one for (sender, _), messages in self._unheard.items() if sender == nick for one in messages]
        if unheard:
            heard = (one for one in reversed(self.order) if one.nick == nick and not (one.is_unsure or one.from_others))
            taken = max(taken, next((one.sent for one in heard), taken))
        since = min(taken, now - IN_FLIGHT_S)
        for message in unheard:
            message.is_uncertain |= message.sent >= since
        return since

    def end_doubts(self) -> None:
        """Take for certain what was sent before something, over the same connection, that was heard after its loss.

        The server has taken that too; but for what was in flight.
        """
        heard: dict[tuple[str, int], float] = {}  # when the last that was heard was sent, by the nick and the loss
        for message in self.order:
            if message.nick in self._losses and not (message.is_unsure or message.from_others):
                loss = message.nick, bisect_right(self._losses[message.nick], message.sent)
                heard[loss] = max(message.sent, heard.get(loss, message.sent))
        for message in self.unheard():
            losses = self._losses.get(message.nick, [])
            number = bisect_right(losses, message.sent)
            if (sent := heard.get((message.nick, number))) is not None and number < len(losses):
                message.is_uncertain &= message.sent >= min(sent, losses[number] - IN_FLIGHT_S)

    def withdraw(self, message: Message) -> None:
        """Note that the server refused a message, or another one with the same words, if this has been heard."""
        unheard = self._unheard.get(message.words)
        if not unheard:
            return
        if message in unheard:
            unheard.remove(message)
        else:
            unheard.popleft()
        if not unheard:
            del self._unheard[message.words]

    def doubt(self, words: Words) -> None:
        """Note that a message with these words, heard next, may be any of those that nobody has heard."""
        for message in self._unheard[words]:
            message.is_unsure = True

    def unheard(self) -> Iterator[Message]:
        """Yield the messages that nobody has heard."""
        for messages in self._unheard.values():
            yield from messages

    def was_sent(self, words: Words) -> bool:
        """Whether anybody sent, or was heard with, these words here."""
        return words in self._unheard or words in self._heard

    def is_awaited(self, words: Words) -> bool:
        """Whether there is a message with these words that nobody has heard yet."""
        return words in self._unheard

    def is_another(self, event_id: str, words: Words) -> bool:
        """Whether a message with other words has this id."""
        message = self._by_id.get(event_id)
        return message is not None and message.words != words

    def called(self, event_id: str) -> Message | None:
        """Return the message with this id, if somebody has heard it."""
        return self._by_id.get(event_id)

    def equal(self, words: Words) -> list[Message]:
        """Return the messages with these words that somebody has heard, in the room's order."""
        return self._heard.get(words, [])

    def with_words(self, words: Words) -> Iterator[Message]:
        """Yield all messages with these words, in the order in which they were sent."""
        return chain(self._heard.get(words, ()), self._unheard.get(words, ()))

    def find(self, reader: Attendance, words: Words, event_id: str) -> Iterator[Message]:
        """Yield the messages that it can be which a user hears now, the one sent first in front."""
        if event_id:
            message = self._by_id.get(event_id)
            if message is not None and message.words == words:
                return iter((message,))
            if message is None or message.from_others:  # a stranger: ours may have come under its nick
                return iter(self._unheard.get(words, ()))
            return iter(())
        return chain(self._not_yet_heard_by(reader, words), self._unheard.get(words, ()))

    def _not_yet_heard_by(self, reader: Attendance, words: Words) -> Iterator[Message]:
        """Yield messages that others have heard, since the user came: those that it skipped, and those ahead of it."""
        equal, progress = self._heard.get(words, []), reader.progress
        if not equal:
            return
        if progress.skipped:
            skipped = (one for one in progress.skipped if one.words == words and one.first_heard >= reader.asked)
            yield from sorted(skipped, key=_index)
        for place in range(bisect_left(equal, progress.position, key=_index), len(equal)):
            if equal[place].first_heard >= reader.asked:
                yield equal[place]

    def put(self, message: Message, index: int, event_id: str, now: float) -> None:
        """Give a message that is heard for the first time its place in the room's order."""
        words = message.words
        if not message.from_others:
            unheard = self._unheard[words]
            unheard.remove(message)
            if not unheard:
                del self._unheard[words]
        if event_id:
            self._by_id[event_id] = message
        message.first_heard, message.id = now, event_id
        self.order.insert(index, message)
        for number in range(index, len(self.order)):
            self.order[number].index = number
        equal = self._heard[words]
        equal.insert(bisect_left(equal, index, key=_index), message)

    def move(self, message: Message, index: int) -> None:
        """Move a message forward to this place in the room's order, past none with the same words."""
        end = message.index
        self.order.insert(index, self.order.pop(end))
        for number in range(index, end + 1):
            self.order[number].index = number

    def may_be_another(self, reader: Attendance, message: Message) -> bool:
        """Whether a user that heard a message may have heard another one with the same words instead."""
        if message.id:
            return False
        equal = self._heard.get(message.words, ())
        return any(reader.may_hear(one) and not reader.has_heard(one) for one in equal if one is not message)

    def is_repeated(self, message: Message) -> bool:
        """Whether it is only known by words that stand more than once in the room's order."""
        return not message.id and len(self._heard[message.words]) > 1

    def is_anything(self, message: Message) -> bool:
        """Whether a message may be any of several, and no id tells: nobody knows how often others said something."""
        return not message.id and (message.is_unsure or (message.from_others and self.is_repeated(message)))
