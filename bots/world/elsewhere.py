"""Actors who are played on other parts of the run: which of them are there. No I/O."""

from bots.scenario.model import Actor
from bots.world.identities import Identities


class Elsewhere:
    """What the other parts have told of their actors."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._nicks: dict[Actor, str] = {}  # of those who are there

    def note(self, actor: Actor, nick: str, now: float, *, is_here: bool) -> None:
        """Note that an actor is there under a nick, or is not there any more."""
        if not is_here:
            self._nicks.pop(actor, None)
            return
        self._nicks[actor] = nick
        if self._identities.holder(nick, now) is not actor:
            self._identities.take(nick, actor, now)

    def nick_of(self, actor: Actor) -> str | None:
        """Return what an actor is called; None when it is not there."""
        return self._nicks.get(actor)
