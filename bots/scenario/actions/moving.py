"""Where actors are, and under which nick: they come, go, and take other names."""

from pydantic import Field

from bots.scenario.actions.base import Action, Performer, Repeatable, State, is_other_room
from bots.scenario.fields import Maybe, MaybeRoom, NewNick, Reason, Room
from bots.scenario.template import Template
from geventchat.protocol.names import LOBBY


class Join(Action):
    """Come in, under the actor's first name. With a room's name: come in there, or enter that room too."""

    key = "join"
    occupies = "answered"
    needs = "anywhere"
    changes_state = changes_nick = True

    join: MaybeRoom

    def why_not(self, state: State) -> str | None:
        """Who is there can only enter a further room."""
        is_again = self.join is None and state == "here"
        return "is there already, since no earlier line of theirs is a join" if is_again else None

    def state_after(self, state: State, *, reconnects: bool) -> State:
        """Who joins is there."""
        del state, reconnects
        return "here"

    @property
    def other_room(self) -> bool:
        """Whether the room is another one than the first."""
        return is_other_room(self.join)

    def perform(self, performer: Performer) -> None:
        """Come in, or enter a room."""
        performer.join(self.join or LOBBY)


class Leave(Action):
    """Leave the chat, or with `room` only that room; a reason may be given."""

    key = "leave"
    occupies = "answered"
    changes_state = changes_nick = True

    leave: Reason
    room: Maybe[Room] = Field(default=None, description="leave this room but stay in the chat")

    def state_after(self, state: State, *, reconnects: bool) -> State:
        """Who leaves the chat is gone."""
        del reconnects
        return state if self.room is not None or state == "to come" else "gone"

    @property
    def other_room(self) -> bool:
        """Whether the chat goes on in other rooms."""
        return self.room is not None

    def perform(self, performer: Performer) -> None:
        """Leave, and wait until the server has let go."""
        reason = performer.text(self.leave) if self.leave else ""
        if self.room is None:
            performer.leave(reason)
        else:
            performer.leave_room(self.room, reason)


class Rename(Repeatable):
    """Take another nick; the script goes on calling the actor by its first name."""

    key = "rename"
    occupies = "answered"
    changes_nick = True
    asks = ("rename",)

    rename: NewNick

    @property
    def new_nick(self) -> Template:
        """The nick that the actor takes."""
        return self.rename

    def perform(self, performer: Performer) -> None:
        """Take the nick, and wait until the server has given it."""
        performer.rename(performer.text(self.rename))
