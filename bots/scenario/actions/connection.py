"""What actors do with their connection: losing it and coming back, reading slowly, and sending what is no command."""

from typing import Literal

from pydantic import Field

from bots.scenario.actions.base import WHY_NOT, Action, Performer, Repeatable, State
from bots.scenario.fields import Bytes, Duration, Nothing, Rate

PING_WITHIN_S = 5.0


class Ping(Repeatable):
    """Ask the server for a sign of life, and wait for it."""

    key = "ping"
    needs = "here or coming back"
    asks = ("ping",)

    ping: Nothing
    within: Duration = Field(default=PING_WITHIN_S, description="how long the answer may take; 5s when left out")

    def perform(self, performer: Performer) -> None:
        """Wait for the answer."""
        performer.ping(self.within)


class SendBytes(Repeatable):
    """Send these bytes, and no others: an end of line too is sent only where it is written."""

    key = "send_bytes"
    occupies = "no time"

    send_bytes: Bytes

    def perform(self, performer: Performer) -> None:
        """Send them."""
        performer.send_bytes(self.send_bytes)


class Drop(Repeatable):
    """Lose the connection: `reset` breaks it off (RST), `close` ends it without a goodbye (FIN)."""

    key = "drop"
    changes_state = True
    asks_if_back = ("catch up",)  # who comes back by itself is to be told what it missed

    drop: Literal["reset", "close"] = Field(description="broken off, or ended without a goodbye")

    def state_after(self, state: State, *, reconnects: bool) -> State:
        """Who does not come back by itself has lost the connection."""
        return "lost" if state == "here" and not reconnects else state

    def perform(self, performer: Performer) -> None:
        """Lose the connection."""
        performer.drop(self.drop)


class Reconnect(Action):
    """Come back after a lost connection, under the same nick, and catch up with what was missed."""

    key = "reconnect"
    needs = "anywhere"
    changes_state = True

    reconnect: Nothing

    def why_not(self, state: State) -> str | None:
        """Who has left, or was never there, must join."""
        return None if state == "lost" else WHY_NOT.get(state)

    def state_after(self, state: State, *, reconnects: bool) -> State:
        """Who had lost the connection is there again."""
        del reconnects
        return state if state == "gone" else "here"

    def perform(self, performer: Performer) -> None:
        """Come back."""
        performer.reconnect()


class Read(Action):
    """From now on, read at this pace: in bytes a second, 0 when stopped, infinite when normal."""

    key = "read"
    occupies = "no time"
    needs = "here or coming back"

    read: Rate

    def perform(self, performer: Performer) -> None:
        """Read so from now on."""
        performer.read(self.read)
