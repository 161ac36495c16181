"""Actors who are played on other parts of the run: which of them are there. No I/O."""

from collections.abc import Container

from bots.scenario.model import Actor
from bots.world.identities import Identities


class Elsewhere:
    """What the other parts have told of their actors."""

    def __init__(self, identities: Identities, mine: Container[Actor] | None) -> None:
        self._identities = identities
        self._mine = mine  # who is played here; None for everyone
        self._nicks: dict[Actor, str] = {}  # of those who are there

    def note(self, actor: Actor, nick: str, now: float, *, is_here: bool) -> None:
        """Note that an actor is there under a nick, or is not there any more."""
        if not is_here:
            self._nicks.pop(actor, None)
            return
        self._nicks[actor] = nick
        if self._identities.holder(nick, now) is not actor:
            self._identities.take(nick, actor, now)

    def hear_renamed(self, nick: str, new: str) -> None:
        """Note a new nick that is heard of: who is played elsewhere may speak under it before the others tell of it."""
        if self._mine is not None:
            self._identities.take_elsewhere(nick, new, self._mine)

    def nick_of(self, actor: Actor) -> str | None:
        """Return what an actor is called; None when it is not there."""
        return self._nicks.get(actor)
