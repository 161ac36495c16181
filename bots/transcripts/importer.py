"""A log of a conversation, turned into a scenario that replays it."""

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from bots.scenario.units import counted, show_duration
from bots.scenario.yaml_tree import MAX_BYTES
from bots.transcripts import calendar, formats
from bots.transcripts.entries import UNKNOWN_LINE, Entry, LogFormat
from bots.transcripts.log_text import LogText, read_text
from bots.transcripts.writer import Transcript, nicks_of, transcribe
from geventchat.protocol import events
from geventchat.protocol.errors import UsageError

_ADDRESS = re.compile(r"\+?[\d\s()./\u2011-]{7,}|\S+@\S+\.\S+")
_NAMING = "see geventchat-bots import --help, and name its format with --format if it is one of those"
_SHOWN = 60  # characters of a line that is not understood


def import_log(source: bytes, file: str, name: str = "") -> Transcript:
    """Return the scenario that a log becomes.

    `file` is what the log is called, and `name` its format's name; if that is empty, the format is found. Raises
    UsageError when nothing in it can be read, it may be in several formats, or it is too long for a scenario.
    """
    log = read_text(source, file)
    try:
        chosen = formats.named(name) if name else choose(log)
        read = chosen.read(log)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
    read, of_others = _of_one_room(_without_addresses(read))
    moments, times = calendar.timed(read)
    if not any(isinstance(event, events.Said | events.Acted) for _, event in moments):
        raise UsageError(f"{file}: nobody says anything here that can be read as {chosen.title}; {_NAMING}")
    nicks = {nick for _, event in moments for nick in nicks_of(event)}
    lasted = show_duration(round(moments[-1][0]))
    size = f"{counted(len(moments), 'line')} under {counted(len(nicks), 'nick')} in {lasted}"
    title = f"{file}: {size}, read as {chosen.title}"
    transcript = transcribe(moments, title)
    if (length := len(transcript.text.encode())) > MAX_BYTES:
        part = f"a part of it, of some {read[-1].number * MAX_BYTES // length:,} {chosen.unit}s"
        raise UsageError(f"{file} is too long for a scenario, of {MAX_BYTES >> 20} MiB: import {part}")
    left_out = list(_left_out(read, chosen.unit))
    notes = (*log.notes, *of_others, *times, *transcript.notes, *left_out)
    return Transcript(transcript.title, transcript.text, notes)


def choose(log: LogText, among: Sequence[LogFormat] = formats.FORMATS) -> LogFormat:
    """Return the format that leaves the least of a log to chance. Raises UsageError if there is none, or several.

    If several read the log's sample alike, the first of them will do.
    """
    scores = [one.score(log) for one in among]
    best = max(scores)
    if not best:
        raise UsageError(f"{_what(log)}; {_NAMING}")
    first, *others = [one for one, score in zip(among, scores, strict=True) if score == best]
    sample = LogText("\n".join(log.sample)) if others else log
    for other in others:
        if _events(first.read(sample)) != _events(other.read(sample)):
            which = f"--format {first.name} or --format {other.name}"
            raise UsageError(f"this may be {first.title} or {other.title}: say which with {which}")
    return first


def _what(log: LogText) -> str:
    """Return what a text seems to be that no format knows."""
    if not log.looks_like_json:
        return "this is no log in a form that is known"
    try:
        msgspec.json.decode(log.text, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        return f"this is no log in a form that is known, nor JSON ({str(error)[:_SHOWN]})"
    return "this is JSON, but not as a chat that is known exports it"


def _events(read: Sequence[Entry]) -> list[events.AnyEvent]:
    return [event for entry in read for event in entry.events]


def _without_addresses(read: Sequence[Entry]) -> Sequence[Entry]:
    """Return the entries with other nicks for those who have only a telephone number or an address."""
    nicks = dict.fromkeys(nick for event in _events(read) for nick in nicks_of(event) if _ADDRESS.fullmatch(nick))
    others = {nick: f"nameless {number}" for number, nick in enumerate(nicks, 1)}
    if not others:
        return read

    def named(event: events.AnyEvent) -> events.AnyEvent:
        fields = {name: nick for name in ("nick", "new") if (nick := others.get(getattr(event, name, "")))}
        return msgspec.structs.replace(event, **fields)

    return [entry._replace(events=tuple(map(named, entry.events))) for entry in read]


def _of_one_room(read: Sequence[Entry]) -> tuple[Sequence[Entry], list[str]]:
    """Return what happened in the room where most did; what did in others, is told."""
    rooms = Counter(event.room for event in _events(read))
    if len(rooms) < 2:
        return read, []
    (room, _), *others = rooms.most_common()
    of_others = ", ".join(f"{count:,} of {name}" for name, count in others[:5])
    note = f"only the room {room} is read; left out are {of_others}" + (" and of others" if len(others) > 5 else "")
    in_room = [entry for entry in read if all(event.room == room for event in entry.events)]
    return in_room, [note]


def _left_out(read: Sequence[Entry], unit: str) -> list[str]:
    """Return for each kind of what is left out how often it was, and where first."""
    counts = Counter(kind for entry in read for kind in entry.left_out)
    notes = []
    for kind, count in counts.most_common():
        first = next(entry for entry in read if kind in entry.left_out)
        shown = f": {first.text[:_SHOWN]!r}" if kind == UNKNOWN_LINE else ""
        notes.append(f"{counted(count, kind)} left out; the first is {unit} {first.number:,}{shown}")
    return notes
