"""The commands: what users can ask for. The structs are at once what the server acts on and what json clients send.

`TABLE` at the end says what people type for each, what it costs, and who may ask for it.

`room` may be left out while the user is in one room only. `ref` is the client's own: it comes back in the answer.
The commands that have one are a `Request`. Those of moderators are in `moderation`.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from geventchat.commands import moderation
from geventchat.commands.command import Command as Command
from geventchat.protocol.limits import DEFAULT_HISTORY
from geventchat.protocol.names import LOBBY as LOBBY
from geventchat.protocol.roles import Role


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


class Unlock(Command, tag="server_password"):
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
AnyCommand = FromProgram | Unlock


def ref_of(command: Command) -> str | None:
    """Return the client's ref, where the command has one."""
    return command.ref if isinstance(command, Request) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInfo:
    """What is to be known of a command beside its fields and what it does; this is what `/help` and the docs show.

    `typed` is what people type, a slash and the name, then an argument for each of `fields`: NAME, ROOM and ID are
    names, N is a number, TIME a duration, anything else is the rest of the line. An argument in brackets may be left
    out.
    """

    command: type[Command]
    typed: str = ""  # empty when it is not typed
    fields: tuple[str, ...] = ()
    help: str = ""
    costs_per_room: bool = False  # against the rate, it counts once for each room that the user is in
    needs_nick: bool = True
    who_may: Role = Role.USER  # the least role that is allowed it
    in_own_room: bool = False  # whether it is allowed, too, to whom the room belongs that it is about
    speaks: bool = False  # whether others see what it brings about: then who is muted may not

    @property
    def name(self) -> str:
        """What stands behind the slash."""
        return self.typed.partition(" ")[0][1:]


_FOR_ALL = (
    CommandInfo(command=Hello, needs_nick=False),
    CommandInfo(command=Unlock, needs_nick=False),
    CommandInfo(command=Say, speaks=True),
    CommandInfo(command=Help, typed="/help", help="this list"),
    CommandInfo(command=Who, typed="/who [ROOM]", fields=("room",), help="who is in the room"),
    CommandInfo(command=Whois, typed="/whois NAME", fields=("nick",), help="who that is"),
    CommandInfo(command=Find),
    CommandInfo(command=Whowas),
    CommandInfo(command=Watch),
    CommandInfo(command=Status),
    CommandInfo(command=Describe, speaks=True, costs_per_room=True),
    CommandInfo(
        command=Rename, speaks=True, typed="/nick NAME", fields=("nick",), help="take another name", costs_per_room=True
    ),
    CommandInfo(command=Act, speaks=True, typed="/me TEXT", fields=("text",), help="do something: /me waves"),
    CommandInfo(
        command=Whisper,
        speaks=True,
        typed="/msg NAME TEXT",
        fields=("to", "text"),
        help='say something to one alone; quote a name with spaces: "NAME"',
    ),
    CommandInfo(
        command=WhisperBack, speaks=True, typed="/reply TEXT", fields=("text",), help="answer the last whisper"
    ),
    CommandInfo(
        command=Join,
        typed="/join ROOM [PASSWORD]",
        fields=("room", "password"),
        help='go to another room; quote the name of one with a password: /join "ROOM" PASSWORD',
    ),
    CommandInfo(command=Leave, typed="/leave [REASON]", fields=("reason",), help="go back to the lobby"),
    CommandInfo(command=Rooms, typed="/rooms", help="which rooms there are"),
    CommandInfo(command=Invite, speaks=True, typed="/invite NAME", fields=("nick",), help="ask somebody into the room"),
    CommandInfo(
        command=Away,
        speaks=True,
        typed="/away [TEXT]",
        fields=("text",),
        help="tell others that you are away; alone, that you are back",
        costs_per_room=True,
    ),
    CommandInfo(
        command=Topic, speaks=True, typed="/topic [TEXT]", fields=("text",), help="see or set the room's topic"
    ),
    CommandInfo(command=History, typed="/history [N]", fields=("limit",), help="what was said before"),
    CommandInfo(command=Recent),
    CommandInfo(command=Motd, typed="/motd", help="the message of the day"),
    CommandInfo(command=Register, typed="/register PASSWORD", fields=("password",), help="make your name your own"),
    CommandInfo(
        command=Login,
        typed="/login NAME PASSWORD",
        fields=("account", "password"),
        help="log in, so that you can have your name",
        needs_nick=False,
    ),
    CommandInfo(command=Logout, typed="/logout", help="log out, and go by another name"),
    CommandInfo(command=Password, typed="/password PASSWORD", fields=("password",), help="set another password"),
    CommandInfo(
        command=Unregister, typed="/unregister PASSWORD", fields=("password",), help="let anybody have your name again"
    ),
    CommandInfo(
        command=Recover,
        typed="/recover NAME",
        fields=("account",),
        help="give somebody a password for once",
        who_may=Role.MODERATOR,
    ),
    CommandInfo(command=Ping, typed="/ping [TOKEN]", fields=("token",), help="see that the server answers"),
    CommandInfo(
        command=Bye,
        typed="/exit [REASON]",
        fields=("reason",),
        help="leave the chat, as plain exit does",
        needs_nick=False,
    ),
)
_IN_ROOM: Any = {"who_may": Role.MODERATOR, "in_own_room": True}
TABLE = (
    *_FOR_ALL,
    CommandInfo(
        command=moderation.Kick,
        typed="/kick NAME [REASON]",
        fields=("nick", "reason"),
        help="put somebody out of the room",
        **_IN_ROOM,
    ),
    CommandInfo(
        command=moderation.Ban,
        typed="/ban NAME [TIME] [REASON]",
        fields=("who", "lasts", "reason"),
        help="keep out a name, an address or network, or an origin: /ban bob 10m",
        **_IN_ROOM,
    ),
    CommandInfo(
        command=moderation.Unban, typed="/unban NAME", fields=("who",), help="let somebody in again", **_IN_ROOM
    ),
    CommandInfo(command=moderation.Bans, typed="/bans", help="who is banned, and who is muted", **_IN_ROOM),
    CommandInfo(
        command=moderation.Mute,
        typed="/mute NAME [TIME] [REASON]",
        fields=("nick", "lasts", "reason"),
        help="let somebody say nothing; * is everybody in the room",
        **_IN_ROOM,
    ),
    CommandInfo(
        command=moderation.Unmute, typed="/unmute NAME", fields=("nick",), help="let somebody speak again", **_IN_ROOM
    ),
    CommandInfo(
        command=moderation.Slow,
        typed="/slow [TIME]",
        fields=("every",),
        help="let everyone speak once in this time; alone, at any time",
        **_IN_ROOM,
    ),
    CommandInfo(
        command=moderation.Lock,
        typed="/lock [PASSWORD]",
        fields=("password",),
        help="let in only who is invited, or knows the password",
        **_IN_ROOM,
    ),
    CommandInfo(command=moderation.Unlock, typed="/unlock", help="let everyone in again", **_IN_ROOM),
    CommandInfo(
        command=moderation.Delete,
        typed="/delete ID [REASON]",
        fields=("id", "reason"),
        help="take back the message with an id, or the last one of a name",
        **_IN_ROOM,
    ),
    CommandInfo(
        command=moderation.Approve,
        typed="/approve ID",
        fields=("id",),
        help="let be said what was held back",
        who_may=Role.MODERATOR,
    ),
    CommandInfo(
        command=moderation.Announce,
        typed="/announce TEXT",
        fields=("text",),
        help="say something to everyone, in all rooms",
        who_may=Role.MODERATOR,
    ),
)
INFO = {info.command: info for info in TABLE}
TYPED = {info.name: info for info in TABLE if info.typed}


def help_lines(*, moderates: bool = True) -> list[str]:
    """Return the commands that people type, a line each; for who does not moderate, only those that everyone may."""
    shown = [info for info in TYPED.values() if moderates or info.who_may is Role.USER]
    width = max(len(info.typed) for info in shown)
    return [f"{info.typed:{width}}  {info.help}" for info in shown]
