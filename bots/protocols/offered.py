"""The protocols that packages offer as classes, found by their entry points; each call of one is checked.

What is wrong with such a class is told in a line, as a mistake in a protocol's file is.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from bots.protocols.base import ClientDialect, Heard, Notice, Saying
from bots.scenario.abilities import WITHOUT
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ProtocolError, UsageError

# Where packages name classes like those in this folder; see docs/protocols.md.
_GROUP = "geventchat.protocols"
_MUST_HAVE = ("hello", "encode", "receive")
# What may stand for an attribute of a class, by the type of the one that it has by default.
_KINDS: dict[type, Any] = {bool: bool, float: float | int, frozenset: AbstractSet}


def offered() -> dict[str, list[EntryPoint]]:
    """Return what packages offer, by its name: most often one for each."""
    found: dict[str, list[EntryPoint]] = {}
    for one in entry_points(group=_GROUP):
        found.setdefault(one.name, []).append(one)
    return found


def load(points: Iterable[EntryPoint]) -> type[ClientDialect]:
    """Return the class that is offered under a name. Raises UsageError."""
    point, *others = {one.value: one for one in points}.values()
    if others:
        both = " and ".join(one.value for one in (point, *others))
        raise UsageError(f"several packages offer a dialect {point.name}, {both}; uninstall all but one")
    which = f"the dialect {point.name} cannot be loaded from {point.value}"
    try:
        made = point.load()
    except Exception as error:
        raise UsageError(f"{which}: {_told(error)}") from None
    if not (isinstance(made, type) and issubclass(made, ClientDialect)):
        raise UsageError(f"{which}: it is no class that is built on bots.protocols.base.ClientDialect")
    if missing := [name for name in _MUST_HAVE if getattr(made, name) is getattr(ClientDialect, name)]:
        raise UsageError(f"{which}: it has no method {' and no '.join(missing)}")
    checked = _checked(made, point.name)
    try:
        one = checked("")
    except Exception as error:
        raise UsageError(f"{which}: {_told(error)}; it is made with the server's HOST:PORT") from None
    for name, value in vars(ClientDialect).items():
        if (kind := _KINDS.get(type(value))) and not isinstance(found := getattr(one, name), kind):
            raise UsageError(f"{which}: {name} is {found!r:.80}, and not one like {value!r}")
    if unknown := sorted(set(map(str, one.cannot)) - set(WITHOUT)):
        raise UsageError(f"{which}: cannot has {', '.join(unknown)}, and knows only {', '.join(WITHOUT)}")
    return checked


def _checked(made: type[ClientDialect], name: str) -> type[ClientDialect]:
    """Return a class that checks what each call of `made` returns, and raises ProtocolError for what is wrong."""

    def call(called: str, method: Callable[..., Any], *arguments: object) -> Any:
        try:
            return method(*arguments)
        except (ProtocolError, ConnectionError):
            raise
        except Exception as error:
            raise wrong(f"{called} raised {_told(error)}") from None

    def call_for_bytes(called: str, method: Callable[..., bytes], *arguments: object) -> bytes:
        returned = call(called, method, *arguments)
        if not isinstance(returned, bytes):
            raise wrong(f"{called} returned {returned!r:.80}, and not bytes")
        return returned

    def wrong(what: str) -> ProtocolError:
        return ProtocolError("wrong-class", f"the class of the dialect {name} is wrong: {what}", fatal=True)

    class Checked(made):  # type: ignore[valid-type, misc]
        def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
            return call_for_bytes("hello", super().hello, nick, room, after, token)

        def encode(self, command: commands.AnyCommand) -> bytes:
            data = call_for_bytes("encode", super().encode, command)
            if not data and isinstance(command, Saying):
                raise wrong(f"encode returned no bytes for {command!r:.80}")
            return data

        def line_end(self, data: bytes, start: int) -> int:
            end = call("line_end", super().line_end, data, start)
            if not isinstance(end, int) or not (end == 0 or start < end <= len(data)):
                raise wrong(f"line_end returned {end!r:.80} for a start of {start} in {len(data)} bytes")
            return end

        def receive(self, data: bytes) -> Iterator[Heard]:
            receive = super().receive
            heard = call("receive", lambda: list(receive(data)))
            for one in heard:
                if why := _why_not_heard(one):
                    raise wrong(f"receive yielded {one!r:.80}, {why}")
            yield from heard

        def data_to_send(self) -> bytes:
            return call_for_bytes("data_to_send", super().data_to_send)

        def cannot_say(self, words: Saying) -> str:
            why = call("cannot_say", super().cannot_say, words)
            if not isinstance(why, str):
                raise wrong(f"cannot_say returned {why!r:.80}, and no text")
            return why

    return Checked


def _why_not_heard(one: object) -> str:
    """Return why something cannot be what was heard; empty if it can."""
    if not isinstance(one, events.Event | replies.Reply | Notice):
        return "which is no event, reply or Notice"
    if isinstance(one, events.Event | replies.Whispered):
        for name in ("id", "room", "nick", "text"):
            if not isinstance(getattr(one, name, ""), str):
                return f"whose {name} is no text"
    return ""


def _told(error: Exception) -> str:
    """Return an error in a line, with the place in the package where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [one for one in frames if one.filename != __file__ and "importlib" not in one.filename]
    place = f" ({Path(theirs[-1].filename).name}:{theirs[-1].lineno})" if theirs else ""
    return f"{type(error).__name__}: {error}{place}"
