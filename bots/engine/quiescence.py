"""The end of a run: making sure that nothing more is on its way."""

import time
from collections.abc import Iterable

import gevent

from bots.engine.auto_replies import Answering
from bots.engine.bot import Bot
from bots.engine.paced_reader import FULL_PACE
from bots.engine.reconnecting import Returning
from bots.report.outcome import Outcome

# How long to listen on at a server that cannot say that nothing more is coming.
QUIET_S = 1.0
# How long a server may show no sign of life before it has said all that was on its way.
_SETTLE_S = 15.0


def settle(outcome: Outcome, bots: Iterable[Bot], returning: Returning, answering: Answering) -> None:
    """Wait until everyone has heard everything; `settled` says in the end whether that is known.

    What the script has said is answered, but not the answers to that: two that answer each other would never end.
    """
    bots = list(bots)
    for bot in bots:
        bot.reading.at(FULL_PACE)
    returning.wait_for_all()
    here = [bot for bot in bots if bot.connected]
    if here and here[0].dialect.tells_end:
        here[0].ping(_SETTLE_S, patient=True)
    if here and not here[0].dialect.tells_end:
        outcome.guessed = True
        _wait_for_quiet(outcome)
        if answering.stop():
            _wait_for_quiet(outcome)
        return
    silent = _let_all_arrive(here, returning)
    if answering.stop():
        silent |= _let_all_arrive(here, returning)
    outcome.failures += [f"{bot.nick} got no answer at the end within {_SETTLE_S:g} s" for bot in silent]
    outcome.settled = True


def _let_all_arrive(bots: list[Bot], returning: Returning) -> dict[Bot, None]:
    """Wait until what was said has been heard; return who got no answer. A lost connection is told elsewhere.

    The first pongs say that the server has taken what everyone said, the second that everyone has been sent it.
    """
    for _ in range(2):
        answers = [gevent.spawn(_ask, bot, returning) for bot in bots if bot.connected or bot.coming_back]
        gevent.joinall(answers, raise_error=True)
    return dict.fromkeys(bot for one in answers if (bot := one.value) is not None)


def _ask(bot: Bot, returning: Returning) -> Bot | None:
    """Wait for a pong, also over a lost connection; return the bot if none came in time."""
    while (answer := bot.ping(_SETTLE_S, patient=True)) == "lost" and bot.coming_back:
        returning.wait_for(bot)
    return bot if answer == "late" else None


def _wait_for_quiet(outcome: Outcome) -> None:
    """Wait until nothing has been heard for a while."""
    deadline = time.monotonic() + _SETTLE_S
    before = -1
    while before != (now := outcome.timeline.delivered):
        before = now
        gevent.sleep(min(QUIET_S, max(0.0, deadline - time.monotonic())))
