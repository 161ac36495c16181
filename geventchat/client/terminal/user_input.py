"""What can be typed at the terminal: what every client of the server can, and the few things that are only here."""

from dataclasses import dataclass

from geventchat.commands import commands
from geventchat.dialects import slash


@dataclass(frozen=True, slots=True)
class Switch:
    """Look at another room that the user is in: the one meant by `to`, or the one `step` places further."""

    to: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Paste:
    """Say several lines just as they are: none of them is a command."""

    lines: tuple[str, ...]


# What the thread of the terminal hands over: a line, or one of these; None when the user wants to leave.
Entered = str | Switch | Paste | None


# What is different here from what the server's own help says, in the order in which it is shown.
_USAGE = {command.name: (command.typed, command.help) for command in commands.TYPED.values()} | {
    "join": ("/join ROOM", "enter a room, or look at it"),
    "leave": ("/leave", "leave this room"),
    "room": (
        "/room [NAME]",
        "look at another of your rooms: NAME or number, or the next unread",
    ),
}
COMMANDS = tuple(_USAGE)
_KEYS = (
    "Alt-1, Alt-2, … look at a room, Alt-A at the next with something unread",
    "Alt-Left and Alt-Right look at the room beside",
    "Tab completes names and commands; Up and Ctrl-R bring back what was typed",
    "a line is said; // says one that begins with a slash; exit or Ctrl-D leaves",
)


def read(line: str) -> commands.AnyCommand | Switch | None:
    """Return what a typed line asks for; None for an empty one. Raises ProtocolError for a command that is none."""
    word, _, rest = line.partition(" ")
    if word.lower() == "/room":
        return Switch(rest.strip())
    return slash.read_line(line)


def help_lines() -> list[str]:
    """Return the commands and keys, a line each."""
    width = max(len(usage) for usage, _ in _USAGE.values())
    return [*(f"{usage:{width}}  {text}" for usage, text in _USAGE.values()), *_KEYS]
