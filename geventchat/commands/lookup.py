"""Finds the user or the room that a command is about, by the name that was typed.

Each raises Refused where there is none, or none that the member may ask about. What a member does in a room of its own,
as to say something there, needs nothing from here: `chat.rooms.of` finds that.
"""

from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol.errors import Refused
from geventchat.protocol.names import LOG_ROOM
from geventchat.protocol.text import clean


def user_called(chat: Chat, nick: str) -> Member:
    """Return the user of this name."""
    member = chat.nicks.find(nick)
    if member is None:
        name = clean(nick)[: chat.limits.max_name]
        raise Refused(
            "no-such-nick",
            f"nobody called {name} is here; /who says who is, and a name with spaces needs quotes",
            about=name,
        )
    return member


def user_reading(chat: Chat, nick: str) -> Member:
    """Return the user of this name, to be told something: one who reads what it is sent."""
    member = user_called(chat, nick)
    if member.is_behind:
        raise member.not_reading()
    return member


def visible_room(chat: Chat, member: Member, name: str | None) -> Room:
    """Return a room that may be looked at: the member's only one, or any that somebody is in."""
    room = chat.rooms.of(member, None) if name is None else _room_called(chat, name)
    if not chat.moderation.may_look(member, room.key):
        raise Refused("locked", "that room is locked", about=name)
    return room


def moderated_room(chat: Chat, member: Member, name: str | None) -> Room:
    """Return the room that a moderating command is about: one of the member's, or of a moderator's, any."""
    if name is not None and chat.moderation.is_moderator(member):
        room = _room_called(chat, name)
    else:
        room = chat.rooms.of(member, name)
    if room.key == LOG_ROOM:
        raise Refused("forbidden", "that room is the moderators' own; name another one", about=LOG_ROOM)
    return room


def _room_called(chat: Chat, name: str) -> Room:
    """Return the room of this name that somebody is in."""
    room = chat.rooms.find(name)
    if room is None:
        raise Refused("no-such-room", "nobody is in that room; /rooms says which there are", about=name)
    return room
