"""What actors say: to a room, to one user, and in answer."""

from pydantic import Field

from bots.scenario.actions.base import MAX_TIMES, Action, Cue, Performer, Repeatable, is_other_room
from bots.scenario.fields import Duration, Listened, Maybe, Name, Room, Text
from bots.scenario.template import Template


class Say(Repeatable):
    """Say something to everyone in the room."""

    key = "say"
    occupies = "no time"
    needs = "here or coming back"
    speaks = gives_sender = True

    say: Text
    room: Maybe[Room] = Field(default=None, description="which room, when the actor is in several")

    @property
    def said_to_room(self) -> Template:
        """The words that a room hears."""
        return self.say

    @property
    def other_room(self) -> bool:
        """Whether the room is another one than the first."""
        return is_other_room(self.room)

    def perform(self, performer: Performer) -> None:
        """Say it."""
        performer.say(self.say, self.room)


class Act(Repeatable):
    """Do something before everyone in the room, as with /me."""

    key = "act"
    occupies = "no time"
    needs = "here or coming back"
    speaks = gives_sender = True
    asks = ("act",)

    act: Text
    room: Maybe[Room] = Field(default=None, description="which room, when the actor is in several")

    @property
    def other_room(self) -> bool:
        """Whether the room is another one than the first."""
        return is_other_room(self.room)

    def perform(self, performer: Performer) -> None:
        """Do it."""
        performer.act(self.act, self.room)


class Whisper(Repeatable):
    """Say something to one actor alone."""

    key = "whisper"
    occupies = "no time"
    speaks = gives_sender = True
    names = ("to",)
    names_one = ("to",)
    asks = ("whisper",)

    whisper: Text
    to: Name = Field(description="who hears it: one actor")

    @property
    def addressee(self) -> str:
        """Which actor must be there too."""
        return self.to

    def perform(self, performer: Performer) -> None:
        """Whisper it."""
        performer.whisper(self.whisper, self.to)


class Reply(Action):
    """From now on, answer what matches; the script goes on at once. An actor never answers itself.

    The answer goes to the room where the message was said; a whisper is answered by a whisper.
    """

    key = "reply"
    needs = "here or coming back"
    gives_sender = has_own_sender = True
    names = ("from",)

    reply: Text
    to: Listened = Field(description="what is answered")
    from_: Maybe[Name] = Field(
        default=None,
        alias="from",
        description="whom to answer: an actor, a cast, or anyone (people too)",
    )
    times: Maybe[int] = Field(default=None, ge=1, le=MAX_TIMES, description="how many answers at most")
    for_: Maybe[Duration] = Field(default=None, alias="for", description="for how long; to the end when left out")

    @property
    def said_to_room(self) -> Template:
        """The words that a room hears."""
        return self.reply

    def perform(self, performer: Performer) -> None:
        """Begin to answer."""
        performer.reply(self.reply, Cue(self.to, self.from_), self.times, self.for_)


class Greet(Action):
    """From now on, say this to people who come in beside the bots; {sender} is who came. The script goes on at once."""

    key = "greet"
    needs = "here or coming back"
    gives_sender = has_own_sender = True
    asks = ("greet",)

    greet: Text
    times: Maybe[int] = Field(default=None, ge=1, le=MAX_TIMES, description="how many people at most")

    @property
    def said_to_room(self) -> Template:
        """The words that a room hears."""
        return self.greet

    def perform(self, performer: Performer) -> None:
        """Begin to greet."""
        performer.greet(self.greet, self.times)
