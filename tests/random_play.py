"""A play at a faultless server, without sockets: users come and go, lose connections, and say the same again and again.

All comes as bytes through the same way as in a run: receiver, dispatcher, ledger. Time is simulated. Everything hangs
on one seed, and each act has chance of its own, so that acts can be taken away from a play that shows something.
"""

import heapq
import itertools
import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple

from bots.ledger.model import Finding
from bots.protocols.base import Heard
from bots.report.outcome import Outcome
from bots.scenario.model import Actor
from bots.world.dispatcher import Dispatcher
from bots.world.memberships import Membership
from bots.world.receiver import Receiver
from bots.world.world import World
from tests.scenarios import scenario
from tests.simulated_time import SimulatedTime
from tests.speaking import SPEAKING

_SCRIPT = "script:\n" + "".join(f"  - user{n}: hi\n" for n in range(1, 9))
_ORDERS = ("same for everyone", "per sender")
_PLAYED = {order: scenario(_SCRIPT + f"check: {{order: {order}}}\n") for order in _ORDERS}
_PHRASES = ("hi", "yo", "ok", "no")


class Act(NamedTuple):
    """What a user does at a time, if it can then; its number is that of its chance."""

    number: int
    at: float
    verb: Literal["say", "join", "leave", "drop", "people say"]
    who: int
    text: str = ""


class Setting(NamedTuple):
    """How the users speak with the server, and how late everything comes."""

    seed: int
    spoken: str
    echoes: bool
    order: str
    ids: bool
    down_s: float
    up_s: float
    cut: float  # how often what arrives is cut in two
    staying: int  # how many are there from the beginning


def random_play(seed: int) -> tuple[Setting, list[Act]]:
    """Return a play, as wild as they come."""
    chance = random.Random(seed)
    spoken = chance.choice([*SPEAKING])
    setting = Setting(
        seed,
        spoken,
        echoes=spoken != "irc" and chance.random() < 0.4,
        order=chance.choice([_ORDERS[0], *_ORDERS]),
        ids=spoken not in ("irc", "plain") and chance.random() < 0.2,
        down_s=chance.choice([0.0, 0.05, 0.3, 1.0, 1.0]),
        up_s=chance.choice([0.0, 0.05, 0.05, 0.5, 1.0]),
        cut=chance.choice([0.0, 0.3]),
        staying=chance.randint(2, 5),
    )
    users, span = chance.randint(3, 8), chance.choice([3.0, 6.0, 10.0, 20.0, 30.0])
    phrases = _PHRASES[: chance.randint(1, 4)]
    people, moves, drops = chance.choice([0, 0, 0.1, 0.3]), chance.choice([0.05, 0.1, 0.2, 0.3]), chance.random()
    movers = range(chance.randint(0, users - 1), users)
    acts = []
    for number in range(chance.randint(10, 120)):
        at, kind = chance.uniform(0.1, span), chance.random()
        if kind < moves:
            goes: Literal["leave", "drop"] = "drop" if chance.random() < drops else "leave"
            acts.append(Act(number, at, chance.choice(["join", "join", goes]), chance.choice(movers)))
        elif kind < moves + people:
            acts.append(Act(number, at, "people say", chance.randrange(2), chance.choice(phrases)))
        else:
            acts.append(Act(number, at, "say", chance.randrange(users), chance.choice(phrases)))
    return setting, acts


@dataclass(eq=False)
class _User:
    actor: Actor
    nick: str
    receiver: Receiver
    connected: bool = True
    state: Literal["out", "coming", "in", "leaving"] = "out"
    connection: int = 0
    served: int = -1  # the connection that the server takes for one in the room
    arrives: int = 0  # how much more of what was on its way up when the connection was lost
    busy_until: float = 0.0
    free_at: dict[str, float] = field(default_factory=dict)  # by whose words come one after another
    down: list[tuple[float, int, bytes | Callable[[float], None]]] = field(default_factory=list)
    rest: bytes = b""


class RandomPlay:
    """One play; `run` returns what was found."""

    def __init__(self, setting: Setting, acts: Sequence[Act]) -> None:
        self._setting = setting
        self._spoken = SPEAKING[setting.spoken]
        self.outcome = Outcome(_PLAYED[setting.order])
        out = self.outcome
        self._world = World(out.scenario, out.rooms, out.whispers, out.make_ledger)
        self._dispatcher = Dispatcher(self._world, lambda *_: None)
        self._numbers = itertools.count(1)
        self._time = SimulatedTime()
        self._users = [self._user(number, actor) for number, actor in enumerate(out.scenario.actors)]
        for user in self._users[: setting.staying]:
            user.state, user.served = "in", 0
            self._enter(user, 0.0).attendance.entered = 0.0
        for act in acts:
            self._time.at(act.at, partial(self._act, act))

    def run(self) -> list[Finding]:
        """Let everything happen."""
        self._time.pass_by()
        for ledger in self.outcome.ledgers.values():
            ledger.close()
        return [finding for ledger in self.outcome.ledgers.values() for finding in ledger.findings]

    def _chance(self, *key: object) -> random.Random:
        return random.Random(zlib.crc32(f"{self._setting.seed}/{key}".encode()))

    # Users.

    def _user(self, number: int, actor: Actor) -> _User:
        dialect = self._spoken.come_in(actor.name, "lobby")
        return _User(actor, actor.name, Receiver(dialect, partial(self._hear, number), self._world.inboxes[actor]))

    def _hear(self, number: int, heard: Heard, line: bytes, now: float) -> None:
        self._dispatcher.hear(self._users[number], heard, line, now)

    def _enter(self, user: _User, now: float) -> Membership:
        membership = self._world.memberships.enter(user.actor, "lobby", now)
        membership.attendance.hears_itself = self._setting.echoes
        user.receiver.begin(self._spoken.come_in(user.nick, "lobby"))
        user.receiver.be_in(membership.ledger, membership.attendance)
        return membership

    def _act(self, act: Act, now: float) -> None:
        user = self._users[act.who]
        match act.verb, user.state:
            case "people say", _:
                self._serve(act, f"zoe{act.who}", now)
            case "say", "in":
                self._world.memberships.ledger("lobby").say(user.nick, act.text, now, now, user.actor.name, 7)
                self._reach_server(user, act, now, partial(self._serve, act, user.nick))
            case "join", "out":
                self._join(user, act, now)
            case "leave", "in":
                self._leave(user, act, now)
            case "drop", "in":
                self._drop(user, act, now)

    def _join(self, user: _User, act: Act, now: float) -> None:
        user.state, user.free_at = "coming", {}
        membership, connection = self._enter(user, now), user.connection

        def let_in(at: float) -> None:
            user.served = connection
            self._send(user, act, "", entered, at)

        def entered(at: float) -> None:
            membership.attendance.entered = at
            user.state = "in"

        self._reach_server(user, act, now, let_in)

    def _leave(self, user: _User, act: Act, now: float) -> None:
        user.state = "leaving"
        self._world.memberships.begin_to_leave(user.actor, now)

        def let_go(at: float) -> None:
            user.served = -1
            self._send(user, act, "", partial(self._stop_hearing, user), at)

        self._reach_server(user, act, now, let_go)

    def _drop(self, user: _User, act: Act, now: float) -> None:
        """Lose the connection, and with it what comes down, and some of what goes up."""
        user.connection += 1
        user.down.clear()
        user.rest = b""
        self._world.memberships.lose(user.actor, user.nick, now)
        self._stop_hearing(user, now)
        user.arrives = self._chance(act.number, "drop").choice([0, 0, 1, 2, 3, 99])
        # Who comes back is let in when the server has noticed the loss.
        user.busy_until = max(user.busy_until, now + self._chance(act.number, "up").random() * self._setting.up_s)

    def _stop_hearing(self, user: _User, now: float) -> None:
        self._world.memberships.leave_all(user.actor, now)
        user.receiver.be_in(None, None)
        user.state = "out"

    # The server, and the way between the two.

    def _reach_server(self, user: _User, act: Act, now: float, do: Callable[[float], None]) -> None:
        connection = user.connection
        user.busy_until = max(user.busy_until, now + self._chance(act.number, "up").random() * self._setting.up_s)

        def arrive(at: float) -> None:
            if connection != user.connection:
                user.arrives -= 1
                if connection < user.connection - 1 or user.arrives < 0:
                    user.arrives = 0
                    return
            do(at)

        self._time.at(user.busy_until, arrive)

    def _serve(self, act: Act, nick: str, now: float) -> None:
        event_id = f"{next(self._numbers)}-0" if self._setting.ids else ""
        line = self._spoken.line(nick, "lobby", act.text, event_id)
        for user in self._users:
            if user.served == user.connection and (user.nick != nick or self._setting.echoes):
                self._send(user, act, nick, line, now)

    def _send(self, user: _User, act: Act, nick: str, what: bytes | Callable[[float], None], now: float) -> None:
        """Let something arrive at a user, after all of that nick, or all of anybody, that was sent to it before.

        A goodbye comes behind everything.
        """
        at = now + self._chance(act.number, "down", user.nick).random() * self._setting.down_s
        whose = nick if self._setting.order == "per sender" else ""
        before = user.free_at.values() if act.verb == "leave" else [user.free_at.get(whose, 0.0)]
        at = user.free_at[whose] = max([at, *before])
        heapq.heappush(user.down, (at, next(self._numbers), what))
        self._time.at(at, partial(self._arrive, user, act, user.connection))

    def _arrive(self, user: _User, act: Act, connection: int, now: float) -> None:
        if connection != user.connection:
            return
        data, user.rest = user.rest, b""
        while user.down and user.down[0][0] <= now:
            what = heapq.heappop(user.down)[2]
            if isinstance(what, bytes):
                data += what
                continue
            user.receiver.receive(data, now) if data else None
            data = b""
            what(now)
        chance = self._chance(act.number, "cut", user.nick, len(data))
        if data and chance.random() < self._setting.cut:
            cut = chance.randint(1, len(data))
            data, user.rest = data[:cut], data[cut:]
            self._time.at(now, partial(self._arrive, user, act, connection))
        if data:
            user.receiver.receive(data, now)
