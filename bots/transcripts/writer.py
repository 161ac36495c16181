"""What happened in a room, written down as a scenario that replays it: each line at its time."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bots.scenario.template import escape
from bots.scenario.units import counted, show_duration
from bots.scenario.yaml_tree import MAX_BYTES
from bots.transcripts.legal_names import LegalNames, one_to_one
from geventchat.commands import commands
from geventchat.dialects import json_client
from geventchat.protocol import events
from geventchat.protocol.errors import ChatError
from geventchat.protocol.limits import Limits
from geventchat.protocol.text import clean

# Seconds since the beginning, and what happened then. The events need no id, time or room.
Moment = tuple[float, events.AnyEvent]

# What may stand in a file of YAML without quotes and mean nothing else to any reader of YAML.
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_-]*", re.IGNORECASE)
# What says from where somebody came, or which two servers were parted, in a reason for leaving.
_ADDRESS = re.compile(
    r"\S@\S|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,}|(?<![^\W_])[0-9a-f]{0,4}::[0-9a-f]{1,4}\b"
    r"|[\[(](?:[\w-]+\.)+[a-z]{2,}[\])]|^\S+\.\S+ \S+\.\S+$",
    re.IGNORECASE,
)
_SHOWN = 20  # nicks that are told of
_UNPRINTABLE = re.compile("[\ufeff\ufffe\uffff\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A scenario's title and text, and what a reader must be told about it, a line each."""

    title: str
    text: str
    notes: tuple[str, ...]


def transcribe(moments: Sequence[Moment], title: str) -> Transcript:
    """Return what happened as a scenario. The moments are in order.

    Who is first heard of without a join is there from the beginning. Where the record has a gap (somebody speaks who
    has left), what it lacks is put in. Nicks that no server would take get names that it does, one to one; words stay
    as they are, but for what never reaches a terminal (`geventchat.protocol.text.clean`); what is longer than a server
    takes is said in parts. Raises NothingToWrite if nothing happened.
    """
    stage = _Stage([nick for _, event in moments for nick in nicks_of(event)])
    for at, event in moments:
        stage.take(at, event)
    stage.finish()
    if not stage.lines:
        raise NothingToWrite(f"{title}: nothing of it can be replayed, so nothing is written")
    head = [f"# {_comment(note)}" for note in stage.notes]
    text = "\n".join([*head, f"title: {_quoted(title)}", "script:", *stage.lines]) + "\n"
    if len(text.encode()) > MAX_BYTES:
        stage.notes.append(f"the scenario is larger than the {MAX_BYTES >> 20} MiB that can be loaded; divide it")
    return Transcript(title, text, tuple(stage.notes))


class NothingToWrite(ChatError):
    """Nothing happened that a scenario could replay; the message says where."""


class _Stage:
    """Knows who is there under which nick, and writes down the script's lines."""

    def __init__(self, nicks: Sequence[str]) -> None:
        self.lines: list[str] = []
        self._legal = LegalNames()
        self._names = one_to_one(nicks, self._legal)
        self._heard_of: set[str] = set()
        self._blank = 0
        self._long = 0
        self._addresses = 0
        self._there: dict[str, str] = {}  # by nick, what the script calls who has it
        changed = [f"{nick!r} is {name}" for nick, name in self._names.items() if nick != name]
        more = f" and {len(changed) - _SHOWN:,} more" if len(changed) > _SHOWN else ""
        self.notes = [f"nicks that no server takes: {', '.join(changed[:_SHOWN])}{more}"] if changed else []

    def finish(self) -> None:
        """Note what could be counted only now."""
        if self._blank:
            self.notes.append(f"{counted(self._blank, 'empty message')} left out")
        if self._addresses:
            self.notes.append(f"{counted(self._addresses, 'quit reason')} left out, as an address is in it")
        if self._long:
            limit = f"{Limits().max_line:,} bytes that a line may have"
            self.notes.append(f"{counted(self._long, 'message')} in parts, as longer than the {limit}")

    def take(self, at: float, event: events.AnyEvent) -> None:
        """Write down what happened at a time."""
        match event:
            case events.Joined(nick=nick):
                if nick not in self._there:
                    self._enter(at, nick)
            case events.Said(nick=nick, text=text):
                self._speak(at, nick, "say", text)
            case events.Acted(nick=nick, text=text):
                self._speak(at, nick, "act", text)
            case events.Left(nick=nick, reason=reason):
                if nick in self._there or nick not in self._heard_of:
                    self._leave(at, nick, reason)
            case events.Renamed(nick=nick, new=new) if nick != new:
                self._rename(at, nick, new)

    def _speak(self, at: float, nick: str, verb: str, text: str) -> None:
        text = clean(text)
        if not text.strip():
            self._blank += 1
            return
        parts = list(_parts(text))
        self._long += len(parts) > 1
        for part in parts:
            self._line(at, self._actor(at, nick), f"{verb}: {_quoted(escape(part))}")

    def _leave(self, at: float, nick: str, reason: str) -> None:
        actor = self._actor(at, nick)
        del self._there[nick]
        reason = clean(reason)
        if _ADDRESS.search(reason):
            self._addresses += 1
            reason = ""
        self._line(at, actor, f"leave: {_quoted(escape(reason))}" if reason.strip() else "leave")

    def _rename(self, at: float, nick: str, new: str) -> None:
        actor = self._actor(at, nick)
        if new in self._there:  # the record does not say that this one left
            self._leave(at, new, "")
        del self._there[nick]
        self._there[new] = actor
        self._heard_of.add(new)
        self._line(at, actor, f"rename: {_quoted(escape(self._names[new]))}")

    def _actor(self, at: float, nick: str) -> str:
        """Return what the script calls who has a nick; somebody who is not there comes in."""
        if nick not in self._there:
            if nick in self._heard_of:
                self._enter(at, nick)
            else:
                self._heard_of.add(nick)
                self._there[nick] = self._names[nick]
        return self._there[nick]

    def _enter(self, at: float, nick: str) -> None:
        """Let somebody join, under a new name if one who is there under another nick has this one in the script."""
        name = self._names[nick]
        actor = self._legal.give(name) if name in self._there.values() else name
        self._heard_of.add(nick)
        self._there[nick] = actor
        self._line(at, actor, "join")
        if actor != name:
            self._line(at, actor, f"rename: {_quoted(escape(name))}")

    def _line(self, at: float, actor: str, action: str) -> None:
        name = actor if _PLAIN.fullmatch(actor) else _quoted(actor)
        self.lines.append(f"  - {name}: {{{action}, at: {show_duration(at)}}}")


def _parts(text: str) -> Iterator[str]:
    """Yield a text in pieces that a line of the json dialect can hold, cut at blanks where there are any."""
    while _is_too_long(text):
        # The longest beginning that is not too long has from low to high - 1 characters, each of a byte at least.
        low, high = 1, min(len(text), Limits().max_line)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _is_too_long(text[:middle]) else (middle, high)
        cut = text.rfind(" ", 1, low + 1)
        if cut < 1 or not text[:cut].strip():
            cut = low
        yield text[:cut]
        text = text[cut:].lstrip(" ")
    if text.strip():
        yield text


def _is_too_long(text: str) -> bool:
    return len(json_client.encode(commands.Say(text=text, ref="1000000"))) > Limits().max_line


def nicks_of(event: events.AnyEvent) -> tuple[str, ...]:
    """Return the nicks that an event names."""
    return (event.nick, event.new) if isinstance(event, events.Renamed) else (event.nick,)


def _quoted(text: str) -> str:
    """Return a text as YAML's double quotes hold it, which differ from JSON's by a few characters only."""
    in_json = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", in_json)


def _comment(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)
