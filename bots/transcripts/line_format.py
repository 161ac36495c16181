"""Logs of one event a line, read by a description of what the lines look like.

A form such as `-!- {nick} {host} has joined {room}` is a whole line behind its time: letters and signs must be there,
fields in braces are taken out, and a blank stands for one or several. The fields are

- `{nick}` and `{new}`, without blanks; `{who}`, anything but <>; `{name}`, which may have blanks but no colon;
  `{nicks}` and `{names}`, with commas between them, or a word for `and` before the last;
- `{text}`, `{reason}` and `{date}`; ` ({reason})` and ` [{reason}]` may also be missing;
- `{by}` and `{actor}`, like `{nick}` and `{name}`, `{room}`, `{host}` (brackets and all in them), `{sign}`, which can
  be no nick, `{any}`, `{told}`, which begins with no `<`, `{short}` and `{sentence}`, which has no colon: of these
  nothing is kept;
- `{one|other}`, just one of these words;
- `{edited}` and `{attached}`, which are no text: they say that such a line was edited, or had something beside it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from bots.transcripts import entries, stamps
from bots.transcripts.deletions import tells_of_deletion
from bots.transcripts.entries import Entry
from bots.transcripts.log_text import MAX_LINE_CHARS, LogText
from bots.transcripts.stamps import Stamp
from geventchat.protocol import events

_FIELDS = {
    "{nick}": r"(?P<nick>[^\s<>]{1,100}?)",
    "{who}": r"(?P<nick>[^<>]{1,100}?)",
    "{name}": r"""(?P<nick>[^<>\t:"“”„«»「」]{1,100}?)""",
    "{nicks}": r"(?P<nicks>.+)",
    "{names}": r"""(?P<nicks>[^<>\t:"“”„«»「」]{1,1000}?)""",
    "{new}": r"(?P<new>\S{1,100}?)",
    "{by}": r"[^\s<>!*-][^\s<>]{0,200}?",
    "{actor}": r"""[^<>\t:"“”„«»「」*]{1,100}?""",
    "{sentence}": r"""[^\t:"“”„«»「」]*""",
    "{edited}": r"(?P<edited>)",
    "{attached}": r"(?P<attached>)",
    "{host}": r"[\[(<].{0,300}?[\])>]",
    "{room}": r"[#&+!]\S*?",
    "{date}": r"(?P<date>.+)",
    "{text}": r"(?P<text>.*)",
    " {text}": r"(?: (?P<text>.*))?",
    "{reason}": r"(?P<reason>.*)",
    "{any}": r".*",
    "{told}": r"[^<].*",
    "{short}": r"[^\u200e]{0,200}?",
    "{sign}": r"(?: {0,9}(?:[^\w\s\[\]\\^{}|`*]{1,10}|\u2139\ufe0f?) {0,9})",
}
_REASON = r" [\[(]\{reason\}[\])]"
# What a form scores that leaves all to chance: such a line is rather another format's.
_OF_NO_OWN = -1
_PARTS = re.compile(rf"({_REASON}| \{{text\}}|\{{\w+\}}|\{{[^{{}}]*\|[^{{}}]*\}})")
# Who wrote the log, where it has no nick for that.
OWNER = "me"
# What ranks put before a nick, and irssi a blank.
_RANKS = "~&@%+! "
# `(~user@host)`: only an event tells of it.
_HOST = re.compile(r"[\[(<]\S*@\S*[\])>]")
# As events end, in any language: `has quit (bed)`.
_WITH_REASON = re.compile(r" \(.*\)$")
_AND = "and|und|y|e|et|en|и|ve"
_NEXT = re.compile(rf",| (?:{_AND}) ")
# `(+3 more, use /NETSPLIT)`, `and 2 others`, who have no names here.
_MORE = re.compile(
    rf"(?:^|,? )(?:(?:{_AND}) )?(?:\(?\+?\d+ more\b.*|\d+ (?:others?|weitere|más|outr[oa]s?|autres?|altri|anderen)\b.*)"
)


class _Rule(NamedTuple):
    kind: str
    form: re.Pattern[str]
    own: int  # how many characters of a line are this form's own
    # How it begins, and the longest word of its own: a line without them needs no closer look.
    begin: str
    word: str


@dataclass(frozen=True)
class LineFormat:
    """What the lines of a program's logs look like; it is a `LogFormat`.

    `left` has forms for leaving, quitting and being kicked; `dates` those for the date of what follows; `left_out` the
    forms of what a scenario cannot hold, by their kind. A line is what the first form says that fits; those for events
    are tried first, and `acted` and `said` last.

    `stamped` is a regular expression for times as they are written, empty for a line without one; by default there may
    be any or none. `before_time` is one for what may stand before them. `actions_look_like_events`: what looks like an
    action is one only of somebody who is known from other lines. `continues`: a line without a time belongs to the
    message before. `tells_of_deletions`: words stand where a message was deleted. `ranks`: what may stand before a
    nick. `oneself`: how events call whoever wrote the log and speaks under another name; these events are left out.
    """

    name: str
    title: str
    said: Sequence[str]
    acted: Sequence[str] = ()
    joined: Sequence[str] = ()
    left: Sequence[str] = ()
    renamed: Sequence[str] = ()
    dates: Sequence[str] = ()
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stamped: str = ".*"
    before_time: str = ""
    actions_look_like_events: bool = False
    continues: bool = False
    tells_of_deletions: bool = False
    ranks: str = _RANKS
    oneself: Collection[str] = ()
    unit: str = "line"

    def score(self, log: LogText) -> int:
        """Return how many characters of the sample's lines are this format's own; 0 if most lines are another's.

        One that can use a line is more likely than one that leaves it out.
        """
        found = [rule for line in log.sample if (rule := self._match(line)[1])]
        sure = [rule.kind for rule in found if rule.own > 0]
        speech = "said" in sure or "acted" in sure
        few = len(sure) * (10 if self.continues else 3) < len(log.sample)
        return 0 if few or not speech else max(1, sum(rule.own - (rule.kind in self.left_out) for rule in found))

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each line that is not blank."""
        read: list[Entry] = []
        for number, line in enumerate(log.lines, 1):
            if line and not line.isspace():
                entry = self._entry(number, line)
                read += [entry] if not self.continues or entry.stamp or not read else self._continued(read.pop(), entry)
        read = [entry._replace(events=()) if _has_no_words(entry) else entry for entry in read]
        return self._without_doubtful_actions(read) if self.actions_look_like_events else read

    @cached_property
    def _rules(self) -> list[_Rule]:
        kinds = {
            **{kind: getattr(self, kind) for kind in ("dates", "joined", "left", "renamed")},
            **self.left_out,
            "acted": self.acted,
            "said": self.said,
        }
        return [_rule(kind, form) for kind, forms in kinds.items() for form in forms]

    def _match(self, line: str) -> tuple[Stamp | None, _Rule | None, re.Match[str] | None]:
        if len(line) > MAX_LINE_CHARS:
            return None, None, None
        stamp, rest = stamps.split(re.sub(f"^(?:{self.before_time})", "", line) if self.before_time else line)
        if not re.fullmatch(self.stamped, stamp.written if stamp else ""):
            return None, None, None
        rest = rest.lstrip(" ")
        for rule in self._rules:
            if not rest.startswith(rule.begin) or rule.word not in rest:
                continue
            if (match := rule.form.fullmatch(rest)) and (stamp or not self.continues or rule.kind in self._headers):
                return stamp, rule, match
        return stamp, None, None

    @cached_property
    def _headers(self) -> set[str]:
        return {"dates", *self.left_out}

    def _entry(self, number: int, line: str) -> Entry:
        stamp, rule, match = self._match(line)
        if rule is None or match is None:
            kind = entries.LONG_LINE if len(line) > MAX_LINE_CHARS else entries.UNKNOWN_LINE
            return Entry(number, stamp, (), (kind,), line)
        if self.tells_of_deletions and tells_of_deletion(match.string.partition(": ")[2]):
            return Entry(number, stamp, (), (entries.DELETED,), line)
        part = {name: value or "" for name, value in match.groupdict().items()}
        if rule.kind == entries.ATTACHMENT and "nick" in part:  # words may follow, which are this one's
            return Entry(number, stamp, tuple(self._events("said", part)), (rule.kind,), line)
        if rule.kind in self.left_out:
            return Entry(number, stamp, (), (rule.kind,), line)
        if rule.kind in ("joined", "left") and part.get("nick", part.get("nicks", "")).lower() in self.oneself:
            return Entry(number, stamp, (), (entries.SYSTEM,), line)
        if rule.kind == "dates":
            second = stamp.second if stamp else None
            return Entry(number, Stamp(stamps.read_date(part["date"]), second), (), (), line)
        if rule.kind == "acted" and _HOST.match(part["text"].lstrip()):
            return Entry(number, stamp, (), (entries.UNKNOWN_EVENT,), line)
        return Entry(number, stamp, tuple(self._events(rule.kind, part)), self._beside(part), line)

    def _events(self, kind: str, part: Mapping[str, str]) -> Iterator[events.AnyEvent]:
        nicks = _NEXT.split(_MORE.sub("", part["nicks"])) if "nicks" in part else [part.get("nick", OWNER)]
        text, reason = part.get("text", ""), part.get("reason", "")
        for nick in filter(None, map(self._nick, nicks)):
            match kind:
                case "said":
                    yield events.Said("", "", "", nick, text)
                case "acted":
                    yield events.Acted("", "", "", nick, text)
                case "joined":
                    yield events.Joined("", "", "", nick)
                case "left":
                    yield events.Left("", "", "", nick, reason.strip())
                case "renamed":
                    yield events.Renamed("", "", "", nick, self._nick(part["new"]))

    def _beside(self, part: Mapping[str, str]) -> tuple[str, ...]:
        """Return the kinds of what is left out of a line that is understood otherwise."""
        more = (entries.UNKNOWN_EVENT,) if _MORE.search(part.get("nicks", "")) else ()
        own = () if "nick" in part or "nicks" in part else (entries.OWN_NICK,)
        edited = (entries.EDIT,) if "edited" in part else ()
        attached = (entries.ATTACHMENT,) if "attached" in part else ()
        return (*more, *own, *edited, *attached)

    def _nick(self, written: str) -> str:
        if not self.ranks:
            return written.strip(" \u200e\u202a\u202c\xa0")
        return written.lstrip(self.ranks).partition("!")[0].strip()

    def _continued(self, before: Entry, entry: Entry) -> list[Entry]:
        """Return an entry with another line of its message, which a blank ties to the first."""
        if not before.events:
            if before.stamp is None or not before.left_out:
                return [before, entry]
            return [before, entry._replace(stamp=before.stamp, left_out=before.left_out[:1])]
        said = before.events[-1]
        if not isinstance(said, events.Said | events.Acted):
            return [before, entry]
        longer = type(said)("", "", said.room, said.nick, f"{said.text} {entry.text.strip()}".lstrip())
        breaks = () if _has_no_words(before) else (entries.LINE_BREAK,)
        return [before._replace(events=(longer,), left_out=(*before.left_out, *breaks))]

    def _without_doubtful_actions(self, read: list[Entry]) -> list[Entry]:
        """Return the entries without actions of nobody who is known, and without any if no event is understood."""
        happened = [event for entry in read for event in entry.events]
        known = {event.nick for event in happened if not isinstance(event, events.Acted)}
        known |= {event.new for event in happened if isinstance(event, events.Renamed)}
        understood = any(isinstance(event, events.Joined | events.Left | events.Renamed) for event in happened)
        acted = [event for event in happened if isinstance(event, events.Acted)]
        strange = any(event.nick not in known or _WITH_REASON.search(event.text) for event in acted)
        if not understood and (strange or any(entries.UNKNOWN_EVENT in entry.left_out for entry in read)):
            known = set()  # the log is in a language that is not known here, and an action no other than an event
        return [
            entry._replace(events=(), left_out=(entries.UNKNOWN_EVENT,))
            if any(isinstance(event, events.Acted) and event.nick not in known for event in entry.events)
            else entry
            for entry in read
        ]


def _has_no_words(entry: Entry) -> bool:
    """Whether this is an attachment, of which nothing is left to say."""
    return entry.left_out == (entries.ATTACHMENT,) and all(
        isinstance(event, events.Said) and not event.text.strip() for event in entry.events
    )


def _rule(kind: str, form: str) -> _Rule:
    pattern, own, words = "", 0, [""]
    for part in _PARTS.split(form):
        if re.fullmatch(_REASON, part):
            pattern += rf"(?: +{re.escape(part[1])}(?P<reason>.*){re.escape(part[-1])})?"
        elif part in _FIELDS:
            pattern += _FIELDS[part]
        elif part.startswith("{") and "|" in part:
            choices = part[1:-1].split("|")
            pattern += f"(?:{'|'.join(map(re.escape, choices))})"
            own += min(len(choice) - choice.count(" ") for choice in choices)
        else:
            pattern += " +".join(map(re.escape, part.split(" ")))
            own += len(part) - part.count(" ")
            words += part.split(" ")
    trailing = "" if kind in ("said", "acted") else " *"
    begin = _PARTS.split(form)[0].partition(" ")[0]
    return _Rule(kind, re.compile(pattern + trailing), own or _OF_NO_OWN, begin, max(words, key=len))
