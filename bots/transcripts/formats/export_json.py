"""`geventchat-serve export`: the events themselves, one a line."""

from collections.abc import Sequence
from typing import get_args

import msgspec

from bots.transcripts import entries, stamps
from bots.transcripts.entries import Entry
from bots.transcripts.log_text import LogText
from geventchat.protocol import events


class _Head(msgspec.Struct):
    type: str
    id: str
    time: str
    room: str


_KNOWN = {str(one.__struct_config__.tag) for one in get_args(events.AnyEvent)}


class ExportJson:
    """A `LogFormat` that is ours, so that nothing of it is lost."""

    name = "export"
    title = "geventchat-serve export"
    unit = "line"

    def score(self, log: LogText) -> int:
        """Return all of the text's characters if its first line is an event."""
        first = next(iter(log.sample), "")
        return len(log.text) if first.startswith("{") and _head(first) else 0

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each line that is not blank."""
        return [_entry(number, line) for number, line in enumerate(log.text.split("\n"), 1) if line.strip()]


def _head(line: str) -> _Head | None:
    try:
        return msgspec.json.decode(line, type=_Head)
    except msgspec.MsgspecError:
        return None


def _entry(number: int, line: str) -> Entry:
    head = _head(line)
    if head is None:
        return Entry(number, None, (), (entries.UNKNOWN_LINE,), line)
    stamp = stamps.at_iso(head.time)
    if head.type == "topic":
        return Entry(number, stamp, (), (entries.TOPIC,), line)
    try:
        event = msgspec.json.decode(line, type=events.AnyEvent)
    except msgspec.MsgspecError:
        kind = entries.UNKNOWN_LINE if head.type in _KNOWN else entries.UNKNOWN_EVENT
        return Entry(number, stamp, (), (kind,), line)
    if isinstance(event, events.Kicked) and not event.of:  # there is no scenario for that, but it left
        event = events.Left(event.id, event.time, event.room, event.who, event.reason)
    if isinstance(event, events.Moderation):
        return Entry(number, stamp, (), (entries.UNKNOWN_EVENT,), line)
    return Entry(number, stamp, (event,))


EXPORT_JSON = ExportJson()
