"""Which rooms there are: each from when somebody is about to enter it until nobody is left who did, or was to."""

from collections.abc import Iterator

from geventchat.core.counters import Counters
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits


class Rooms:
    """All rooms of a chat, by their keys."""

    def __init__(self, limits: Limits, counters: Counters) -> None:
        self._limits = limits
        self._counters = counters
        self._rooms: dict[str, Room] = {}
        self._new: list[tuple[Room, str]] = []  # with the accounts of those who make them
        self._log = Room(names.LOG_ROOM, names.LOG_ROOM, limits.feed_window, counters)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        """Yield each; rooms may come and go meanwhile."""
        return iter(list(self._rooms.values()))

    def at(self, key: str) -> Room | None:
        """Return the room with this key, if anybody is in it."""
        return self._rooms.get(key)

    def find(self, name: str) -> Room | None:
        """Return the room of this name, if anybody is in it."""
        return self._rooms.get(names.key(name, self._limits.max_name))

    def of(self, member: Member, name: str | None) -> Room:
        """Return the member's room of this name, or its only room. Raises Refused."""
        if name is None:
            if len(member.rooms) == 1:
                return self._rooms[member.rooms[0]]
            raise Refused("room-needed", "say which room is meant: you are in none, or in several")
        key = names.key(name, self._limits.max_name)
        if key not in self._rooms:
            raise Refused("no-such-room", "nobody is in that room; join it first", about=name)
        if key not in member.rooms:
            raise Refused("not-in-room", "you are not in that room; join it first", about=name)
        return self._rooms[key]

    def all_of(self, member: Member) -> list[Room]:
        """Return all rooms that a member is in."""
        return [self._rooms[key] for key in member.rooms]

    def log(self) -> Room:
        """Return the room in which moderators read what was done; nobody need be in it."""
        return self._rooms.get(names.LOG_ROOM, self._log)

    def expect(self, name: str, key: str, maker: str = "") -> Room:
        """Return a room that somebody is about to enter, which the account with the key `maker` makes if it is new."""
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(name, key, self._limits.feed_window, self._counters)
            self._new.append((room, maker))
        room.expected += 1
        return room

    def unexpect(self, room: Room) -> None:
        """Count out one who has left a room, or will not enter it; the room goes with the last one."""
        room.expected -= 1
        if not room.expected:
            del self._rooms[room.key]

    def take_new(self) -> list[tuple[Room, str]]:
        """Return the rooms made since the last call, and the accounts that make them, where they are new to the log.

        The log may know a topic that they had earlier.
        """
        new, self._new = self._new, []
        return new
