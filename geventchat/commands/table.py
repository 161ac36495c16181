"""What is to be known of each command: what people type for it, what it costs, and who may ask for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from geventchat.commands import commands, costs, moderation
from geventchat.commands.command import Command
from geventchat.protocol.roles import Role

if TYPE_CHECKING:
    from geventchat.core.chat import Chat
    from geventchat.core.member import Member


class Heard(Enum):
    """Who else hears of what a command brings about; who is muted there may not ask for it."""

    BY_NOBODY = "nobody"
    BY_ONE = "one user, wherever that is"
    IN_ROOM = "the room that it is about"
    IN_ALL_ROOMS = "all rooms that the user is in"


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
    heard: Heard = Heard.BY_NOBODY
    names: tuple[str, ...] = ()  # which of its fields are names that others will see
    cost: Callable[["Chat", "Member", Any], int] = costs.one  # as how many messages it counts against the rate
    needs_nick: bool = True
    who_may: Role = Role.USER  # the least role that is allowed it
    in_own_room: bool = False  # whether it is allowed, too, to whom the room belongs that it is about

    @property
    def name(self) -> str:
        """What stands behind the slash."""
        return self.typed.partition(" ")[0][1:]


_IN_ALL_ROOMS: Any = {"heard": Heard.IN_ALL_ROOMS, "cost": costs.per_room}
_FOR_ALL = (
    CommandInfo(command=commands.Hello, names=("nick", "room"), needs_nick=False),
    CommandInfo(command=commands.ServerPassword, needs_nick=False),
    CommandInfo(command=commands.Say, heard=Heard.IN_ROOM),
    CommandInfo(command=commands.Help, typed="/help", help="this list"),
    CommandInfo(command=commands.Who, typed="/who [ROOM]", fields=("room",), help="who is in the room"),
    CommandInfo(command=commands.Whois, typed="/whois NAME", fields=("nick",), help="who that is"),
    CommandInfo(command=commands.Find, cost=costs.per_user_found),
    CommandInfo(command=commands.Whowas),
    CommandInfo(command=commands.Watch),
    CommandInfo(command=commands.Status),
    CommandInfo(command=commands.Describe, **_IN_ALL_ROOMS),
    CommandInfo(
        command=commands.Rename,
        names=("nick",),
        typed="/nick NAME",
        fields=("nick",),
        help="take another name",
        **_IN_ALL_ROOMS,
    ),
    CommandInfo(
        command=commands.Act,
        heard=Heard.IN_ROOM,
        typed="/me TEXT",
        fields=("text",),
        help="do something: /me waves",
    ),
    CommandInfo(
        command=commands.Whisper,
        heard=Heard.BY_ONE,
        typed="/msg NAME TEXT",
        fields=("to", "text"),
        help='say something to one alone; quote a name with spaces: "NAME"',
    ),
    CommandInfo(
        command=commands.WhisperBack,
        heard=Heard.BY_ONE,
        typed="/reply TEXT",
        fields=("text",),
        help="answer the last whisper",
    ),
    CommandInfo(
        command=commands.Join,
        names=("room",),
        typed="/join ROOM [PASSWORD]",
        fields=("room", "password"),
        help='go to another room; quote the name of one with a password: /join "ROOM" PASSWORD',
    ),
    CommandInfo(command=commands.Leave, typed="/leave [REASON]", fields=("reason",), help="go back to the lobby"),
    CommandInfo(command=commands.Rooms, typed="/rooms", help="which rooms there are", cost=costs.per_room_listed),
    CommandInfo(
        command=commands.Invite,
        heard=Heard.BY_ONE,
        typed="/invite NAME",
        fields=("nick",),
        help="ask somebody into the room",
    ),
    CommandInfo(
        command=commands.Away,
        typed="/away [TEXT]",
        fields=("text",),
        help="tell others that you are away; alone, that you are back",
        **_IN_ALL_ROOMS,
    ),
    CommandInfo(
        command=commands.Topic,
        heard=Heard.IN_ROOM,
        typed="/topic [TEXT]",
        fields=("text",),
        help="see or set the room's topic",
    ),
    CommandInfo(
        command=commands.History,
        typed="/history [N]",
        fields=("limit",),
        help="what was said before",
        cost=costs.per_event,
    ),
    CommandInfo(command=commands.Recent, cost=costs.per_room),
    CommandInfo(command=commands.Motd, typed="/motd", help="the message of the day"),
    CommandInfo(
        command=commands.Register, typed="/register PASSWORD", fields=("password",), help="make your name your own"
    ),
    CommandInfo(
        command=commands.Login,
        typed="/login NAME PASSWORD",
        fields=("account", "password"),
        help="log in, so that you can have your name",
        needs_nick=False,
    ),
    CommandInfo(
        command=commands.Logout,
        typed="/logout",
        help="log out, and go by another name",
        **_IN_ALL_ROOMS,
    ),
    CommandInfo(
        command=commands.Password, typed="/password PASSWORD", fields=("password",), help="set another password"
    ),
    CommandInfo(
        command=commands.Unregister,
        typed="/unregister PASSWORD",
        fields=("password",),
        help="let anybody have your name again",
        **_IN_ALL_ROOMS,
    ),
    CommandInfo(
        command=commands.Recover,
        typed="/recover NAME",
        fields=("account",),
        help="give somebody a password for once",
        who_may=Role.MODERATOR,
    ),
    CommandInfo(command=commands.Ping, typed="/ping [TOKEN]", fields=("token",), help="see that the server answers"),
    CommandInfo(
        command=commands.Bye,
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
