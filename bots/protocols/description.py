"""A protocol as its file describes it, read: what to send, and what to hold against what comes. No I/O."""

from dataclasses import dataclass, field
from typing import Any

from bots.protocols.framing import Content, Framing
from bots.protocols.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Send:
    """A step on the way in: send this."""

    message: Any


@dataclass(frozen=True, slots=True)
class Await:
    """A step on the way in: wait for this; the names in it can be used from then on."""

    pattern: "Named"


@dataclass(frozen=True, slots=True)
class Named:
    """A pattern, what it is called and how it stands in the file."""

    name: str
    source: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Description:
    """All that a protocol's file says; what it leaves out is None."""

    file: str
    tls: str  # empty for none, `true` for trust on first use, `system`, or a file of authorities
    is_websocket: bool
    path: str
    headers: dict[str, str]
    subprotocol: str
    framing: Framing
    content: Content
    steps: tuple[Send | Await, ...]
    say: Any
    heard: Named
    refused: Named | None
    ignore: tuple[Named, ...]
    answers: tuple[tuple[Named, Any], ...]
    ping: Any
    pong: Named | None
    leave: Any
    quiet_s: float
    echo: bool
    rooms: bool
    names: dict[str, bool] = field(default_factory=dict)  # in heard, and whether each may be missing
