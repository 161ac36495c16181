"""What can be typed at the terminal: what every client of the server can, and the few things that are only here."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from geventchat.commands import commands
from geventchat.commands.table import TYPED
from geventchat.dialects import slash


@dataclass(frozen=True, slots=True)
class Switch:
    """Look at another room that the user is in: the one meant by `to`, or the one `step` places further."""

    to: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Find:
    """Scroll up to the next line that contains a text; an empty one is the text before."""

    text: str


@dataclass(frozen=True, slots=True)
class Paste:
    """Say several lines just as they are: none of them is a command."""

    lines: tuple[str, ...]


# What the thread of the terminal hands over: a line, or one of these; None when the user wants to leave.
UserInput = str | Switch | Paste | None


# What is different here from what the server's own help says, in the order in which it is shown.
_USAGE = {command.name: (command.typed, command.help) for command in TYPED.values()} | {
    "join": ("/join ROOM [PASSWORD]", 'enter a room, or look at it; with a password: /join "ROOM" PASSWORD'),
    "leave": ("/leave", "leave this room"),
    "room": ("/room [NAME]", "look at another of your rooms: NAME or number, or the next unread"),
    "find": ("/find [TEXT]", "scroll up to where it was said; without a text, further up"),
}
COMMANDS = tuple(_USAGE)
# The commands in which a password stands, at the end; how they begin, and the name that stands before it in some.
_SECRET = [name for name, command in TYPED.items() if command.typed.rstrip("]").endswith("PASSWORD")]
_COMMAND = re.compile(rf"[/{slash.WIDE_SLASH}](?P<name>\S+)\s+")
_QUOTED = '["“”„][^"“”„]*["“”„]'
_NAME = re.compile(rf'(?:{_QUOTED}|[^"“”„\s]\S*)(?:\s+|$)')
_ROOM = re.compile(rf'{_QUOTED}(?:\s+|$)|[^"“”„].*', re.DOTALL)  # only one in quotes has a password behind it
_TEXT = ("TEXT", "say it; //TEXT says one that begins with a slash")
KEYS = (
    ("PgUp, PgDn", "scroll what was said"),
    ("Alt-1, Alt-2, …", "look at a room"),
    ("Alt-A", "look at the next room with something unread"),
    ("Alt-Left, Alt-Right", "look at the room beside"),
    ("Tab", "complete a name or a command; again, the next one that fits"),
    ("Up, Ctrl-R", "bring back what was typed; search in it"),
    ("Ctrl-C", "clear the line; again, leave"),
    ("Ctrl-D", "leave, as exit does"),
)


def read(line: str) -> commands.AnyCommand | Switch | Find | None:
    """Return what a typed line asks for; None for an empty one. Raises ProtocolError for a command that is none."""
    word, _, rest = line.partition(" ")
    if word.lower() == "/room":
        return Switch(rest.strip())
    if is_search(line):
        return Find(rest.strip())
    return slash.read_line(line)


def is_search(line: str) -> bool:
    """Whether a typed line asks for what was said: it does not bring the screen back to what is new."""
    return line.partition(" ")[0].lower() == "/find"


def has_secret(line: str) -> bool:
    """Whether a password may stand in a typed line, so that the line must not be kept: also where it is mistyped."""
    return hidden_from(line) is not None


def hidden_from(line: str) -> int | None:
    """Return from where on a typed line is to be hidden; None where all of it may be seen.

    A name that is still to be closed is hidden with all behind it: the password may stand there already.
    """
    match = _COMMAND.match(line, len(line) - len(slash.from_what_is_seen(line)))
    if match is None:
        return None
    known = TYPED.get(match["name"].lower())
    if known is None:
        return match.end() if get_close_matches(match["name"].lower(), _SECRET, 1) else None
    if known.name not in _SECRET:
        return None
    if len(known.fields) == 1:
        return match.end()
    name = (_ROOM if "ROOM" in known.typed else _NAME).match(line, match.end())
    begin = match.end() if name is None else name.end()
    return begin if begin < len(line) else None


def help_lines() -> list[str]:
    """Return the commands and keys, a line each."""
    rows = [_TEXT, *_USAGE.values(), *KEYS]
    width = max(len(usage) for usage, _ in rows)
    return [f"{usage:{width}}  {text}" for usage, text in rows]
