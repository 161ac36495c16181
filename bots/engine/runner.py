"""A scenario, carried out: each line when it is due, by the actors whom it names."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import gevent

from bots.engine.bot import Bot, NotDone
from bots.engine.bot_group import Company, can_do
from bots.engine.expectations import Places
from bots.engine.in_flight import UnderWay
from bots.engine.quiescence import QUIET_S, settle
from bots.protocols.dialects import DIALECTS
from bots.report.outcome import Outcome
from bots.scenario import actions
from bots.scenario.model import Line, Pause, Scenario, Script, Step
from bots.scenario.render import text_of
from bots.scenario.schedule import Act, latecomers, plan
from geventchat.protocol import names

if TYPE_CHECKING:
    from bots.engine.in_flight import Doing

# Acts that are due already are carried out so many at a time, before what was heard gets its turn.
_BURST = 100

_Spoken = actions.Say | actions.Act | actions.Whisper
# What is done in no time, and so in the greenlet that waits for the next act to be due.
_Quick = _Spoken | actions.SendBytes | actions.Read
# What only waits for the server: a line that has a time of its own does not wait for that.
_Move = actions.Join | actions.Leave | actions.Rename


class Runner:
    """Runs one scenario against the server at `address`."""

    def __init__(self, scenario: Scenario, address: tuple[str, int], dialect: str, speed: float = 1.0) -> None:
        outcome = self.outcome = Outcome(scenario)
        self._scenario = scenario
        self._speed = speed
        self._pause_s = DIALECTS[dialect].pause_s
        self._last_due = 0.0
        self._company = Company(outcome, address, dialect, speed)

    def run(self) -> Outcome:
        """Carry out the script; return what was seen, also when it was interrupted or somebody was not let in."""
        outcome, began = self.outcome, time.monotonic()
        late = latecomers(self._scenario)
        try:
            self._company.coming.let_in([bot for actor, bot in self._company.bots.items() if actor not in late])
            gevent.sleep(5 * self._pause_s)  # a server may greet a newcomer before it sends to it what others say
            outcome.began = time.monotonic()
            self._play(self._scenario.script, "", {})
            settle(outcome, self._company.bots.values(), self._company.returning, self._company.answering)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except NotDone as refusal:
            outcome.failures.append(str(refusal))
        finally:
            until = time.monotonic() - QUIET_S if outcome.interrupted else float("inf")
            outcome.seconds = time.monotonic() - began
            for bot in self._company.bots.values():
                if bot.connected:
                    bot.drop("close")
            for ledger in outcome.ledgers.values():
                ledger.close(until)
            outcome.timeline.close()
        return outcome

    def _play(self, script: Script, sender: str, before: Places) -> str:
        """Carry out a part of the script; return who spoke last in it.

        `sender` is who spoke last before it, and `before` is what had been heard when the step before it began.
        """
        under_way = UnderWay()
        for number, (step, following) in enumerate(zip(script, (*script[1:], None), strict=True), 1):
            if not _has_its_time(step):
                under_way.wait()
            places = self._company.listening.places()
            if isinstance(step, Line):
                sender = self._do(step, sender, before, under_way)
                goes_on = isinstance(step.action, _Quick | _Move) and _has_its_time(following)
                if not goes_on:
                    under_way.wait()
                if self._pause_s or not goes_on or not number % _BURST:
                    gevent.sleep(self._pause_s)
            elif isinstance(step, Pause):
                gevent.sleep(step.seconds / self._speed)
            else:
                branches = [gevent.spawn(self._play, branch, sender, before) for branch in step.branches]
                gevent.joinall(branches, raise_error=True)
                sender = branches[-1].value or sender
            before = places
        return sender

    def _do(self, line: Line, sender: str, before: Places, under_way: UnderWay) -> str:
        """Begin to carry out a line, when it is due; return who spoke last."""
        # A line that has its time is due then, however late what stood before it has ended.
        at = line.action.at
        start = time.monotonic() if at is None else self.outcome.began + at / self._speed
        speaker, waiting = sender, []
        for number, act in enumerate(plan(self._scenario, line), 1):
            due = self._spaced(start + act.due / self._speed)
            early = due - time.monotonic()
            if early > 0 or not number % _BURST:
                gevent.sleep(max(0.0, early))
            # That is our own lateness: if the server takes long to let somebody in, what is said then is late by more.
            late = time.monotonic() - due
            bot = self._company.bots[act.actor]
            doing = partial(self._company.act, bot, line, act, due, sender, before)
            concerned = self._concerned(bot, line, act, under_way)
            busy = under_way.occupying(concerned)
            occupied = concerned if isinstance(line.action, _Quick | _Move) else ()
            bots = [one for one in concerned if isinstance(one, Bot)]
            if busy or any(one.changing.locked() for one in bots):
                waiting.append(under_way.begin(partial(self._act_after, busy, bots, line, doing), occupied))
            elif not can_do(bot, line):
                continue  # passed over: it has left, or lost the connection
            elif isinstance(line.action, _Quick):
                doing()
            else:
                waiting.append(under_way.begin(doing, occupied))
            if isinstance(line.action, _Spoken):
                self.outcome.lag.add(late)
                speaker = bot.nick
        if isinstance(line.action, actions.Expect):
            gevent.joinall(waiting)
            return next((one.value for one in reversed(waiting) if one.value), speaker)
        return speaker

    def _concerned(self, bot: Bot, line: Line, act: Act, under_way: UnderWay) -> Sequence[Bot | str]:
        """Return who takes part in an act, the actor first, and which names it gives up or takes."""
        match line.action:
            case actions.Whisper():
                return (bot, self._company.addressee(line.action))
            case actions.Rename(rename=words):
                taken = text_of(words, self._scenario, line, act, nick=bot.nick)
            case actions.Join() | actions.Leave():
                taken = bot.actor.name
            case _:
                return (bot,)
        return (bot, *under_way.note_names(bot, (names.key(bot.nick), names.key(taken))))

    def _act_after(
        self, busy: "Sequence[Doing]", bots: Sequence[Bot], line: Line, doing: Callable[[], str | None]
    ) -> str | None:
        """Let an actor do something after what is under way, if it is there then."""
        gevent.joinall(busy)
        for bot in bots:
            with bot.changing:
                pass
        return doing() if can_do(bots[0], line) else None

    def _spaced(self, due: float) -> float:
        """Return when something is due so that it is not close to what came before, where the pace is to be gentle."""
        if self._pause_s and self._speed < 1:
            due = self._last_due = max(due, self._last_due + self._pause_s)
        return due


def _has_its_time(step: Step | None) -> bool:
    return isinstance(step, Line) and step.action.at is not None
