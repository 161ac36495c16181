"""Who is called what, and since when. No I/O; times come in."""

from collections.abc import Container, Iterable

from bots.scenario.model import Actor


class Identities:
    """The nicks of all actors; each begins under its own name."""

    def __init__(self, actors: Iterable[Actor]) -> None:
        # By nick: since when it has been whose, oldest first.
        self._holders: dict[str, list[tuple[float, Actor]]] = {actor.name: [(0.0, actor)] for actor in actors}

    def __contains__(self, nick: object) -> bool:
        """Whether an actor is called so, or ever was."""
        return nick in self._holders

    def take(self, nick: str, actor: Actor, now: float) -> None:
        """Note that an actor is called so from now on."""
        self._holders.setdefault(nick, []).append((now, actor))

    def holder(self, nick: str, at: float) -> Actor | None:
        """Return who was called so at a time; None for somebody outside the cast."""
        return next((actor for since, actor in reversed(self._holders.get(nick, [])) if since <= at), None)

    def nicks(self) -> Iterable[str]:
        """Return all nicks that any actor has, or had."""
        return self._holders

    def was_of(self, nick: object, actors: Container[Actor]) -> bool:
        """Whether any of these actors is called so, or ever was."""
        return isinstance(nick, str) and any(actor in actors for _, actor in self._holders.get(nick, ()))


class NicksOf:
    """The nicks that some actors have, or had, as far as is known at the time when one asks."""

    def __init__(self, identities: Identities, actors: Container[Actor]) -> None:
        self._identities = identities
        self._actors = actors

    def __contains__(self, nick: object) -> bool:
        """Whether one of them is called so, or ever was."""
        return self._identities.was_of(nick, self._actors)
