"""What commands count as against the rate, in messages: more, where they take the server much longer than a message."""

from typing import TYPE_CHECKING

from geventchat.commands import commands
from geventchat.protocol.limits import MAX_HISTORY, MAX_LISTED

if TYPE_CHECKING:
    from geventchat.core.chat import Chat
    from geventchat.core.member import Member

# What takes about as long as a message does: so many users told in full, names held against a mask, rooms, and events.
_PROFILES = 50
_NAMES = 1_000
_ROOMS = 100
_EVENTS = 100


def one(_: "Chat", __: "Member", ___: object) -> int:
    """Count as one."""
    return 1


def per_room(_: "Chat", member: "Member", __: object) -> int:
    """Count once for each room that the user is in."""
    return max(1, len(member.rooms))


def per_user_found(chat: "Chat", _: "Member", find: commands.Find) -> int:
    """Count by how many users may be found, and how many are looked at for that."""
    room = chat.rooms.find(find.room) if find.room is not None else None
    named = len(find.nicks) if room is None else len(room.members)
    masked = len(chat.nicks) if find.mask is not None and room is None else 0
    return 1 + min(named + masked, MAX_LISTED) // _PROFILES + masked // _NAMES


def per_room_listed(chat: "Chat", _: "Member", __: object) -> int:
    """Count by how many rooms there are."""
    return 1 + min(len(chat.rooms), MAX_LISTED) // _ROOMS


def per_event(_: "Chat", __: "Member", history: commands.History) -> int:
    """Count by how many events are asked for."""
    return 1 + min(max(0, history.limit), MAX_HISTORY) // _EVENTS
