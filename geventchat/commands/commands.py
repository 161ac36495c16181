"""What a user can ask for. The structs are at once what sessions act on and what the json dialect receives.

`room` may be left out while the user is in one room only. `ref` is the client's own mark: it comes back in the answer.
The commands that have one are a `Request`.
"""

import msgspec

from geventchat.protocol.limits import DEFAULT_HISTORY

LOBBY = "lobby"  # the room that everyone starts in


class Command(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    """One thing that a user asks for."""


class Hello(Command, tag="hello"):
    """Come in under a name, into a room.

    A client that comes back gives `after`, the id of the last event that it heard, and `token`, from its last welcome:
    with it, the name is taken over from a connection that the server does not yet know to be lost.
    """

    nick: str
    room: str = LOBBY
    after: str | None = None
    token: str | None = None


class Say(Command, tag="say"):
    """Say something to everyone in the room."""

    text: str
    room: str | None = None
    ref: str | None = None


class Act(Command, tag="act"):
    """Do something before everyone in the room."""

    text: str
    room: str | None = None
    ref: str | None = None


class Whisper(Command, tag="whisper"):
    """Say something to one user alone, wherever that user is."""

    to: str
    text: str
    ref: str | None = None


class WhisperBack(Command, tag="reply"):
    """Whisper to whoever whispered last."""

    text: str
    ref: str | None = None


class Rename(Command, tag="rename"):
    """Take another nick."""

    nick: str
    ref: str | None = None


class Join(Command, tag="join"):
    """Enter a room, which is made by this if it is not there."""

    room: str
    after: str | None = None
    ref: str | None = None


class Leave(Command, tag="leave"):
    """Leave a room but stay connected."""

    room: str | None = None
    reason: str = ""
    ref: str | None = None


class Who(Command, tag="who"):
    """Ask who is in a room."""

    room: str | None = None
    ref: str | None = None


class Rooms(Command, tag="rooms"):
    """Ask which rooms there are."""

    ref: str | None = None


class History(Command, tag="history"):
    """Ask for earlier events: those after one id, those before another, or the latest."""

    room: str | None = None
    before: str | None = None
    after: str | None = None
    limit: int = DEFAULT_HISTORY
    ref: str | None = None


class Topic(Command, tag="topic"):
    """Set the room's topic, or ask for it when `text` is left out."""

    room: str | None = None
    text: str | None = None
    ref: str | None = None


class Ping(Command, tag="ping"):
    """Ask for a pong; it comes after everything that was on its way before."""

    token: str = ""


class Help(Command, tag="help"):
    """Ask which commands there are."""


class Bye(Command, tag="bye"):
    """Leave for good."""

    reason: str = ""


Request = Say | Act | Whisper | WhisperBack | Rename | Join | Leave | Who | Rooms | History | Topic
AnyCommand = Hello | Request | Ping | Help | Bye


def ref_of(command: Command) -> str | None:
    """Return the client's mark, where the command has one."""
    return command.ref if isinstance(command, Request) else None
