"""What a loaded scenario is: who takes part, what they do, and what is checked. Nothing here can be wrong any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bots.scenario.actions.base import Action
from bots.scenario.document import Check
from bots.scenario.mistakes import SourcePosition
from bots.scenario.selector import EVERYONE, Selector


@dataclass(frozen=True, slots=True)
class Actor:
    """One simulated user.

    `name` is the nick it comes in with, and what the script calls it. `n` counts from 1 in its `cast`, `index` from 0
    in the whole scenario. One who `reconnects` does so by itself whenever the connection is lost, and tries that for
    `comes_back_within_s` seconds.
    """

    name: str
    cast: str
    n: int
    index: int
    comes_back_within_s: float = 0.0

    @property
    def reconnects(self) -> bool:
        """Whether it comes back by itself."""
        return self.comes_back_within_s > 0


@dataclass(frozen=True, slots=True)
class Line:
    """Something that some actors do. `number` counts the script's lines from 0 as they are read; chance hangs on it.

    In a line for many actors, those who have left or lost the connection are passed over (for `join` and `reconnect`:
    those who have not). For one actor by name, that is a mistake and never gets here.
    """

    number: int
    place: SourcePosition
    who: Selector
    action: Action


@dataclass(frozen=True, slots=True)
class Pause:
    """The whole script waits: `- wait: 2s`."""

    place: SourcePosition
    seconds: float


@dataclass(frozen=True, slots=True)
class Together:
    """Branches that run at the same time; the script goes on when all have ended. A branch is one step or several."""

    place: SourcePosition
    branches: "tuple[Script, ...]"


Step = Line | Pause | Together
Script = tuple[Step, ...]


@dataclass(frozen=True)
class Scenario:
    """A whole scenario. `casts` are by name, one-user casts included; `rows` are those of the data file, by column."""

    file: str
    title: str
    seed: int
    casts: dict[str, tuple[Actor, ...]]
    script: Script
    check: Check
    rows: tuple[dict[str, str], ...] = ()
    whole: Script | None = None  # the file's script, where `script` is an excerpt
    mark: bool = True  # whether texts with random words get a mark, where the protocol gives messages no ids

    @cached_property
    def actors(self) -> tuple[Actor, ...]:
        """All actors, in order of `index`."""
        return tuple(actor for cast in self.casts.values() for actor in cast)

    @cached_property
    def _by_name(self) -> dict[str, tuple[Actor, ...]]:
        return {actor.name: (actor,) for actor in self.actors} | self.casts | {EVERYONE: self.actors}

    def group(self, name: str) -> tuple[Actor, ...]:
        """Return whom a name stands for: everyone, a cast, or one actor; nobody for a name that is none of these."""
        return self._by_name.get(name, ())

    def lines(self) -> Iterator[Line]:
        """Yield all lines of the script, in the order of their numbers."""
        yield from lines_of(self.script)


def lines_of(script: Script) -> Iterator[Line]:
    """Yield the lines of a part of a script, those that run together one branch after another."""
    for step in script:
        if isinstance(step, Line):
            yield step
        elif isinstance(step, Together):
            for branch in step.branches:
                yield from lines_of(branch)
