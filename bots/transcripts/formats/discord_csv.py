"""DiscordChatExporter's CSV, also as a spreadsheet saves it again: with other separators, and other times."""

import csv
import re
from collections.abc import Sequence
from io import StringIO

from bots.transcripts import entries, stamps
from bots.transcripts.discord_sentences import told
from bots.transcripts.entries import Entry
from bots.transcripts.log_text import LogText
from bots.transcripts.messages import People, message
from geventchat.protocol.errors import UsageError

_COLUMNS = ["AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"]
# What stands between columns: in Europe, spreadsheets take a semicolon.
_SEPARATORS = ",;\t"
# What a spreadsheet makes of an id is a number that several people share: 1,23457E+17, or one that ends in zeros.
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+|\d+000")


class DiscordCsv:
    """A `LogFormat` whose first line is the names of columns."""

    name = "discord-csv"
    title = "DiscordChatExporter's CSV"
    unit = "message"

    def score(self, log: LogText) -> int:
        """Return all of the text's characters if it begins with just these columns."""
        return len(log.text) if _separator(log) else 0

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each row. Raises UsageError for what is no such CSV."""
        separator = _separator(log)
        if not separator:
            raise UsageError(f"this is not {self.title}, whose first line is {','.join(_COLUMNS)}")
        try:
            rows = csv.reader(StringIO(log.text, newline=""), strict=True, delimiter=separator)
            next(rows)
            people = People()
            return [_entry(number, row, people) for number, row in enumerate(rows, 1)]
        except csv.Error as error:
            raise UsageError(f"this is no CSV: {error}") from None


def _separator(log: LogText) -> str:
    """Return what stands between the names of the columns; nothing if these are no such names."""
    head = log.text.lstrip("\ufeff").partition("\n")[0].strip().replace('"', "")
    return next((one for one in _SEPARATORS if head == one.join(_COLUMNS)), "")


def _entry(number: int, row: Sequence[str], people: People) -> Entry:
    stamp = stamps.at_iso(row[2]) if len(row) == len(_COLUMNS) else None
    if stamp is None:
        return Entry(number, None, (), (entries.UNKNOWN_LINE,), ",".join(row))
    identity, author, _, content, attachments, reactions = row
    left_out = [
        *[entries.ATTACHMENT] * len(list(filter(None, attachments.split(",")))),
        *[entries.REACTION] * bool(reactions),
    ]
    known_by = author if _ROUNDED.fullmatch(identity) else identity
    nick = people.nick(known_by, author)
    return told(number, stamp, nick, content) or message(number, stamp, nick, content, left_out)


DISCORD_CSV = DiscordCsv()
