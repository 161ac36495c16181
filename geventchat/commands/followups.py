"""What a command needs beyond the chat: the session does that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol.events import AnyEvent


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Tell the member first what was said before in the room that it has just entered, later than the id `after`."""

    room: Room
    after: str | None
    ref: str | None


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Answer with a page of what was said before."""

    asked: commands.History


@dataclass(frozen=True, slots=True)
class ReadRecent:
    """Answer with when something was said last in the member's rooms."""

    asked: commands.Recent


@dataclass(frozen=True, slots=True)
class FindEvent:
    """Look for an event in a room's log and go on with it, or with None: by its id, or the last that a nick has said.

    What `then` raises as Refused is told under the `ref`. What can be done `once` with the event, one server does.
    """

    room: str
    id_or_nick: str
    then: Callable[[AnyEvent | None], None]
    ref: str | None
    once: bool = False


@dataclass(frozen=True, slots=True)
class ClaimNick:
    """Have the log give the member a nick, on all servers, and go on; `then` may raise Refused.

    Who has the nick, and `earlier` for its token, is sent away for it. `ref` is the one to answer with.
    """

    nick: str
    then: "Callable[[], Followup | None]"
    ref: str | None
    earlier: str | None = None


@dataclass(frozen=True, slots=True)
class CheckPassword:
    """Find out whether a password is that of a hash, and go on with that; an empty hash is of no password.

    Without a hash it is known to be right. `then` may return what is to be done next, and raise Refused. `ref` is the
    one to answer with.
    """

    stored: str | None
    password: str
    then: Callable[[bool], commands.AnyCommand | None]
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class HashPassword:
    """Make the hash of a password, of a new account if it `is_new`, and go on with it; `then` may raise Refused."""

    password: str
    then: Callable[[str], None]
    ref: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class MakeWord:
    """Make a long random word, and go on with it; `then` may raise Refused."""

    then: Callable[[str], None]
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Goodbye:
    """End the connection."""

    reason: str


Followup = (
    CatchUp | ReadHistory | ReadRecent | FindEvent | ClaimNick | Goodbye | CheckPassword | HashPassword | MakeWord
)

# By commands, what does them: for a member who asks, at a time in seconds since 1970.
Actions = Mapping[type[Command], Callable[[Chat, Member, Any, float], Followup | None]]
