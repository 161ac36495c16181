"""One bot that carries out one planned act: the `Performer` of the actions in `bots.scenario.actions`."""

import math
import time
from typing import Literal

import gevent

from bots.engine.bot import Bot, NotDone
from bots.engine.bot_group import BotGroup
from bots.engine.expectations import Positions
from bots.engine.paced_reader import FULL_PACE
from bots.engine.sending import Speech
from bots.scenario.actions.base import Cue
from bots.scenario.model import Line
from bots.scenario.render import text_of
from bots.scenario.schedule import PlannedAct
from bots.scenario.template import Template
from geventchat.commands import commands


def sleep(seconds: float) -> None:
    """Wait for so long, which may be forever."""
    while seconds == math.inf:
        gevent.sleep(3_600)
    gevent.sleep(seconds)


class Performance:
    """Does what a line's action consists of, for one act of it that is due at a time.

    `sender` is who spoke before the line, `before` what had been heard when the line before it began; `speed` shortens
    waiting.
    """

    def __init__(
        self,
        group: BotGroup,
        bot: Bot,
        line: Line,
        act: PlannedAct,
        due: float,
        sender: str,
        before: Positions,
        speed: float,
    ) -> None:
        self._group = group
        self._bot = bot
        self._line = line
        self._act = act
        self._due = due
        self._sender = sender
        self._before = before
        self._speed = speed
        self._heard: str | None = None

    def carry_out(self) -> str | None:
        """Do it; return who was heard, where the bot waited for that. What cannot be done is a failure of the line."""
        outcome, began, failure = self._group.outcome, time.monotonic(), ""
        try:
            self._line.action.perform(self)
        except NotDone as reason:
            failure = str(reason)
        except OSError as error:
            if not self._bot.leaving:  # else the script has let it leave, or drop the connection, meanwhile
                why = f": {error.strerror or error}" if self._bot.connected else ", for its connection is gone"
                failure = f"{self._bot.nick} could not{why}"
        if failure:
            outcome.fail(self._line, failure)
        if outcome.acted is not None:
            outcome.acted(self._line.action.key, time.monotonic() - began, failure)
        return self._heard

    def text(self, template: Template) -> str:
        """Return a text with its placeholders filled in."""
        return text_of(template, self._group.scenario, self._line, self._act, nick=self._bot.nick, sender=self._sender)

    def send(self, command: commands.AnyCommand) -> None:
        """Send any command."""
        self._bot.send(command)

    def send_bytes(self, data: bytes) -> None:
        """Send just these bytes."""
        self._bot.send_bytes(data)

    def say(self, words: Template, room: str | None) -> None:
        """Say something to a room."""
        self._group.sending.say(self._bot, self._speech(words), room, self._due)

    def act(self, words: Template, room: str | None) -> None:
        """Do something before everyone in a room."""
        self._group.sending.act(self._bot, self._speech(words), room, self._due)

    def whisper(self, words: Template, to: str) -> None:
        """Say something to one actor."""
        hearer, sending = self._group.called(to), self._group.sending
        if hearer is not None:
            sending.whisper(self._bot, hearer, self._speech(words), self._due)
        else:
            sending.whisper_elsewhere(self._bot, self._group.scenario.group(to)[0], self._speech(words), self._due)

    def _speech(self, words: Template) -> Speech:
        return Speech(self.text(words), self._line.place.line, words.is_made_up)

    def rename(self, nick: str) -> None:
        """Take another nick."""
        self._group.joining.rename(self._bot, nick)

    def join(self, room: str) -> None:
        """Come into the chat, or into a further room; first, come back, if the bot is about to."""
        self._group.reconnecting.wait_for(self._bot)
        self._group.joining.join(self._bot, room)

    def leave(self, reason: str) -> None:
        """Leave the chat."""
        self._group.joining.leave(self._bot, reason)

    def leave_room(self, room: str, reason: str) -> None:
        """Leave one room and stay in the chat."""
        self._group.joining.leave_room(self._bot, room, reason)

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, at speed 1."""
        sleep(seconds / self._speed)

    def ping(self, within: float) -> None:
        """Ask for a pong, and wait for it."""
        self._group.reconnecting.wait_for(self._bot)
        match self._bot.ping(within):
            case "late":
                raise NotDone(f"{self._bot.nick} got no pong within {within:g} s")
            case "lost" if not self._bot.leaving:
                raise NotDone(f"{self._bot.nick} lost the connection before its pong came")

    def drop(self, how: Literal["reset", "close"]) -> None:
        """Lose the connection."""
        self._group.reconnecting.drop(self._bot, how)

    def reconnect(self) -> None:
        """Come back after a lost connection, unless the bot does so by itself."""
        if not self._bot.reconnecting:
            self._group.reconnecting.bring_back(self._bot)

    def read(self, bytes_per_s: float) -> None:
        """Read at this pace from now on; what comes late then says nothing of the server."""
        self._bot.reader.set_pace(bytes_per_s)
        self._group.world.paces[self._bot.actor].timed &= bytes_per_s == FULL_PACE

    def expect(self, cue: Cue, times: int, within: float) -> None:
        """Wait until so many messages that match have been heard; the time counts from when the bot is back."""
        self._group.reconnecting.wait_for(self._bot)
        expectations = self._group.expectations
        self._heard = expectations.expect(self._bot, cue, times, within, self._act, self._sender)

    def expect_none(self, cue: Cue, within: float) -> None:
        """Listen for so long that nothing matches."""
        self._group.reconnecting.wait_for(self._bot)
        self._group.expectations.expect_none(self._bot, cue, within, self._act, self._sender, self._before)

    def reply(self, words: Template, cue: Cue, times: int | None, lasts: float | None) -> None:
        """Answer what matches from now on."""
        end = time.monotonic() + lasts / self._speed if lasts is not None else float("inf")
        self._group.auto_replies.reply(self._bot, self._line, self._act, words, cue, times, end)

    def greet(self, words: Template, times: int | None) -> None:
        """Greet those who come in from now on and take no part in the scenario."""
        self._group.auto_replies.greet(self._bot, self._line, self._act, words, times)
