"""What keeps the parts of a run together, where its users are spread over several; in one process, nothing has to."""

import time
from typing import NamedTuple, Protocol

from bots.scenario.model import Actor, Scenario
from bots.scenario.schedule import ActId


class Spoke(NamedTuple):
    """Who spoke, and when in the script: the number of the step, when it was due in it, and the actor's number."""

    step: int
    due: float
    actor: int
    nick: str


class Met(NamedTuple):
    """What is known when all parts have come to a place in the script.

    `at` is when the script goes on, on this part's clock; `sender` who spoke last on any part, if anybody did since the
    meeting before; `is_so` whether any part said so.
    """

    at: float
    sender: str
    is_so: bool


class Conductor(Protocol):
    """Knows which actors are played here, and meets with the other parts."""

    mine: frozenset[Actor]

    @property
    def judges(self) -> bool:
        """Whether everyone is played here, so that the verdict is known here."""

    def meet(self, place: str, spoke: Spoke | None = None, *, is_so: bool = False) -> Met:
        """Wait until all parts have come to this place; say who spoke last here, and whether something is so here."""

    def ask_to_move(self, actor: Actor) -> None:
        """Wait until no other part whispers to an actor, under the nick that it has, until it is told to have moved."""

    def tell_moved(self, actor: Actor, nick: str, *, is_here: bool) -> None:
        """Tell the other parts under which nick an actor is here, or that it is not."""

    def tell_done(self, act: ActId) -> None:
        """Tell the other parts that an act is over that is played here: it is done, or was passed over."""

    def wait_until_done(self, act: ActId) -> None:
        """Wait until an act is over that another part plays, and tells of."""


class Alone:
    """Plays everyone, and meets nobody."""

    judges = True

    def __init__(self, scenario: Scenario) -> None:
        self.mine = frozenset(scenario.actors)

    def meet(self, place: str, spoke: Spoke | None = None, *, is_so: bool = False) -> Met:
        """Go on at once."""
        del place
        return Met(time.monotonic(), spoke.nick if spoke is not None else "", is_so)

    def ask_to_move(self, actor: Actor) -> None:
        """Ask nobody."""

    def tell_moved(self, actor: Actor, nick: str, *, is_here: bool) -> None:
        """Tell nobody."""

    def tell_done(self, act: ActId) -> None:
        """Tell nobody."""

    def wait_until_done(self, act: ActId) -> None:
        """Wait for nobody."""
