"""What was sent when, who heard it when, and the verdict on that. No I/O; times come in, in seconds on one clock.

A room's messages form one list, in the order in which they were first heard. A user in step with it is one position
in that list; only what a user heard otherwise is kept for that user. So memory grows with messages, and with users, but
not with the product of both.

Who must hear a message: everyone who was in the room when it was sent, and had not begun to leave when it was first
heard. Those who came or left meanwhile may hear it, or not. Everyone else must not. Where it cannot be known what a
user heard, as with equal words sent while it joined, nobody is accused.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from itertools import takewhile
from typing import Literal

from bots.ledger.findings import Reordering, missing, too_many
from bots.ledger.messages import SentMessages
from bots.ledger.model import Attendance, Fault, Finding, Message, ToldGap, Words, from_others
from bots.ledger.order import RoomOrder
from bots.ledger.share import Lost, Odd, Overheard, Share, digest_of
from bots.ledger.shared_stream import SharedStream
from bots.ledger.timeline import DeliveryTally, Timeline

__all__ = ["Attendance", "Fault", "Finding", "Message", "RoomLedger"]

# Findings that are kept whole; all are counted.
MAX_FINDINGS = 1_000
# Messages of which the bytes are kept in which they came: what goes wrong first nearly always is among the first.
MAX_FRAMES = 100_000
# Without ids, it is not sure for so long after a user has asked to join where in the room's order it came in.
_SETTLES_S = 5.0

# How a user heard something: as what comes next for it in the room's order, after others that stand behind it, or as
# something that has no place there.
Heard = Literal["in place", "late", "apart"]


class RoomLedger:
    """Everything that was sent and heard in one room.

    `cast` holds the nicks that users of the scenario have, or had: what comes under another one is from others, and no
    fault; None where there are no others. `was_sent_elsewhere` says whether words were sent in another room. With a
    `share`, only some of the cast are seen here.
    """

    def __init__(
        self,
        per_sender: bool,
        timeline: Timeline | None = None,
        cast: Container[str] | None = None,
        was_sent_elsewhere: Callable[[Words], bool] = lambda _: False,
        share: Share | None = None,
    ) -> None:
        self.timeline = timeline or Timeline()
        self.readers: list[Attendance] = []
        self.findings: list[Finding] = []
        self.counts: dict[Fault, int] = defaultdict(int)
        self.from_others = 0  # messages that were heard, and that nobody of the scenario sent
        self.share = share
        self._per_sender = per_sender
        self._cast = cast
        self._was_sent_elsewhere = was_sent_elsewhere
        self._sent = SentMessages()
        self.messages = self._sent.order
        self._stream = SharedStream()
        self._tally = DeliveryTally(self.messages, self.timeline)
        self._order = RoomOrder(self._sent, self.readers, self._stream, self._tally)
        self._reordering = Reordering(self._sent, per_sender=per_sender)

    # What happens in the room.

    def say(self, nick: str, text: str, due: float, now: float, sender: str = "", line: int = 0) -> Message:
        """Note that a message is being sent, and return it.

        `sender` is what the scenario calls the user, `line` where it says so.
        """
        self.timeline.say(now)
        if self.share is not None:
            self.share.tell(digest_of((nick, text)), due, now)
        return self._sent.send(nick, text, due, now, sender or nick, line)

    def withdraw(self, message: Message) -> None:
        """Note that the server has refused a message: nobody is to hear it."""
        self._sent.withdraw(message)
        if self.share is not None:
            self.share.untell(digest_of(message.words), message.sent)

    def announce(self, digest: int, due: float, sent: float) -> None:
        """Note when something was due and sent that one of another share said; `digest` stands for its words."""
        assert self.share is not None
        message = self.share.announce(digest, due, sent)
        if message is not None:
            self._tally.count()
            self.timeline.know_due(message)

    def withdraw_elsewhere(self, digest: int, sent: float) -> None:
        """Note that what was announced of another share, sent at about this time, was refused."""
        assert self.share is not None
        self.share.withdraw(digest, sent)

    def enter(self, name: str, now: float) -> Attendance:
        """Note that a user asks to join; `entered` is to be set when that is known to have happened."""
        reader = Attendance(name, asked=now)
        self.take_in(reader)
        return reader

    def take_in(self, reader: Attendance) -> None:
        """Take in a user who has asked to join."""
        reader.in_one_order = not self._per_sender
        self.readers.append(reader)

    def lose(self, nick: str, now: float, taken: float = float("-inf")) -> None:
        """Note that a user lost the connection: nobody knows whether what it has just sent has arrived.

        What it sent before `taken`, the server is known to have taken.
        """
        since = self._sent.lose(nick, now, taken)
        if self.share is not None:
            self.share.lost.append(Lost(nick, now, since))

    # What is heard together with others: the same bytes, which are only compared.

    def follow(self, reader: Attendance, data: bytes, start: int, stop: int, now: float) -> int:
        """Note that the bytes of `data` from `start` to `stop` reached a user; return up to where that was all.

        Up to there they are what others hear at its place; they may end within a line. The rest has to be read line by
        line, from what `unfinished` returns on.
        """
        taken = self._stream.follow(reader, data, start, stop)
        progress = reader.progress
        begin = progress.position
        if taken and begin >= 0:
            end = self._stream.messages_before(reader.stream.place)
            if end > begin:
                progress.position = end
                progress.heard += end - begin
                self._tally.add(begin, end, now, timed=reader.is_timed(self.messages[begin]))
        return start + taken

    def unfinished(self, reader: Attendance) -> bytes:
        """Return the beginning of the line that a user is in, and put the user back before that line."""
        return self._stream.unfinished(reader)

    def part(self, reader: Attendance) -> bytes:
        """Let a user no longer follow the others; return the beginning of the line that it is in."""
        return self._stream.part(reader)

    def notice(self, reader: Attendance, line: bytes) -> None:
        """Note that a user got a line of the room's that is no message; everyone should, but nothing hangs on it.

        Without the line, as it holds more than that, those who get the same after this user have it read too.
        """
        if line:
            self._stream.notice(reader, line)

    # What is heard line by line.

    def hear(
        self,
        reader: Attendance,
        nick: str,
        text: str,
        now: float,
        event_id: str = "",
        line: bytes = b"",
        *,
        is_exact: bool = True,
    ) -> tuple[Heard, Message | None]:
        """Note that a user heard a message, just `now` or, if that `is_exact` not, later; return how, and which one.

        Which one it was is only told if that is sure.
        The server gives an `event_id`, or none; ids tell equal words apart.
        With the `line` that it came in, those who hear the same after this user need not be read: see `follow`.
        """
        if self.share is None:
            how, message = self._hear(reader, (nick, text), now, event_id, line)
            if message is not None and is_exact and not event_id:
                self._note_sure(reader, message)
            return how, message
        before, after = reader.progress.position, self.last_heard(reader)
        is_guessed = not event_id and self._is_settling(reader, now)
        how, message = self._hear(reader, (nick, text), now, event_id, b"" if is_guessed else line)
        if not event_id and message is not None:  # it may have been another one with the same words
            is_guessed |= before not in (-1, message.index)
        if how != "in place" or is_guessed:
            self.share.keep(reader, Odd((nick, text), event_id, now, after, line), message)
        return how, message

    def _hear(
        self, reader: Attendance, words: Words, now: float, event_id: str, line: bytes
    ) -> tuple[Heard, Message | None]:
        """Note that a user heard a message; return how, and which one, if that is sure."""
        message = self._next(reader, words, event_id) or self._find(reader, words, event_id, now, line)
        if isinstance(message, str):
            self._find_fault(message, words, reader, now, line=line, event_id=event_id)
            return "apart", None
        reader.progress.heard += 1
        if message is None:
            reader.progress.unplaced[words] += 1
            self._stream.part(reader)  # as long as it may be anywhere
            self.timeline.hear_unplaced(now)
            return "apart", None
        self.timeline.hear((message,), now, timed=reader.is_timed(message))
        if not message.frame and message.index < MAX_FRAMES:
            message.frame = line
        if message in reader.progress.skipped:
            reader.progress.skipped.discard(message)
            self._reordering.hear_late(reader, message, now)
            return "late", message
        placed = self._order.take_past(reader, message)
        if placed and self.share is not None:  # each is kept as something odd
            self.share.out_of_place[reader].update(placed)
        if line:
            self._stream.hear(reader, message.index, line)
        else:
            self._stream.part(reader)  # it is past what the stream says of it
        return "in place", message

    def _note_sure(self, reader: Attendance, message: Message) -> None:
        """Note that a user heard what it need not have, if nothing else with these words is left that it could be."""
        if not (message.from_others or reader.must_hear(message) or any(self._sent.find(reader, message.words, ""))):
            reader.progress.sure.add(message)

    def _is_settling(self, reader: Attendance, now: float) -> bool:
        """Whether it may not be known yet where a user came in, for others talked just then."""
        if reader.progress.unplaced or (reader.progress.position < 0 and now < reader.entered):
            return True
        if now > reader.asked + _SETTLES_S:
            return False
        behind = bisect_left(self.messages, reader.entered, key=lambda one: one.first_heard)
        return behind > 0 and self.messages[behind - 1].first_heard > reader.asked - _SETTLES_S

    def overhear(self, name: str, nick: str, text: str, now: float, line: bytes = b"") -> None:
        """Note that a user heard a message of this room without being in it."""
        if self.share is not None:
            self.share.overheard.append(Overheard(name, (nick, text), now, line))
        was_sent = self._sent.was_sent((nick, text)) or self._is_other(nick)
        stranger = Attendance(name, now, left=now)
        self._find_fault("leaked" if was_sent else "corrupt", (nick, text), stranger, now, line=line)

    def _next(self, reader: Attendance, words: Words, event_id: str) -> Message | None:
        """Return the message that comes next for a user, if this is it, as it nearly always is."""
        progress = reader.progress
        if 0 <= progress.position < len(self.messages) and words not in progress.unplaced:
            message = self.messages[progress.position]
            is_it = (message.nick, message.text) == words and message.id == event_id
            if is_it and message.first_heard >= reader.asked:
                return message
        return None

    def _find(self, reader: Attendance, words: Words, event_id: str, now: float, line: bytes) -> Message | Fault | None:
        """Return which message a user heard, what is wrong with it, or None where it may be any of several."""
        candidates = self._sent.find(reader, words, event_id)
        message = next(candidates, None)
        if message is None:
            if self._sent.is_another(event_id, words):
                return "corrupt"
            if not self._is_other(words[0]):
                return self._judge_stray(reader, words)
            message = from_others(*words)
            if self.share is None or self._is_outside(words[0]):
                self.from_others += 1
            else:
                self.share.hear_first(message)
        elif self._is_any_of_several(reader, message, candidates):
            if not event_id:
                return None
            self._sent.doubt(words)
        if message.index < 0:
            self._order.put(message, reader, event_id, now, line)
            if self.share is not None:
                self.share.first[message] = reader
        elif reader.has_heard(message):
            return "duplicate"
        return message if reader.may_hear(message) else "leaked"

    def _is_other(self, nick: str) -> bool:
        """Whether nobody here has this nick, or had it."""
        return self._is_outside(nick) or (self.share is not None and nick not in self.share.ours)

    def _is_outside(self, nick: str) -> bool:
        """Whether nobody of the scenario has this nick, or had it."""
        return self._cast is not None and nick not in self._cast

    def _is_any_of_several(self, reader: Attendance, first: Message, others: Iterator[Message]) -> bool:
        """Whether a user may have heard the first of several messages with the same words, or not."""
        if first.words in reader.progress.unplaced:
            return True
        must_hear = reader.must_hear_unheard(first) if first.index < 0 else reader.must_hear(first)
        return not must_hear and next(others, None) is not None

    def _judge_stray(self, reader: Attendance, words: Words) -> Fault:
        """Return what is wrong when a user hears words and no message is left that they could be."""
        equal = self._sent.equal(words)
        if not equal:
            return "leaked" if self._was_sent_elsewhere(words) else "corrupt"
        recent = takewhile(lambda message: message.first_heard >= reader.asked, reversed(equal))
        return "duplicate" if any(reader.has_heard(message) for message in recent) else "leaked"

    def add_like(self, leader: Attendance, reader: Attendance) -> None:
        """Add a user that heard exactly what another one heard, who was there all the while too."""
        one, other = reader.progress, leader.progress
        one.heard, one.position, one.first = other.heard, other.position, other.first
        one.skipped = set(other.skipped)
        one.sometime, one.unplaced = set(other.sometime), other.unplaced.copy()
        self.take_in(reader)
        self._reordering.hear_like(leader, reader)
        for finding in [one for one in self.findings if one.reader is leader]:
            self.counts[finding.fault] += 1
            if len(self.findings) < MAX_FINDINGS:
                self.findings.append(finding._replace(reader=reader))

    def tell_gap(self, reader: Attendance, first: str, last: str, now: float) -> None:
        """Note that the server has told a user that something is missing, from one id to another, if it gives ids."""
        heard = self.last_heard(reader)
        reader.gaps.append(ToldGap(first, last, reader.asked if heard is None else heard.sent, now))

    # What can be told of it.

    def unheard(self) -> Iterator[Message]:
        """Return the messages that nobody has heard, one by one."""
        return self._sent.unheard()

    def was_sent(self, words: Words) -> bool:
        """Whether somebody of the scenario, or from outside, said these words here."""
        return self._sent.was_sent(words)

    def like(self, words: Words, event_id: str = "") -> Iterator[Message]:
        """Yield the messages that somebody heard with these words, or with this id."""
        yield from self._sent.equal(words)
        if (other := self._sent.called(event_id)) is not None:
            yield other

    def heard(self, reader: Attendance, begin: int) -> Iterator[Message]:
        """Yield what a user has heard of the room's order from this place on."""
        for message in self.messages[begin : max(reader.progress.position, 0)]:
            if message not in reader.progress.skipped:
                yield message

    def last_heard(self, reader: Attendance) -> Message | None:
        """Return the last message that a user heard in its place; None when there is none."""
        position = reader.progress.position
        return self.messages[position - 1] if position > 0 else None

    def count_all(self) -> None:
        """Count in the timeline all that was heard until now."""
        self._tally.count()

    def close(self, until: float = float("inf")) -> None:
        """Find what is missing, and who heard in another order than the others: nothing more is coming.

        What was sent after `until` may still have been on its way: it is not missing.
        """
        self._tally.count()
        self._sent.end_doubts()
        self._judge_again()
        for message, reader, at, after in self._reordering.find(self.readers):
            self._find_fault("reordered", message.words, reader, at, message, after=after)
        for reader, message in missing(self._sent, self.readers):
            if message.sent <= until:
                at = message.sent if message.index < 0 else message.first_heard
                fault: Fault = "gap" if reader.was_told_of(message) else "missing"
                self._find_fault(fault, message.words, reader, at, message)
        for reader, message in too_many(self._sent, self.readers):
            self._find_fault("duplicate", message.words, reader, max(message.sent, message.first_heard), message)

    def _find_fault(
        self,
        fault: Fault,
        words: Words,
        reader: Attendance,
        now: float,
        message: Message | None = None,
        line: bytes = b"",
        event_id: str = "",
        after: Message | None = None,
    ) -> None:
        self.counts[fault] += 1
        if len(self.findings) < MAX_FINDINGS:
            after = after or (self.last_heard(reader) if message is None else self._before(message))
            self.findings.append(Finding(fault, *words, reader, now, after, message, line, event_id))

    def _judge_again(self) -> None:
        """Call corrupt what came under the id of something else, which others may have heard only later."""
        for number, one in enumerate(self.findings):
            if one.id and self._sent.is_another(one.id, (one.nick, one.text)):
                self.counts[one.fault] -= 1
                self.counts["corrupt"] += 1
                self.findings[number] = one._replace(fault="corrupt")

    def _before(self, message: Message) -> Message | None:
        """Return the message that stands, or would stand, before one in the room's order."""
        index = message.index
        if index < 0:
            index = bisect_left(self.messages, message.sent, key=lambda one: one.first_heard)
        return self.messages[index - 1] if index > 0 else None
