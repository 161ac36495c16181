"""The commands: what users can ask for. The structs are at once what the server acts on and what json clients send.

`TABLE` in `table.py` says what people type for each, what it costs, and who may ask for it.

`room` may be left out while the user is in one room only. `ref` is the client's own: it comes back in the answer.
The commands that have one are a `Request`. Those of moderators are in `moderation`.
"""

import msgspec

from geventchat.commands import moderation
from geventchat.commands.command import Command
from geventchat.protocol.limits import DEFAULT_HISTORY
from geventchat.protocol.names import LOBBY

# The fields of commands that other users will see: these are made safe where they come in, and filtered. Names are
# checked where they are claimed.
SEEN = ("text", "reason", "about", "username")


class Credentials(msgspec.Struct, kw_only=True, gc=False):
    """An account, and its password; or its token, or a password that is good for once."""

    account: str
    password: str


class Hello(Command, tag="hello"):
    """Come in under a name, into a room.

    A client that comes back gives `after`, the id of the last event that it heard, and `token`, from a welcome:
    with it, the name is taken over from a connection that the server does not yet know to be lost.

    `login` logs in to an account first, as `Login` does.

    Where `room` is empty, a client is in none until it joins one. `about` and `username` are what others see who ask.
    `password` is the server's, if it has one.
    Whoever opens a moderator's `link` first is one.
    """

    nick: str
    room: str = LOBBY
    after: str | None = None
    token: str | None = None
    about: str = ""
    username: str = ""
    login: Credentials | None = None
    password: str | None = None
    link: str | None = None


class ServerPassword(Command, tag="server_password"):
    """Give the server's password before a name, as people are asked for it; programs say it in their hello."""

    password: str


class Say(Command, tag="say"):
    """Say something to everyone in the room; a `notice` wants no answer, as programs send them."""

    text: str
    room: str | None = None
    ref: str | None = None
    notice: bool = False


class Act(Command, tag="act"):
    """Do something before everyone in the room."""

    text: str
    room: str | None = None
    ref: str | None = None


class Whisper(Command, tag="whisper"):
    """Say something to one user alone, wherever that user is; a `notice` wants no answer."""

    to: str
    text: str
    ref: str | None = None
    notice: bool = False


class WhisperBack(Command, tag="reply"):
    """Whisper to the user who whispered last."""

    text: str
    ref: str | None = None


class Rename(Command, tag="rename"):
    """Take another nick."""

    nick: str
    ref: str | None = None


class Join(Command, tag="join"):
    """Enter a room, which is made by this if it is not there; one that is locked may take a password."""

    room: str
    password: str | None = None
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


class Whois(Command, tag="whois"):
    """Ask who a user is."""

    nick: str
    ref: str | None = None


class Find(Command, tag="find"):
    """Ask who users are: those in a room, those of these nicks, or those whose nicks a mask like `a*` fits."""

    room: str | None = None
    nicks: list[str] = msgspec.field(default_factory=list)
    mask: str | None = None
    ref: str | None = None


class Whowas(Command, tag="whowas"):
    """Ask who went by a nick, or by one that a mask fits; `limit` is how many at most, 0 for all that are known."""

    nick: str
    limit: int = 0
    ref: str | None = None


class Away(Command, tag="away"):
    """Tell others that one is away, and why; with nothing, that one is there again."""

    text: str = ""
    ref: str | None = None


class Describe(Command, tag="describe"):
    """Say of oneself who one is."""

    about: str
    ref: str | None = None


class Watch(Command, tag="watch"):
    """Be told whether nicks are here, and when that changes; of those in `stop` no more, and with `clear`, of none."""

    nicks: list[str] = msgspec.field(default_factory=list)
    stop: list[str] = msgspec.field(default_factory=list)
    clear: bool = False
    ref: str | None = None


class Invite(Command, tag="invite"):
    """Invite a user into a room that one is in."""

    nick: str
    room: str | None = None
    ref: str | None = None


class Register(Command, tag="register"):
    """Make the nick one's own: an account, to which one is logged in by this."""

    password: str
    ref: str | None = None


class Login(Command, tag="login"):
    """Log in to an account, so that its name can be taken, with its password, its token, or a password for once."""

    account: str
    password: str
    ref: str | None = None


class Logout(Command, tag="logout"):
    """Use the account no more; who goes by its name is called otherwise."""

    ref: str | None = None


class Password(Command, tag="password"):
    """Set another password for the account; who else is logged in to it has to log in anew, and its token ends."""

    password: str
    ref: str | None = None


class Unregister(Command, tag="unregister"):
    """Give up the account, so that its name is anybody's again."""

    password: str
    ref: str | None = None


class Recover(Command, tag="recover"):
    """Give the owner of an account another chance to log in: a password for once, in place of all that was before."""

    account: str
    ref: str | None = None


class Status(Command, tag="status"):
    """Ask how the server stands."""

    ref: str | None = None


class History(Command, tag="history"):
    """Ask for earlier events: those after one id, those before another, or the latest.

    Between two ids, the first come, or with `latest` the last; `around` an id, those before it and those after it.
    """

    room: str | None = None
    before: str | None = None
    after: str | None = None
    around: str | None = None
    latest: bool = False
    limit: int = DEFAULT_HISTORY
    ref: str | None = None


class Recent(Command, tag="recent"):
    """Ask in which of one's rooms something was said last between two ids, and when; the latest `limit` of them."""

    before: str | None = None
    after: str | None = None
    limit: int = DEFAULT_HISTORY
    ref: str | None = None


class Topic(Command, tag="topic"):
    """Set the room's topic, or ask for it when `text` is left out."""

    room: str | None = None
    text: str | None = None
    ref: str | None = None


class Motd(Command, tag="motd"):
    """Ask for the message of the day."""

    ref: str | None = None


class Ping(Command, tag="ping"):
    """Ask for a pong; it comes after everything that was on its way before."""

    token: str = ""


class Help(Command, tag="help"):
    """Ask which commands there are."""


class Bye(Command, tag="bye"):
    """Leave for good."""

    reason: str = ""


Talk = Say | Act | Whisper | WhisperBack | Topic
Question = Who | Whois | Find | Whowas | Watch | Rooms | Status | History | Recent | Motd
OfAccounts = Register | Login | Logout | Password | Unregister | Recover
OfPeople = Rename | Join | Leave | Away | Describe | Invite
Request = Talk | Question | OfAccounts | OfPeople | moderation.Moderating
FromProgram = Hello | Request | Ping | Help | Bye  # what can be sent as JSON
AnyCommand = FromProgram | ServerPassword


def ref_of(command: Command) -> str | None:
    """Return the client's ref, where the command has one."""
    return command.ref if isinstance(command, Request) else None
