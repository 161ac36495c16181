"""A message, a reader, and what can go wrong between the two. No I/O; times in seconds on one clock."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Verdict = Literal["missing", "duplicate", "reordered", "corrupt", "leaked"]
# What was first heard so shortly before a connection was dropped may have been on its way there.
_IN_FLIGHT_S = 1.0


@dataclass(slots=True, eq=False)
class Message:
    """One message: what was said by whom, when it was due and sent, and when anyone first heard it."""

    nick: str
    text: str
    number: int  # in the order in which everything in the room was said
    due: float
    sent: float
    first_heard: float = float("inf")
    index: int = -1  # in the room's order; -1 until it is heard
    id: str = ""  # where the server gives ids
    has_double: bool = False  # whether it may be another that its sender said in the same words
    uncertain: bool = False  # whether the sender lost the connection before it was heard: it may never have arrived


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
    position: int = -1  # of the next message in the room's order; -1 until the first is heard
    skipped: set[Message] = field(default_factory=set)  # those before the position that were not heard
    arrival: list[Message] | None = field(default_factory=list)  # heard while it is not certain where it came in
    place: int = -1  # in the room's bytes, while it hears what the others hear; -1 while it does not
    unread: bytes = b""  # the beginning of a line that it was in when its place was lost

    def must_hear(self, message: Message) -> bool:
        """Whether a message that somebody heard has to reach this reader too."""
        heard_until = self.leaving
        if self.dropped and message.index >= self.position:  # a slow reader may have left anything unread
            heard_until -= _IN_FLIGHT_S if self.timed else float("inf")
        return self.entered <= message.sent and message.first_heard <= heard_until

    def may_hear(self, message: Message) -> bool:
        """Whether it is right that the message reaches this reader."""
        return self.asked <= message.first_heard and message.sent <= self.left

    def has_heard(self, message: Message) -> bool:
        """Whether the message has reached this reader."""
        return message.index < self.position and message not in self.skipped and message.first_heard >= self.asked

    def is_timed(self, message: Message) -> bool:
        """Whether the message's lateness says something about the server."""
        return self.timed and message.sent >= self.back


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
