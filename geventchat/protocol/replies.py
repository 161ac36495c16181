"""What the server tells one user alone. The structs are at once what sessions are told and what json sends."""

import msgspec

from geventchat.protocol.events import AccountOf, AnyEvent
from geventchat.protocol.questions import Question
from geventchat.protocol.roles import Role


class Reply(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    """Something for one user; the `ref` of a `Response` is that of the command that it answers."""


class Prompt(Reply, tag="prompt"):
    """The server asks for something; only people are asked, programs begin by themselves."""

    question: Question


class Welcome(Reply, tag="welcome"):
    """The answer to hello. `id` is that of the user's own `joined`: everything after it will be heard.

    `token` is a secret of this user's, to come back with. `account` is the one that it has logged in to, if any, and
    `role` what it may do.
    """

    nick: str
    room: str
    members: list[str]
    count: int
    topic: str
    id: str
    token: str
    server: str
    limits: dict[str, int | float | None]
    moderators: list[str] = []
    account: str | None = None
    role: Role = Role.USER


class Members(Reply, tag="members"):
    """Who is in a room, and since when it is there; `count` is exact also where `members` is cut.

    `moderators` are those of them who moderate the room. If it is `locked`, `password` says whether one opens it; if it
    is `muted`, nobody else may speak.

    After a join, `id` is as in Welcome.
    """

    room: str
    members: list[str]
    count: int
    topic: str
    moderators: list[str] = []
    locked: bool = False
    password: bool = False
    muted: bool = False
    since: str | None = None
    id: str | None = None
    ref: str | None = None


class RoomList(Reply, tag="rooms"):
    """Which rooms there are, with how many are in each; and the topics of those that have one."""

    rooms: dict[str, int]
    topics: dict[str, str] = msgspec.field(default_factory=dict)
    ref: str | None = None


class Profile(msgspec.Struct, kw_only=True, gc=False):
    """What is known of a user: `about` and `username` are its own words, and `away` too, None while it is there.

    `moderates` are those of the rooms in which it does.

    `account` is the one that it has logged in to, if any; `origin` stands for where it comes from, and only moderators
    are told.

    `since` is when it came; for `idle` seconds it has said nothing.
    """

    nick: str
    about: str = ""
    username: str = ""
    account: str | None = None
    away: str | None = None
    rooms: list[str] = []
    moderates: list[str] = []
    since: str
    idle: int
    origin: str = ""


class Profiles(Reply, tag="profiles"):
    """Who certain users are: those in `room`, where that was asked; `more` when there are others like them."""

    users: list[Profile]
    room: str | None = None
    more: bool = False
    ref: str | None = None


class Former(Reply, tag="former"):
    """Who went by a nick and does so no more, the last one first; `since` is when each was called so last."""

    nick: str
    users: list[Profile]
    ref: str | None = None


class AwayIs(Reply, tag="away_is"):
    """Why `nick` is away; None when it is there."""

    nick: str
    text: str | None
    ref: str | None = None


class Doing(Reply, kw_only=True):
    """What somebody does who has logged in to `account`."""

    account: AccountOf = msgspec.UNSET


class AwayChanged(Doing, tag="away", kw_only=True):
    """Somebody who shares a room with this user is away from now on, or there again."""

    nick: str
    text: str | None


class AccountIs(Reply, tag="account_is"):
    """Which account this user has logged in to, None for none, and what it may do; also unasked when that changes.

    It `needs_password` where the one that was given was good for one login.
    """

    account: str | None
    role: Role
    needs_password: bool = False
    ref: str | None = None


class AccountChanged(Reply, tag="account"):
    """`nick`, who shares a room with this user, has logged in to an account, or with None, out of it."""

    nick: str
    account: str | None


class Recovered(Reply, tag="recovered"):
    """The owner of an account, and nobody else, is to be given this password, which is good for one login."""

    account: str
    password: str
    ref: str | None = None


class Described(Doing, tag="described", kw_only=True):
    """`nick`, this user or one who shares a room with it, says of itself `about` from now on."""

    nick: str
    about: str
    ref: str | None = None


class Watched(Reply, tag="watched"):
    """Which nicks are here and which are not, of all or some that this user watches; sent unasked when that changes."""

    here: list[str]
    gone: list[str]
    ref: str | None = None


class Invited(Doing, tag="invited", kw_only=True):
    """`nick` invites `to` into a room; both of them are told."""

    nick: str
    to: str
    room: str
    ref: str | None = None


class Status(Reply, tag="status"):
    """How the server stands: its name and version, how many are here and how many there were at once, and its time."""

    server: str
    time: str
    users: int
    most: int
    rooms: int
    ref: str | None = None


class Ack(Reply, tag="ack"):
    """The message with this `ref` is stored under `id`; of a whisper, which is not stored, `id` is None."""

    ref: str
    id: str | None


class Whispered(Doing, tag="whispered", kw_only=True, omit_defaults=True):
    """`nick` said `text` to `to` alone; both of them are told, and `nick` with its own `ref`.

    A `notice` wants no answer, as programs send them.
    """

    time: str
    nick: str
    to: str
    text: str
    notice: bool = False
    ref: str | None = None


class HistoryPage(Reply, tag="history"):
    """Earlier events of a room, oldest first; `more` when there are others in the direction asked for."""

    room: str
    events: list[AnyEvent]
    more: bool
    ref: str | None = None


class RecentRooms(Reply, tag="recent"):
    """When something was said last in rooms, by their names; the latest one comes last."""

    rooms: dict[str, str]
    ref: str | None = None


class TopicIs(Reply, tag="topic_is"):
    """The room's topic as it stands."""

    room: str
    text: str
    ref: str | None = None


class BanEntry(msgspec.Struct, kw_only=True, gc=False):
    """A ban or a mute: whom it hits, by whom, why, since when, and until when; None for ever."""

    who: str
    by: str
    reason: str
    since: str
    until: str | None


class BanList(Reply, tag="bans"):
    """Who is banned and who is muted: in `room`, or everywhere."""

    room: str | None
    bans: list[BanEntry]
    mutes: list[BanEntry]
    ref: str | None = None


class Motd(Reply, tag="motd"):
    """The message of the day; no lines when there is none."""

    lines: list[str]
    ref: str | None = None


class Pong(Reply, tag="pong"):
    """All that came before the ping has been sent."""

    token: str


class Gap(Reply, tag="gap"):
    """Lines of the room, from the id `first` to the id `last`, were passed over: `count`, or None if nobody knows.

    It is sent to a reader that fell behind, and to a user who comes back when the log no longer holds what was missed;
    then `first` is the id that the user came back with. Where several servers have lost something, all are told.
    """

    room: str
    first: str = msgspec.field(name="from")
    last: str = msgspec.field(name="to")
    count: int | None


class HelpText(Reply, tag="help"):
    """The commands, a line each."""

    lines: list[str]


class Error(Reply, tag="error"):
    """A command that was not carried out; `code` is stable and for programs, `message` for people.

    `about` is the name that could not be used or found, where it was a name.
    """

    code: str
    message: str
    about: str | None = None
    ref: str | None = None


class Closing(Reply, tag="closing"):
    """The last thing that the server says on this connection, and why."""

    code: str
    message: str


People = Members | Profiles | Former | AwayIs | AccountIs | Recovered | Described | Watched | Invited | BanList
Facts = People | RoomList | Status | HistoryPage | RecentRooms | TopicIs | Motd
Response = Facts | Ack | Whispered | Error
AnyReply = Prompt | Welcome | Response | AwayChanged | AccountChanged | Pong | Gap | HelpText | Closing
Message = AnyEvent | AnyReply  # all that a server can say
