"""A day of a channel in Slack's export: one of the JSON files in the channel's folder."""

import re
from collections.abc import Iterator
from html import unescape

import msgspec

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.json_format import JsonFormat
from bots.transcripts.messages import People, message
from geventchat.protocol import events

_JOINING = ("channel_join", "group_join")
_DELETED = ("tombstone", "message_deleted")
_LEAVING = ("channel_leave", "group_leave")
# Said by somebody, in one way or another.
_SPOKEN = ("", "me_message", "bot_message", "thread_broadcast", "file_share", "file_comment", "reply_broadcast")
# <@U01|ben>, <#C01|tea>, <https://host|words>, <!here>
_LINK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


class _Profile(msgspec.Struct):
    display_name: str | None = None
    real_name: str | None = None
    name: str | None = None


class _Message(msgspec.Struct):
    type: str
    ts: str
    subtype: str = ""
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str | None = ""
    user_profile: _Profile | None = None
    bot_profile: _Profile | None = None
    edited: object = None
    files: list[msgspec.Raw] | None = None
    attachments: list[msgspec.Raw] | None = None
    reactions: list[msgspec.Raw] | None = None


def _entries(export: list[_Message]) -> Iterator[Entry]:
    people = People()
    for one in export:  # a name that is told anywhere is known everywhere
        if one.user_profile and one.user:
            profile = one.user_profile
            people.nick(one.user, profile.display_name, profile.real_name, profile.name)
    for number, one in enumerate(export, 1):
        yield _entry(number, one, people)


def _entry(number: int, one: _Message, people: People) -> Entry:
    seconds = float(one.ts) if re.fullmatch(r"\d{1,11}(\.\d+)?", one.ts) else None
    stamp = None if seconds is None else stamps.at_epoch(seconds)
    if one.subtype in _DELETED:
        return Entry(number, stamp, (), (entries.DELETED,))
    who = one.user or one.bot_id or one.username
    if who is None or one.type != "message":
        return Entry(number, stamp, (), (entries.SYSTEM,))
    bot = one.bot_profile.name if one.bot_profile else None
    # One bot speaks under many names, as a bridge does for those behind it.
    identity = f"{who} {one.username}" if one.username and not one.user else who
    nick = people.nick(identity, one.username, bot, who)
    if one.subtype in _JOINING:
        return Entry(number, stamp, (events.Joined("", "", "", nick),))
    if one.subtype in _LEAVING:
        return Entry(number, stamp, (events.Left("", "", "", nick),))
    if one.subtype not in _SPOKEN:
        kind = entries.TOPIC if one.subtype.endswith(("_topic", "_purpose")) else entries.SYSTEM
        return Entry(number, stamp, (), (kind,))
    left_out = [
        *[entries.ATTACHMENT] * (len(one.files or ()) + len(one.attachments or ())),
        *[entries.EDIT] * bool(one.edited),
        *[entries.REACTION] * len(one.reactions or ()),
    ]
    return message(number, stamp, nick, _plain(one.text or "", people), left_out, acted=one.subtype == "me_message")


def _plain(text: str, people: People) -> str:
    """Return a text as people see it."""

    def shown(match: re.Match[str]) -> str:
        sign, target, words = match.groups()
        if sign == "@":
            return f"@{words or people.nick(target, target)}"
        if sign:
            return f"{'@' if sign == '!' else sign}{(words or target).removeprefix('@')}"
        return f"{words} ({target})" if words and words != target else target

    return unescape(_LINK.sub(shown, text))


SLACK = JsonFormat("slack", "Slack's export", (list[_Message],), _entries)
