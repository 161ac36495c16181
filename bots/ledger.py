"""Who said what when, who heard what when, and the verdict on it. No I/O; times come in, in seconds on one clock.

A room's messages form one list, in the order in which they were first heard. A reader in step with it is one position
in that list; only what a reader heard otherwise is kept for that reader. So memory grows with messages, and with
readers, but not with the product of both.

Who must hear a message: everyone who was in the room when it was sent, and had not begun to leave when it was first
heard. Who came or left meanwhile may hear it, or not. Everyone else must not.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from operator import attrgetter
from typing import Literal, NamedTuple

from bots.timeline import Timeline
from bots.unison import Unison

Verdict = Literal["missing", "duplicate", "reordered", "corrupt", "leaked"]
# Further back than this, a message that is new is not put into a room's order: it is taken for a late one.
_MAX_SHIFT = 1_000
# Findings that are kept whole; all are counted.
MAX_FINDINGS = 1_000
# What was first heard so shortly before a connection was dropped may have been on its way there.
_IN_FLIGHT_S = 1.0
# Times of deliveries that are counted together are exact to this, and never earlier than they were.
_TICK_S = 250e-6


@dataclass(slots=True, eq=False)
class Message:
    """One message: what was said by whom, when it was due and sent, and when anyone first heard it."""

    nick: str
    text: str
    number: int  # in the order in which all in the room was said
    due: float
    sent: float
    first_heard: float = float("inf")
    index: int = -1  # in the room's list; -1 until it is heard
    id: str = ""  # where the server gives ids
    overtaken: bool = False  # whether it came, to everyone, after something that its sender said later
    uncertain: bool = False  # whether the sender lost the connection before it was heard: it may never have arrived


_index = attrgetter("index")
_first_heard = attrgetter("first_heard")


@dataclass(slots=True, eq=False)
class Reader:
    """One stay of one user in a room.

    From `asked` it may hear, from `entered` on it must; from `leaving` on it need not, after `left` it must not.
    """

    name: str
    asked: float
    entered: float = float("inf")
    leaving: float = float("inf")
    left: float = float("inf")
    timed: bool = True  # False once the user has read slowly on purpose: then lateness is its own doing
    back: float = 0.0  # when it came back from a lost connection: what was said before that is late for this
    dropped: bool = False  # whether it left by dropping the connection: nobody knows what had arrived there
    heard: int = 0
    position: int = -1  # of the next message in the room's list; -1 until the first is heard
    place: int = -1  # in the room's bytes, while it hears what the others hear; -1 while it does not
    unread: bytes = b""  # the beginning of a line that it was in when its place was lost
    skipped: set[Message] = field(default_factory=set)  # those before the position that were not heard

    def must_hear(self, message: Message) -> bool:
        """Whether the message has to reach this reader."""
        lost = _IN_FLIGHT_S if self.dropped and message.index >= self.position else 0.0
        return self.entered <= message.sent and message.first_heard <= self.leaving - lost

    def may_hear(self, message: Message) -> bool:
        """Whether it is right that the message reaches this reader."""
        return self.asked <= message.first_heard and message.sent <= self.left


class Finding(NamedTuple):
    """Something that went wrong between one message and one reader, at about the time `at`.

    `after` is the message before it in the room's order, or the one that the reader had heard last.
    """

    verdict: Verdict
    nick: str
    text: str
    reader: Reader
    at: float
    after: Message | None


class Late(NamedTuple):
    """When a reader heard a message, and which it had heard before though that stands behind it, at the farthest."""

    at: float
    after: Message


class RoomLedger:
    """All that was said and heard in one room."""

    def __init__(self, per_sender: bool, timeline: Timeline | None = None) -> None:
        self.messages: list[Message] = []
        self.readers: list[Reader] = []
        self.timeline = timeline or Timeline()
        self.findings: list[Finding] = []
        self.counts: dict[Verdict, int] = defaultdict(int)
        self._per_sender = per_sender
        self._late: dict[Message, dict[Reader, Late]] = {}  # who heard it after others that stand behind it
        self._said = 0
        self._newest: dict[str, Message] = {}  # of each sender, in the room's order
        self._unison = Unison()
        self._tick = 0  # of the runs
        # In this tick, with lateness counted or not: how many more readers heard the message than the one before it.
        self._runs: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
        self._unheard: dict[tuple[str, str], deque[Message]] = defaultdict(deque)
        self._by_id: dict[str, Message] = {}
        self._heard: dict[tuple[str, str], list[Message]] = defaultdict(list)

    def say(self, nick: str, text: str, due: float, now: float) -> None:
        """Note that a message is being sent."""
        self._said += 1
        self.timeline.say(now)
        self._unheard[nick, text].append(Message(nick, text, self._said, due, now))

    def enter(self, name: str, now: float) -> Reader:
        """Note that a user asks to come in; `entered` is set on the reader when that is known to have happened."""
        reader = Reader(name, asked=now)
        self.readers.append(reader)
        return reader

    def lose(self, nick: str) -> None:
        """Note that a user lost the connection: nobody knows whether what it has just said has arrived."""
        for (sender, _), messages in self._unheard.items():
            if sender == nick:
                for message in messages:
                    message.uncertain = True

    def follow(self, reader: Reader, data: bytes, now: float) -> bool:
        """Note that these bytes reached a reader, if they are what others hear at its place; return whether they are.

        They may end within a line. Otherwise the reader has to be read line by line, from `unfinished` on.
        """
        unison, begin = self._unison, reader.position
        if not unison.matches(reader.place, data):
            return False
        end = unison.messages_before(reader.place + len(data))
        if begin < 0 and end != unison.messages_before(reader.place):
            return False  # the first message that a reader hears says what it has missed
        reader.place += len(data)
        if 0 <= begin < end:
            reader.position = end
            self._deliver_run(reader, begin, end, now)
        return True

    def unfinished(self, reader: Reader) -> bytes:
        """Return the beginning of the line that a reader is in, and put it back before that line."""
        unread, reader.unread = reader.unread, b""
        if not unread and reader.place >= 0:
            unread = self._unison.unfinished(reader.place)
            reader.place -= len(unread)
        return unread

    def notice(self, reader: Reader, line: bytes) -> None:
        """Note that a reader got a line of the room's that is no message; everyone should, but nothing hangs on it."""
        unison = self._unison
        behind = unison.find_notice(reader.place, line)
        if behind < 0 and (reader.place == unison.end or unison.is_empty):  # a newcomer may be ahead of the others
            behind = unison.append(line, is_message=False)
        if behind >= 0 and reader.position in (-1, unison.messages_before(behind)):
            reader.place = behind

    def hear(self, reader: Reader, nick: str, text: str, now: float, event_id: str = "", line: bytes = b"") -> None:
        """Note that a reader heard a message; `event_id` where the server gives ids, which tell equal words apart.

        With the `line` that it came in, those who hear the same after this reader need not be read: see `follow`.
        """
        message = self._hear(reader, nick, text, now, event_id)
        if message is None or message.index + 1 != reader.position or not line:
            return
        if message.index > self._unison.next_message:
            self._restart(message.index)
        if message.index == self._unison.next_message:
            reader.place = self._unison.append(line, is_message=True)
            self._drop_surplus()
        else:
            reader.place = self._unison.behind(message.index)

    def _hear(self, reader: Reader, nick: str, text: str, now: float, event_id: str) -> Message | None:
        """Return which message a reader heard; None if it was none that it should hear."""
        if 0 <= reader.position < len(self.messages):  # in step, as nearly always
            message = self.messages[reader.position]
            if message.nick == nick and message.text == text and message.id == event_id:
                reader.position += 1
                self._deliver(reader, message, now)
                return message
        known = self._by_id.get(event_id) if event_id else None
        if known is not None and known.text == text and self._has_heard(reader, known):
            self._find_fault("duplicate", nick, text, reader, now)
            return None
        found = known if known is not None else self._find(reader, nick, text, now, event_id)
        if found is None or found.text != text:
            seen = (nick, text) in self._heard
            self._find_fault("duplicate" if seen else "corrupt", nick, text, reader, now)
            return None
        message = found
        if not reader.may_hear(message):
            self._find_fault("leaked", nick, text, reader, now)
            return None
        self._deliver(reader, message, now)
        if message in reader.skipped:
            reader.skipped.discard(message)
            if not self._per_sender or self._overtaken(reader, message):
                self._late.setdefault(message, {})[reader] = Late(now, self.messages[reader.position - 1])
            return message
        if reader.position < 0:
            reader.skipped.update(self._missed_before(reader, message))
        else:
            reader.skipped.update(self.messages[reader.position : message.index])
        reader.position = message.index + 1
        return message

    def unheard(self) -> Iterator[Message]:
        """Yield the messages that nobody has heard."""
        for messages in self._unheard.values():
            yield from messages

    def last_id(self, reader: Reader) -> str:
        """Return the id of the last message that a reader heard in its place; empty when there is none."""
        return self.messages[reader.position - 1].id if reader.position > 0 else ""

    def close(self, until: float = float("inf")) -> None:
        """Find what is missing, and who heard in another order than the others: nothing more is coming.

        What was said after `until` may still have been on its way: it is not missing.
        """
        self._count_runs()
        for message in self.messages:
            if message.overtaken or message in self._late:
                self._close_reordered(message, self._late.get(message, {}))
        for reader in self.readers:
            unheard = self.messages[max(reader.position, 0) :]
            for message in sorted([*reader.skipped, *unheard], key=lambda message: message.index):
                if reader.must_hear(message) and message.sent <= until:
                    self._find_missing(message, reader, message.first_heard)
        for message in self.unheard():
            for reader in self.readers:
                was_there = reader.entered <= message.sent < reader.leaving
                if was_there and not message.uncertain and message.sent <= until:
                    self._find_missing(message, reader, message.sent)

    def _close_reordered(self, message: Message, late: dict[Reader, Late]) -> None:
        """Find who heard a message out of order: all, or those who heard it otherwise than most did.

        Who missed a message has heard it in no order: where nobody heard two the other way round, the order kept here
        is only one of those that may have been, and nobody is at fault.
        """
        in_step = [reader for reader in self.readers if self._is_in_step(reader, message, late)]
        times = {reader: heard.at for reader, heard in late.items()}
        if message.overtaken:
            odd = dict.fromkeys(in_step, message.first_heard) | times
        else:
            ahead = self._heard_ahead(message, late)
            against = [reader for reader in in_step if any(self._was_heard(reader, one) for one in ahead)]
            odd = times if len(late) <= len(against) else dict.fromkeys(against, message.first_heard)
        for reader, heard in odd.items():
            self._find_fault("reordered", message.nick, message.text, reader, heard, message.index - 1)

    def _deliver(self, reader: Reader, message: Message, now: float) -> None:
        reader.heard += 1
        is_timed = reader.timed and message.sent >= reader.back
        self.timeline.hear(now, now - message.due if is_timed else None)

    def _deliver_run(self, reader: Reader, begin: int, end: int, now: float) -> None:
        """Note that a reader heard several messages of the room's order at once.

        Many readers hear the same ones in the same tick: their times are counted together, as of the end of the tick.
        """
        reader.heard += end - begin
        tick = int(now / _TICK_S) + 1
        if tick != self._tick:
            self._count_runs()
            self._tick = tick
        runs = self._runs[reader.timed and self.messages[begin].sent >= reader.back]
        runs[begin] += 1
        runs[end] -= 1

    def _count_runs(self) -> None:
        now = self._tick * _TICK_S
        for timed, runs in self._runs.items():
            readers = 0
            for begin, end in pairwise(sorted(runs)):
                readers += runs[begin]
                for message in self.messages[begin:end] if readers else ():
                    self.timeline.hear(now, now - message.due if timed else None, readers)
            runs.clear()

    def _drop_surplus(self) -> None:
        place = self._unison.surplus
        if place > self._unison.begin:
            self._lose_places(place)
            self._unison.drop(place)

    def _restart(self, next_message: int) -> None:
        """Begin to keep the room's bytes anew: its order has changed, or was not heard in one piece."""
        self._lose_places(self._unison.end + 1)
        self._unison.restart(next_message)

    def _lose_places(self, before: int) -> None:
        for reader in self.readers:
            if 0 <= reader.place < before:
                reader.unread = self._unison.unfinished(reader.place)
                reader.place = -1

    def _has_heard(self, reader: Reader, message: Message) -> bool:
        return message.index < reader.position and message not in reader.skipped and message.first_heard >= reader.asked

    def _find(self, reader: Reader, nick: str, text: str, now: float, event_id: str) -> Message | None:
        """Return which message this must be: of those that the reader has not heard, the next one first."""
        if not event_id and (heard := self._heard.get((nick, text))):
            if reader.position < 0:  # of equal ones around its entrance, one that it must hear
                recent = takewhile(lambda message: message.first_heard >= reader.asked, reversed(heard))
                due = sorted(recent, key=lambda message: (not reader.must_hear(message), message.index))
            else:
                due = heard[bisect_left(heard, reader.position, key=_index) :][:1]
                due = due or sorted((one for one in reader.skipped if (one.nick, one.text) == (nick, text)), key=_index)
            if due:
                return due[0]
        unheard = self._unheard.get((nick, text))
        if not unheard:
            return None
        message = unheard.popleft()
        if not unheard:
            del self._unheard[nick, text]
        message.first_heard, message.id = now, event_id
        self._place(message, reader.position if reader.position >= 0 else len(self.messages))
        if event_id:
            self._by_id[event_id] = message
        insort(self._heard[nick, text], message, key=_index)
        return message

    def _place(self, message: Message, index: int) -> None:
        """Put a message that is heard for the first time into the room's order, at `index` or behind it.

        Nearly always that is the end. Where others have heard more than its reader, those or this one have missed
        something: most likely the order is that in which all was said.
        """
        while index < len(self.messages) and self.messages[index].number < message.number:
            index += 1
        if len(self.messages) - index > _MAX_SHIFT:
            index = len(self.messages)
        if index < len(self.messages):
            self._count_runs()
            self._restart(len(self.messages) + 1)
            for reader in self.readers:
                if reader.position > index:
                    reader.position += 1
                    reader.skipped.add(message)
        message.overtaken = self._is_overtaken(message, index)
        self.messages.insert(index, message)
        for number in range(index, len(self.messages)):
            self.messages[number].index = number

    def _is_overtaken(self, message: Message, index: int) -> bool:
        """Whether something that its sender said later stands before it in the room's order."""
        newest = self._newest.get(message.nick)
        if newest is not None and newest.index >= index:
            earlier = (one for one in reversed(self.messages[:index]) if one.nick == message.nick)
            newest = next(earlier, None)
        else:
            self._newest[message.nick] = message
        return newest is not None and newest.number > message.number and not message.uncertain

    def _missed_before(self, reader: Reader, first: Message) -> Iterator[Message]:
        """Yield what a reader must have heard before the first message that it did hear."""
        for index in range(first.index - 1, -1, -1):
            message = self.messages[index]
            if message.first_heard < reader.asked:
                return
            if message.sent >= reader.entered:
                yield message

    def _was_heard(self, reader: Reader, message: Message) -> bool:
        return message.index < reader.position and message not in reader.skipped

    def _overtaken(self, reader: Reader, late: Message) -> bool:
        """Whether a reader heard a later message of the same sender before this one."""
        later = self.messages[late.index + 1 : reader.position]
        return any(message.nick == late.nick and message not in reader.skipped for message in later)

    def _heard_ahead(self, message: Message, late: dict[Reader, Late]) -> list[Message]:
        """Return what most of those who heard a message late had heard before it, and stands behind it."""
        most = Counter(heard.after for heard in late.values()).most_common(1)[0][0]
        one = next(reader for reader, heard in late.items() if heard.after is most)
        between = self.messages[message.index + 1 : most.index + 1]
        return [other for other in between if other not in one.skipped and one not in self._late.get(other, {})]

    def _is_in_step(self, reader: Reader, message: Message, late: dict[Reader, Late]) -> bool:
        """Whether a reader heard a message in its place in the room's order."""
        if reader in late or message in reader.skipped or reader.position <= message.index:
            return False
        return reader.must_hear(message)

    def _find_missing(self, message: Message, reader: Reader, at: float) -> None:
        before = message.index if message.index >= 0 else bisect_left(self.messages, at, key=_first_heard)
        self._find_fault("missing", message.nick, message.text, reader, at, before - 1)

    def _find_fault(
        self, verdict: Verdict, nick: str, text: str, reader: Reader, now: float, after: int | None = None
    ) -> None:
        self.counts[verdict] += 1
        if len(self.findings) < MAX_FINDINGS:
            place = reader.position - 1 if after is None else after
            message = self.messages[place] if 0 <= place < len(self.messages) else None
            self.findings.append(Finding(verdict, nick, text, reader, now, message))
