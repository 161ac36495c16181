"""A chat in one process, without sockets and without waiting: users, and a server that does something wrong.

Everything that users hear comes as bytes, in pieces, through the same way as in a run: receiver, dispatcher, ledger.
Time is simulated. All chance comes from one seed.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from bots.ledger.model import Finding
from bots.ledger.share import Share
from bots.protocols.base import Heard
from bots.report.outcome import Outcome
from bots.scenario.marks import marked
from bots.scenario.model import Actor
from bots.world.dispatcher import Dispatcher
from bots.world.identities import NicksOf
from bots.world.memberships import Membership
from bots.world.receiver import Receiver
from bots.world.world import World
from tests.scenarios import scenario
from tests.simulated_time import SimulatedTime
from tests.speaking import SPEAKING

FAULTS = {
    "none": "nothing is wrong",
    "drop": "one message does not come to one user",
    "double": "one message comes twice to one user",
    "swap": "two messages come to one user the other way round",
    "alter": "the last letter of a text is another one, for one user",
    "nick": "a message comes to one user under the nick of somebody else in the cast",
    "outsider": "a message comes to one user under a nick that nobody has",
    "leak": "a message comes also to somebody who is in another room",
    "echo": "a message does not come to its own sender",
    "stall": "from some time on, nothing comes to one user",
    "forget": "from some time on, one user is not in the room any more, without being told",
    "tail": "the last messages come to nobody",
    "shuffle": "each user hears what is said at the same time in an order of its own",
}
# How messages are told apart: by ids; by marks; by their words, of which all are said once; or by nothing.
Apart = Literal["ids", "marks", "words", "nothing"]

_PHRASES = ("hello", "yes", "no", "what?", "hello")
_SCRIPT = "script:\n" + "".join(f"  - user{n}: hi\n" for n in range(1, 9))
_TALKS_S = 30.0
_FAULT_S = (10.0, 20.0)  # when it is committed, or begins
_TAIL_S = 25.0


@dataclass(eq=False)
class User:
    """One of the cast: what is on its way to it, and until when what it sends, or is sent, cannot arrive."""

    actor: Actor
    nick: str
    room: str
    receiver: Receiver
    connected: bool = True
    is_leaving: bool = False
    busy_until: float = 0.0
    free_at: float = 0.0
    down: list[tuple[float, bytes | Callable[[float], None]]] = field(default_factory=list)
    rest: bytes = b""


def played_by(actors: Sequence[Actor], part: int, parts: int) -> frozenset[Actor]:
    """Return the actors of one part of several."""
    return frozenset(actors[part::parts])


class SimulatedChat:
    """Six users in the lobby, of whom one comes and goes, and two in another room; people chat beside them."""

    def __init__(
        self,
        seed: int,
        apart: Apart,
        fault: str = "none",
        *,
        spoken: str = "",
        delay_s: float = 0.3,
        people: bool = True,
        parts: int = 1,
        order: str = "same for everyone",
    ) -> None:
        assert fault in FAULTS
        self._spoken = SPEAKING[spoken or ("json" if apart == "ids" else "plain")]
        self.committed: tuple[str, str, str] | None = None  # nick, text and reader
        self.swapped: set[tuple[str, str]] = set()  # nick and text of what has changed places
        played = scenario(_SCRIPT + f"check: {{order: {order}}}\n")
        self.parts = [Outcome(played) for _ in range(parts)]  # of whose users each sees some
        self.outcome = self.parts[0]
        self.guilty: set[str] = set()  # users who heard something wrong
        self._chance = random.Random(f"{seed}/{apart}/{fault}")
        self._apart = apart
        self._fault = fault
        self._fault_at = self._chance.uniform(*_FAULT_S)
        self._delay_s = delay_s
        self._numbers = itertools.count(1)
        self._time = SimulatedTime()
        self._worlds = [World(played, part.rooms, part.whispers, part.make_ledger) for part in self.parts]
        self._dispatchers = [Dispatcher(world, lambda *_: None) for world in self._worlds]
        if parts > 1:
            for number, part in enumerate(self.parts):
                part.share_of = partial(self._share, number)
        self.users = [self._user(number, actor) for number, actor in enumerate(self.outcome.scenario.actors)]
        self._members = [user for user in self.users if user.room == "lobby"]
        self._victim = self._members[self._chance.randrange(4)]
        self._held: tuple[str, str, bytes] | None = None
        for user in self.users:
            self._enter(user, 0.0).attendance.entered = 0.0
            self._tune(user)
            for _ in range(25):
                self._time.at(self._chance.uniform(1, _TALKS_S), partial(self._say, user))
        guest = self._members[-1]
        for begin in range(3, int(_TALKS_S) - 4, 6):
            self._time.at(begin + self._chance.random(), partial(self._leave, guest))
            self._time.at(begin + 2 + self._chance.random(), partial(self._join, guest))
        for _ in range(10 if people else 0):
            self._time.at(self._chance.uniform(1, _TALKS_S), self._say_from_outside)

    def run(self) -> list[Finding]:
        """Let everything happen; return what was found, and settle the outcome."""
        self._time.pass_by()
        for ledger in self.outcome.ledgers.values():
            ledger.close()
        self.outcome.timeline.close()
        return [finding for ledger in self.outcome.ledgers.values() for finding in ledger.findings]

    def world(self, user: "User") -> World:
        """Return the world of a user's part."""
        return self._worlds[user.actor.index % len(self.parts)]

    def _share(self, part: int, room: str) -> Share:
        ours = NicksOf(self._worlds[part].identities, played_by(self.outcome.scenario.actors, part, len(self.parts)))
        return Share(ours, partial(self._tell, part, room))

    def _tell(self, part: int, room: str, digest: int, due: float, sent: float) -> None:
        for other in (one for number, one in enumerate(self.parts) if number != part):
            if room in other.rooms:
                other.rooms[room].announce(digest, due, sent)

    # Users.

    def _user(self, number: int, actor: Actor) -> User:
        room = "lobby" if number < 6 else "den"
        dialect = self._spoken.come_in(actor.name, room)
        self._hears_itself = dialect.echoes
        receiver = Receiver(
            dialect, partial(self._hear, number), self._worlds[actor.index % len(self.parts)].inboxes[actor]
        )
        return User(actor, actor.name, room, receiver)

    def _hear(self, number: int, heard: Heard, line: bytes, now: float) -> None:
        self._dispatchers[number % len(self.parts)].hear(self.users[number], heard, line, now)

    def _enter(self, user: User, now: float) -> Membership:
        membership = self.world(user).memberships.enter(user.actor, user.room, now)
        membership.attendance.hears_itself = self._hears_itself
        return membership

    def _tune(self, user: User) -> None:
        memberships = self.world(user).memberships.of(user.actor)
        if memberships:
            user.receiver.be_in(memberships[0].ledger, memberships[0].attendance)
        else:
            user.receiver.be_in(None, None)

    def _say(self, user: User, now: float) -> None:
        if not self.world(user).memberships.of(user.actor) or user.is_leaving:
            return
        number = next(self._numbers)
        text = self._chance.choice(_PHRASES)
        if self._apart == "words":
            text = f"{text} {number}"
        elif self._apart == "marks":
            text = marked(text, number)
        self.world(user).memberships.ledger(user.room).say(user.nick, text, now, now, user.actor.name, 7)
        self._reach_server(user, now, partial(self._serve, user.nick, user.room, text))

    def _say_from_outside(self, now: float) -> None:
        self._serve("zoe", "lobby", self._chance.choice(_PHRASES), now)

    def _leave(self, user: User, now: float) -> None:
        user.is_leaving = True
        self.world(user).memberships.begin_to_leave(user.actor, now)
        self._reach_server(user, now, partial(self._let_go, user))

    def _let_go(self, user: User, now: float) -> None:
        if user in self._members:
            self._members.remove(user)

        def left(at: float) -> None:
            self.world(user).memberships.leave_all(user.actor, at)
            self._tune(user)
            user.is_leaving = False

        self._send(user, left, now)

    def _join(self, user: User, now: float) -> None:
        if self.world(user).memberships.of(user.actor):  # it is slow to leave
            self._time.at(now + 0.5, partial(self._join, user))
            return
        membership = self._enter(user, now)
        self._tune(user)

        def let_in(at: float) -> None:
            self._members.append(user)
            self._send(user, entered, at)

        def entered(at: float) -> None:
            membership.attendance.entered = at

        self._reach_server(user, now, let_in)

    # The server.

    def _serve(self, nick: str, room: str, text: str, now: float) -> None:
        """Take a message, and send it to everyone in the room."""
        event_id = f"{next(self._numbers)}-0" if self._apart == "ids" else ""
        is_due = now >= self._fault_at and room == "lobby" and nick != "zoe"
        if self._fault == "tail" and now > _TAIL_S and room == "lobby":
            self.guilty |= {user.nick for user in self._members}
            return
        if self._fault in ("stall", "forget") and is_due and self._victim in self._members:
            self.guilty.add(self._victim.nick)
            self._members.remove(self._victim)
        for user in self._members if room == "lobby" else self.users[6:]:
            if user.nick == nick and not self._hears_itself:
                continue
            self._deliver(user, nick, room, text, event_id, now, is_due=is_due)
        if is_due and self._fault == "leak" and self._commit(nick, text, self.users[6]):
            self._send(self.users[6], self._line(nick, room, text, event_id), now)

    def _deliver(self, user: User, nick: str, room: str, text: str, event_id: str, now: float, *, is_due: bool) -> None:
        line = self._line(nick, room, text, event_id)
        if self._fault == "shuffle" and user in self.users[:5]:
            self._time.at(now + self._chance.random(), lambda at: self._send(user, line, at))
            return
        if self._held is not None and user is self._victim and nick not in (self._held[0], "zoe"):
            self.swapped = {(nick, text), self._held[:2]}
            self._send(user, line, now)
            self._send(user, self._held[2], now)
            self._held = None
            return
        if is_due and user is self._victim and self.committed is None:
            match self._fault:
                case "drop" if self._commit(nick, text, user):
                    return
                case "double" if self._commit(nick, text, user):
                    self._send(user, line, now)
                case "swap" if self._commit(nick, text, user):
                    self._held = (nick, text, line)
                    return
                case "alter" if self._commit(nick, text, user):
                    line = self._line(nick, room, text[:-1] + "#", event_id)
                case "nick" if self._commit(nick, text, user):
                    line = self._line("user1" if nick != "user1" else "user2", room, text, event_id)
                case "outsider" if self._commit(nick, text, user):
                    line = self._line(f"{nick}_", room, text, event_id)
                case "echo" if nick == user.nick and self._commit(nick, text, user):
                    return
        self._send(user, line, now)

    def _commit(self, nick: str, text: str, user: User) -> bool:
        """Note that the fault is committed, unless it has been; return whether that is now."""
        if self.committed is not None:
            return False
        self.committed = (nick, text, user.nick)
        self.guilty.add(user.nick)
        return True

    def _line(self, nick: str, room: str, text: str, event_id: str) -> bytes:
        return self._spoken.line(nick, room, text, event_id)

    # The way between the two.

    def _reach_server(self, user: User, now: float, do: Callable[[float], None]) -> None:
        """Let something that a user sends arrive at the server, after all that it sent before."""
        user.busy_until = max(user.busy_until, now + self._chance.random() * 0.05)
        self._time.at(user.busy_until, do)

    def _send(self, user: User, what: bytes | Callable[[float], None], now: float) -> None:
        """Let something arrive at a user later, but after all that was sent to it before."""
        user.free_at = max(user.free_at, now + self._chance.random() * self._delay_s)
        user.down.append((user.free_at, what))
        self._time.at(user.free_at, partial(self._arrive, user))

    def _arrive(self, user: User, now: float) -> None:
        """Let all that is due arrive at a user, the last of it perhaps in two pieces."""
        data, user.rest = user.rest, b""
        while user.down and user.down[0][0] <= now:
            what = user.down.pop(0)[1]
            if isinstance(what, bytes):
                data += what
                continue
            if data:
                user.receiver.receive(data, now)
                data = b""
            what(now)
        if data and self._chance.random() < 0.3:
            cut = self._chance.randrange(len(data))
            data, user.rest = data[:cut], data[cut:]
            self._time.at(now, partial(self._arrive, user))
        if data:
            user.receiver.receive(data, now)
