"""Who is called what, and since when. No I/O; times come in."""

from collections.abc import Container, Iterable

from bots.scenario.model import Actor


class Identities:
    """The nicks of all actors; each begins under its own name."""

    def __init__(self, actors: Iterable[Actor]) -> None:
        # By nick: since when it has been whose, oldest first.
        self._holders: dict[str, list[tuple[float, Actor]]] = {actor.name: [(0.0, actor)] for actor in actors}
        self._taken_elsewhere: set[str] = set()

    def __contains__(self, nick: object) -> bool:
        """Whether an actor is called so, or ever was."""
        return nick in self._holders or nick in self._taken_elsewhere

    def take(self, nick: str, actor: Actor, now: float) -> None:
        """Note that an actor is called so from now on."""
        self._holders.setdefault(nick, []).append((now, actor))

    def take_elsewhere(self, nick: str, new: str, mine: Container[Actor]) -> None:
        """Note that who was called `nick` is called `new`, if it was an actor, and may be none of these."""
        if nick in self and not self.is_only_of(nick, mine):
            self._taken_elsewhere.add(new)

    def holder(self, nick: str, at: float) -> Actor | None:
        """Return who was called so at a time; None for somebody outside the cast."""
        return next((actor for since, actor in reversed(self._holders.get(nick, [])) if since <= at), None)

    def nicks(self) -> Iterable[str]:
        """Return all nicks that any actor has, or had."""
        return self._holders

    def is_only_of(self, nick: object, actors: Container[Actor]) -> bool:
        """Whether one of these actors is called so, or was, and nobody else of the cast ever."""
        if not isinstance(nick, str) or nick not in self._holders or nick in self._taken_elsewhere:
            return False
        return all(actor in actors for _, actor in self._holders[nick])


class NicksOf:
    """The nicks that only some actors have, or had, as far as is known at the time when one asks."""

    def __init__(self, identities: Identities, actors: Container[Actor]) -> None:
        self._identities = identities
        self._actors = actors

    def __contains__(self, nick: object) -> bool:
        """Whether one of them is called so, or was, and nobody else ever."""
        return self._identities.is_only_of(nick, self._actors)
