"""What a conversation leads to: commands to be sent, things to be shown, and the few that are neither."""

from dataclasses import dataclass
from datetime import date

from geventchat.client.terminal.user_input import Find
from geventchat.commands.command import Command
from geventchat.protocol import replies


@dataclass(frozen=True, slots=True)
class Notice:
    """What the client itself has to tell its user, of no room."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The user looks at another room: what is shown below is of that one."""

    room: str
    count: int
    topic: str = ""


@dataclass(frozen=True, slots=True)
class NewDay:
    """Midnight has passed: what is shown below is of this day."""

    day: date


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody wants the user's attention."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try to reach the server now; something has changed."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The conversation is over: by the user's wish, with a `goodbye`, or for a reason that the user did not ask for."""

    reason: str = ""
    goodbye: str = ""


Shown = replies.Message | Notice | Heading | NewDay
Effect = Command | Shown | Alert | Retry | Find | Leave
