"""What one actor has heard, for what it waits for and answers. No I/O; times come in.

Nothing is kept that the rooms' ledgers have already: of a room, an actor has heard the messages from its first one up
to where it is, but for those that it missed. Only what stands in no room's order is kept here: whispers, and what
nobody said.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bots.ledger.room import Message
from bots.world.memberships import Membership

# Is called with messages that are heard, and the room; None for whispers. It must not wait.
Listener = Callable[[Sequence[Message], str | None], None]
# Returns whether a message is wanted.
Wanted = Callable[[Message], object]


class InboxPosition(NamedTuple):
    """How much an actor had heard at one time: of each membership the last message, and how much else."""

    last: dict[Membership, Message | None]
    apart: int


class Inbox:
    """What an actor has heard in all its memberships, a list that grows.

    What stands in no room's order is kept only if `keeps`: nobody else's script will ask.
    """

    def __init__(self, memberships: list[Membership], *, keeps: bool) -> None:
        self.late = 0  # how often something was heard behind its place
        self._memberships = memberships
        self._keeps = keeps
        self._apart: list[Message] = []
        self._taken: set[Message] = set()
        self._listeners: list[Listener] = []

    @property
    def has_listeners(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def listen(self, listener: Listener) -> None:
        """Tell a listener of all that is heard from now on."""
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        """Tell a listener no more."""
        self._listeners.remove(listener)

    def hear_apart(self, nick: str, text: str, room: str | None, now: float) -> None:
        """Note that something was heard that stands in no room's order."""
        message = Message(nick, text, 0, now, now, nick, first_heard=now)
        if self._keeps:
            self._apart.append(message)
        self._tell([message], room)

    def hear(self, membership: Membership, message: Message, *, in_place: bool) -> None:
        """Note that a room's message was heard, as the last one in the room's order or behind its place."""
        if membership.first is None:
            membership.first = message
        self.late += not in_place
        self._tell([message], membership.room)

    def hear_with_others(self, messages: Sequence[Message]) -> None:
        """Note that messages came in the same bytes as to the others in the room; who hears so is in one room."""
        room = next(one.room for one in reversed(self._memberships) if one.attendance.left == float("inf"))
        self._tell(messages, room)

    def position(self) -> InboxPosition:
        """Return how much has been heard until now."""
        return InboxPosition(
            {one: one.ledger.last_heard(one.attendance) for one in self._memberships}, len(self._apart)
        )

    def find(
        self, wanted: Wanted, since: InboxPosition | None = None, *, also_taken: bool = False
    ) -> Iterator[Message]:
        """Yield what was heard since a position, or ever, that is wanted and, if that matters, not taken yet."""
        for message in self._heard(since):
            if (also_taken or message not in self._taken) and wanted(message):
                yield message

    def take(self, messages: list[Message]) -> bool:
        """Take messages, so that they are found no more; all of them, or none if one is taken already."""
        if not self._taken.isdisjoint(messages):
            return False
        self._taken.update(messages)
        return True

    def _heard(self, since: InboxPosition | None) -> Iterator[Message]:
        for one in self._memberships:
            if one.first is None:
                continue
            last = since.last.get(one) if since is not None else None
            begin = one.first.index if last is None else last.index + 1
            yield from one.ledger.heard(one.attendance, begin)
        yield from self._apart[since.apart if since is not None else 0 :]

    def _tell(self, messages: Sequence[Message], room: str | None) -> None:
        for listener in tuple(self._listeners):
            listener(messages, room)
