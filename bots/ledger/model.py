"""A message, one user's attendance in a room, and what can go wrong between the two. No I/O.

All times are in seconds on one clock.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

# What a user never heard is a `gap` where the server has told it so, and else `missing`.
Fault = Literal["missing", "gap", "duplicate", "reordered", "corrupt", "leaked"]
# A sender's nick and a text.
Words = tuple[str, str]
# What was first heard, or whispered, so shortly before a connection was lost may have been on its way there; and what
# was sent so shortly before somebody left, on its way to the server.
IN_FLIGHT_S = 1.0


class About(NamedTuple):
    """What a ledger is about: a room, by the key of its name, or all that is whispered to one user."""

    kind: Literal["room", "whispers"]
    name: str

    @property
    def shown(self) -> str:
        """What to call it."""
        return self.name if self.kind == "room" else f"whispers to {self.name}"


@dataclass(slots=True, eq=False)
class Message:
    """One message: who said what under which nick, when it was due and sent, and when anyone first heard it.

    A message from others is one whose sender takes no part in the scenario. Nobody knows when it was sent, so that
    `due` and `sent` are minus infinity.
    """

    nick: str
    text: str
    number: int  # in the order in which everything in the room was sent; 0 if it is from others
    due: float
    sent: float
    sender: str  # what the scenario calls the user with this nick; the nick itself if it is from others
    line: int = 0  # of the scenario's file; 0 if it is not known
    from_others: bool = False
    first_heard: float = float("inf")
    index: int = -1  # in the room's order; -1 until it is heard
    id: str = ""  # where the server gives ids
    frame: bytes = b""  # in which it was first heard; not of all: see `MAX_FRAMES`
    is_unsure: bool = False  # whether it may be another with the same words, or stand elsewhere in the room's order
    is_loose: bool = False  # whether it was put next to words of who was first to hear it, which that one does not hear
    is_uncertain: bool = False  # whether the sender lost the connection before it was heard: it may never have arrived
    said_elsewhere: bool = False  # whether one of another share of the run said it: see `bots.ledger.share`

    @property
    def words(self) -> Words:
        """What it is known by where the server gives no ids."""
        return self.nick, self.text

    @property
    def is_known(self) -> bool:
        """Whether it is known where it stands among its sender's."""
        return not (self.is_uncertain or self.is_unsure or self.from_others)


def from_others(nick: str, text: str) -> Message:
    """Return a message that nobody of the scenario sent."""
    never = float("-inf")
    return Message(nick, text, 0, never, never, nick, from_others=True)


class ToldGap(NamedTuple):
    """A user was told at the time `at` that something is missing: all from the id `first` to the id `last`.

    Where the server gives no ids, both are empty, and it is what was sent `since` the last that the user had heard.
    """

    first: str
    last: str
    since: float
    at: float

    def covers(self, message: Message) -> bool:
        """Whether the message is among what the user was told is missing; where nobody has heard it, it may be."""
        if message.index < 0 or not self.first:
            return self.since - IN_FLIGHT_S <= message.sent <= self.at
        return bool(message.id) and _number(self.first) <= _number(message.id) <= _number(self.last)


def _number(event_id: str) -> tuple[int, ...]:
    """Return what orders the ids of a server that tells gaps: numbers with hyphens between."""
    return tuple(int(part) for part in event_id.split("-") if part.isdecimal())


@dataclass(slots=True)
class Pace:
    """Whether a user's lateness says something about the server."""

    timed: bool = True  # False once the user has read slowly on purpose: then all lateness is its own doing
    back: float = 0.0  # when it came back from a lost connection: what was sent before that is late for this


@dataclass(slots=True)
class Progress:
    """How far a user is in the order of a room's messages."""

    heard: int = 0
    position: int = -1  # of the next message in the room's order; -1 until it is known where the user came in
    first: Message | None = None  # that was heard in its place: those before it were not, but for what came late
    skipped: set[Message] = field(default_factory=set)  # those before the position that were not heard
    sometime: set[Message] = field(default_factory=set)  # those that were heard, nobody knows behind which others
    sure: set[Message] = field(default_factory=set)  # heard, though it need not be, and no other one
    unplaced: Counter[Words] = field(default_factory=Counter)  # heard, and any of several messages with these words


@dataclass(slots=True)
class StreamPlace:
    """Where a user is in the bytes that everyone in a room hears; see `bots.ledger.shared_stream`."""

    place: int = -1  # -1 while the user does not hear what the others hear
    unread: bytes = b""  # the beginning of the line that the user was in when its place was lost


@dataclass(slots=True, eq=False)
class Attendance:
    """One user in one room, from joining it to leaving it.

    From `asked` it may hear, from `entered` on it must; from `leaving` on it need not, after `left` it must not. These
    times, and `dropped`, are set by those who move users; `pace`, one for all stays of a user, by those who read for
    them. The rest is the ledger's.
    """

    name: str  # what the scenario calls the user, whatever its nick is
    asked: float
    entered: float = float("inf")
    leaving: float = float("inf")
    left: float = float("inf")
    hears_itself: bool = True  # whether the server sends a user's own messages back to it
    in_one_order: bool = True  # whether the server sends different senders' messages to all in one order
    dropped: bool = False  # whether it left by dropping the connection: nobody knows what had arrived there
    gaps: list[ToldGap] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)
    progress: Progress = field(default_factory=Progress)
    stream: StreamPlace = field(default_factory=StreamPlace)

    def must_hear(self, message: Message) -> bool:
        """Whether a message that somebody heard has to reach this user too."""
        is_here = self.entered <= message.sent and message.first_heard <= self._must_hear_until(message)
        return is_here and not self.does_not_hear(message)

    def must_hear_unheard(self, message: Message) -> bool:
        """Whether a message that nobody has heard yet has to reach this user.

        What was sent just before the user began to leave, the server may have taken later than its goodbye.
        """
        is_here = self.entered <= message.sent < self._must_hear_until(message) - IN_FLIGHT_S
        return is_here and not message.is_uncertain and not self.does_not_hear(message)

    def _must_hear_until(self, message: Message) -> float:
        """Return until when the server must have sent a message to others, or to all, for this user to have to hear it.

        A connection that is dropped takes along what was on its way, and all that a slow reader had not read.
        """
        was_passed = self.knows_order and 0 <= message.index < self.progress.position and not message.is_unsure
        if was_passed or not self.dropped:
            return self.leaving
        return self.leaving - IN_FLIGHT_S if self.pace.timed else float("-inf")

    @property
    def knows_order(self) -> bool:
        """Whether what a user hears tells what was sent to it before: everything in front of that in the room's order.

        Where the server's order is not the same for all, or the users do not hear their own words among the others',
        the room's order as it is kept is only one of those that may have been. Then that is known of one sender's
        words only.
        """
        return self.in_one_order and self.hears_itself

    def may_hear(self, message: Message) -> bool:
        """Whether it is right that the message reaches this user."""
        return self.asked <= message.first_heard and message.sent <= self.left and not self.does_not_hear(message)

    def does_not_hear(self, message: Message) -> bool:
        """Whether the message is the user's own, and not sent back to it."""
        return not self.hears_itself and message.sender == self.name

    def has_heard(self, message: Message) -> bool:
        """Whether it is certain that the message has reached this user."""
        progress = self.progress
        return (
            0 <= message.index < progress.position
            and message not in progress.skipped
            and message.first_heard >= self.asked
        )

    def may_have_heard(self, message: Message) -> bool:
        """Whether this user heard this message, or another one that was taken for it."""
        progress = self.progress
        return self.has_heard(message) or (
            progress.first is not None
            and progress.first.index <= message.index < progress.position
            and message not in progress.skipped
        )

    def was_told_of(self, message: Message) -> bool:
        """Whether the server has told this user that the message is missing."""
        return any(gap.covers(message) for gap in self.gaps)

    def is_timed(self, message: Message) -> bool:
        """Whether the message's lateness says something about the server."""
        if message.said_elsewhere and message.sent == float("-inf"):  # when it was sent is not known yet
            return self.pace.timed and message.first_heard >= self.pace.back
        return self.pace.timed and (message.from_others or message.sent >= self.pace.back)


class Finding(NamedTuple):
    """Something that went wrong between one message and one user, at about the time `at`.

    `after` is the message before it in the room's order, or the one that the user had heard last. `message` is what was
    sent, `line` the bytes that came, `id` what the server called it; None and empty where there is no such thing.
    """

    fault: Fault
    nick: str
    text: str
    reader: Attendance
    at: float
    after: Message | None
    message: Message | None = None
    line: bytes = b""
    id: str = ""
