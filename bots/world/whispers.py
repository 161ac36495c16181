"""The whispers: by whom to whom, and whether each was heard there and nowhere else. No I/O; times come in.

Each addressee has a ledger with one reader. Whispers are not stored, so nobody is told after a lost connection what was
whispered meanwhile.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from bots.ledger.model import About, Pace
from bots.ledger.room import Attendance, RoomLedger
from bots.scenario.model import Actor
from bots.world.identities import Identities

# Is to be called if the server refuses what was said.
Withdraw = Callable[[], None]


class Whispers:
    """Knows every whisper; `ledgers` grows as whispers are met, by the names of those to whom they go."""

    def __init__(
        self,
        ledgers: dict[str, RoomLedger],
        make_ledger: Callable[[About], RoomLedger],
        identities: Identities,
        paces: Mapping[Actor, Pace],
    ) -> None:
        self._ledgers = ledgers
        self._make_ledger = make_ledger
        self._identities = identities
        self._paces = paces
        self._readers: dict[Actor, Attendance] = {}  # of those who are there

    def say(self, nick: str, to: Actor, text: str, due: float, now: float, sender: str = "", line: int = 0) -> Withdraw:
        """Note that something is being whispered to an actor, who is there; see `RoomLedger.say`.

        What is returned is to be called if the server refuses it.
        """
        self._reader(to, now)
        return self.say_elsewhere(nick, to, text, due, now, sender, line)

    def say_elsewhere(
        self, nick: str, to: Actor, text: str, due: float, now: float, sender: str, line: int
    ) -> Withdraw:
        """Note that something is being whispered to an actor who is played on another part; returns as `say` does."""
        ledger = self._ledger(to)
        return partial(ledger.withdraw, ledger.say(nick, text, due, now, sender, line))

    def expect(self, actor: Actor, now: float) -> None:
        """Note that somebody on another part whispered to an actor who is here."""
        reader = self._reader(actor, now)
        reader.asked, reader.entered = min(reader.asked, now), min(reader.entered, now)

    def hear(self, actor: Actor, own_nick: str, nick: str, to: str, text: str, now: float) -> Literal["own", "heard"]:
        """Note that an actor heard a whisper; return whether it was only its own, told back to it."""
        if to == own_nick:
            self._ledger(actor).hear(self._reader(actor, now), nick, text, now)
        elif nick == own_nick:
            return "own"
        elif (addressee := self._identities.holder(to, now)) is not None:
            self._ledger(addressee).overhear(actor.name, nick, text, now)
        else:
            self._ledger(actor).hear(self._reader(actor, now), nick, text, now)
        return "heard"

    def leave(self, actor: Actor, now: float) -> None:
        """Note that an actor has left."""
        if reader := self._readers.pop(actor, None):
            reader.leaving = reader.left = now

    def lose(self, actor: Actor, nick: str, now: float, taken: float = float("-inf")) -> None:
        """Note that an actor has lost its connection; the server is known to have what it sent before `taken`."""
        for ledger in self._ledgers.values():
            ledger.lose(nick, now, taken)
        if reader := self._readers.pop(actor, None):
            reader.leaving, reader.left, reader.dropped = now, now, True

    def _reader(self, actor: Actor, now: float) -> Attendance:
        if actor not in self._readers:
            reader = self._readers[actor] = self._ledger(actor).enter(actor.name, now)
            reader.entered, reader.pace = now, self._paces[actor]
        return self._readers[actor]

    def _ledger(self, actor: Actor) -> RoomLedger:
        if actor.name not in self._ledgers:
            self._ledgers[actor.name] = self._make_ledger(About("whispers", actor.name))
        return self._ledgers[actor.name]
