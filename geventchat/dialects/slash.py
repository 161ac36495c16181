"""What people type: a line is said, `exit` leaves, and a leading slash is a command from the commands' table."""

import re
import unicodedata
from difflib import get_close_matches
from typing import Any

from geventchat.commands import commands
from geventchat.commands.table import TYPED, CommandInfo
from geventchat.protocol import durations
from geventchat.protocol.errors import ProtocolError

EXIT = "exit"
# Taken for the beginning of a reason, it would make ten minutes an act for ever: 10, 10M, 10m, 1,5h, 1h30, 5mins, 1y
_ALMOST_A_TIME = re.compile(r"\d+([.,:]\d+)?((?!st)[smhdwy][a-z]*([\d\W].*)?)?", re.ASCII | re.IGNORECASE | re.DOTALL)
WIDE_SLASH = "\uff0f"  # as a keyboard for Chinese or Japanese types it
# A name in quotes, and what follows. Phones, and word processors, make round ones of those that are typed.
_QUOTED = re.compile(r'["“”„]([^"“”„]*)["“”„](?: (.*))?', re.DOTALL)


def read_line(line: str) -> commands.AnyCommand | None:
    """Return what a typed line asks for; None for an empty one. Raises ProtocolError for a command that is none."""
    if not line.strip():
        return None
    if line == EXIT:
        return commands.Bye()
    if line.startswith("//"):
        return commands.Say(text=line[1:])
    if line.startswith("/"):
        return _read_command(line)
    if ("/" in line or WIDE_SLASH in line) and _looks_like_command(from_what_is_seen(line)):
        raise ProtocolError("usage", "not said: a command begins with /")
    return commands.Say(text=line)


def _looks_like_command(seen: str) -> bool:
    return seen.startswith("/") or (seen.startswith(WIDE_SLASH) and seen[1:].partition(" ")[0] in TYPED)


def from_what_is_seen(line: str) -> str:
    """Return a line from its first character on that is neither blank nor invisible."""
    begin = next((at for at, one in enumerate(line) if not (one.isspace() or unicodedata.category(one) == "Cf")), 0)
    return line[begin:]


def _read_command(line: str) -> commands.AnyCommand:
    name, _, rest = line[1:].partition(" ")
    info = TYPED.get(name.lower())
    if info is None:
        near = get_close_matches(name.lower(), TYPED, 1)
        guess = f"did you mean /{near[0]}? " if near else ""
        raise ProtocolError(
            "unknown-command", f"/{name} is not a command; {guess}/help lists them, // says a line with a slash"
        )
    return command_of(info, rest.strip())


def command_of(info: CommandInfo, rest: str) -> commands.AnyCommand:
    """Return a command with what stands behind its name. Raises ProtocolError when something is missing or wrong."""
    command: commands.AnyCommand = info.command(**_arguments(info, rest))  # type: ignore[assignment]
    return command


def _arguments(info: CommandInfo, rest: str) -> dict[str, Any]:
    """Return the fields that the rest of a line gives. Raises ProtocolError when one is missing or wrong."""
    given: dict[str, Any] = {}
    words = info.typed.split()[1:]
    for word, field in zip(words, info.fields, strict=True):
        is_last = field == info.fields[-1]
        text, rest = _argument(word.strip("[]"), rest, is_last=is_last)
        if word.strip("[]") == "N" and text:
            if not (text.isascii() and text.isdigit()):
                raise _usage(info)
            given[field] = int(text[:9])  # as much as may be asked for is given
        elif text:
            given[field] = text
        elif not word.startswith("["):
            raise _usage(info)
    return given


def _argument(word: str, rest: str, *, is_last: bool) -> tuple[str, str]:
    """Return what stands for a word of the form of a command, and what follows."""
    if word in ("NAME", "ROOM", "ID"):
        return _name(rest, is_last=is_last or word == "ROOM")  # only a room in quotes can have a password behind it
    if word == "TIME" and not is_last:  # what is no time belongs to what follows
        first, _, after = rest.partition(" ")
        if durations.is_one(first):
            return first, after.strip()
        if _ALMOST_A_TIME.fullmatch(first):
            raise ProtocolError("usage", "a time is written like 30s, 10m, 2h or 1h30m")
        return "", rest
    return rest, ""


def _name(rest: str, *, is_last: bool) -> tuple[str, str]:
    """Return the name at the beginning, without its quotes, and what follows; a last one needs no quotes."""
    if quoted := _QUOTED.fullmatch(rest):
        return quoted[1], (quoted[2] or "").strip()
    if rest.startswith('"'):  # its end is missing
        return "", ""
    if is_last:
        return rest, ""
    name, _, after = rest.partition(" ")
    return name, after.strip()


def _usage(info: CommandInfo) -> ProtocolError:
    return ProtocolError("usage", f"like this: {info.typed}")
