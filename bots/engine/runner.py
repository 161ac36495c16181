"""A scenario, carried out: each line when it is due, by the actors that it names."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import gevent
from gevent.pool import Group

from bots.engine.bot import Bot, NotDone
from bots.engine.bot_group import BotGroup
from bots.engine.conductor import Alone, Conductor, Met, Spoke
from bots.engine.expectations import Positions
from bots.engine.in_flight import InFlight
from bots.engine.interrupt import BrokenOff
from bots.engine.loop_lag import watch_loop
from bots.engine.performance import Performance, sleep
from bots.engine.quiescence import QUIET_S, await_quiescence
from bots.protocols.registry import MakeDialect
from bots.report.outcome import Outcome
from bots.scenario.actions.moving import Rename
from bots.scenario.model import Actor, Line, Pause, Scenario, Script, Step
from bots.scenario.render import text_of
from bots.scenario.schedule import PlannedAct, is_endless, latecomers, plan
from geventchat.protocol import names
from geventchat.protocol.address import Address
from geventchat.tls.trust import Trust

if TYPE_CHECKING:
    from bots.engine.in_flight import Task

# Acts that are due already are carried out so many at a time, before what was heard gets its turn.
_BURST = 100
# How long what goes on has to end when the run does.
_KILL_S = 5.0


class Runner:
    """Runs one scenario against the server at `address`, and `others` that share one chat with it.

    With `trust`, it goes through TLS. The conductor says what of it is played here. With a `join_rate`, so many users
    come in a second at first.
    """

    def __init__(
        self,
        scenario: Scenario,
        address: Address,
        make_dialect: MakeDialect,
        speed: float = 1.0,
        others: Sequence[Address] = (),
        trust: Trust | None = None,
        *,
        join_rate: float | None = None,
        conductor: Conductor | None = None,
    ) -> None:
        self.outcome = Outcome(scenario)
        self.is_playing = False  # else it is of no use to interrupt it
        self._conductor: Conductor = Alone(scenario) if conductor is None else conductor
        self._join_rate = join_rate
        self._scenario = scenario
        self._speed = speed
        dialect = make_dialect("")
        self._pause_s, self.outcome.framed = dialect.pause_s, dialect.framed
        self._last_due = 0.0
        self._names_pass = any(isinstance(line.action, Rename) for line in scenario.lines())
        self._tasks = Group()  # all that goes on besides the script's own next line
        self.group = BotGroup(self.outcome, (address, *others), make_dialect, self._conductor, trust)

    def run(self) -> Outcome:
        """Carry out the script; return what was seen, also when it was interrupted or somebody was not let in."""
        outcome, began = self.outcome, time.monotonic()
        watching = gevent.Greenlet(watch_loop, outcome)
        try:
            self.is_playing = True
            self._let_in()
            watching.start()  # before, nothing is said
            outcome.began = self._conductor.meet("all in").at
            self._play_to_its_end()
            await_quiescence(outcome, self.group, self._conductor)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except NotDone as refusal:
            outcome.failures.append(str(refusal))
        finally:
            self.is_playing = False
            watching.kill()
            self._tasks.kill(timeout=_KILL_S)
            if outcome.interrupted:
                outcome.until = time.monotonic() - QUIET_S
            outcome.seconds = time.monotonic() - began
            for bot in self.group.bots.values():
                if bot.connected:
                    bot.drop("close")
            for ledger in outcome.ledgers.values():
                if self._conductor.judges:
                    ledger.close(outcome.until)
                else:
                    ledger.count_all()
            outcome.timeline.close()
        return outcome

    def _let_in(self) -> None:
        """Bring all bots in but those that the script lets join. Raises NotDone or ServerUnavailable."""
        late = latecomers(self._scenario)
        coming = [bot for actor, bot in self.group.bots.items() if actor not in late]
        self.group.joining.let_in(coming, self._join_rate)
        welcomes = (bot.welcome for bot in self.group.bots.values())
        limits = next((welcome.limits for welcome in welcomes if welcome is not None), {})
        self.outcome.rate = limits.get("rate")
        gevent.sleep(5 * self._pause_s)  # a server may greet a newcomer before it sends to it what others say

    def _play_to_its_end(self) -> None:
        """Carry out the script. Raises KeyboardInterrupt, unless that is the end of a script that has no other."""
        try:
            self._play(self._scenario.script, "", {})
        except BrokenOff:
            raise
        except KeyboardInterrupt:
            if not is_endless(self._scenario):
                raise
            self._tasks.kill(timeout=_KILL_S)

    def _play(self, script: Script, sender: str, before: Positions, place: str = "") -> str:
        """Carry out a part of the script; return who spoke last in it.

        `sender` is who spoke last before it, and `before` is what had been heard when the step before it began; `place`
        is what to call where it stands. All parts of a run meet before each step that does not have its time, when all
        has been done that stands before it.
        """
        in_flight = InFlight(self._tasks)
        spoke: Spoke | None = None
        for number, (step, following) in enumerate(zip(script, (*script[1:], None), strict=True), 1):
            start = time.monotonic()
            if not _has_its_time(step):
                in_flight.wait()
            if not _has_its_time(step) or _asks_who_spoke(step):
                met = self._meet(f"{place}{number}", spoke)
                start, sender, spoke = met.at, met.sender or sender, None
            positions = self.group.expectations.positions()
            if isinstance(step, Line):
                spoke = self._do(step, number, start, sender, before, in_flight) or spoke
                goes_on = step.action.occupies != "long" and _has_its_time(following)
                if not goes_on:
                    in_flight.wait()
                    if _has_its_time(following):
                        met = self._meet(f"{place}{number} done", spoke)
                        sender, spoke = met.sender or sender, None
                if self._pause_s or not goes_on or not number % _BURST:
                    gevent.sleep(self._pause_s)
            elif isinstance(step, Pause):
                sleep(step.seconds / self._speed)
            else:
                branches = [
                    self._tasks.spawn(self._play, branch, sender, before, f"{place}{number}.{which}.")
                    for which, branch in enumerate(step.branches, 1)
                ]
                gevent.joinall(branches, raise_error=True)
                sender, spoke = branches[-1].value or sender, None
            before = positions
        in_flight.wait()
        return self._meet(f"{place}end", spoke).sender or sender

    def _meet(self, place: str, spoke: Spoke | None) -> Met:
        """Meet with the other parts of the run, when all that was sent there has reached the server."""
        self.group.sending.let_whispers_elsewhere_arrive()
        return self._conductor.meet(place, spoke)

    def _do(
        self, line: Line, step: int, start: float, sender: str, before: Positions, in_flight: InFlight
    ) -> Spoke | None:
        """Begin to carry out a line, when it is due; return who spoke last in it."""
        # A line that has its time is due then, however late what stood before it has ended.
        if line.action.at is not None:
            start = self.outcome.began + line.action.at / self._speed
        spoke: Spoke | None = None
        tasks: list[tuple[PlannedAct, Task]] = []
        # A nick may pass from one actor to another: then it must be known of all of them when they have given it up.
        is_told = line.action.changes_nick and self._names_pass
        for number, act in enumerate(plan(self._scenario, line, None if is_told else self._conductor.mine), 1):
            due = self._spaced(start + act.due / self._speed)
            early = due - time.monotonic()
            if early > 0 or not number % _BURST:
                gevent.sleep(max(0.0, early))
            # That is our own lateness: if the server takes long to let somebody in, what is said then is late by more.
            late = time.monotonic() - due
            if act.actor not in self._conductor.mine:
                wait = partial(self._conductor.wait_until_done, act.id_in(line))
                in_flight.begin(wait, self._names(act.actor, line, act, in_flight))
                continue
            bot = self.group.bots[act.actor]
            do = Performance(self.group, bot, line, act, due, sender, before, self._speed).carry_out
            concerned = self._concerned(bot, line, act, in_flight)
            busy = in_flight.occupying(concerned)
            occupied = concerned if line.action.occupies != "long" else ()
            bots = [one for one in concerned if isinstance(one, Bot)]
            over = partial(self._conductor.tell_done, act.id_in(line)) if is_told else None
            if busy or any(one.transition_lock.locked() for one in bots) or self._is_held(line):
                do = partial(self._do_after, busy, bots, line, do)
                tasks.append((act, in_flight.begin(_and_then(do, over), occupied)))
            elif not _can_do(bot, line):
                if over is not None:
                    over()
                continue  # passed over: it has left, or lost the connection
            elif line.action.occupies == "no time":
                do()
            else:
                tasks.append((act, in_flight.begin(_and_then(do, over), occupied)))
            if line.action.speaks:
                self.outcome.lag.add(late)
                spoke = Spoke(step, act.due, act.actor.index, bot.nick)
        if line.action.is_awaited:
            gevent.joinall([task for _, task in tasks])
            heard = [Spoke(step, act.due, act.actor.index, one.value) for act, one in tasks if one.value]
            spoke = heard[-1] if heard else spoke
        return spoke

    def _concerned(self, bot: Bot, line: Line, act: PlannedAct, in_flight: InFlight) -> Sequence[Bot | str]:
        """Return which bots take part in an act, the actor's first, and which names it gives up or takes."""
        action = line.action
        if action.addressee is not None:
            hearer = self.group.called(action.addressee)
            return (bot,) if hearer is None else (bot, hearer)
        return (bot, *self._names(bot.actor, line, act, in_flight)) if action.changes_nick else (bot,)

    def _is_held(self, line: Line) -> bool:
        """Whether the one whom a line's words are for is about to move, on another part."""
        addressee = line.action.addressee
        return addressee is not None and self.group.sending.is_held(self._scenario.group(addressee)[0])

    def _names(self, actor: Actor, line: Line, act: PlannedAct, in_flight: InFlight) -> set[str]:
        """Return which names an actor has, or gives up or takes in an act, wherever it is played."""
        bot, words = self.group.bots.get(actor), line.action.new_nick
        nick = bot.nick if bot is not None else self.group.world.elsewhere.nick_of(actor) or actor.name
        taken = actor.name if words is None else text_of(words, self._scenario, line, act, nick=nick)
        return in_flight.note_names(actor, (names.key(nick), names.key(taken)))

    def _do_after(
        self, busy: "Sequence[Task]", bots: Sequence[Bot], line: Line, do: Callable[[], str | None]
    ) -> str | None:
        """Do something once nothing occupies the bots any more, if the first of them is there then."""
        gevent.joinall(busy)
        for bot in bots:
            with bot.transition_lock:
                pass
        return do() if _can_do(bots[0], line) else None

    def _spaced(self, due: float) -> float:
        """Return when something is due so that it is not close to what came before, where the pace is to be gentle."""
        if self._pause_s and self._speed < 1:
            due = self._last_due = max(due, self._last_due + self._pause_s)
        return due


def _and_then(do: Callable[[], str | None], over: Callable[[], None] | None) -> Callable[[], str | None]:
    """Return what does something and then says that it is over, if anybody is to be told."""
    if over is None:
        return do

    def do_and_tell() -> str | None:
        heard = do()
        over()
        return heard

    return do_and_tell


def _has_its_time(step: Step | None) -> bool:
    return isinstance(step, Line) and step.action.at is not None


def _asks_who_spoke(step: Step | None) -> bool:
    """Whether a line says or listens for who spoke before it."""
    return isinstance(step, Line) and step.action.asks_who_spoke


def _can_do(bot: Bot, line: Line) -> bool:
    """Whether a bot can do this where it is now."""
    match line.action.needs:
        case "here":
            return bot.is_here
        case "here or coming back":
            return bot.is_here or bot.reconnecting
    return True
