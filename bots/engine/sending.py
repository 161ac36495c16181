"""What actors say, act and whisper: noted in the ledgers as it is sent."""

import time
from collections import defaultdict

import gevent

from bots.engine.bot import PATIENCE_S, Bot, NotDone
from bots.world.world import World
from geventchat.commands import commands


class CannotSay(NotDone):
    """A text cannot be said like this; the message says why."""


class Sending:
    """Lets bots say things, unless they are not there (any more): then what they would say is passed over.

    A bot that is about to change its name or room says it afterwards. Lateness counts from `due`, however long that
    took.
    """

    def __init__(self, world: World) -> None:
        self._memberships = world.memberships
        self._whispers = world.whispers
        self._whispered_to: dict[Bot, dict[Bot, None]] = defaultdict(dict)  # by whom; it may still be on its way

    def say(self, bot: Bot, text: str, room: str | None, due: float) -> None:
        """Say something. Raises CannotSay, and OSError when the connection is gone."""
        self._send(bot, commands.Say(text=text, room=room), text, due)

    def act(self, bot: Bot, text: str, room: str | None, due: float) -> None:
        """Do something before all; raises as `say` does."""
        self._send(bot, commands.Act(text=text, room=room), f"*{text}*", due)

    def whisper(self, bot: Bot, to: Bot, text: str, due: float) -> None:
        """Whisper to another bot, if that one is there; raises as `say` does."""
        first, second = sorted((bot, to), key=lambda one: one.actor.index)
        with first.transition_lock:
            if first is second:
                self._whisper(bot, to, text, due)
                return
            with second.transition_lock:
                self._whisper(bot, to, text, due)

    def let_whispers_arrive(self, bot: Bot) -> None:
        """Wait until the server has taken all whispers to a bot: what it does next may make its name mean nobody."""
        whispered = self._whispered_to.pop(bot, {})
        gevent.joinall([gevent.spawn(one.ping, PATIENCE_S, patient=True) for one in whispered if one.connected])

    def _send(self, bot: Bot, command: commands.Say | commands.Act, shown: str, due: float) -> None:
        if why := bot.dialect.cannot_say(command.text):
            raise CannotSay(f"{command.text!r} cannot be said in this dialect: {why}")
        with bot.transition_lock:
            if not (bot.is_here or bot.queues_offline):
                return
            if command.room is None and len(self._memberships.of(bot.actor)) > 1:
                raise CannotSay(f"{bot.nick} is in several rooms: say with room: where {command.text!r} is to be said")
            ledger = self._memberships.ledger(command.room or self._memberships.room_of(bot.actor))
            message = ledger.say(bot.nick, shown, due, time.monotonic())
            try:
                bot.say(command, message)
            except OSError:
                ledger.lose(bot.nick)  # nobody knows whether it has arrived
                raise

    def _whisper(self, bot: Bot, to: Bot, text: str, due: float) -> None:
        if not (bot.is_here and to.is_here):
            return
        self._whispers.say(bot.nick, to.actor, text, due, time.monotonic())
        self._whispered_to[to][bot] = None
        bot.send(commands.Whisper(to=to.nick, text=text))
