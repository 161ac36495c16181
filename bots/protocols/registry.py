"""The protocols that there are: built in, by the names that `--dialect` knows; from packages; and from files."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bots.protocols.base import ClientDialect
from bots.protocols.irc import Irc
from bots.protocols.json import Json
from bots.protocols.plain import Plain
from bots.protocols.unframed import Unframed
from bots.scenario.mistakes import did_you_mean
from geventchat.protocol.errors import UsageError

# Makes the client's half of one connection, given the server's HOST:PORT.
MakeDialect = Callable[[str], ClientDialect]


def _websocket(host: str) -> ClientDialect:
    from bots.protocols.json_websocket import JsonWebSocket

    return JsonWebSocket(host)


DIALECTS: dict[str, MakeDialect] = {
    "json": Json,
    "ws": _websocket,
    "plain": Plain,
    "unframed": Unframed,
    "irc": Irc,
}


class Spoken(NamedTuple):
    """A protocol that was asked for: by which option and under which name, and what makes a connection's half."""

    option: str
    name: str
    make: MakeDialect
    tls: str = ""  # as a protocol's file says
    password: str = ""  # that the server asks for


def by_name(name: str) -> Spoken:
    """Return the protocol with this name, of ours or of a package that is installed. Raises UsageError."""
    if name in DIALECTS:
        return Spoken("--dialect", name, DIALECTS[name])
    from bots.protocols.offered import load, offered

    found = offered()
    if name not in found:
        known = [*DIALECTS, *found]
        raise UsageError(f"there is no dialect {name}, only {', '.join(known)}{did_you_mean(name, known)}")
    return Spoken("--dialect", name, load(found[name]))


def with_password(spoken: Spoken, password: str) -> Spoken:
    """Return a protocol whose users give the server's password when they come in."""

    def make(host: str) -> ClientDialect:
        dialect = spoken.make(host)
        dialect.password = password
        return dialect

    return spoken._replace(make=make, password=password) if password else spoken


def from_file(path: Path) -> Spoken:
    """Return the protocol that a file describes. Raises ScenarioMistakes."""
    from functools import partial

    from bots.protocols.described import Described
    from bots.protocols.load import load

    description = load(path)
    return Spoken("--protocol", str(path), partial(Described, description), description.tls)
