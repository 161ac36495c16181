"""Bots that answer what they hear, and greet those who come in."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

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
    """Carries out `reply` and `greet`, until it is stopped.

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

    def reply(
        self, bot: Bot, line: Line, act: PlannedAct, words: Template, cue: Cue, times: int | None, end: float
    ) -> None:
        """Answer messages that match from now on, so many times at most, and not after the time `end`."""
        wanted = self._expectations.wanted(bot, cue, act)
        inbox, answered = self._world.inboxes[bot.actor], 0

        def answer(messages: Sequence[Message], room: str | None) -> None:
            nonlocal answered
            for message in messages:
                now = time.monotonic()
                if now > end or answered == times or message.nick == bot.nick or not wanted(message):
                    continue
                answer = _Answer(bot, line, act._replace(repetition=answered), words, message.nick, now)
                answered += 1
                if room is not None:
                    self._answers.spawn(self._say, answer, room)
                else:
                    whisperer = self._world.identities.holder(message.nick, message.sent)
                    self._answers.spawn(self._whisper, answer, whisperer)

        inbox.listen(answer)
        self._stops.append(lambda: inbox.ignore(answer))

    def greet(self, bot: Bot, line: Line, act: PlannedAct, words: Template, times: int | None) -> None:
        """Greet people who come into one of the bot's rooms from now on and take no part in the scenario."""
        others, greeted = self._world.others, 0

        def greet(nick: str, room: str) -> None:
            nonlocal greeted
            if greeted != times and self._world.memberships.get(bot.actor, room) is not None:
                answer = _Answer(bot, line, act._replace(repetition=greeted), words, nick, time.monotonic())
                greeted += 1
                self._answers.spawn(self._say, answer, room)

        others.welcome(greet)
        self._stops.append(lambda: others.stop_welcoming(greet))

    def stop(self) -> bool:
        """Finish the answers that have begun, and begin no more; return whether anybody was to answer until now."""
        answered = bool(self._stops)
        for stop in self._stops:
            stop()
        self._stops.clear()
        self._answers.join()
        return answered

    def _say(self, answer: "_Answer", room: str) -> None:
        with self._noting_failures(answer):
            self._sending.say(answer.bot, self._speech(answer), room, answer.due)

    def _whisper(self, answer: "_Answer", to: Actor | None) -> None:
        """Whisper to a bot, or to somebody who takes no part in the scenario."""
        with self._noting_failures(answer):
            if to is not None and to in self._bots:
                self._sending.whisper(answer.bot, self._bots[to], self._speech(answer), answer.due)
            elif to is not None:
                self._sending.whisper_elsewhere(answer.bot, to, self._speech(answer), answer.due)
            else:
                self._sending.whisper_to_other(answer.bot, answer.sender, self._speech(answer))

    def _speech(self, answer: "_Answer") -> Speech:
        bot, line, act, words, sender, _ = answer
        text = text_of(words, self._outcome.scenario, line, act, nick=bot.nick, sender=sender)
        return Speech(text, line.place.line, words.is_made_up)

    @contextmanager
    def _noting_failures(self, answer: "_Answer") -> Iterator[None]:
        try:
            yield
        except CannotSay as reason:
            self._outcome.fail(answer.line, f"{answer.bot.nick}: {reason}")
        except OSError as error:
            if answer.bot.is_here:  # else it has left or lost the connection, which is told where it happened
                self._outcome.fail(answer.line, f"{answer.bot.nick} could not answer: {error.strerror or error}")


class _Answer(NamedTuple):
    """What one bot is about to say to `sender`, since the time `due`."""

    bot: Bot
    line: Line
    act: PlannedAct
    words: Template
    sender: str
    due: float
