"""What an actor can do in one line of a script: one class per action, with all that may stand beside it.

These are at once what a scenario's file may hold, what the JSON Schema is made from, and what the runner carries out.
Times are in seconds once they are read.
"""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from bots.scenario.fields import (
    Bytes,
    Duration,
    JitterField,
    Listened,
    Maybe,
    MaybeRoom,
    Model,
    Name,
    NewNick,
    Nothing,
    Rate,
    Reason,
    Room,
    Text,
    wrong,
)

# How long is waited for what must come, and listened for what must not.
EXPECT_WITHIN_S = 5.0
EXPECT_NONE_WITHIN_S = 1.0
# More repetitions than this are a slip of the finger.
MAX_TIMES = 1_000_000


class Action(Model):
    """What every action may have beside it: its place in time."""

    at: Maybe[Duration] = Field(default=None, description="when the line begins, counted from the script's beginning")
    spread: Duration = Field(default=0.0, description="the actors do it one after another, evenly over this time")
    jitter: Maybe[JitterField] = Field(
        default=None, description="each time comes up to this much later, by chance; 50% is of every"
    )

    @model_validator(mode="after")
    def _jitter_has_a_whole(self) -> Self:
        if self.jitter and self.jitter.share and not getattr(self, "period", 0):
            raise wrong("a jitter in percent is a share of every, and there is none; write a time", "jitter")
        return self


class Repeatable(Action):
    """An action that can be done again and again."""

    every: Maybe[Duration] = Field(default=None, description="how long from one time to the next")
    times: Maybe[int] = Field(default=None, ge=1, le=MAX_TIMES, description="how often each actor does it")
    for_: Maybe[Duration] = Field(default=None, alias="for", description="for how long it is repeated")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.every is not None:
            if self.every == 0:
                raise wrong("every must be longer than 0s", "every")
            if self.times is None and self.for_ is None:
                raise wrong("every has no end: say how many times, or for how long", "every")
        elif self.for_ is not None and self.times is None:
            raise wrong("for needs to know how often: give every, or times", "for")
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
        # Rounded first: 9 ms hold 3 ms three times, although 0.009 / 0.003 is a little more.
        within = max(1, math.ceil(round(self.for_ / self.every, 6)))
        return min(within, self.times or within)


class Say(Repeatable):
    """Say something to everyone in the room."""

    say: Text
    room: Maybe[Room] = Field(default=None, description="which room, when the actor is in several")


class Act(Repeatable):
    """Do something before everyone in the room, as with /me."""

    act: Text
    room: Maybe[Room] = Field(default=None, description="which room, when the actor is in several")


class Whisper(Repeatable):
    """Say something to one actor alone."""

    whisper: Text
    to: Name = Field(description="who hears it: one actor")


class Rename(Repeatable):
    """Take another nick; the script goes on calling the actor by its first name."""

    rename: NewNick


class Ping(Repeatable):
    """Ask the server for a sign of life, and wait for it."""

    ping: Nothing
    within: Duration = Field(default=EXPECT_WITHIN_S, description="how long the answer may take; 5s when left out")


class SendBytes(Repeatable):
    """Send these bytes, and no others: an end of line too is sent only where it is written."""

    send_bytes: Bytes


class Join(Action):
    """Come in, under the actor's first name. With a room's name: come in there, or enter that room too."""

    join: MaybeRoom


class Leave(Action):
    """Leave the chat, or with `room` only that room; a reason may be given."""

    leave: Reason
    room: Maybe[Room] = Field(default=None, description="leave this room but stay in the chat")


class Wait(Action):
    """Do nothing for a time; the script waits too."""

    wait: Duration


class Expect(Action):
    """Wait until something that matches is heard. What an earlier `expect` of the actor has taken counts no more."""

    expect: Listened
    from_: Maybe[Name] = Field(default=None, alias="from", description="who must say it: an actor, or anyone of a cast")
    times: int = Field(default=1, ge=1, le=MAX_TIMES, description="how many such messages must come")
    within: Duration = Field(default=EXPECT_WITHIN_S, description="how long they may take; 5s when left out")


class ExpectNone(Action):
    """Make sure that nothing that matches is heard, from the beginning of the line before this one on."""

    expect_none: Listened
    from_: Maybe[Name] = Field(
        default=None, alias="from", description="who must not say it: an actor, or anyone of a cast"
    )
    within: Duration = Field(default=EXPECT_NONE_WITHIN_S, description="how long to listen; 1s when left out")


class Reply(Action):
    """From now on, answer what matches; the script goes on at once. An actor never answers itself.

    The answer goes to the room where the message was said; a whisper is answered by a whisper.
    """

    reply: Text
    to: Listened = Field(description="what is answered")
    from_: Maybe[Name] = Field(default=None, alias="from", description="whom to answer: an actor, or anyone of a cast")
    times: Maybe[int] = Field(default=None, ge=1, le=MAX_TIMES, description="how many answers at most")
    for_: Maybe[Duration] = Field(default=None, alias="for", description="for how long; to the end when left out")


class Drop(Repeatable):
    """Lose the connection: `reset` breaks it off (RST), `close` ends it without a goodbye (FIN)."""

    drop: Literal["reset", "close"] = Field(description="broken off, or ended without a goodbye")


class Reconnect(Action):
    """Come back after a lost connection, under the same nick, and catch up with what was missed."""

    reconnect: Nothing


class Read(Action):
    """From now on, read at this pace: in bytes a second, 0 when stopped, infinite when normal."""

    read: Rate


AnyAction = (
    Say
    | Act
    | Whisper
    | Rename
    | Ping
    | SendBytes
    | Join
    | Leave
    | Wait
    | Expect
    | ExpectNone
    | Reply
    | Drop
    | Reconnect
    | Read
)

# By the key that names the action in a file.
ACTIONS: dict[str, type[AnyAction]] = {
    "say": Say,
    "act": Act,
    "whisper": Whisper,
    "rename": Rename,
    "join": Join,
    "leave": Leave,
    "wait": Wait,
    "expect": Expect,
    "expect_none": ExpectNone,
    "reply": Reply,
    "ping": Ping,
    "drop": Drop,
    "reconnect": Reconnect,
    "read": Read,
    "send_bytes": SendBytes,
}
