"""Telegram Desktop's export as JSON: of one chat, or of all."""

from collections.abc import Iterable, Iterator

import msgspec

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.json_format import JsonFormat
from bots.transcripts.messages import People, message
from geventchat.protocol import events

_JOINING = ("join_group_by_link", "join_group_by_request", "create_group", "invite_members", "create_channel")
_LEAVING = ("remove_members", "leave_group")


class _Part(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    type: str
    date: str = ""  # none where Telegram itself could not tell what it is
    date_unixtime: str | None = None
    actor: str | None = None
    actor_id: str | int | None = None
    action: str = ""
    members: list[str | None] | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    from_id: str | int | None = None
    text: str | list[str | _Part] = ""
    edited: str | None = None
    photo: str | None = None
    file: str | None = None
    media_type: str | None = None
    poll: object = None
    location_information: object = None
    contact_information: object = None
    reactions: list[msgspec.Raw] | None = None


class _Chat(msgspec.Struct):
    id: int
    messages: list[_Message]
    name: str | None = None


class _Chats(msgspec.Struct):
    list: list[_Chat]


class _All(msgspec.Struct):
    chats: _Chats


class _Names:
    """Finds the nick of somebody of whom now a name and an id are told, and now only the name."""

    def __init__(self, messages: Iterable[_Message]) -> None:
        self._people = People()
        self._ids: dict[str, str | int] = {}
        for one in messages:
            for name, identity in ((one.from_, one.from_id), (one.actor, one.actor_id)):
                if name and identity:
                    self._ids.setdefault(name, identity)

    def nick(self, name: str | None, identity: str | int | None = None) -> str:
        """Return the nick; an account that was deleted has no name."""
        return self._people.nick(identity or self._ids.get(name or "", name), name, "deleted account")


def _entries(export: _Chat | _All) -> Iterator[Entry]:
    chats = [export] if isinstance(export, _Chat) else export.chats.list
    rooms = People()
    names = _Names(one for chat in chats for one in chat.messages)
    spoken = ((rooms.nick(chat.id, chat.name), one) for chat in chats for one in chat.messages)
    for number, (room, one) in enumerate(spoken, 1):
        yield _entry(number, room, one, names)


def _entry(number: int, room: str, one: _Message, names: _Names) -> Entry:
    unixtime = one.date_unixtime or ""
    stamp = stamps.at_epoch(int(unixtime), stamps.SECOND_S) if unixtime.isdecimal() else stamps.at_iso(one.date)
    if one.type == "message":
        parts = [one.text] if isinstance(one.text, str) else one.text
        text = "".join(part if isinstance(part, str) else part.text for part in parts)
        return message(number, stamp, names.nick(one.from_, one.from_id), text, _left_out(one), room=room)
    who = [names.nick(name) for name in one.members or () if name] or [names.nick(one.actor, one.actor_id)]
    if one.type == "service" and one.action in _JOINING:
        return Entry(number, stamp, tuple(events.Joined("", "", room, nick) for nick in who))
    if one.type == "service" and one.action in _LEAVING:
        return Entry(number, stamp, tuple(events.Left("", "", room, nick) for nick in who))
    return Entry(number, stamp, (), (entries.SYSTEM,))


def _left_out(one: _Message) -> list[str]:
    attached = (one.photo, one.file, one.media_type, one.poll, one.location_information, one.contact_information)
    return [
        *[entries.ATTACHMENT] * any(attached),
        *[entries.EDIT] * bool(one.edited),
        *[entries.REACTION] * len(one.reactions or ()),
    ]


TELEGRAM = JsonFormat("telegram", "Telegram's JSON", (_All, _Chat), _entries)
