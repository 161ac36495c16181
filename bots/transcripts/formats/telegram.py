"""Telegram Desktop's export as JSON: of one chat, or of all."""

from collections.abc import Iterator
from itertools import chain

import msgspec

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.json_format import JsonFormat, People, message
from geventchat.protocol import events

_JOINING = ("join_group_by_link", "join_group_by_request", "create_group", "invite_members", "create_channel")


class _Part(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    type: str
    date: str
    date_unixtime: str | None = None
    actor: str | None = None
    actor_id: str | None = None
    action: str = ""
    members: list[str | None] | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    from_id: str | None = None
    text: str | list[str | _Part] = ""
    edited: str | None = None
    photo: str | None = None
    file: str | None = None
    media_type: str | None = None
    poll: msgspec.Raw | None = None
    location_information: msgspec.Raw | None = None
    contact_information: msgspec.Raw | None = None
    reactions: list[msgspec.Raw] | None = None


class _Chat(msgspec.Struct):
    id: int
    messages: list[_Message]
    name: str | None = None


class _Chats(msgspec.Struct):
    list: list[_Chat]


class _All(msgspec.Struct):
    chats: _Chats


def _entries(export: _Chat | _All) -> Iterator[Entry]:
    chats = [export] if isinstance(export, _Chat) else export.chats.list
    rooms = People()
    people = People()
    spoken = chain.from_iterable(((rooms.nick(chat.id, chat.name), one) for one in chat.messages) for chat in chats)
    for number, (room, one) in enumerate(spoken, 1):
        yield _entry(number, room, one, people)


def _entry(number: int, room: str, one: _Message, people: People) -> Entry:
    unixtime = one.date_unixtime or ""
    stamp = stamps.at_epoch(int(unixtime), stamps.SECOND_S) if unixtime.isdecimal() else stamps.at_iso(one.date)
    if one.type == "message":
        parts = [one.text] if isinstance(one.text, str) else one.text
        text = "".join(part if isinstance(part, str) else part.text for part in parts)
        nick = people.nick(one.from_id or one.from_, one.from_, "deleted account")
        return message(number, stamp, nick, text, _left_out(one), room=room)
    if one.type != "service":
        return Entry(number, stamp, (), (entries.SYSTEM,))
    actor = people.nick(one.actor_id or one.actor, one.actor, "deleted account")
    members = [people.nick(_identity(name, one), name) for name in one.members or () if name] or [actor]
    if one.action in _JOINING:
        return Entry(number, stamp, tuple(events.Joined("", "", room, nick) for nick in members))
    if one.action in ("remove_members", "leave_group"):
        return Entry(number, stamp, tuple(events.Left("", "", room, nick) for nick in members))
    return Entry(number, stamp, (), (entries.SYSTEM,))


def _identity(name: str, one: _Message) -> str:
    """Return who a member is, of whom only the name is told: the actor, or somebody of that name."""
    return one.actor_id or name if name == one.actor else name


def _left_out(one: _Message) -> list[str]:
    attached = (one.photo, one.file, one.media_type, one.poll, one.location_information, one.contact_information)
    return [
        *[entries.ATTACHMENT] * any(attached),
        *[entries.EDIT] * bool(one.edited),
        *[entries.REACTION] * len(one.reactions or ()),
    ]


TELEGRAM = JsonFormat("telegram", "Telegram's JSON", (_All, _Chat), _entries)
