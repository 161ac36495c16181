"""What master and workers tell each other. All times are in seconds on the master's clock. No I/O."""

from typing import Literal

import msgspec

from bots.ledger.model import About
from bots.parts.part import Answer, Question
from bots.scenario.schedule import ActId
from geventchat.protocol.address import Address

# The two kinds of Locust's messages that ours travel in: for one another; and for all other workers, which the master
# passes on as they are.
DIRECT = "geventchat"
FOR_OTHERS = "geventchat-others"


class Hello(msgspec.Struct, tag=True, frozen=True):
    """A worker has come."""

    version: str
    host: str
    process: int


class Refused(msgspec.Struct, tag=True, frozen=True):
    """The worker is not wanted."""

    why: str


class WhatTime(msgspec.Struct, tag=True, frozen=True):
    """A worker asks for the master's time, at a time on its own clock."""

    asked: float


class Time(msgspec.Struct, tag=True, frozen=True):
    """The master's time, for who asked then."""

    asked: float
    at: float


class Job(msgspec.Struct, tag=True, frozen=True):
    """A scenario to be played, all that it needs, and which of its `parts` this worker plays: one of so many actors."""

    part: int
    parts: int
    file: str
    source: bytes
    beside: dict[str, bytes]
    seed: int
    only: tuple[int, int] | None
    speed: float
    join_rate: float | None
    servers: list[Address]
    tls: Literal["", "known", "system", "file"]  # whom a worker trusts: see `geventchat.tls.trust`
    authorities: bytes  # the file of those, if it is one
    dialect: str
    protocol: bytes | None  # the file that describes it; None for a dialect that is known by its name
    password: str  # that the server asks for; empty if it does not


class Arrived(msgspec.Struct, tag=True, frozen=True):
    """A worker has come to a place in the script; `spoke` is who spoke last there: see `bots.engine.conductor`."""

    place: str
    spoke: tuple[int, float, int, str] | None
    is_so: bool


class Go(msgspec.Struct, tag=True, frozen=True):
    """All have come there: go on at this time."""

    place: str
    at: float
    sender: str
    is_so: bool


class SaidThere(msgspec.Struct, array_like=True, frozen=True):
    """Something that was said: the digest of its words, when it was due and when it was sent."""

    digest: int
    due: float
    sent: float


class RefusedThere(msgspec.Struct, array_like=True, frozen=True):
    """Something that was said and that the server has refused: the digest of its words, and when it was sent."""

    digest: int
    sent: float


class MovedThere(msgspec.Struct, array_like=True, frozen=True):
    """An actor, by its number, that is there under a nick, or not there any more."""

    actor: int
    nick: str
    is_here: bool
    at: float


class News(msgspec.Struct, frozen=True):
    """What a worker tells all others: what was said, by room; who came, went, or has another nick; what is over.

    What the server has refused of what was said is told later.
    """

    said: dict[About, list[SaidThere]] = {}
    refused: dict[About, list[RefusedThere]] = {}
    moved: list[MovedThere] = []
    done: list[ActId] = []
    moving: list[int] = []  # actors, by their numbers, who ask to be whispered to no more until they have moved
    let_go: list[int] = []  # those whom this worker has let go


class Second(msgspec.Struct, array_like=True, frozen=True):
    """One second of what a worker saw; `latency` is a histogram."""

    at: int
    said: int
    delivered: int
    latency: bytes


class State(msgspec.Struct, tag=True, frozen=True):
    """How it goes with a worker, from the state before on; `lag` and `looked_late` are histograms of all of it."""

    users: int
    seconds: list[Second]
    lag: bytes
    looked_late: bytes
    failures: list[str]
    more_failures: int  # that are not among these, as there are too many
    wrong: int  # findings up to now, by what this worker knows
    clock_error_s: float


class Played(msgspec.Struct, tag=True, frozen=True):
    """A worker has played its part, or could not go on; it waits for questions then."""

    began: float
    seconds: float
    first_said: float
    last_heard: float
    settled: bool
    guessed: bool
    until: float
    rate: float | None
    came_and_went: list[tuple[float, int]]
    looked_away: list[tuple[float, float]]


class Failed(msgspec.Struct, tag=True, frozen=True):
    """A worker cannot play its part at all; `no_server` says that this is because no server answers."""

    why: str
    no_server: bool = False


class Ask(msgspec.Struct, tag=True, frozen=True):
    """A question about what a worker's users heard."""

    question: Question


class Answered(msgspec.Struct, tag=True, frozen=True):
    """The answer to the question."""

    answer: Answer


class Stop(msgspec.Struct, tag=True, frozen=True):
    """Play no further; `at_once`, without waiting for the others where Ctrl-C is the end: one of them is lost."""

    at_once: bool = False


class Forget(msgspec.Struct, tag=True, frozen=True):
    """The run has been judged; what was heard in it is of no use any more."""


ToMaster = Hello | WhatTime | Arrived | State | Played | Failed | Answered
ToWorker = Refused | Time | Job | Go | Ask | Stop | Forget

encode = msgspec.msgpack.Encoder().encode
decode_to_master: msgspec.msgpack.Decoder[ToMaster] = msgspec.msgpack.Decoder(ToMaster)
decode_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
decode_news = msgspec.msgpack.Decoder(News).decode
