"""A worker's conductor: it meets the other workers through the master, and tells them what its users say and do."""

import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

import gevent
from gevent.event import AsyncResult
from gevent.event import Event as Signal

from bots.engine.bot_group import BotGroup
from bots.engine.conductor import Met, Spoke
from bots.ledger.model import About
from bots.ledger.share import Share
from bots.scenario.model import Actor, Scenario
from bots.scenario.schedule import ActId, whispered_to
from bots.workers.clock import MasterClock
from bots.workers.messages import Arrived, Go, MovedThere, News, RefusedThere, SaidThere
from bots.world.identities import NicksOf

# Times that differ by less are the same: they were turned from one clock to another and back.
_SAME_S = 0.001
# Others may wait for an act to be over: they are told so soon, with all that is over by then.
_SOON_S = 0.005


class WorkerConductor:
    """The conductor of one worker, which plays one of each `parts` actors of a scenario.

    `send` takes what is for the master, `tell` what is for all others; both keep the order.
    """

    judges = False

    def __init__(
        self,
        scenario: Scenario,
        part: int,
        parts: int,
        clock: MasterClock,
        send: Callable[[Arrived], None],
        tell: Callable[[News], None],
    ) -> None:
        self.mine = frozenset(scenario.actors[part::parts])
        self._actors = scenario.actors
        self._clock = clock
        self._send = send
        self._tell = tell
        self._said: dict[About, list[SaidThere]] = defaultdict(list)
        self._refused: dict[About, list[RefusedThere]] = defaultdict(list)
        self._moved: list[MovedThere] = []
        self._done: list[ActId] = []
        self._moving: list[int] = []
        self._let_go: list[int] = []
        self._others = parts - 1
        self._whispered_to = whispered_to(scenario)
        self._waiting_for: dict[int, int] = {}  # how many have still to let an actor go, by its number
        self._may_move: dict[int, Signal] = {}
        self._will_tell = False
        self._done_elsewhere: dict[ActId, Signal] = defaultdict(Signal)
        self._met: dict[str, AsyncResult[Go]] = {}
        self._whispers = {About("whispers", actor.name): actor for actor in self.mine}

    def meet(self, place: str, spoke: Spoke | None = None, *, is_so: bool = False) -> Met:
        """Tell the master that this worker has come to a place, and wait until all have."""
        self.tell_news()
        waiting = self._met[place] = AsyncResult()
        self._send(Arrived(place, spoke and (spoke.step, spoke.due, spoke.actor, spoke.nick), is_so))
        go = waiting.get()
        assert go is not None
        del self._met[place]
        return Met(self._clock.from_master(go.at), go.sender, go.is_so)

    def go(self, go: Go) -> None:
        """Let those who wait at a place go on."""
        if waiting := self._met.get(go.place):
            waiting.set(go)

    def tell_moved(self, actor: Actor, nick: str, *, is_here: bool) -> None:
        """Tell the others soon under which nick an actor is here, or that it is not."""
        self._moved.append(MovedThere(actor.index, nick, is_here, self._clock.to_master(time.monotonic())))
        if actor in self._whispered_to:
            self._tell_soon()

    def ask_to_move(self, actor: Actor) -> None:
        """Have all others let go an actor whom they may whisper to."""
        if actor in self._whispered_to and self._others:
            self._waiting_for[actor.index], self._may_move[actor.index] = self._others, Signal()
            self._moving.append(actor.index)
            self.tell_news()
            self._may_move[actor.index].wait()

    def tell_done(self, act: ActId) -> None:
        """Tell the others that an act is over which they may wait for."""
        self._done.append(act)
        self._tell_soon()

    def wait_until_done(self, act: ActId) -> None:
        """Wait until another worker has told that an act is over."""
        self._done_elsewhere[act].wait()

    def share_of(self, group: BotGroup, about: About) -> Share:
        """Return what a ledger keeps which sees only the users of this worker."""
        ours = NicksOf(group.world.identities, self.mine)
        return Share(ours, partial(self._note_said, about), partial(self._note_refused, about))

    def tell_news(self) -> None:
        """Tell the others all that they have not been told yet."""
        news = News(self._said, self._refused, self._moved, self._done, self._moving, self._let_go)
        if any((news.said, news.refused, news.moved, news.done, news.moving, news.let_go)):
            self._said, self._refused = defaultdict(list), defaultdict(list)
            self._moved, self._done, self._moving, self._let_go = [], [], [], []
            self._tell(news)

    def _tell_soon(self) -> None:
        if not self._will_tell:
            self._will_tell = True
            gevent.spawn_later(_SOON_S, self._tell_now)

    def _tell_now(self) -> None:
        self._will_tell = False
        self.tell_news()

    def hear_news(self, news: News, group: BotGroup) -> None:
        """Take in what another worker tells."""
        for moved in news.moved:
            at = self._clock.from_master(moved.at)
            group.world.elsewhere.note(self._actors[moved.actor], moved.nick, at, is_here=moved.is_here)
            group.sending.moved(self._actors[moved.actor])
        for number in news.moving:
            gevent.spawn(self._let_go_when, group.sending.hold_whispers(self._actors[number]), number)
        for number in news.let_go:
            self._hear_let_go(number)
        for about, all_said in news.said.items():
            hearer = self._whispers.get(about)
            ledgers = group.outcome.rooms if about.kind == "room" else group.outcome.whispers
            for said in all_said:
                due, sent = self._clock.from_master(said.due), self._clock.from_master(said.sent)
                if hearer is not None and group.bots[hearer].is_here:
                    group.world.whispers.expect(hearer, sent - _SAME_S)
                if (ledger := ledgers.get(about.name)) is not None:
                    ledger.announce(said.digest, due, sent)
        for about, refused in news.refused.items():
            ledgers = group.outcome.rooms if about.kind == "room" else group.outcome.whispers
            if (ledger := ledgers.get(about.name)) is not None:
                for one in refused:
                    ledger.withdraw_elsewhere(one.digest, self._clock.from_master(one.sent))
        for act in news.done:
            self._done_elsewhere[act].set()

    def _let_go_when(self, wait: Callable[[], None], number: int) -> None:
        wait()
        self._let_go.append(number)
        self._tell_soon()

    def _hear_let_go(self, number: int) -> None:
        if number in self._waiting_for:
            self._waiting_for[number] -= 1
            if not self._waiting_for[number]:
                del self._waiting_for[number]
                self._may_move.pop(number).set()

    def _note_refused(self, about: About, digest: int, sent: float) -> None:
        self._refused[about].append(RefusedThere(digest, self._clock.to_master(sent)))

    def _note_said(self, about: About, digest: int, due: float, sent: float) -> None:
        to_master = self._clock.to_master
        self._said[about].append(SaidThere(digest, to_master(due), to_master(sent)))
