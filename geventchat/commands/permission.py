"""Whether somebody may do what it asks for: all of that is decided here, by the commands' table."""

from geventchat.commands import commands
from geventchat.commands.table import INFO, CommandInfo
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol.errors import Refused
from geventchat.protocol.names import LOG_ROOM


def check(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> None:
    """Raise Refused if a member may not do this: "hello-first", "forbidden", "muted"."""
    info = INFO[type(command)]
    if info.needs_nick and not member.key:
        raise Refused("hello-first", 'say who you are first: {"type":"hello","nick":"alice"}')
    if not chat.role_of(member).may(info.who_may):
        _check_own_room(chat, member, command, info)
    if info.speaks and not _is_question(command) and not _is_to_moderator(chat, command):
        chat.moderation.check_muted(member, _room_spoken_in(chat, member, command), now)
    if isinstance(command, commands.Leave | commands.Bye) and command.reason and _is_muted(chat, member, now):
        command.reason = ""  # one may go, but not say something by it


def _is_muted(chat: Chat, member: Member, now: float) -> bool:
    """Return whether a member may not speak in one of its rooms, or at all."""
    try:
        for room in ("", *member.rooms):
            chat.moderation.check_muted(member, room, now)
    except Refused:
        return True
    return False


def room_meant(chat: Chat, member: Member, name: str | None) -> Room:
    """Return the room that a command is about; of a moderator, any that somebody is in. Raises Refused."""
    room = None
    if name is not None and chat.moderation.is_moderator(member):
        room = chat.find_room(name)
        if room is None:
            raise Refused("no-such-room", "nobody is in that room; /rooms says which there are", about=name)
    room = room or chat.room_of(member, name)
    if room.key == LOG_ROOM:
        raise Refused("forbidden", "that room is the moderators' own; name another one", about=LOG_ROOM)
    return room


def _check_own_room(chat: Chat, member: Member, command: commands.AnyCommand, info: CommandInfo) -> None:
    if not info.in_own_room:
        raise Refused("forbidden", f"that is for {info.who_may}s only")
    room = chat.room_of(member, getattr(command, "room", None))
    if not chat.moderation.owns(member, room.key):
        raise Refused("forbidden", f"that is for {info.who_may}s only, and for who has the room", about=room.name)


def _room_spoken_in(chat: Chat, member: Member, command: commands.AnyCommand) -> str:
    """Return the key of the room that others see it in; empty where it is no one room."""
    if isinstance(command, commands.Say | commands.Act | commands.Topic):
        return chat.room_of(member, command.room).key
    return ""


def _is_question(command: commands.AnyCommand) -> bool:
    return isinstance(command, commands.Topic) and command.text is None


def _is_to_moderator(chat: Chat, command: commands.AnyCommand) -> bool:
    """Whether it is a whisper to somebody who can end a mute."""
    if not isinstance(command, commands.Whisper):
        return False
    other = chat.nicks.find(command.to)
    return other is not None and chat.moderation.is_moderator(other)
