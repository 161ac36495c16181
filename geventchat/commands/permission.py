"""Whether somebody may do what it asks for: all of that is decided here, by the commands' table."""

from typing import Any

from geventchat.commands import commands
from geventchat.commands.table import INFO, CommandInfo, Heard
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.protocol.errors import Refused
from geventchat.protocol.roles import Role


def check(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> None:
    """Raise Refused if a member may not do this: "hello-first", "forbidden", "muted"."""
    info = INFO[type(command)]
    if info.needs_nick and not member.key:
        raise Refused("hello-first", 'say who you are first: {"type":"hello","nick":"alice"}')
    if info.who_may is not Role.USER and not chat.role_of(member).may(info.who_may):
        _check_own_room(chat, member, command, info)
    if chat.moderation.mutes:
        for room in _rooms_spoken_in(chat, member, command, info.heard):
            chat.moderation.check_muted(member, room, now)


def check_last_words(chat: Chat, member: Member, leaving: commands.Leave | commands.Bye, now: float) -> None:
    """Raise Refused if a member may not say anything by leaving: "muted" in a room or at all, or "slow-down"."""
    for room in ("", *member.rooms):
        chat.moderation.check_muted(member, room, now)
    for room in [chat.rooms.of(member, leaving.room).key] if isinstance(leaving, commands.Leave) else member.rooms:
        chat.moderation.check_slow(member, room, now)


def _check_own_room(chat: Chat, member: Member, command: commands.AnyCommand, info: CommandInfo) -> None:
    if not info.in_own_room:
        raise Refused("forbidden", f"that is for {info.who_may}s only")
    room = chat.rooms.of(member, getattr(command, "room", None))
    if not chat.moderation.owns(member, room.key):
        raise Refused("forbidden", f"that is for {info.who_may}s only, and for who has the room", about=room.name)


def _rooms_spoken_in(chat: Chat, member: Member, command: Any, heard: Heard) -> list[str]:
    """Return the keys of the rooms that others hear it in; an empty one where it is no room."""
    match heard:
        case Heard.BY_ONE:
            return [] if _is_to_moderator(chat, member, command) else [""]
        case Heard.IN_ROOM:
            return [] if _is_question(command) else [chat.rooms.of(member, command.room).key]
        case Heard.IN_ALL_ROOMS:
            return ["", *member.rooms]
    return []


def _is_question(command: commands.AnyCommand) -> bool:
    return isinstance(command, commands.Topic) and command.text is None


def _is_to_moderator(chat: Chat, member: Member, command: commands.AnyCommand) -> bool:
    """Whether it is a whisper to somebody who can end a mute."""
    if isinstance(command, commands.Whisper):
        other = chat.nicks.find(command.to)
    elif isinstance(command, commands.WhisperBack) and member.whispered_by is not None:
        other = member.whispered_by()
    else:
        return False
    return other is not None and chat.moderation.is_moderator(other)
