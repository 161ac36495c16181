"""Bots that answer what they hear."""

import time
from collections.abc import Callable, Mapping, Sequence

from gevent.pool import Group

from bots.engine.bot import Bot
from bots.engine.expectations import Expectations
from bots.engine.sending import CannotSay, Sending, Speech
from bots.ledger.room import Message
from bots.report.outcome import Outcome
from bots.scenario.actions.base import Cue
from bots.scenario.model import Actor, Line
from bots.scenario.render import text_of
from bots.scenario.schedule import PlannedAct
from bots.scenario.template import Template
from bots.world.world import World


class AutoReplies:
    """Carries out `reply`, until it is stopped.

    A message is answered in the room where it was heard, a whisper by a whisper to the one who whispered it.
    """

    def __init__(
        self, outcome: Outcome, world: World, bots: Mapping[Actor, Bot], expectations: Expectations, sending: Sending
    ) -> None:
        self._outcome = outcome
        self._world = world
        self._bots = bots
        self._expectations = expectations
        self._sending = sending
        self._stops: list[Callable[[], None]] = []
        self._answers = Group()

    def begin(
        self, bot: Bot, line: Line, act: PlannedAct, words: Template, cue: Cue, times: int | None, end: float
    ) -> None:
        """Let a bot answer what matches from now on, so many times at most, and not after the time `end`."""
        wanted = self._expectations.wanted(bot, cue, act)
        inbox, answered = self._world.inboxes[bot.actor], 0

        def answer(messages: Sequence[Message], room: str | None) -> None:
            nonlocal answered
            for message in messages:
                now = time.monotonic()
                if now > end or answered == times or message.nick == bot.nick or not wanted(message):
                    continue
                repetition = act._replace(repetition=answered)
                answered += 1
                self._answers.spawn(self._answer, bot, line, repetition, words, message, room, now)

        inbox.listen(answer)
        self._stops.append(lambda: inbox.ignore(answer))

    def stop(self) -> bool:
        """Answer nothing from now on, once what is being answered is; return whether anybody answered until now."""
        answered = bool(self._stops)
        for stop in self._stops:
            stop()
        self._stops.clear()
        self._answers.join()
        return answered

    def _answer(
        self, bot: Bot, line: Line, act: PlannedAct, words: Template, heard: Message, room: str | None, due: float
    ) -> None:
        text = text_of(words, self._outcome.scenario, line, act, nick=bot.nick, sender=heard.nick)
        speech = Speech(text, line.place.line, words.is_made_up)
        try:
            if room is not None:
                self._sending.say(bot, speech, room, due)
            elif (whisperer := self._world.identities.holder(heard.nick, heard.sent)) is not None:
                self._sending.whisper(bot, self._bots[whisperer], speech, due)
        except CannotSay as reason:
            self._outcome.fail(line, f"{bot.nick}: {reason}")
        except OSError as error:
            if bot.is_here:  # else it has left or lost the connection, which is told where it happened
                self._outcome.fail(line, f"{bot.nick} could not answer: {error.strerror or error}")
