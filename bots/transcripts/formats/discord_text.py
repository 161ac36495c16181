"""DiscordChatExporter's text: a line with a time and a name, the message below it, and an empty line."""

import re
from collections.abc import Iterator, Sequence

from bots.transcripts import entries, stamps
from bots.transcripts.discord_sentences import told
from bots.transcripts.entries import Entry
from bots.transcripts.log_text import LogText
from bots.transcripts.messages import message
from geventchat.protocol.errors import UsageError

_RULE = re.compile(r"={20,}")
_HEAD = re.compile(r"\[[^\]]*\d[:.]\d\d[^\]]*\] .+")
_ONE_THING = ("{Embed}", "{Forwarded Message}")  # all lines below are of one thing
# What stands below a message, with a line below it for each.
_BESIDE = {
    "{Attachments}": entries.ATTACHMENT,
    **dict.fromkeys(_ONE_THING, entries.ATTACHMENT),
    "{Stickers}": entries.ATTACHMENT,
    "{Reactions}": entries.REACTION,
}


class DiscordText:
    """A `LogFormat` whose messages are paragraphs."""

    name = "discord-text"
    title = "DiscordChatExporter's text"
    unit = "line"

    def score(self, log: LogText) -> int:
        """Return all of the text's characters if it has this export's frame."""
        head = [line for line in log.lines[:8] if line]
        framed = bool(head) and bool(_RULE.fullmatch(head[0])) and any(line.startswith("Channel: ") for line in head)
        return len(log.text) if framed else 0

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each message. Raises UsageError if there is none."""
        starts = [number for number, line in enumerate(log.lines) if _starts(log.lines, number)]
        if not starts:
            raise UsageError(f"this is not {self.title}: no line is like [11/23/2024 8:01 PM] name")
        behind_last = range(starts[-1] + 1, len(log.lines))
        end = next((number for number in behind_last if _RULE.fullmatch(log.lines[number])), len(log.lines))
        return [
            entry
            for begin, behind in zip(starts, [*starts[1:], end], strict=True)
            for entry in _entries(begin + 1, log.lines[begin:behind])
        ]


def _starts(lines: Sequence[str], number: int) -> bool:
    """Whether a message begins here: behind an empty line."""
    return bool(_HEAD.fullmatch(lines[number])) and number > 0 and not lines[number - 1].strip()


def _entries(number: int, lines: Sequence[str]) -> Iterator[Entry]:
    stamp, rest = stamps.split(lines[0])
    nick = rest.strip().removesuffix(" (pinned)")
    left_out: list[str] = []
    said: list[str] = []
    beside, embedded = "", False
    for line in lines[1:]:
        if kind := _BESIDE.get(line.strip()):
            beside = kind
            embedded = line.strip() in _ONE_THING
            left_out += [kind] * embedded
        elif beside and line.strip():
            left_out += [beside] * (not embedded)
        elif not beside:
            said.append(line)
    text = "\n".join(said).strip()
    yield told(number, stamp, nick, text) or message(number, stamp, nick, text, left_out)


DISCORD_TEXT = DiscordText()
