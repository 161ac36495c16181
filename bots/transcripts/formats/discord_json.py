"""DiscordChatExporter's JSON."""

from collections.abc import Iterator

import msgspec

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.json_format import JsonFormat
from bots.transcripts.messages import People, message
from geventchat.protocol import events


class _Author(msgspec.Struct):
    id: str
    name: str


class _Message(msgspec.Struct):
    type: str
    timestamp: str
    content: str
    author: _Author
    timestampEdited: str | None = None  # noqa: N815 - the export's own name
    attachments: list[msgspec.Raw] | None = None
    embeds: list[msgspec.Raw] | None = None
    stickers: list[msgspec.Raw] | None = None
    forwardedMessage: object = None  # noqa: N815 - likewise
    reactions: list[msgspec.Raw] | None = None
    mentions: list[_Author] | None = None


class _Export(msgspec.Struct):
    guild: msgspec.Raw
    channel: msgspec.Raw
    messages: list[_Message]


def _entries(export: _Export) -> Iterator[Entry]:
    people = People()
    for number, one in enumerate(export.messages, 1):
        yield _entry(number, one, people)


def _entry(number: int, one: _Message, people: People) -> Entry:
    stamp = stamps.at_iso(one.timestamp)
    nick = people.nick(one.author.id, one.author.name)
    others = [people.nick(other.id, other.name) for other in one.mentions or ()] or [nick]
    match one.type:
        case "Default" | "Reply" | "ThreadStarterMessage" | "ChatInputCommand" | "ContextMenuCommand" | "20" | "23":
            left_out = [
                *[entries.ATTACHMENT]
                * sum(len(beside or ()) for beside in (one.attachments, one.embeds, one.stickers)),
                *[entries.ATTACHMENT] * bool(one.forwardedMessage),
                *[entries.EDIT] * bool(one.timestampEdited),
                *[entries.REACTION] * len(one.reactions or ()),
            ]
            return message(number, stamp, nick, one.content, left_out)
        case "GuildMemberJoin" | "UserJoin" | "7":
            return Entry(number, stamp, (events.Joined("", "", "", nick),))
        case "RecipientAdd":
            return Entry(number, stamp, tuple(events.Joined("", "", "", other) for other in others))
        case "RecipientRemove":
            return Entry(number, stamp, tuple(events.Left("", "", "", other) for other in others))
        case _:
            return Entry(number, stamp, (), (entries.SYSTEM,))


DISCORD_JSON = JsonFormat("discord-json", "DiscordChatExporter's JSON", (_Export,), _entries)
