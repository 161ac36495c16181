"""Logs of IRC clients, read: irssi's and WeeChat's default forms, and `[HH:MM] <nick> text` with `===` for events."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

from bots.transcripts.writer import Moment, nicks_of
from geventchat.protocol import events
from geventchat.protocol.text import decode

_DAY_S = 24 * 3600


class Entry(NamedTuple):
    """One line of a log.

    `second` is its time of day, None when it has none; `exact_to` how many seconds that may be off; `day` the date,
    where the line says it. `event` is None for what nobody said or did.
    """

    number: int
    text: str
    event: events.AnyEvent | None
    second: int | None = None
    exact_to: int = 60
    day: int | None = None


class Log(NamedTuple):
    """What happened, in seconds from a log's beginning, and the lines in which nothing did."""

    moments: list[Moment]
    passed_over: list[Entry]


_NICK = r"[^\s<>]+"
_HOST = r"(?:\s+[\[(][^\])\s]*[\])])?"
_REASON = r"(?:\s+[\[(](?P<reason>.*)[\])])?\s*"
_MODES = "@+%&~!"

_WEECHAT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d):(\d\d):(\d\d)\t([^\t]*)\t(.*)", re.ASCII)
_CLOCK = re.compile(r"\[?(\d\d):(\d\d)(?::(\d\d))?\]? (.*)", re.ASCII)
_DATED = re.compile(r"--- (?:Log opened|Day changed) \w{3} (\w{3}) (\d\d) (?:\d\d:\d\d:\d\d )?(\d{4})\s*", re.ASCII)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_SAID = re.compile(rf"<[ {_MODES}]?([^<>]+)> ?(.*)")
_ACTED = re.compile(rf" *\* ({_NICK})(?: (.*))?")
_NOTICE = re.compile(r"(?:===|-!-) (.*)")
_MOVED = re.compile(rf"(?P<nick>{_NICK}){_HOST}\s+has (?P<what>joined|left|quit)(?:\s+[#&+!]\S*)?{_REASON}")
_KICKED = re.compile(rf"(?P<nick>{_NICK}) was kicked (?:from|off) \S+(?: by \S+)?{_REASON}")
_KICKED_BY = re.compile(rf"{_NICK} has kicked (?P<nick>{_NICK}){_REASON}")
_RENAMED = re.compile(rf"({_NICK}) is now known as ({_NICK})\s*")


def read_log(source: bytes) -> Log:
    """Read a log; what is no UTF-8 in it becomes U+FFFD."""
    lines = decode(source.removeprefix(b"\xef\xbb\xbf")).split("\n")
    entries = [_entry(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1) if line.strip()]
    entries = _with_actions(entries)
    return Log(_timed(entries), [entry for entry in entries if entry.event is None])


def _entry(number: int, line: str) -> Entry:
    if match := _WEECHAT.fullmatch(line):
        day, hours, minutes, seconds, prefix, text = match.groups()
        return Entry(number, line, _weechat(prefix.strip(), text), _second(hours, minutes, seconds), 1, _ordinal(day))
    if match := _CLOCK.fullmatch(line):
        hours, minutes, seconds, text = match.groups()
        return Entry(number, line, _event(text), _second(hours, minutes, seconds or "0"), 1 if seconds else 60)
    if (match := _DATED.fullmatch(line)) and match[1] in _MONTHS:
        return Entry(number, line, None, day=_ordinal(f"{match[3]}-{_MONTHS.index(match[1]) + 1:02}-{match[2]}"))
    return Entry(number, line, _event(line))


def _second(hours: str, minutes: str, seconds: str) -> int:
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _ordinal(day: str) -> int | None:
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return None


def _event(text: str) -> events.AnyEvent | None:
    """Return what a line says, without its time, in a log of irssi or one with `===`."""
    if match := _SAID.fullmatch(text):
        return events.Said("", "", "", match[1].strip(), match[2])
    if match := _ACTED.fullmatch(text):
        return events.Acted("", "", "", match[1], match[2] or "")
    if match := _NOTICE.fullmatch(text):
        return _notice(match[1])
    return None


def _weechat(prefix: str, text: str) -> events.AnyEvent | None:
    """Return what a line of WeeChat says, whose prefix is a nick or a sign."""
    if prefix in ("-->", "<--", "--"):
        return _notice(text)
    if prefix == "*":
        nick, _, action = text.partition(" ")
        return events.Acted("", "", "", nick, action)
    nick = prefix.lstrip(_MODES)
    return events.Said("", "", "", nick, text) if nick and nick != "=!=" else None


def _notice(text: str) -> events.AnyEvent | None:
    if match := _MOVED.fullmatch(text):
        if match["what"] == "joined":
            return events.Joined("", "", "", match["nick"])
        return events.Left("", "", "", match["nick"], match["reason"] or "")
    if match := _KICKED.fullmatch(text) or _KICKED_BY.fullmatch(text):
        return events.Left("", "", "", match["nick"], match["reason"] or "")
    if match := _RENAMED.fullmatch(text):
        return events.Renamed("", "", "", match[1], match[2])
    return None


def _with_actions(entries: list[Entry]) -> list[Entry]:
    """Return the entries with `=== nick text` read as an action, where the nick is known from other lines."""
    known = {nick for entry in entries if entry.event is not None for nick in nicks_of(entry.event)}

    def read(entry: Entry) -> Entry:
        notice = re.fullmatch(rf"(?:\S+ )?=== ({_NICK}) (.*)", entry.text)
        if entry.event is not None or notice is None or notice[1] not in known:
            return entry
        return entry._replace(event=events.Acted("", "", "", notice[1], notice[2]))

    return [read(entry) for entry in entries]


def _timed(entries: list[Entry]) -> list[Moment]:
    """Return what happened with its time. What is of the same minute, or second, is spread over it in order."""
    moments: list[Moment] = []
    for (start, exact_to), group in groupby(_clocked(entries), key=lambda clocked: clocked[:2]):
        happened = [event for *_, event in group]
        moments += [(start + exact_to * place / len(happened), event) for place, event in enumerate(happened)]
    first = moments[0][0] if moments else 0.0
    return [(at - first, event) for at, event in moments]


def _clocked(entries: list[Entry]) -> Iterator[tuple[int, int, events.AnyEvent]]:
    """Yield what happened with the beginning of its minute or second, in seconds, and how long that is.

    Times never go back: a clock that was set right is passed over, and what is half a day back is of the next day.
    """
    clock = _Calendar()
    first = next((entry for entry in entries if entry.second is not None), None)
    now, exact_to = (first.second or 0, first.exact_to) if first else (0, 1)
    for entry in entries:
        if entry.day is not None:
            clock.see(entry.day)
        if entry.second is not None:
            now, exact_to = clock.tell(entry.second), entry.exact_to
        if entry.event is not None:
            yield now, exact_to, entry.event
            now += first is None  # without any times, one a second


class _Calendar:
    """Turns times of day into seconds since the first day's midnight."""

    def __init__(self) -> None:
        self._day = 0
        self._first: int | None = None  # the date of day 0, once some date is known
        self._now: int | None = None

    def see(self, date_: int) -> None:
        """Take note of the date of what follows."""
        if self._first is None:
            self._first = date_ if self._now is None else date_ - self._day - 1
        self._day = max(self._day, date_ - self._first)

    def tell(self, second: int) -> int:
        """Return the seconds at a time of day."""
        then = self._day * _DAY_S + second
        now = then if self._now is None else self._now
        if now - then > _DAY_S // 2:
            self._day += 1
            then += _DAY_S
        self._now = max(now, then)
        return self._now
