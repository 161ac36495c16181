"""`geventchat-serve export --text`: `2024-11-23 12:00:00 room nick: text`, and `room * nick joined`."""

import re
from collections.abc import Sequence

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.log_text import LogText
from bots.transcripts.stamps import Stamp
from geventchat.protocol import events

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (.+)")
_HAPPENED = re.compile(
    r"(?P<room>[^*:]+?) \* (?P<nick>[^:]+?) "
    r"(?:(?P<joined>joined)|(?P<left>left)(?:: (?P<reason>.*))?|is now (?P<new>[^:]+)|set the topic: (?P<topic>.*))"
)
_SAID = re.compile(r"([^:]+?): (.*)")


class ExportText:
    """A `LogFormat` that is ours, but for people: a room or a nick with a blank is known from who comes and goes."""

    name = "export-text"
    title = "geventchat-serve export --text, where words between stars are an action"
    unit = "line"

    def score(self, log: LogText) -> int:
        """Return how many characters are this form's own: those of times, and of events; 0 if a line is another's."""
        lines = [match[2] for line in log.sample if (match := _LINE.fullmatch(line))]
        rooms = _rooms(lines)
        if len(lines) < len(log.sample) or not rooms:
            return 0
        return sum(8 if _HAPPENED.fullmatch(line) else 1 for line in lines if line.startswith(rooms))

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each line that is not blank."""
        rooms = _rooms([match[2] for line in log.lines if (match := _LINE.fullmatch(line))])
        return [_entry(number, line, rooms) for number, line in enumerate(log.lines, 1) if line.strip()]


def _rooms(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the rooms, a blank behind each: where somebody comes or goes, or else the first word of all the lines."""
    rooms = {f"{match['room']} " for line in lines if (match := _HAPPENED.fullmatch(line))}
    first = {line.partition(" ")[0] + " " for line in lines}
    if not rooms and len(first) == 1 and all(":" not in word for word in first):
        rooms = first
    return tuple(sorted(rooms, key=len, reverse=True))


def _entry(number: int, line: str, rooms: Sequence[str]) -> Entry:
    match = _LINE.fullmatch(line)
    if match is None:
        return Entry(number, None, (), (entries.UNKNOWN_LINE,), line)
    stamp, rest = stamps.at_iso(match[1]), match[2]
    if happened := _HAPPENED.fullmatch(rest):
        return _happened(number, stamp, happened)
    room = next((room for room in rooms if rest.startswith(room)), None)
    said = _SAID.fullmatch(rest[len(room) :]) if room else None
    if room is None or said is None:
        return Entry(number, stamp, (), (entries.UNKNOWN_LINE,), line)
    room, (nick, text) = room.rstrip(), said.groups()
    if len(text) > 2 and text.startswith("*") and text.endswith("*"):
        return Entry(number, stamp, (events.Acted("", "", room, nick, text[1:-1]),))
    return Entry(number, stamp, (events.Said("", "", room, nick, text),))


def _happened(number: int, stamp: Stamp | None, match: re.Match[str]) -> Entry:
    room, nick = match["room"], match["nick"]
    if match["joined"]:
        return Entry(number, stamp, (events.Joined("", "", room, nick),))
    if match["left"]:
        return Entry(number, stamp, (events.Left("", "", room, nick, match["reason"] or ""),))
    if match["new"]:
        return Entry(number, stamp, (events.Renamed("", "", room, nick, match["new"]),))
    return Entry(number, stamp, (), (entries.TOPIC,))


EXPORT_TEXT = ExportText()
