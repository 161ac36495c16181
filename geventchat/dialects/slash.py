"""What people type: a line is said, exit leaves, and a leading slash is a command from the table below."""

from collections.abc import Callable
from dataclasses import dataclass

from geventchat.commands import commands
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.limits import DEFAULT_HISTORY

EXIT = "exit"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command: what to type, what it does, and what it becomes; `read` takes the rest of the line."""

    name: str
    usage: str
    help: str
    read: Callable[[str], commands.AnyCommand]


def _whisper(rest: str) -> commands.AnyCommand:
    quote = '"' if rest.startswith('"') else ""
    to, end, text = rest.removeprefix(quote).partition(f"{quote} ")
    if not (to and end):
        raise _usage("msg")
    return commands.Whisper(to=to, text=text)


def _history(rest: str) -> commands.AnyCommand:
    if not rest:
        return commands.History(limit=DEFAULT_HISTORY)
    if not (rest.isascii() and rest.isdigit()):
        raise _usage("history")
    return commands.History(limit=int(rest[:9]))  # as much as may be asked for is given


def _wanted(name: str, make: Callable[[str], commands.AnyCommand]) -> Callable[[str], commands.AnyCommand]:
    def read(rest: str) -> commands.AnyCommand:
        if not rest:
            raise _usage(name)
        return make(rest)

    return read


def _usage(name: str) -> ProtocolError:
    return ProtocolError("usage", f"like this: {COMMANDS[name].usage}")


COMMANDS = {
    command.name: command
    for command in (
        SlashCommand("help", "/help", "this list", lambda _: commands.Help()),
        SlashCommand("who", "/who", "who is in the room", lambda _: commands.Who()),
        SlashCommand(
            "nick", "/nick NAME", "take another name", _wanted("nick", lambda rest: commands.Rename(nick=rest))
        ),
        SlashCommand("me", "/me TEXT", "do something: /me waves", _wanted("me", lambda rest: commands.Act(text=rest))),
        SlashCommand("msg", "/msg NAME TEXT", 'say something to one alone; quote a name with spaces: "NAME"', _whisper),
        SlashCommand(
            "reply",
            "/reply TEXT",
            "answer the last whisper",
            _wanted("reply", lambda rest: commands.WhisperBack(text=rest)),
        ),
        SlashCommand(
            "join", "/join ROOM", "go to another room", _wanted("join", lambda rest: commands.Join(room=rest))
        ),
        SlashCommand("leave", "/leave", "go back to the lobby", lambda rest: commands.Leave(reason=rest)),
        SlashCommand("rooms", "/rooms", "which rooms there are", lambda _: commands.Rooms()),
        SlashCommand(
            "topic", "/topic [TEXT]", "see or set the room's topic", lambda rest: commands.Topic(text=rest or None)
        ),
        SlashCommand("history", "/history [N]", "what was said before", _history),
        SlashCommand("ping", "/ping [TOKEN]", "see that the server answers", lambda rest: commands.Ping(token=rest)),
        SlashCommand("exit", "/exit", "leave the chat, as plain exit does", lambda rest: commands.Bye(reason=rest)),
    )
}


def read_line(line: str) -> commands.AnyCommand | None:
    """Return what a typed line asks for; None for an empty one. Raises ProtocolError for a command that is none."""
    if not line.strip():
        return None
    if line == EXIT:
        return commands.Bye()
    if not line.startswith("/"):
        return commands.Say(text=line)
    if line.startswith("//"):
        return commands.Say(text=line[1:])
    name, _, rest = line[1:].partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        raise ProtocolError(
            "unknown-command", f"/{name} is not a command; /help lists them, // says a line with a slash"
        )
    return command.read(rest.strip())


def help_lines() -> list[str]:
    """Return the commands, a line each."""
    return [f"{command.usage:16} {command.help}" for command in COMMANDS.values()]
