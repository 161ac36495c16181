"""What Discord tells of itself, in the words that DiscordChatExporter's text and CSV have for it."""

import re

from bots.transcripts import entries
from bots.transcripts.entries import Entry
from bots.transcripts.stamps import Stamp
from geventchat.protocol import events

_JOINED = re.compile(r"Joined the server\.|Added (?P<other>.+) to the group\.")
_LEFT = re.compile(r"Left the group\.|Removed (?P<other>.+) from the group\.")
_SYSTEM = re.compile(
    r"Pinned a message\.|Started a thread\.|Started a call that lasted \d[\d.,]* minutes?\."
    r"|Changed the channel (?:icon|name)\.|Changed the channel name: .+"
)


def told(number: int, stamp: Stamp | None, nick: str, text: str) -> Entry | None:
    """Return the entry of such a sentence, which nobody said; None for any other text."""
    if joined := _JOINED.fullmatch(text):
        return Entry(number, stamp, (events.Joined("", "", "", joined["other"] or nick),), (), text)
    if left := _LEFT.fullmatch(text):
        return Entry(number, stamp, (events.Left("", "", "", left["other"] or nick),), (), text)
    return Entry(number, stamp, (), (entries.SYSTEM,), text) if _SYSTEM.fullmatch(text) else None
