"""What every action of a script is made of.

An action is one class: its fields are what may stand beside it in a file, its attributes say how it fits into a script,
and `perform` carries it out through what a `Performer` can do. Times are in seconds once they are read.
"""

import math
from typing import ClassVar, Literal, NamedTuple, Protocol, Self

from pydantic import Field, model_validator

from bots.scenario.abilities import Ability
from bots.scenario.fields import Duration, DurationOrForever, JitterField, Maybe, Model, wrong
from bots.scenario.pattern import Pattern
from bots.scenario.template import Template
from geventchat.commands import commands
from geventchat.protocol import names
from geventchat.protocol.names import LOBBY

# More repetitions than this are a slip of the finger.
MAX_TIMES = 1_000_000
# How often something is done that is repeated until the run ends.
ENDLESS = 1 << 62

# Whether an actor is there; "unsure" when branches that ran together say different things.
State = Literal["here", "to come", "gone", "lost", "unsure"]

WHY_NOT: dict[State, str] = {
    "to come": "has not come in yet",
    "gone": "has left, and must join before this",
    "lost": "has lost the connection, and must reconnect before this",
}


class Cue(NamedTuple):
    """What an actor listens for, and from whom: an actor, any of a cast, anyone at all; with None, any actor."""

    pattern: Pattern
    from_: str | None


class Performer(Protocol):
    """One user that carries out one action: what an action's `perform` can ask for. See `bots.engine.performance`.

    What cannot be done is noted as a failure of the script's line.
    """

    def text(self, template: Template) -> str:
        """Return a text with its placeholders filled in."""

    def send(self, command: commands.AnyCommand) -> None:
        """Send any command."""

    def send_bytes(self, data: bytes) -> None:
        """Send just these bytes."""

    def say(self, words: Template, room: str | None) -> None:
        """Say something to a room; with None, to the one that the user is in."""

    def act(self, words: Template, room: str | None) -> None:
        """Do something before everyone in a room."""

    def whisper(self, words: Template, to: str) -> None:
        """Say something to one user, called by its name in the script."""

    def rename(self, nick: str) -> None:
        """Take another nick."""

    def join(self, room: str) -> None:
        """Come into the chat, or into a further room."""

    def leave(self, reason: str) -> None:
        """Leave the chat."""

    def leave_room(self, room: str, reason: str) -> None:
        """Leave one room and stay in the chat."""

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, at speed 1."""

    def ping(self, within: float) -> None:
        """Ask for a pong, and wait for it."""

    def drop(self, how: Literal["reset", "close"]) -> None:
        """Lose the connection."""

    def reconnect(self) -> None:
        """Come back after a lost connection."""

    def read(self, bytes_per_s: float) -> None:
        """Read at this pace from now on: 0 for not at all, infinite for as fast as possible."""

    def expect(self, cue: Cue, times: int, within: float) -> None:
        """Wait until so many messages that match have been heard."""

    def expect_none(self, cue: Cue, within: float) -> None:
        """Listen for so long that nothing matches, also in what has come since the line before this one began."""

    def reply(self, words: Template, cue: Cue, times: int | None, lasts: float | None) -> None:
        """Answer what matches from now on, so many times, or for so long, at most."""

    def greet(self, words: Template, times: int | None) -> None:
        """Say something to each who comes in from now on and takes no part in the scenario."""


class Action(Model):
    """One thing that an actor does, and what every action may have beside it: its place in time."""

    # The key that names the action in a file.
    key: ClassVar[str]
    # How long its actor is occupied: "no time", so that the script does it itself; until the server has "answered",
    # which a line with a time of its own does not wait for; or "long", which every later line waits for.
    occupies: ClassVar[Literal["no time", "answered", "long"]] = "long"
    # Where an actor must be for it: "here"; or perhaps on its way back, which is waited for; or "anywhere".
    needs: ClassVar[Literal["here", "here or coming back", "anywhere"]] = "here"
    # Whether something is said: if it is said late, the bots are to blame.
    speaks: ClassVar[bool] = False
    # Whether somebody has spoken once it is done, whom {sender} means in the lines after it.
    gives_sender: ClassVar[bool] = False
    # Whether {sender} in its own texts means somebody else than who spoke before.
    has_own_sender: ClassVar[bool] = False
    # Whether it asks for what was heard, and whether also for what came before it began.
    listens: ClassVar[bool] = False
    looks_back: ClassVar[bool] = False
    # Whether the script goes on only when it is over, whatever comes next.
    is_awaited: ClassVar[bool] = False
    # Whether the actor may be elsewhere afterwards: see `state_after`.
    changes_state: ClassVar[bool] = False
    # Whether the actor takes a nick, or gives its own up.
    changes_nick: ClassVar[bool] = False
    # What a protocol must be able to do for it, and for an actor who comes back by itself.
    asks: ClassVar[tuple[Ability, ...]] = ()
    asks_if_back: ClassVar[tuple[Ability, ...]] = ()
    # The keys that name somebody who takes part, and which of those must be one actor.
    names: ClassVar[tuple[str, ...]] = ()
    names_one: ClassVar[tuple[str, ...]] = ()

    at: Maybe[Duration] = Field(default=None, description="when the line begins, counted from the script's beginning")
    spread: Duration = Field(default=0.0, description="the actors do it one after another, evenly over this time")
    jitter: Maybe[JitterField] = Field(
        default=None, description="each time comes up to this much later, by chance; 50% is of every"
    )

    @model_validator(mode="after")
    def _jitter_has_a_whole(self) -> Self:
        if self.jitter and self.jitter.share and not self.period:
            raise wrong("a jitter in percent is a share of every, and there is none; write a time", "jitter")
        return self

    def perform(self, performer: Performer) -> None:
        """Do it once."""
        raise NotImplementedError

    @property
    def period(self) -> float:
        """Seconds from one time to the next."""
        return 0.0

    @property
    def repetitions(self) -> int:
        """How often each actor does it."""
        return 1

    @property
    def lasts(self) -> float:
        """How many seconds it takes at least, once it has begun."""
        return 0.0

    @property
    def addressee(self) -> str | None:
        """Which actor must be there too, and is occupied with this one."""
        return None

    @property
    def new_nick(self) -> Template | None:
        """The nick that the actor takes; None for its first one, where it changes at all."""
        return None

    @property
    def said_to_room(self) -> Template | None:
        """The words that a room hears."""
        return None

    @property
    def asks_who_spoke(self) -> bool:
        """Whether who spoke in the lines before is in its texts."""
        texts = [value.wanted if isinstance(value, Pattern) else value for _, value in self]
        return not self.has_own_sender and any("sender" in one.fields for one in texts if isinstance(one, Template))

    @property
    def other_room(self) -> bool:
        """Whether one must be able to be in more rooms than the first for it."""
        return False

    def asks_for(self, *, reconnects: bool) -> tuple[Ability, ...]:
        """Return what a protocol must be able to do for it; `reconnects` if one of its actors comes back by itself."""
        rooms: tuple[Ability, ...] = ("rooms",) if self.other_room else ()
        return (*self.asks, *rooms, *(self.asks_if_back if reconnects else ()))

    def why_not(self, state: State) -> str | None:
        """Return why an actor in this state cannot do it; None if it can."""
        return WHY_NOT.get(state) if self.needs != "anywhere" else None

    def state_after(self, state: State, *, reconnects: bool) -> State:
        """Return whether an actor is there afterwards; `reconnects` if it comes back by itself."""
        del reconnects
        return state


def is_other_room(room: str | None) -> bool:
    """Whether a room is named, and is not the one where everybody comes in."""
    return room is not None and names.key(room) != LOBBY


class Repeatable(Action):
    """An action that can be done again and again."""

    every: Maybe[Duration] = Field(default=None, description="how long from one time to the next")
    times: Maybe[int] = Field(default=None, ge=1, le=MAX_TIMES, description="how often each actor does it")
    for_: Maybe[DurationOrForever] = Field(default=None, alias="for", description="for how long it is repeated")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.every is not None:
            if self.every == 0:
                raise wrong("every must be longer than 0s", "every")
            if self.times is None and self.for_ is None:
                raise wrong("every has no end: say how many times, or for how long", "every")
        elif self.for_ is not None and self.times is None:
            raise wrong("for needs to know how often: give every, or times", "for")
        elif self.for_ == math.inf:
            raise wrong("forever needs to know how often: give every", "for")
        if self.jitter and self.period and self.jitter.seconds > self.period:
            raise wrong("a jitter longer than the time from one to the next would mix up the order", "jitter")
        return self

    @property
    def period(self) -> float:
        """Seconds from one time to the next; `times` without `every` are spread evenly over `for`."""
        if self.every is not None:
            return self.every
        return (self.for_ or 0.0) / (self.times or 1)

    @property
    def repetitions(self) -> int:
        """How often each actor does it."""
        if self.every is None or self.for_ is None:
            return self.times or 1
        if self.for_ == math.inf:
            return self.times or ENDLESS
        # Rounded first: 9 ms hold 3 ms three times, although 0.009 / 0.003 is a little more.
        within = max(1, math.ceil(round(self.for_ / self.every, 6)))
        return min(within, self.times or within)
