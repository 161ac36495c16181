"""What a room's ledger keeps besides, where it sees a share of the run's users only. No I/O.

What users of other shares say is heard here, and sent there: it is taken like what people beside the scenario say,
until its sender's share tells when it was due. What users heard otherwise than in step is kept as it came, for it can
only be judged by who knows everything: see `bots.parts`.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from bots.ledger.model import Attendance, Message, Words


class Odd(NamedTuple):
    """Something that a user heard, and not as what came next; `after` is the message before its place at that time."""

    words: Words
    id: str
    at: float
    after: Message | None
    line: bytes = b""


class Overheard(NamedTuple):
    """Something of a room that somebody heard who was not in it."""

    name: str
    words: Words
    at: float
    line: bytes = b""


class Lost(NamedTuple):
    """A user under a nick lost its connection: nobody knows what of its words, sent since then, has arrived."""

    nick: str
    at: float
    since: float


class Announced(NamedTuple):
    """When something was due and sent that one of another share said."""

    due: float
    sent: float


def digest_of(words: Words) -> int:
    """Return what stands for words where they would be too long: 64 bits."""
    return int.from_bytes(blake2b("\0".join(words).encode(), digest_size=8).digest(), "big")


@dataclass(eq=False)
class Share:
    """One ledger's part in a run of several.

    `ours` holds the nicks that only the share's own users have, or had. `tell` is called with the digest of what one of
    them says, when it was due, and when it was sent; `untell` with the digest of what the server has refused of that,
    and when it was sent.
    """

    ours: Container[str]
    tell: Callable[[int, float, float], None] = lambda *_: None
    untell: Callable[[int, float], None] = lambda *_: None
    odd: dict[Attendance, list[Odd]] = field(default_factory=lambda: defaultdict(list))
    # What a user heard, as something odd, of what stands before its place in the room's order.
    out_of_place: dict[Attendance, set[Message]] = field(default_factory=lambda: defaultdict(set))
    overheard: list[Overheard] = field(default_factory=list)
    first: dict[Message, Attendance] = field(default_factory=dict)  # who was the first to hear each message
    lost: list[Lost] = field(default_factory=list)
    _announced: dict[int, deque[Announced]] = field(default_factory=lambda: defaultdict(deque))
    _heard: dict[int, deque[Message]] = field(default_factory=lambda: defaultdict(deque))

    def keep(self, reader: Attendance, odd: Odd, message: Message | None) -> None:
        """Keep what a user heard, and not surely as what came next; `message` is what it is taken for."""
        self.odd[reader].append(odd)
        if message is not None:
            self.out_of_place[reader].add(message)

    def announce(self, digest: int, due: float, sent: float) -> Message | None:
        """Take in when something was said elsewhere; return the message if it was heard before."""
        if waiting := self._heard.get(digest):
            message = waiting.popleft()
            if not waiting:
                del self._heard[digest]
            message.due, message.sent = due, sent
            return message
        self._announced[digest].append(Announced(due, sent))
        return None

    def withdraw(self, digest: int, sent: float) -> None:
        """Take in that what was said elsewhere at about this time was refused, so that nobody hears it."""
        if known := self._announced.get(digest):
            known.remove(min(known, key=lambda one: abs(one.sent - sent)))
            if not known:
                del self._announced[digest]

    def hear_first(self, message: Message) -> None:
        """Take in that something was heard which was said elsewhere; when it was due, if that is known by now."""
        message.said_elsewhere = True
        digest = digest_of(message.words)
        if known := self._announced.get(digest):
            message.due, message.sent = known.popleft()
            if not known:
                del self._announced[digest]
        else:
            self._heard[digest].append(message)
