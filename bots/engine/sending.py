"""What actors say, act and whisper: noted in the ledgers as it is sent."""

import time
from collections import defaultdict

import gevent

from bots.engine.bot import PATIENCE_S, Bot
from bots.world.memberships import Whereabouts
from bots.world.whispers import Whispers
from geventchat.commands import commands


class CannotSay(Exception):
    """A text cannot be said like this; the message says why."""


class Speaking:
    """Lets actors speak, unless they are not there (any more): then what they would say is passed over.

    Whoever is about to change name or room says it afterwards. Lateness counts from `due`, however long that took.
    """

    def __init__(self, whereabouts: Whereabouts, whispers: Whispers) -> None:
        self._whereabouts = whereabouts
        self._whispers = whispers
        self._whispered_to: dict[Bot, dict[Bot, None]] = defaultdict(dict)  # by whom; it may still be on its way

    def say(self, bot: Bot, text: str, room: str | None, due: float) -> None:
        """Say something. Raises CannotSay, and OSError when the connection is gone."""
        self._speak(bot, commands.Say(text=text, room=room), text, due)

    def act(self, bot: Bot, text: str, room: str | None, due: float) -> None:
        """Do something before all; raises as `say` does."""
        self._speak(bot, commands.Act(text=text, room=room), f"*{text}*", due)

    def whisper(self, bot: Bot, to: Bot, text: str, due: float) -> None:
        """Whisper to another bot, if that one is there; raises as `say` does."""
        first, second = sorted((bot, to), key=lambda one: one.actor.index)
        with first.changing:
            if first is second:
                self._whisper(bot, to, text, due)
                return
            with second.changing:
                self._whisper(bot, to, text, due)

    def let_whispers_arrive(self, bot: Bot) -> None:
        """Wait until the server has taken all whispers to a bot: what it does next may make its name mean nobody."""
        whispered = self._whispered_to.pop(bot, {})
        gevent.joinall([gevent.spawn(one.ping, PATIENCE_S, patient=True) for one in whispered if one.connected])

    def _speak(self, bot: Bot, command: commands.Say | commands.Act, shown: str, due: float) -> None:
        _check(bot, command.text)
        with bot.changing:
            if not (bot.is_here or bot.says_later):
                return
            if command.room is None and len(self._whereabouts.stays(bot.actor)) > 1:
                raise CannotSay(f"{bot.nick} is in several rooms: say with room: where {command.text!r} is to be said")
            ledger = self._whereabouts.ledger(command.room or self._whereabouts.room_of(bot.actor))
            now = time.monotonic()
            ledger.say(bot.nick, shown, due, now)
            try:
                bot.say(command)
            except OSError:
                ledger.lose(bot.nick)  # nobody knows whether it has arrived
                raise

    def _whisper(self, bot: Bot, to: Bot, text: str, due: float) -> None:
        if not (bot.is_here and to.is_here):
            return
        now = time.monotonic()
        self._whispers.say(bot.nick, to.actor, text, due, now)
        self._whispered_to[to][bot] = None
        bot.send(commands.Whisper(to=to.nick, text=text))


def _check(bot: Bot, text: str) -> None:
    if why := bot.dialect.cannot_say(text):
        raise CannotSay(f"{text!r} cannot be said in this dialect: {why}")
