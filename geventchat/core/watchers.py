"""Who wants to be told when certain nicks are here, and when they are not any more."""

from collections.abc import Iterable

from geventchat.core.member import Member
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_WATCHED


class Watchers:
    """For each key of a nick, those who watch it. A member's own list is in `member.watched`: nicks by their keys."""

    def __init__(self) -> None:
        self._watching: dict[str, dict[Member, None]] = {}

    def add(self, member: Member, nick: str) -> None:
        """Add a nick to those that a member watches. Raises Refused when it watches as many as it may already."""
        key = names.key(nick)
        if not key or key in member.watched:
            return
        if len(member.watched) >= MAX_WATCHED:
            raise Refused("too-many-watched", f"you can watch {MAX_WATCHED} nicks at once", about=nick)
        member.watched[key] = nick
        self._watching.setdefault(key, {})[member] = None

    def remove(self, member: Member, nicks: Iterable[str]) -> None:
        """Remove nicks from those that a member watches."""
        for key in map(names.key, list(nicks)):
            watching = self._watching.get(key)
            if member.watched.pop(key, None) is not None and watching is not None:
                del watching[member]
                if not watching:
                    del self._watching[key]

    def of(self, key: str) -> list[Member]:
        """Return who watches the nick with this key."""
        return list(self._watching.get(key, ()))
