"""Actors who lose their connection, and those who come back."""

import time

import gevent

from bots.engine.bot import Bot, NotLetIn
from bots.engine.joining import Coming
from bots.report.outcome import Outcome
from bots.world.memberships import Whereabouts
from bots.world.whispers import Whispers
from geventchat.commands import commands
from geventchat.commands.commands import LOBBY

# A bot that comes back tries again after such pauses, and for so long: a server needs a moment to start again.
_FIRST_PAUSE_S = 0.1
_LAST_PAUSE_S = 2.0
_COME_BACK_S = 30.0


class Returning:
    """Lets connections be lost, and actors come back."""

    def __init__(self, outcome: Outcome, whereabouts: Whereabouts, whispers: Whispers, coming: Coming) -> None:
        self._outcome = outcome
        self._whereabouts = whereabouts
        self._whispers = whispers
        self._coming = coming
        self._on_their_way: dict[Bot, gevent.Greenlet[[Bot], None]] = {}

    def drop(self, bot: Bot, how: str) -> None:
        """Lose a connection on purpose."""
        with bot.changing:
            if not bot.is_here:  # it has been lost, or left, since this was due
                return
            bot.drop(how)
            self._coming.disconnected(bot)
            if bot.actor.comes_back:
                self._send_back(bot)
            else:
                self._give_up(bot)

    def lose(self, bot: Bot, why: str) -> None:
        """Take note that a connection was lost; called in the loop."""
        self._coming.disconnected(bot)
        if bot.actor.comes_back:
            self._send_back(bot)
            return
        if bot.stopped_at is None:
            self._outcome.failures.append(f"{bot.nick} lost the connection: {why}")
            self._give_up(bot)
        else:  # a server may well send away a user that does not read
            self._give_up(bot, bot.stopped_at)
        self._coming.stop_hearing(bot)

    def reconnect(self, bot: Bot) -> None:
        """Bring a bot back; where the server tells what was missed, as if it had never been away. Raises NotLetIn."""
        with bot.changing:
            if bot.connected:
                return
            stays = self._whereabouts.stays(bot.actor)
            room = stays[0].room if stays else LOBBY
            if not bot.dialect.catches_up or not stays:
                self._coming.stop_hearing(bot)
                self._coming.come_in(bot, room)
                return
            bot.ear.be_in(None, None)
            for stay in stays:
                stay.reader.pace.back = time.monotonic()
            others = tuple(commands.Join(room=stay.room, after=stay.last_id or None) for stay in stays[1:])
            self._coming.connect(bot, room, again=True, after=stays[0].last_id, others=others)
            for stay in stays:
                stay.reader.leaving, stay.reader.dropped = float("inf"), False
            self._coming.tune(bot)

    def wait_for(self, bot: Bot) -> None:
        """Wait until a bot that is on its way back is there, or has given up."""
        if greenlet := self._on_their_way.get(bot):
            greenlet.join()

    def wait_for_all(self) -> None:
        """Wait until nobody is on the way back."""
        while self._on_their_way:
            gevent.joinall(list(self._on_their_way.values()))

    def _give_up(self, bot: Bot, since: float | None = None) -> None:
        """Note that nobody knows what of a bot's words has arrived, and that it has heard nothing more."""
        now = time.monotonic() if since is None else since
        self._whereabouts.lose(bot.actor, bot.nick, now)
        self._whispers.lose(bot.actor, bot.nick, now)

    def _send_back(self, bot: Bot) -> None:
        bot.coming_back = True
        if bot.dialect.catches_up:
            self._whispers.lose(bot.actor, bot.nick, time.monotonic())  # they are not stored: it may miss some
        else:
            self._give_up(bot)
        self._on_their_way[bot] = gevent.spawn(self._come_back, bot)

    def _come_back(self, bot: Bot) -> None:
        """Try again with growing pauses until the server lets the bot in, for so long as that can be expected."""
        deadline, pause = time.monotonic() + _COME_BACK_S, _FIRST_PAUSE_S
        while not bot.connected:
            gevent.sleep(pause)
            pause = min(2 * pause, _LAST_PAUSE_S)
            try:
                self.reconnect(bot)
            except (NotLetIn, OSError) as error:
                if time.monotonic() > deadline:
                    self._outcome.failures.append(f"{error}, for {_COME_BACK_S:g} s after its connection was lost")
                    self._give_up(bot)
                    self._coming.stop_hearing(bot)
                    break
        bot.coming_back = False
        del self._on_their_way[bot]
