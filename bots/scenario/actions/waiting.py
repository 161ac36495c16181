"""What actors wait for: words that must come or must not, or only time."""

from pydantic import Field

from bots.scenario.actions.base import MAX_TIMES, Action, Cue, Performer
from bots.scenario.fields import Duration, DurationOrForever, Listened, Maybe, Name

# How long is waited for what must come, and listened for what must not.
EXPECT_WITHIN_S = 5.0
EXPECT_NONE_WITHIN_S = 1.0


class Wait(Action):
    """Do nothing for a time; the script waits too."""

    key = "wait"
    needs = "anywhere"

    wait: DurationOrForever

    @property
    def lasts(self) -> float:
        """How many seconds it takes."""
        return self.wait

    def perform(self, performer: Performer) -> None:
        """Wait."""
        performer.wait(self.wait)


class Expect(Action):
    """Wait until something that matches is heard. What an earlier `expect` of the actor has taken counts no more."""

    key = "expect"
    needs = "here or coming back"
    gives_sender = listens = is_awaited = True
    names = ("from",)

    expect: Listened
    from_: Maybe[Name] = Field(
        default=None,
        alias="from",
        description="who must say it: an actor, a cast, or anyone (people too)",
    )
    times: int = Field(default=1, ge=1, le=MAX_TIMES, description="how many such messages must come")
    within: Duration = Field(default=EXPECT_WITHIN_S, description="how long they may take; 5s when left out")

    def perform(self, performer: Performer) -> None:
        """Wait for it."""
        performer.expect(Cue(self.expect, self.from_), self.times, self.within)


class ExpectNone(Action):
    """Make sure that nothing that matches is heard, from the beginning of the line before this one on."""

    key = "expect_none"
    needs = "here or coming back"
    listens = looks_back = True
    names = ("from",)

    expect_none: Listened
    from_: Maybe[Name] = Field(
        default=None,
        alias="from",
        description="who must not say it: an actor, a cast, or anyone (people too)",
    )
    within: Duration = Field(default=EXPECT_NONE_WITHIN_S, description="how long to listen; 1s when left out")

    @property
    def lasts(self) -> float:
        """How many seconds it takes."""
        return self.within

    def perform(self, performer: Performer) -> None:
        """Listen."""
        performer.expect_none(Cue(self.expect_none, self.from_), self.within)
