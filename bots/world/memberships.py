"""Who is in which room, and since when. No I/O; times come in.

A room goes by its key here: the server may spell its name otherwise than the script does.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bots.ledger.room import Attendance, Message, RoomLedger
from bots.scenario.model import Actor
from geventchat.commands.commands import LOBBY
from geventchat.protocol import names


@dataclass(slots=True, eq=False)
class Stay:
    """One stay of one actor in one room."""

    room: str  # as the script spells it
    ledger: RoomLedger
    reader: Attendance
    after: str = ""  # the id at which it began, where the server gives ids
    first: Message | None = None  # the first message that was heard in it

    @property
    def last_id(self) -> str:
        """The id after which everything still has to be heard; empty where the server gives none."""
        last = self.ledger.last_heard(self.reader)
        return (last.id if last is not None else "") or self.after


class Whereabouts:
    """Knows every room's ledger and every actor's stays; `rooms` is filled as rooms are met, by their keys."""

    def __init__(self, rooms: dict[str, RoomLedger], make_ledger: Callable[[], RoomLedger]) -> None:
        self._rooms = rooms
        self._make_ledger = make_ledger
        self._keys: dict[str, str] = {}  # by every spelling that was met
        self._stays: dict[int, dict[str, Stay]] = defaultdict(dict)  # by the actor's index, then by the room's key
        self._ever: dict[int, list[Stay]] = defaultdict(list)

    def ledger(self, room: str) -> RoomLedger:
        """Return a room's ledger."""
        key = self._key(room)
        if key not in self._rooms:
            self._rooms[key] = self._make_ledger()
        return self._rooms[key]

    def stay(self, actor: Actor, room: str) -> Stay | None:
        """Return an actor's stay in a room; None when it is not there."""
        return self._stays[actor.index].get(self._key(room))

    def stays(self, actor: Actor) -> list[Stay]:
        """Return where an actor is, the room that it entered first in front."""
        return list(self._stays[actor.index].values())

    def ever(self, actor: Actor) -> list[Stay]:
        """Return all stays of an actor until now; the list grows with them."""
        return self._ever[actor.index]

    def is_lobby(self, room: str) -> bool:
        """Whether a room is the one that everyone starts in."""
        return self._key(room) == LOBBY

    def room_of(self, actor: Actor) -> str:
        """Return the room that an actor means when it names none."""
        return next((stay.room for stay in self._stays[actor.index].values()), LOBBY)

    def enter(self, actor: Actor, room: str, now: float, *, timed: bool = True) -> Stay:
        """Note that an actor asks to come into a room; `reader.entered` is to be set when it is known to be there."""
        ledger = self.ledger(room)
        stay = Stay(room, ledger, ledger.enter(actor.name, now))
        stay.reader.pace.timed = timed
        self._stays[actor.index][self._key(room)] = stay
        self._ever[actor.index].append(stay)
        return stay

    def begin_to_leave(self, actor: Actor, now: float) -> None:
        """Note that an actor has said goodbye to every room."""
        for stay in self._stays[actor.index].values():
            stay.reader.leaving = min(stay.reader.leaving, now)

    def leave(self, actor: Actor, stay: Stay, now: float) -> None:
        """Note that an actor has left a room."""
        stay.reader.leaving, stay.reader.left = min(stay.reader.leaving, now), now
        del self._stays[actor.index][self._key(stay.room)]

    def leave_all(self, actor: Actor, now: float) -> None:
        """Note that an actor has left every room."""
        for stay in self.stays(actor):
            self.leave(actor, stay, now)

    def lose(self, actor: Actor, nick: str, now: float) -> None:
        """Note that a connection is lost: nobody knows what had arrived there, nor what of the actor's words has."""
        for stay in self._stays[actor.index].values():
            stay.reader.leaving, stay.reader.dropped = min(stay.reader.leaving, now), True
            stay.ledger.lose(nick)

    def _key(self, room: str) -> str:
        key = self._keys.get(room)
        if key is None:
            key = self._keys[room] = names.key(room) or room
        return key
