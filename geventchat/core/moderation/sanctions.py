"""Bans and mutes: who is hit, in one room or everywhere, by whom, why and until when."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from geventchat.core.kept import Change, Kept, Record
from geventchat.core.moderation.targets import Person, Target, ids_of, network_of
from geventchat.protocol.errors import Refused
from geventchat.protocol.ip import Network, is_in
from geventchat.protocol.limits import MAX_SANCTIONS, MAX_SANCTIONS_OF_ROOM
from geventchat.protocol.wording import EVERYBODY


class Sanction(Record):
    """What hits a target; `room` is the key of the room that it holds for, and empty where it holds everywhere.

    Times are in seconds since 1970; without `until` it holds for ever.
    """

    target: str
    who: str  # as the moderator has written it
    by: str
    since: float
    room: str = ""
    room_name: str = ""
    reason: str = ""
    until: float | None = None

    @property
    def key(self) -> str:
        """The room and whom it hits: no name holds a colon."""
        return key_of(self.room, self.target)

    def holds(self, now: float) -> bool:
        """Return whether it has not ended."""
        return self.until is None or now < self.until


class Ban(Sanction, tag="ban"):
    """Keeps out."""


class Mute(Sanction, tag="mute"):
    """Keeps from speaking."""


_Kind = TypeVar("_Kind", bound=Sanction)


class Sanctions(Generic[_Kind]):
    """All sanctions of one kind."""

    def __init__(self, kept: Kept, kind: type[_Kind]) -> None:
        self._kept = kept
        self._kind = kind
        self.is_changed = False  # whether others, on other servers or by a command, have changed some
        self._keys: set[str] = set()
        self._networks: dict[str, Network] = {}  # by the key of the sanction
        for one in kept.of(kind):
            self._changed(one.key)
        kept.listen(kind, self._changed)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def find(self, person: Person, room: str, now: float) -> _Kind | None:
        """Return what hits a person everywhere, or in the room with this key."""
        scopes = ("", room) if room else ("",)
        for scope in scopes:
            for target in (*ids_of(person), EVERYBODY):
                one = self._kept.get(self._kind, key_of(scope, target))
                if one is not None and one.holds(now):
                    return one
        for key, network in self._networks.items():
            one = self._kept.get(self._kind, key)
            if one is not None and one.room in scopes and one.holds(now) and is_in(person.address, [network]):
                return one
        return None

    def get(self, room: str, target: Target) -> _Kind | None:
        """Return the sanction with just this target in just this scope."""
        return self._kept.get(self._kind, key_of(room, target.id))

    def put(self, sanction: _Kind, now: float) -> list[Change]:
        """Impose a sanction. Return what is to be stored. Raises Refused when there are too many."""
        ended = [self._kept.remove(self._kind, one.key) for one in self._kept.of(self._kind) if not one.holds(now)]
        most = MAX_SANCTIONS_OF_ROOM if sanction.room else MAX_SANCTIONS
        if sum(1 for _ in self.of(sanction.room, now)) >= most:
            raise Refused("too-many-bans", f"there are {most} of these already: end some first")
        return [*ended, self._own(self._kept.put(sanction))]

    def remove(self, sanction: _Kind) -> Change:
        """Lift a sanction. Return what is to be stored."""
        return self._own(self._kept.remove(self._kind, sanction.key))

    def _own(self, change: Change) -> Change:
        self.is_changed = False
        return change

    def of(self, room: str, now: float) -> Iterator[_Kind]:
        """Yield all that hold for just this room; for an empty one, everywhere."""
        return (one for one in self._kept.of(self._kind) if one.room == room and one.holds(now))

    def _changed(self, key: str) -> None:
        one = self._kept.get(self._kind, key)
        self.is_changed = True
        self._keys.discard(key) if one is None else self._keys.add(key)
        network = None if one is None else network_of(one.target)
        if network is None:
            self._networks.pop(key, None)
        else:
            self._networks[key] = network


def key_of(room: str, target: str) -> str:
    """Return what a sanction is kept under."""
    return f"{room}:{target}"
