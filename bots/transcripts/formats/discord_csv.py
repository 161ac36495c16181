"""DiscordChatExporter's CSV."""

import csv
from collections.abc import Sequence

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.json_format import People, message
from bots.transcripts.log_text import LogText
from geventchat.protocol.errors import UsageError

_COLUMNS = ["AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"]


class DiscordCsv:
    """A `LogFormat` whose first line is the names of columns."""

    name = "discord-csv"
    title = "DiscordChatExporter's CSV"
    unit = "message"

    def score(self, log: LogText) -> int:
        """Return all of the text's characters if it begins with just these columns."""
        head = log.text.lstrip("\ufeff").partition("\n")[0].strip()
        return len(log.text) if head.replace('"', "") == ",".join(_COLUMNS) else 0

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each row. Raises UsageError for what is no such CSV."""
        if not self.score(log):
            raise UsageError(f"this is not {self.title}, whose first line is {','.join(_COLUMNS)}")
        people = People()
        try:
            rows = csv.reader(log.text.splitlines(keepends=True), strict=True)
            next(rows)
            return [_entry(number, row, people) for number, row in enumerate(rows, 1)]
        except csv.Error as error:
            raise UsageError(f"this is no CSV: {error}") from None


def _entry(number: int, row: Sequence[str], people: People) -> Entry:
    if len(row) != len(_COLUMNS):
        return Entry(number, None, (), (entries.UNKNOWN_LINE,), ",".join(row))
    identity, author, date, content, attachments, reactions = row
    left_out = [
        *[entries.ATTACHMENT] * len(list(filter(None, attachments.split(",")))),
        *[entries.REACTION] * bool(reactions),
    ]
    return message(number, stamps.at_iso(date), people.nick(identity, author), content, left_out)


DISCORD_CSV = DiscordCsv()
