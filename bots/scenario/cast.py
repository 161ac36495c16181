"""Who takes part: the actors that a cast names, and those who simply turn up in the script."""

from collections.abc import Iterable, Mapping, Sequence
from string import digits

from bots.scenario.actions import ACTIONS
from bots.scenario.document import MAX_COUNT, Role
from bots.scenario.mistakes import Report, SourcePosition, nearest
from bots.scenario.model import Actor
from bots.scenario.selector import ANYONE, EVERYONE, Selector, selector
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits

TOGETHER = "together"

# How like a name of the cast a new name may look before it is taken for a slip: `usr` is user, `rob` is not bob.
_SLIP = 0.75
_MAX_NICK = Limits().max_name
# Among more names than this, no near one is looked for.
_MANY = 500


class Casting:
    """Finds out who is meant by the names in a script. `casts` are all who take part, in order."""

    def __init__(self, rows: Sequence[Mapping[str, str]] | None, report: Report) -> None:
        self.casts: dict[str, tuple[Actor, ...]] = {}
        self._rows = rows or ()
        self._rows_known = rows is not None
        self._report = report
        self._groups: dict[str, tuple[Actor, ...]] = {EVERYONE: ()}
        self._by_key: dict[str, str] = {}
        self._by_look: dict[str, str] = {}
        self._declared: list[str] = []
        self._unread: set[str] = set()
        self._count = 0

    def declare_unread(self, cast: str) -> None:
        """Note a cast that cannot be read: a name that is not known may be one of it."""
        self._unread.add(cast)
        self._declared.append(cast)
        self._groups[cast] = ()

    def is_unread(self, name: str) -> bool:
        """Return whether this is a cast that cannot be read."""
        return name in self._unread

    def declare(self, cast: str, role: Role, place: SourcePosition) -> None:
        """Take in a cast that the file names."""
        if not self._rows_known and role.name is not None and role.name.fields - {"n"}:
            self.declare_unread(cast)
        elif problem := not_a_name(cast) or self._too_many(role) or self._not_their_name(role):
            self._report.wrong(place, problem)
            self.declare_unread(cast)
        else:
            nicks = [self._name(cast, role, n) for n in range(1, role.count + 1)]
            actors = self._admit(cast, nicks, place, role.reconnect)
            self._declared += [cast, *(actor.name for actor in actors[:1] + actors[-1:])]
            if not actors:
                self.declare_unread(cast)

    def meet(self, name: str, place: SourcePosition) -> bool:
        """Take in who stands as an actor in the script; return whether it can be."""
        if name in self._groups:
            return True
        near = nearest(name, self._declared, _SLIP)
        if name == ANYONE:
            cast = next((cast for cast, actors in self.casts.items() if len(actors) > 1), "user")
            self._report.wrong(place, f"{name} can only be listened to, did you mean {EVERYONE}, or any {cast}?")
        elif problem := not_a_name(name):
            self._report.wrong(place, problem)
        elif near is not None and name.rstrip(digits) not in self._unread:
            new = " (somebody new with so similar a name must stand in the cast)"
            self._report.wrong(place, f"nobody is called {name}, did you mean {self._meant(name, near)}?{new}")
        else:
            return bool(self._admit(name, [name], place))
        return False

    def known(self, name: str, place: SourcePosition) -> bool:
        """Return whether somebody is called so, where only one who takes part can be meant; report it otherwise."""
        if name in self._groups:
            return True
        near = nearest(name, self._groups if len(self._groups) < _MANY else self._declared)
        if self._unread and (near is None or name.rstrip(digits) in self._unread):
            return False
        meant = f", did you mean {self._meant(name, near)}?" if near else ""
        self._report.wrong(place, f"nobody is called {name}{meant}")
        return False

    def group(self, name: str) -> tuple[Actor, ...]:
        """Return who is in a group that is known."""
        return tuple(a for cast in self.casts.values() for a in cast) if name == EVERYONE else self._groups[name]

    def _too_many(self, role: Role) -> str | None:
        return f"more than {MAX_COUNT:,} users in all" if self._count + role.count > MAX_COUNT else None

    def _not_their_name(self, role: Role) -> str | None:
        if role.name is None:
            return None
        columns = self._rows[0] if self._rows else ()
        unknown = role.name.fields - {"n", *columns}
        if unknown:
            return unknown_field(min(unknown), ["n", *columns])
        if role.count > 1 and not role.name.fields:
            return f"all {role.count} would be called {role.name.source}: put {{n}} into their name"
        return None

    def _name(self, cast: str, role: Role, n: int) -> str:
        if role.name is None:
            return cast if role.count == 1 else f"{cast}{n}"
        row = self._rows[(self._count + n - 1) % len(self._rows)] if self._rows else {}
        return role.name.render({"n": str(n), **row})

    def _admit(
        self, cast: str, nicks: list[str], place: SourcePosition, comes_back_within_s: float = 0.0
    ) -> tuple[Actor, ...]:
        """Take in a cast whose users have these nicks; nobody of a cast whose nicks cannot be."""
        actors = []
        for n, nick in enumerate(nicks, 1):
            try:
                shown, key = names.nick(nick, _MAX_NICK)
            except Refused as refusal:
                self._report.wrong(place, f"{nick!r} cannot be a nick: {refusal.message}")
                return ()
            if shown != nick:
                self._report.wrong(place, f"{nick!r} would be {shown!r} in a chat; write it so")
                return ()
            if key in self._by_key:
                self._report.wrong(place, f"{nick} and {self._by_key[key]} are the same name in a chat")
                return ()
            if other := self._by_look.get(names.skeleton(shown)):
                self._report.wrong(place, f"{nick} looks like {other}: a chat takes only one of them in")
                return ()
            self._by_key[key] = self._by_look[names.skeleton(shown)] = shown
            actors.append(Actor(shown, cast, n, self._count + n - 1, comes_back_within_s))
        self._count += len(actors)
        self.casts[cast] = tuple(actors)
        for actor in actors:
            self._groups[actor.name] = (actor,)
        self._groups[cast] = self.casts[cast]
        return self.casts[cast]

    def _meant(self, name: str, near: str) -> str:
        """Return whom this name was perhaps to be; where one of a cast is near, it may be any of that cast."""
        cast = self.casts[self._groups[near][0].cast] if self._groups.get(near) else ()
        is_one = near not in self.casts or name.rstrip(digits) != name
        return f"one of {cast[0].name} to {cast[-1].name}" if is_one and len(cast) > 1 else near


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Return the message for a placeholder that stands for nothing."""
    meant = nearest(name, known)
    return f"{{{name}}} stands for nothing here" + (f", did you mean {{{meant}}}?" if meant else "")


def not_a_name(name: str) -> str | None:
    """Return why this word cannot be a name in a script, where it has another meaning."""
    if name in ACTIONS:
        return f"{name} is something to do, and stands behind somebody who does it: `- alice: {{{name}: …}}`"
    if name in (TOGETHER, EVERYONE, ANYONE):
        return f"{name} has a meaning of its own and can be nobody's name"
    try:
        is_name = selector(name) == Selector(name)
    except ValueError:
        is_name = False
    return None if is_name else f"{name} reads like a choice among a cast, and can be nobody's name"
