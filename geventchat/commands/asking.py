"""What the commands do by which users ask about rooms and the server; those about people are in `people`."""

from geventchat.commands import commands
from geventchat.commands.followups import Actions, ReadHistory, ReadRecent
from geventchat.commands.lookup import visible_room
from geventchat.commands.table import help_lines
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.protocol import replies


def who(chat: Chat, member: Member, who: commands.Who, now: float) -> None:
    """Tell who is in a room."""
    room = visible_room(chat, member, who.room)
    chat.tell(member, lambda: chat.publisher.members_of(room, now, ref=who.ref))


def rooms(chat: Chat, member: Member, rooms: commands.Rooms, now: float) -> None:
    """Tell which rooms there are."""
    chat.tell(member, lambda: chat.room_list(member, rooms.ref))


def history(chat: Chat, member: Member, history: commands.History, now: float) -> ReadHistory:
    """Have a page of what was said before read."""
    return ReadHistory(history)


def recent(chat: Chat, member: Member, recent: commands.Recent, now: float) -> ReadRecent:
    """Have read in which of its rooms something was said last."""
    return ReadRecent(recent)


def status(chat: Chat, member: Member, status: commands.Status, now: float) -> None:
    """Tell how the server stands."""
    chat.tell(member, lambda: chat.status(now, status.ref))


def motd(chat: Chat, member: Member, asked: commands.Motd, now: float) -> None:
    """Tell the message of the day."""
    chat.tell(member, replies.Motd(lines=chat.motd, ref=asked.ref))


def help_(chat: Chat, member: Member, asked: commands.Help, now: float) -> None:
    """Tell which commands there are."""
    moderates = any(chat.moderation.moderates(member, key) for key in ("", *member.rooms))
    chat.tell(member, replies.HelpText(lines=help_lines(moderates=moderates)))


def ping(chat: Chat, member: Member, ping: commands.Ping, now: float) -> None:
    """Answer behind all that was posted before."""
    chat.tell(member, replies.Pong(token=ping.token))


ACTIONS: Actions = {
    commands.Who: who,
    commands.Rooms: rooms,
    commands.History: history,
    commands.Recent: recent,
    commands.Status: status,
    commands.Motd: motd,
    commands.Help: help_,
    commands.Ping: ping,
}
