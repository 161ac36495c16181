"""Zulip: a file of messages from its export, or what its API answers."""

from collections.abc import Iterator, Sequence

import msgspec

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.json_format import JsonFormat
from bots.transcripts.messages import People, message
from bots.transcripts.stamps import Stamp
from geventchat.protocol.errors import UsageError


class _User(msgspec.Struct):
    id: int
    full_name: str = ""
    email: str = ""  # all that is told of Zulip's own bots


class _Message(msgspec.Struct):
    sender: int
    content: str
    date_sent: float
    recipient: int = 0
    last_edit_time: float | str | None = None
    edit_history: str | list[msgspec.Raw] | None = None
    has_attachment: bool = False


class _Export(msgspec.Struct):
    zerver_message: list[_Message]
    zerver_userprofile: list[_User] = []
    zerver_userprofile_crossrealm: list[_User] = []
    zerver_userprofile_mirrordummy: list[_User] = []


class _Answer(msgspec.Struct):
    sender_id: int
    sender_full_name: str
    content: str
    timestamp: float
    display_recipient: str | list[msgspec.Raw] = ""
    content_type: str = ""
    last_edit_timestamp: float | None = None
    reactions: list[msgspec.Raw] = []


class _Answers(msgspec.Struct):
    messages: list[_Answer]


def _entries(export: _Export | _Answers) -> Iterator[Entry]:
    people = People()
    if isinstance(export, _Export):
        others = (export.zerver_userprofile_crossrealm, export.zerver_userprofile_mirrordummy)
        for user in (*export.zerver_userprofile, *others[0], *others[1]):
            people.nick(user.id, user.full_name, user.email.partition("@")[0])
        for number, one in enumerate(export.zerver_message, 1):
            edited = bool(one.last_edit_time or one.edit_history)
            left_out = [*[entries.ATTACHMENT] * one.has_attachment, *[entries.EDIT] * edited]
            stamp = stamps.at_epoch(one.date_sent)
            yield _spoken(number, stamp, people.nick(one.sender), one.content, left_out, str(one.recipient))
        return
    if any(answer.content_type == "text/html" for answer in export.messages):
        raise UsageError("the messages in it are HTML, which is not read: ask the API with apply_markdown=false")
    for number, answer in enumerate(export.messages, 1):
        left_out = [entries.EDIT] * bool(answer.last_edit_timestamp) + [entries.REACTION] * len(answer.reactions)
        stamp = stamps.at_epoch(answer.timestamp, stamps.SECOND_S)
        nick = people.nick(answer.sender_id, answer.sender_full_name)
        room = answer.display_recipient if isinstance(answer.display_recipient, str) else "private messages"
        yield _spoken(number, stamp, nick, answer.content, left_out, room)


def _spoken(number: int, stamp: Stamp, nick: str, text: str, left_out: Sequence[str], room: str) -> Entry:
    acted = text.startswith("/me ")
    return message(number, stamp, nick, text.removeprefix("/me "), left_out, acted=acted, room=room)


ZULIP = JsonFormat("zulip", "Zulip's export", (_Answers, _Export), _entries)
