"""Actors who answer what they hear."""

import time
from collections.abc import Callable, Mapping, Sequence

from gevent.pool import Group

from bots.engine.bot import Bot
from bots.engine.expectations import Listening
from bots.engine.sending import CannotSay, Speaking
from bots.ledger.room import Message
from bots.report.outcome import Outcome
from bots.scenario import actions
from bots.scenario.model import Actor, Line
from bots.scenario.render import text_of
from bots.scenario.schedule import Act
from bots.world.identities import Nicks
from bots.world.inbox import Inbox


class Answering:
    """Carries out `reply`, until it is stopped.

    A message is answered in the room where it was heard, a whisper by a whisper to whoever whispered it.
    """

    def __init__(
        self,
        outcome: Outcome,
        bots: Mapping[Actor, Bot],
        inboxes: Mapping[Actor, Inbox],
        nicks: Nicks,
        listening: Listening,
        speaking: Speaking,
        speed: float,
    ) -> None:
        self._outcome = outcome
        self._bots = bots
        self._inboxes = inboxes
        self._nicks = nicks
        self._listening = listening
        self._speaking = speaking
        self._speed = speed
        self._stops: list[Callable[[], None]] = []
        self._answers = Group()

    def begin(self, bot: Bot, line: Line, reply: actions.Reply, act: Act) -> None:
        """Let an actor answer what matches from now on."""
        wanted = self._listening.wanted(bot, reply.to, reply.from_, act)
        end = time.monotonic() + reply.for_ / self._speed if reply.for_ is not None else float("inf")
        inbox, answered = self._inboxes[bot.actor], 0

        def answer(messages: Sequence[Message], room: str | None) -> None:
            nonlocal answered
            for message in messages:
                now = time.monotonic()
                if now > end or answered == reply.times or message.nick == bot.nick or not wanted(message):
                    continue
                repetition = act._replace(repetition=answered)
                answered += 1
                self._answers.spawn(self._answer, bot, line, reply, repetition, message, room, now)

        inbox.listen(answer)
        self._stops.append(lambda: inbox.ignore(answer))

    def stop(self) -> bool:
        """Answer nothing from now on; return whether anybody did until now. What is being answered is, first."""
        answered = bool(self._stops)
        for stop in self._stops:
            stop()
        self._stops.clear()
        self._answers.join()
        return answered

    def _answer(
        self, bot: Bot, line: Line, reply: actions.Reply, act: Act, heard: Message, room: str | None, due: float
    ) -> None:
        text = text_of(reply.reply, self._outcome.scenario, line, act, nick=bot.nick, sender=heard.nick)
        try:
            if room is not None:
                self._speaking.say(bot, text, room, due)
            elif (whisperer := self._nicks.holder(heard.nick, heard.sent)) is not None:
                self._speaking.whisper(bot, self._bots[whisperer], text, due)
        except CannotSay as reason:
            self._outcome.fail(line, f"{bot.nick}: {reason}")
        except OSError as error:
            if bot.is_here:  # else it has left or lost the connection, which is told where it happened
                self._outcome.fail(line, f"{bot.nick} could not answer: {error.strerror or error}")
