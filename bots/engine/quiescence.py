"""The end of a run: making sure that nothing more is on its way."""

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import count

import gevent

from bots.engine.bot import MAX_PATIENCE_S, Bot
from bots.engine.bot_group import BotGroup
from bots.engine.conductor import Conductor
from bots.engine.quiet import wait_for_quiet
from bots.engine.reconnecting import Reconnecting
from bots.report.outcome import Outcome

# What was sent so shortly before a run was interrupted may still have been on its way.
QUIET_S = 1.0
# How long a server may show no sign of life before it has said all that was on its way.
_PATIENCE_S = 15.0


def await_quiescence(outcome: Outcome, group: BotGroup, conductor: Conductor) -> None:
    """Wait until everyone has heard everything; `outcome.settled` says in the end whether that is known, or `guessed`.

    What the script has said is answered, but not the answers to that: two that answer each other would never end.
    """
    with ExitStack() as reading:
        for bot in group.bots.values():
            reading.enter_context(bot.reader.reading_all())
        _await_quiescence(outcome, group, conductor)


def _await_quiescence(outcome: Outcome, group: BotGroup, conductor: Conductor) -> None:
    group.reconnecting.wait_for_all()
    conductor.meet("all back")
    here = [bot for bot in group.bots.values() if bot.connected]
    if here and here[0].dialect.answers_pings:
        here[0].ping(_PATIENCE_S, patient=True)
    if conductor.meet("no pongs", is_so=bool(here) and not here[0].dialect.answers_pings).is_so:
        _wait_for_quiet(here, conductor, "last words")
        if conductor.meet("answered", is_so=group.auto_replies.stop()).is_so:
            _wait_for_quiet(here, conductor, "last answers")
        outcome.guessed = True
        return
    silent = _let_all_arrive(here, group.reconnecting, conductor, "last words")
    if conductor.meet("answered", is_so=group.auto_replies.stop()).is_so:
        silent |= _let_all_arrive(here, group.reconnecting, conductor, "last answers")
    outcome.failures += [
        f"{bot.nick} got no answer at the end within {bot.waited_s(_PATIENCE_S):g} s" for bot in silent
    ]
    outcome.settled = True


def _let_all_arrive(
    bots: Iterable[Bot], reconnecting: Reconnecting, conductor: Conductor, what: str
) -> dict[Bot, None]:
    """Wait until what was said has been heard; return who got no answer. A lost connection is told elsewhere.

    The first pongs say that the server has taken what everyone said, the second that everyone has been sent it.
    """
    for number in range(2):
        answers = [gevent.spawn(_ask, bot, reconnecting) for bot in bots if bot.connected or bot.reconnecting]
        gevent.joinall(answers, raise_error=True)
        conductor.meet(f"{what} {number}")
    return dict.fromkeys(bot for one in answers if (bot := one.value) is not None)


def _ask(bot: Bot, reconnecting: Reconnecting) -> Bot | None:
    """Wait for a pong, also over a lost connection; return the bot if none came in time."""
    deadline = time.monotonic() + MAX_PATIENCE_S
    while (answer := bot.ping(_PATIENCE_S, patient=True)) == "lost" and bot.reconnecting:
        if time.monotonic() > deadline:
            return bot
        reconnecting.wait_for(bot)
    return bot if answer == "late" else None


def _wait_for_quiet(bots: Sequence[Bot], conductor: Conductor, what: str) -> None:
    """Wait until nothing has come to anybody for a while, on any part of the run."""
    deadline = time.monotonic() + _PATIENCE_S
    quiet_s = bots[0].dialect.quiet_s if bots else 0.0

    def last_at() -> float:
        return max((bot.reader.last_at for bot in bots), default=0.0)

    for number in count():
        wait_for_quiet(last_at, quiet_s, _PATIENCE_S)
        conductor.meet(f"{what} {number}")
        now = time.monotonic()  # this part may have heard something while it waited for the others
        is_loud = now < deadline and now < last_at() + quiet_s
        if not conductor.meet(f"{what} {number}, heard", is_so=is_loud).is_so:
            return
