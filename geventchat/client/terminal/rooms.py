"""The rooms that the user is in: who is there, what was heard, and which one is looked at."""

from collections import deque
from collections.abc import Iterator

from geventchat.protocol.errors import Refused
from geventchat.protocol.events import Acted, AnyEvent, Deleted, Joined, Kicked, Left, Renamed, Said, number_of

# What is kept of each room, to be shown when the user comes to look at it.
KEPT = 300
# What is shown again of a room in which everything has been read: enough to know what was talked about.
SHOWN_AGAIN = 10


def is_later(event_id: str, than: str) -> bool:
    """Compare two ids; one that is no id, from a server that is not ours, counts as later."""
    try:
        return number_of(event_id) > number_of(than)
    except Refused:
        return True


class Room:
    """One room. `since` is the id up to which the server has told who is here; `last` that of the last event heard."""

    def __init__(self, name: str, since: str, members: list[str], count: int) -> None:
        self.name = name
        self.last = since
        self.unread = 0
        self.mentioned = False
        self.kept: deque[Said | Acted] = deque(maxlen=KEPT)
        self.census(since, members, count)

    def census(self, since: str, members: list[str], count: int) -> None:
        """Store who is in the room, as the server says."""
        self.since = since
        self.members = dict.fromkeys(members)  # who spoke last comes last
        self.count = count

    def hear(self, event: AnyEvent) -> bool:
        """Receive an event, and keep what was said to be shown again; return whether the event is a new one."""
        if not is_later(event.id, self.last):
            return False
        self.last = event.id
        if isinstance(event, Said | Acted):
            self.kept.append(event)
        elif isinstance(event, Deleted):
            self.kept = deque((one for one in self.kept if one.id != event.target), maxlen=KEPT)
        if is_later(event.id, self.since):  # what happened before is in the census
            self._note(event)
        return True

    def unseen(self) -> list[Said | Acted]:
        """Return what to show when the user looks at the room: the unread, or the last few again. Then all is read."""
        count = max(SHOWN_AGAIN, self.unread)
        self.unread, self.mentioned = 0, False
        return list(self.kept)[-count:]

    def _note(self, event: AnyEvent) -> None:
        match event:
            case Joined(nick=nick):
                self.members[nick] = None
                self.count += 1
            case Left(nick=nick) | Kicked(who=nick):
                self.members.pop(nick, None)
                self.count -= 1
            case Renamed(nick=nick, new=new):
                self.members.pop(nick, None)
                self.members[new] = None
            case Said(nick=nick) | Acted(nick=nick):
                self.members.pop(nick, None)
                self.members[nick] = None
            case _:
                pass


class Rooms:
    """All of them, in the order in which they were entered; one is looked at, unless there is none."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}
        self.current: Room | None = None

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def get(self, name: str) -> Room | None:
        """Return the room that the server calls so."""
        return self._rooms.get(name)

    def enter(self, name: str, since: str, members: list[str], count: int) -> Room:
        """Add a room that the user has entered, or has entered again after a lost connection, and return it."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, since, members, count)
        else:
            room.census(since, members, count)
            if not is_later(since, room.last):  # another server, or one whose clock went back: its ids begin anew
                room.last = since
        self.current = self.current or room
        return room

    def rename(self, old: str, new: str) -> None:
        """Change the name of a room to how the server writes it."""
        room = self._rooms.get(old)
        if room is not None and new not in self._rooms:
            room.name = new
            self._rooms = {each.name: each for each in self._rooms.values()}

    def leave(self, name: str) -> None:
        """Remove a room; if it is the one that is looked at, the first of the others is from now on."""
        left = self._rooms.pop(name, None)
        if self.current is left:
            self.current = next(iter(self._rooms.values()), None)

    def find(self, to: str) -> Room | None:
        """Return the room meant by a number, a name or the beginning of one; by nothing, the next with unread."""
        rooms = list(self)
        if not to:
            return self._next(rooms)
        if to.isascii() and to.isdigit() and to not in self._rooms:
            number = int(to[:9])
            return rooms[number - 1] if 0 < number <= len(rooms) else None
        wanted = to.casefold()
        same = [room for room in rooms if room.name.casefold() == wanted]
        beginning = [room for room in rooms if room.name.casefold().startswith(wanted)]
        return next(iter(same + beginning), None)

    def beside(self, step: int) -> Room | None:
        """Return the room that stands `step` places after the current one, round and round."""
        rooms = list(self)
        if self.current is None:
            return None
        return rooms[(rooms.index(self.current) + step) % len(rooms)]

    def _next(self, rooms: list[Room]) -> Room | None:
        """Return a room in which the user was mentioned, or else one with something unread, or else the next one."""
        mentioned = [room for room in rooms if room.mentioned]
        unread = [room for room in rooms if room.unread]
        return next(iter(mentioned + unread), None) or self.beside(1)
