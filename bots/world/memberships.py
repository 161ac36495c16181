"""Who is in which room, and since when. No I/O; times come in.

A room goes by its key here: the server may spell its name otherwise than the script does.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bots.ledger.model import About, Pace
from bots.ledger.room import Attendance, Message, RoomLedger
from bots.scenario.model import Actor
from geventchat.protocol import names
from geventchat.protocol.names import LOBBY


@dataclass(slots=True, eq=False)
class Membership:
    """One actor in one room, from when it enters until it leaves."""

    room: str  # as the script spells it
    ledger: RoomLedger
    attendance: Attendance
    began_at: str = ""  # the id of the event with which it began, where the server gives ids
    first: Message | None = None  # the first message that was heard in it

    @property
    def last_id(self) -> str:
        """The id after which everything still has to be heard; empty where the server gives none."""
        last = self.ledger.last_heard(self.attendance)
        return (last.id if last is not None else "") or self.began_at


class Memberships:
    """Knows every room's ledger, and where each actor is; `rooms` grows as rooms are met, by the key of their names."""

    def __init__(
        self, rooms: dict[str, RoomLedger], make_ledger: Callable[[About], RoomLedger], paces: Mapping[Actor, Pace]
    ) -> None:
        self._rooms = rooms
        self._paces = paces
        self._make_ledger = make_ledger
        self._keys: dict[str, str] = {}  # by every spelling that was met
        self._now: dict[Actor, dict[str, Membership]] = defaultdict(dict)  # by the room's key
        self._ever: dict[Actor, list[Membership]] = defaultdict(list)

    def ledger(self, room: str) -> RoomLedger:
        """Return a room's ledger."""
        key = self._key(room)
        if key not in self._rooms:
            self._rooms[key] = self._make_ledger(About("room", key))
        return self._rooms[key]

    def get(self, actor: Actor, room: str) -> Membership | None:
        """Return an actor's membership in a room; None when it is not there."""
        return self._now[actor].get(self._key(room))

    def of(self, actor: Actor) -> list[Membership]:
        """Return where an actor is, the room that it entered first in front."""
        return list(self._now[actor].values())

    def ever_of(self, actor: Actor) -> list[Membership]:
        """Return all memberships of an actor until now; the list grows with them."""
        return self._ever[actor]

    def is_lobby(self, room: str) -> bool:
        """Whether a room is the one that everyone starts in."""
        return self._key(room) == LOBBY

    def room_of(self, actor: Actor) -> str:
        """Return the room that an actor means when it names none."""
        return next((one.room for one in self._now[actor].values()), LOBBY)

    def enter(self, actor: Actor, room: str, now: float) -> Membership:
        """Note that an actor asks to come into a room; `attendance.entered` is to be set when it is there."""
        ledger = self.ledger(room)
        membership = Membership(room, ledger, ledger.enter(actor.name, now))
        membership.attendance.pace = self._paces[actor]
        self._now[actor][self._key(room)] = membership
        self._ever[actor].append(membership)
        return membership

    def begin_to_leave(self, actor: Actor, now: float) -> None:
        """Note that an actor has said goodbye to every room."""
        for one in self._now[actor].values():
            one.attendance.leaving = min(one.attendance.leaving, now)

    def leave(self, actor: Actor, membership: Membership, now: float) -> None:
        """Note that an actor has left a room."""
        membership.attendance.leaving, membership.attendance.left = min(membership.attendance.leaving, now), now
        del self._now[actor][self._key(membership.room)]

    def leave_all(self, actor: Actor, now: float) -> None:
        """Note that an actor has left every room."""
        for one in self.of(actor):
            self.leave(actor, one, now)

    def lose(self, actor: Actor, nick: str, now: float, taken: float = float("-inf")) -> None:
        """Note that a connection is lost: nobody knows what had arrived there, nor what of the actor's words has.

        What it sent before `taken`, the server is known to have taken.
        """
        for one in self._now[actor].values():
            one.attendance.leaving, one.attendance.dropped = min(one.attendance.leaving, now), True
        for ledger in self._rooms.values():  # also what it said where it is not
            ledger.lose(nick, now, taken)

    def _key(self, room: str) -> str:
        key = self._keys.get(room)
        if key is None:
            key = self._keys[room] = names.key(room) or room
        return key
