"""What one actor has heard, for what it waits for and answers. No I/O; times come in.

Nothing is kept that the rooms' ledgers have already: of a room, an actor has heard the messages from its first one up
to where it is, but for those that it missed. Only what stands in no room's order is kept here: whispers, and what
nobody said.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bots.ledger.room import Message
from bots.world.memberships import Stay
from bots.world.receiver import Ear

# Is told of what is heard, and in which room; None for a whisper. It must not wait.
Listener = Callable[[Sequence[Message], str | None], None]
# Says whether a message is what is wanted.
Wanted = Callable[[Message], object]


class Place(NamedTuple):
    """How much an actor has heard: of each stay the last message, and how much else."""

    last: dict[Stay, Message | None]
    apart: int


class Inbox:
    """What an actor with this ear has heard in these stays, a list that grows.

    What stands in no room's order is kept only if `keeps`: nobody else's script will ask.
    """

    def __init__(self, ear: Ear, stays: list[Stay], *, keeps: bool) -> None:
        self.late = 0  # how often something was heard behind its place
        self._ear = ear
        self._stays = stays
        self._keeps = keeps
        self._apart: list[Message] = []
        self._taken: set[Message] = set()
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell a listener of all that is heard from now on."""
        self._listeners.append(listener)
        self._ear.follow = self._follow

    def ignore(self, listener: Listener) -> None:
        """Tell a listener no more."""
        self._listeners.remove(listener)
        if not self._listeners:
            self._ear.follow = None

    def hear_apart(self, nick: str, text: str, room: str | None, now: float) -> None:
        """Take note of something that stands in no room's order."""
        message = Message(nick, text, 0, now, now, nick, first_heard=now)
        if self._keeps:
            self._apart.append(message)
        self._tell([message], room)

    def hear(self, stay: Stay, *, in_place: bool) -> None:
        """Take note that a room's message was heard, as the last one in the room's order or behind its place."""
        last = stay.ledger.last_heard(stay.reader)
        if stay.first is None:
            stay.first = last
        if not in_place:
            self.late += 1
            self._tell([], stay.room)
        elif self._listeners and last is not None:
            self._tell([last], stay.room)

    def place(self) -> Place:
        """Return how much has been heard until now."""
        return Place({stay: stay.ledger.last_heard(stay.reader) for stay in self._stays}, len(self._apart))

    def find(self, wanted: Wanted, since: Place | None = None, *, also_taken: bool = False) -> Iterator[Message]:
        """Yield what was heard since a place, or ever, that is wanted and, if that matters, not taken yet."""
        for message in self._heard(since):
            if (also_taken or message not in self._taken) and wanted(message):
                yield message

    def take(self, messages: list[Message]) -> bool:
        """Take messages, so that they are found no more; all of them, or none if one is taken already."""
        if not self._taken.isdisjoint(messages):
            return False
        self._taken.update(messages)
        return True

    def _heard(self, since: Place | None) -> Iterator[Message]:
        for stay in self._stays:
            if stay.first is None:
                continue
            last = since.last.get(stay) if since is not None else None
            begin = stay.first.index if last is None else last.index + 1
            yield from stay.ledger.heard(stay.reader, begin)
        yield from self._apart[since.apart if since is not None else 0 :]

    def _follow(self, messages: Sequence[Message]) -> None:
        """Hear what was heard together with others; whoever hears so is in one room."""
        room = next(stay.room for stay in reversed(self._stays) if stay.reader.left == float("inf"))
        self._tell(messages, room)

    def _tell(self, messages: Sequence[Message], room: str | None) -> None:
        for listener in tuple(self._listeners):
            listener(messages, room)
