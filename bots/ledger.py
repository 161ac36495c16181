"""Who said what when, who heard what when, and the verdict on it. No I/O; times come in, in seconds on one clock.

A room's messages form one list, in the order in which they were first heard. A reader in step with it is one position
in that list; only what a reader heard otherwise is kept for that reader. So memory grows with messages, and with
readers, but not with the product of both.

Who must hear a message: everyone who was in the room when it was sent, and had not begun to leave when it was first
heard. Who came or left meanwhile may hear it, or not. Everyone else must not.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bots.histogram import Histogram

Verdict = Literal["missing", "duplicate", "reordered", "corrupt", "leaked"]
# Findings that are kept whole; all are counted.
MAX_FINDINGS = 1_000


@dataclass(slots=True, eq=False)
class Message:
    """One message: what was said by whom, when it was due and sent, and when anyone first heard it."""

    nick: str
    text: str
    due: float
    sent: float
    first_heard: float = float("inf")
    index: int = -1  # in the room's list; -1 until it is heard


class Finding(NamedTuple):
    """Something that went wrong between one message and one reader."""

    verdict: Verdict
    nick: str
    text: str
    reader: str
    at: float


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
    heard: int = 0
    position: int = -1  # of the next message in the room's list; -1 until the first is heard
    skipped: set[int] = field(default_factory=set)  # those before the position that were not heard

    def must_hear(self, message: Message) -> bool:
        """Whether the message has to reach this reader."""
        return self.entered <= message.sent and message.first_heard <= self.leaving

    def may_hear(self, message: Message) -> bool:
        """Whether it is right that the message reaches this reader."""
        return self.asked <= message.first_heard and message.sent <= self.left


class RoomLedger:
    """All that was said and heard in one room."""

    def __init__(self, per_sender: bool) -> None:
        self.messages: list[Message] = []
        self.readers: list[Reader] = []
        self.sent = self.delivered = 0
        self.latency = Histogram()
        self.findings: list[Finding] = []
        self.counts: dict[Verdict, int] = defaultdict(int)
        self._per_sender = per_sender
        self._late: dict[int, dict[Reader, float]] = {}  # place to who heard that one after later ones, and when
        self._unheard: dict[tuple[str, str], deque[Message]] = defaultdict(deque)
        self._places: dict[tuple[str, str], list[int]] = defaultdict(list)

    def say(self, nick: str, text: str, due: float, now: float) -> None:
        """Note that a message is being sent."""
        self.sent += 1
        self._unheard[nick, text].append(Message(nick, text, due, now))

    def enter(self, name: str, now: float) -> Reader:
        """Note that a user asks to come in; `entered` is set on the reader when that is known to have happened."""
        reader = Reader(name, asked=now)
        self.readers.append(reader)
        return reader

    def hear(self, reader: Reader, nick: str, text: str, now: float) -> None:
        """Note that a reader heard a message."""
        if 0 <= reader.position < len(self.messages):  # in step, as nearly always
            message = self.messages[reader.position]
            if message.nick == nick and message.text == text:
                reader.position += 1
                self._deliver(reader, message, now)
                return
        index = self._find(reader, nick, text, now)
        if index is None:
            seen = self._places.get((nick, text))
            self._find_fault("duplicate" if seen else "corrupt", nick, text, reader, now)
            return
        message = self.messages[index]
        if not reader.may_hear(message):
            self._find_fault("leaked", nick, text, reader, now)
            return
        self._deliver(reader, message, now)
        if index >= reader.position >= 0:
            reader.skipped.update(range(reader.position, index))
            reader.position = index + 1
        elif reader.position < 0:
            reader.skipped.update(self._missed_before(reader, index))
            reader.position = index + 1
        else:
            reader.skipped.discard(index)
            if not self._per_sender or self._overtaken(reader, message):
                self._late.setdefault(index, {})[reader] = now

    def close(self, now: float) -> None:
        """Nothing more is coming: find what is missing, and who heard in another order than the others."""
        for index, late in self._late.items():
            message = self.messages[index]
            in_step = [reader for reader in self.readers if reader.position > index and reader not in late]
            in_step = [reader for reader in in_step if index not in reader.skipped and reader.must_hear(message)]
            odd = late if len(late) <= len(in_step) else dict.fromkeys(in_step, message.first_heard)
            for reader, heard in odd.items():
                self._find_fault("reordered", message.nick, message.text, reader, heard)
        for reader in self.readers:
            start = max(reader.position, 0)
            for index in [*sorted(reader.skipped), *range(start, len(self.messages))]:
                message = self.messages[index]
                if reader.must_hear(message):
                    self._find_fault("missing", message.nick, message.text, reader, now)
        for unheard in self._unheard.values():
            for message in unheard:  # by anyone
                for reader in self.readers:
                    if reader.entered <= message.sent < reader.leaving:
                        self._find_fault("missing", message.nick, message.text, reader, now)

    def _deliver(self, reader: Reader, message: Message, now: float) -> None:
        reader.heard += 1
        self.delivered += 1
        self.latency.add(now - message.due)

    def _find(self, reader: Reader, nick: str, text: str, now: float) -> int | None:
        """Return the place of the message that this must be: one that this reader has not heard, the next one first."""
        earlier = None
        for index in self._places.get((nick, text), ()):
            if index >= reader.position and (reader.position >= 0 or self._is_first_for(reader, index)):
                return index
            if index in reader.skipped and earlier is None:
                earlier = index
        if earlier is not None:
            return earlier
        unheard = self._unheard.get((nick, text))
        if not unheard:
            return None
        message = unheard.popleft()
        message.first_heard, message.index = now, len(self.messages)
        self.messages.append(message)
        self._places[nick, text].append(message.index)
        return message.index

    def _is_first_for(self, reader: Reader, index: int) -> bool:
        """Whether a reader who has heard nothing yet can mean this one, and not an equal one said before it came."""
        return reader.may_hear(self.messages[index])

    def _missed_before(self, reader: Reader, index: int) -> Iterator[int]:
        """Yield the places before a reader's first message that it must have heard."""
        while index > 0 and self.messages[index - 1].first_heard >= reader.asked:
            index -= 1
            if self.messages[index].sent >= reader.entered:
                yield index

    def _overtaken(self, reader: Reader, late: Message) -> bool:
        """Whether a reader heard a later message of the same sender before this one."""
        later = range(late.index + 1, reader.position)
        return any(self.messages[index].nick == late.nick and index not in reader.skipped for index in later)

    def _find_fault(self, verdict: Verdict, nick: str, text: str, reader: Reader, now: float) -> None:
        self.counts[verdict] += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(verdict, nick, text, reader.name, now))
