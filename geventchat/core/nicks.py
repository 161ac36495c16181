"""Who goes by which nick, and who did: nicks are compared by their keys, so that all spellings of one are the same."""

from collections import deque
from collections.abc import Iterator
from itertools import islice

from geventchat.core.member import Member
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import iso_time, seconds_of
from geventchat.protocol.limits import MAX_FORMER
from geventchat.protocol.masks import matcher
from geventchat.protocol.replies import Profile


class Nicks:
    """The nicks of all members, and those of the last who have gone or go by another one.

    `most` is how many members there were at once.
    """

    def __init__(self, max_name: int) -> None:
        self._max_name = max_name
        self._members: dict[str, Member] = {}  # by the key of the nick
        self._lookalikes: dict[str, Member] = {}  # by what the nick looks like
        self._in_lower_case: dict[str, list[Member]] = {}  # by what the nick looks like then; there may be several
        self._former: deque[tuple[str, Profile]] = deque(maxlen=MAX_FORMER)  # with their keys, the last one last
        self.most = 0

    def __len__(self) -> int:
        return len(self._members)

    def find(self, nick: str) -> Member | None:
        """Return the member of this name, however it is written."""
        return self._members.get(names.key(nick, self._max_name))

    def members(self) -> list[Member]:
        """Return all members who have a nick."""
        return list(self._members.values())

    def alike(self, nick: str) -> set[Member]:
        """Return the members whose nicks are, or look like, this one in any spelling."""
        looks = [names.skeleton(one) for one in (nick, names.key(nick))]
        found = {self._members.get(names.key(nick)), *map(self._lookalikes.get, looks)}
        return {member for member in found if member is not None}.union(
            *(self._in_lower_case.get(look, ()) for look in looks)
        )

    def fitting(self, mask: str) -> Iterator[Member]:
        """Yield the members whose nicks a mask fits; one that is no name in any spelling fits nothing."""
        fits = matcher(names.key(mask))
        return (member for key, member in self._members.items() if fits(key))

    def check(self, member: Member, name: str) -> None:
        """Raise Refused when this is no name that a member can have, or when it is or looks like somebody else's."""
        nick, key = names.nick(name, self._max_name)
        skeleton = names.skeleton(nick)
        if self._members.get(key, member) is not member:
            raise Refused("nick-taken", f"the name {nick} is taken", about=nick)
        if (other := self._lookalikes.get(skeleton, member)) is not member:
            raise Refused("nick-taken", f"the name {nick} looks like that of {other.nick}, who is here", about=nick)

    def assign(self, member: Member, nick: str, key: str, now: float) -> None:
        """Give a member this nick, which has this key; `now` is in seconds since 1970."""
        self.release(member, now)
        self._members[key] = self._lookalikes[names.skeleton(nick)] = member
        self._in_lower_case.setdefault(names.skeleton(key), []).append(member)
        member.nick, member.key = nick, key
        self.most = max(self.most, len(self))

    def release(self, member: Member, now: float) -> bool:
        """Give others the chance to take a member's nick, and return whether it was the member's still."""
        if self._members.get(member.key) is not member:
            return False
        del self._members[member.key]
        del self._lookalikes[names.skeleton(member.nick)]
        look = names.skeleton(member.key)
        self._in_lower_case[look].remove(member)
        if not self._in_lower_case[look]:
            del self._in_lower_case[look]
        known = profile(member, [], now)
        known.since = iso_time(int(now * 1000))
        self._former.append((member.key, known))
        return True

    def former(self, mask: str, limit: int) -> list[Profile]:
        """Return up to `limit` who went by a nick that a mask fits, the last one first."""
        fits = matcher(names.key(mask))
        return list(islice((one for key, one in reversed(self._former) if fits(key)), limit))

    def gone_at(self, nick: str) -> float | None:
        """Return when somebody last went by this nick who does so no more, in seconds since 1970; None for nobody."""
        key = names.key(nick, self._max_name)
        return next((seconds_of(one.since) for other, one in reversed(self._former) if other == key), None)


def profile(member: Member, rooms: list[str], now: float) -> Profile:
    """Return what is known of a member, who is in these rooms; `now` is in seconds since 1970."""
    return Profile(
        nick=member.nick,
        about=member.about,
        username=member.username,
        account=member.account,
        away=member.away,
        rooms=rooms,
        since=iso_time(int(member.since * 1000)),
        idle=max(0, int(now - member.spoke)),
    )
