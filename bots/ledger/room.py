"""What was said when, who heard it when, and the verdict on that. No I/O; times come in, in seconds on one clock.

A room's messages form one list, in the order in which they were first heard. A reader in step with it is one position
in that list; only what a reader heard otherwise is kept for that reader. So memory grows with messages, and with
readers, but not with the product of both.

Who must hear a message: everyone who was in the room when it was sent, and had not begun to leave when it was first
heard. Those who came or left meanwhile may hear it, or not. Everyone else must not. Where it cannot be known what a
reader heard, as with equal words said while it came in, it is not accused.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter

from bots.ledger.messages import Spoken
from bots.ledger.missing import missed, missed_by_all
from bots.ledger.model import Finding, Message, Reader, Verdict
from bots.ledger.order import Order
from bots.ledger.reordering import Reordering
from bots.ledger.shared_stream import Unison
from bots.ledger.tally import Runs
from bots.ledger.timeline import Timeline

__all__ = ["Finding", "Message", "Reader", "RoomLedger", "Verdict"]

# Findings that are kept whole; all are counted.
MAX_FINDINGS = 1_000

_first_heard = attrgetter("first_heard")


class RoomLedger:
    """Everything that was said and heard in one room."""

    def __init__(self, per_sender: bool, timeline: Timeline | None = None) -> None:
        self.timeline = timeline or Timeline()
        self.readers: list[Reader] = []
        self.findings: list[Finding] = []
        self.counts: dict[Verdict, int] = defaultdict(int)
        self._order = Order()
        self.messages = self._order.messages
        self._unison = Unison()
        self._runs = Runs(self.messages, self.timeline)
        self._spoken = Spoken(self._order)
        self._reordering = Reordering(self.messages, self._spoken, per_sender=per_sender)

    # What happens in the room.

    def say(self, nick: str, text: str, due: float, now: float) -> None:
        """Note that a message is being sent."""
        self.timeline.say(now)
        self._spoken.say(nick, text, due, now)

    def enter(self, name: str, now: float) -> Reader:
        """Note that a user asks to come in; `entered` is set on the reader when that is known to have happened."""
        reader = Reader(name, asked=now)
        self.readers.append(reader)
        return reader

    def lose(self, nick: str) -> None:
        """Note that a user lost the connection: nobody knows whether what it has just said has arrived."""
        self._spoken.lose(nick)

    # What is heard together with others: the same bytes, which are only compared.

    def follow(self, reader: Reader, data: bytes, now: float) -> bool:
        """Note that these bytes reached a reader, if they are what others hear at its place; return whether they are.

        They may end within a line. Otherwise the reader has to be read line by line, from `unfinished` on.
        """
        begin = reader.position
        end = self._unison.follow(reader, data)
        if end < 0:
            return False
        if 0 <= begin < end:
            reader.position = end
            reader.heard += end - begin
            self._runs.add(begin, end, now, is_timed=reader.is_timed(self.messages[begin]))
        return True

    def unfinished(self, reader: Reader) -> bytes:
        """Return the beginning of the line that a reader is in, and put it back before that line."""
        return self._unison.unfinished(reader)

    def part(self, reader: Reader) -> bytes:
        """Let a reader no longer follow the others; return the beginning of the line that it is in."""
        return self._unison.part(reader)

    def notice(self, reader: Reader, line: bytes) -> None:
        """Note that a reader got a line of the room's that is no message; everyone should, but nothing hangs on it."""
        self._unison.notice(reader, line)

    # What is heard line by line.

    def hear(self, reader: Reader, nick: str, text: str, now: float, event_id: str = "", line: bytes = b"") -> None:
        """Note that a reader heard a message; `event_id` where the server gives ids, which tell equal words apart.

        With the `line` that it came in, those who hear the same after this reader need not be read: see `follow`.
        """
        message = self._next(reader, nick, text, event_id) or self._find(reader, nick, text, now, event_id)
        if isinstance(message, str):
            self._find_fault(message, nick, text, reader, now)
            return
        reader.heard += 1
        self.timeline.hear(now, now - message.due if reader.is_timed(message) else None)
        self._move(reader, message, now)
        if line and reader.arrival is None and message.index + 1 == reader.position:
            self._unison.hear(reader, message.index, line)

    def _next(self, reader: Reader, nick: str, text: str, event_id: str) -> Message | None:
        """Return the message that comes next for a reader, if this is it, as it nearly always is."""
        if 0 <= reader.position < len(self.messages):
            message = self.messages[reader.position]
            if message.nick == nick and message.text == text and message.id == event_id:
                return message
        return None

    def _find(self, reader: Reader, nick: str, text: str, now: float, event_id: str) -> Message | Verdict:
        """Return which message a reader heard, or what is wrong with it."""
        message = self._spoken.find(reader, nick, text, event_id)
        if message is None and (message := self._spoken.take(reader, nick, text, event_id, now)) is not None:
            self._place(message, reader)
        if message is None:
            return self._spoken.judge_stray(reader, nick, text)
        if (message.nick, message.text) != (nick, text):
            return "corrupt"
        if reader.has_heard(message):
            return "duplicate"
        return message if reader.may_hear(message) else "leaked"

    def _place(self, message: Message, reader: Reader) -> None:
        """Put a message that a reader is the first to hear into the room's order."""
        index = self._order.place_for(message, reader)
        if index < len(self.messages):  # those who are further on have not heard it there
            self._runs.count()
            self._unison.restart(len(self.messages) + 1)
            for other in self.readers:
                if other.position > index:
                    other.position += 1
                    other.skipped.add(message)
        self._order.insert(message, index)
        self._spoken.note_heard(message)

    def _move(self, reader: Reader, message: Message, now: float) -> None:
        """Move a reader past a message that it has heard."""
        if message in reader.skipped:
            reader.skipped.discard(message)
            if reader.arrival is not None:
                reader.arrival = None
                self._unison.part(reader)
            self._reordering.hear_late(reader, message, now)
            return
        if reader.position < 0:
            reader.skipped.update(self._order.missed_before(reader, message))
        elif reader.position < message.index:
            reader.skipped.update(self.messages[reader.position : message.index])
        reader.position = message.index + 1
        if reader.arrival is not None:
            self._spoken.arrive(reader, message)

    # What can be told of it.

    def unheard(self) -> Iterator[Message]:
        """Return the messages that nobody has heard, one by one."""
        return self._spoken.unheard()

    def last_id(self, reader: Reader) -> str:
        """Return the id of the last message that a reader heard in its place; empty when there is none."""
        return self.messages[reader.position - 1].id if reader.position > 0 else ""

    def close(self, until: float = float("inf")) -> None:
        """Find what is missing, and who heard in another order than the others: nothing more is coming.

        What was said after `until` may still have been on its way: it is not missing.
        """
        self._runs.count()
        for reader in self.readers:
            if reader.arrival:
                self._spoken.settle(reader)
        for message, reader, at in self._reordering.find(self.readers):
            self._find_fault("reordered", message.nick, message.text, reader, at, message.index - 1)
        for reader, message in missed(self.messages, self.readers):
            if message.sent <= until:
                self._find_fault("missing", message.nick, message.text, reader, message.first_heard, message.index - 1)
        for reader, message in missed_by_all(self._spoken.lost(), self.readers):
            if message.sent <= until:
                before = bisect_left(self.messages, message.sent, key=_first_heard) - 1
                self._find_fault("missing", message.nick, message.text, reader, message.sent, before)

    def _find_fault(
        self, verdict: Verdict, nick: str, text: str, reader: Reader, now: float, after: int | None = None
    ) -> None:
        self.counts[verdict] += 1
        if len(self.findings) < MAX_FINDINGS:
            place = reader.position - 1 if after is None else after
            message = self.messages[place] if 0 <= place < len(self.messages) else None
            self.findings.append(Finding(verdict, nick, text, reader, now, message))
