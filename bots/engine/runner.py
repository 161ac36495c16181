"""A scenario, carried out: each line when it is due, by the actors that it names."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import gevent
from gevent.pool import Group

from bots.engine.bot import Bot, NotDone
from bots.engine.bot_group import BotGroup
from bots.engine.expectations import Marks
from bots.engine.in_flight import InFlight
from bots.engine.performance import Performance, sleep
from bots.engine.quiescence import QUIET_S, await_quiescence
from bots.protocols.registry import MakeDialect
from bots.report.outcome import Outcome
from bots.scenario.model import Line, Pause, Scenario, Script, Step
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

    With `trust`, it goes through TLS.
    """

    def __init__(
        self,
        scenario: Scenario,
        address: Address,
        make_dialect: MakeDialect,
        speed: float = 1.0,
        others: Sequence[Address] = (),
        trust: Trust | None = None,
    ) -> None:
        self.outcome = Outcome(scenario)
        self._scenario = scenario
        self._speed = speed
        self._pause_s = make_dialect("").pause_s
        self._last_due = 0.0
        self._tasks = Group()  # all that goes on besides the script's own next line
        self._group = BotGroup(self.outcome, (address, *others), make_dialect, trust)

    def run(self) -> Outcome:
        """Carry out the script; return what was seen, also when it was interrupted or somebody was not let in."""
        outcome, began = self.outcome, time.monotonic()
        try:
            self._let_in()
            outcome.began = time.monotonic()
            self._play_to_its_end()
            await_quiescence(outcome, self._group)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except NotDone as refusal:
            outcome.failures.append(str(refusal))
        finally:
            self._tasks.kill(timeout=_KILL_S)
            until = time.monotonic() - QUIET_S if outcome.interrupted else float("inf")
            outcome.seconds = time.monotonic() - began
            for bot in self._group.bots.values():
                if bot.connected:
                    bot.drop("close")
            for ledger in outcome.ledgers.values():
                ledger.close(until)
            outcome.timeline.close()
        return outcome

    def _let_in(self) -> None:
        """Bring all bots in but those that the script lets join. Raises NotDone or ServerUnavailable."""
        late = latecomers(self._scenario)
        self._group.joining.let_in([bot for actor, bot in self._group.bots.items() if actor not in late])
        welcomes = (bot.welcome for bot in self._group.bots.values())
        limits = next((welcome.limits for welcome in welcomes if welcome is not None), {})
        self.outcome.rate = limits.get("rate")
        gevent.sleep(5 * self._pause_s)  # a server may greet a newcomer before it sends to it what others say

    def _play_to_its_end(self) -> None:
        """Carry out the script. Raises KeyboardInterrupt, unless that is the end of a script that has no other."""
        try:
            self._play(self._scenario.script, "", {})
        except KeyboardInterrupt:
            if not is_endless(self._scenario):
                raise
            self._tasks.kill(timeout=_KILL_S)

    def _play(self, script: Script, sender: str, before: Marks) -> str:
        """Carry out a part of the script; return who spoke last in it.

        `sender` is who spoke last before it, and `before` is what had been heard when the step before it began.
        """
        in_flight = InFlight(self._tasks)
        for number, (step, following) in enumerate(zip(script, (*script[1:], None), strict=True), 1):
            if not _has_its_time(step):
                in_flight.wait()
            marks = self._group.expectations.marks()
            if isinstance(step, Line):
                sender = self._do(step, sender, before, in_flight)
                goes_on = step.action.occupies != "long" and _has_its_time(following)
                if not goes_on:
                    in_flight.wait()
                if self._pause_s or not goes_on or not number % _BURST:
                    gevent.sleep(self._pause_s)
            elif isinstance(step, Pause):
                sleep(step.seconds / self._speed)
            else:
                branches = [self._tasks.spawn(self._play, branch, sender, before) for branch in step.branches]
                gevent.joinall(branches, raise_error=True)
                sender = branches[-1].value or sender
            before = marks
        return sender

    def _do(self, line: Line, sender: str, before: Marks, in_flight: InFlight) -> str:
        """Begin to carry out a line, when it is due; return who spoke last."""
        # A line that has its time is due then, however late what stood before it has ended.
        at = line.action.at
        start = time.monotonic() if at is None else self.outcome.began + at / self._speed
        speaker, tasks = sender, []
        for number, act in enumerate(plan(self._scenario, line), 1):
            due = self._spaced(start + act.due / self._speed)
            early = due - time.monotonic()
            if early > 0 or not number % _BURST:
                gevent.sleep(max(0.0, early))
            # That is our own lateness: if the server takes long to let somebody in, what is said then is late by more.
            late = time.monotonic() - due
            bot = self._group.bots[act.actor]
            do = Performance(self._group, bot, line, act, due, sender, before, self._speed).carry_out
            concerned = self._concerned(bot, line, act, in_flight)
            busy = in_flight.occupying(concerned)
            occupied = concerned if line.action.occupies != "long" else ()
            bots = [one for one in concerned if isinstance(one, Bot)]
            if busy or any(one.transition_lock.locked() for one in bots):
                tasks.append(in_flight.begin(partial(self._do_after, busy, bots, line, do), occupied))
            elif not _can_do(bot, line):
                continue  # passed over: it has left, or lost the connection
            elif line.action.occupies == "no time":
                do()
            else:
                tasks.append(in_flight.begin(do, occupied))
            if line.action.speaks:
                self.outcome.lag.add(late)
                speaker = bot.nick
        if line.action.is_awaited:
            gevent.joinall(tasks)
            return next((one.value for one in reversed(tasks) if one.value), speaker)
        return speaker

    def _concerned(self, bot: Bot, line: Line, act: PlannedAct, in_flight: InFlight) -> Sequence[Bot | str]:
        """Return which bots take part in an act, the actor's first, and which names it gives up or takes."""
        action = line.action
        if action.addressee is not None:
            return (bot, self._group.called(action.addressee))
        if not action.changes_nick:
            return (bot,)
        words = action.new_nick
        taken = bot.actor.name if words is None else text_of(words, self._scenario, line, act, nick=bot.nick)
        return (bot, *in_flight.note_names(bot, (names.key(bot.nick), names.key(taken))))

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


def _has_its_time(step: Step | None) -> bool:
    return isinstance(step, Line) and step.action.at is not None


def _can_do(bot: Bot, line: Line) -> bool:
    """Whether a bot can do this where it is now."""
    match line.action.needs:
        case "here":
            return bot.is_here
        case "here or coming back":
            return bot.is_here or bot.reconnecting
    return True
