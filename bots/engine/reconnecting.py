"""Bots that lose their connection, and those that come back."""

import random
import time
from collections.abc import Sequence
from typing import Literal

import gevent

from bots.engine.bot import MAX_PATIENCE_S, PATIENCE_S, Bot, NotDone, NotLetIn
from bots.engine.joining import Joining
from bots.report.outcome import Outcome
from bots.world.world import World
from geventchat.commands import commands
from geventchat.protocol.backoff import pauses
from geventchat.protocol.names import LOBBY

# A bot that comes back tries sooner than a client, for its script goes on meanwhile.
_FIRST_PAUSE_S = 0.1


class Reconnecting:
    """Notes that connections are lost, on purpose or not, and brings bots back."""

    def __init__(self, outcome: Outcome, world: World, joining: Joining) -> None:
        self._outcome = outcome
        self._memberships = world.memberships
        self._whispers = world.whispers
        self._paces = world.paces
        self._joining = joining
        self._on_their_way: dict[Bot, gevent.Greenlet[[Bot], None]] = {}

    def drop(self, bot: Bot, how: Literal["reset", "close"]) -> None:
        """Lose a connection on purpose."""
        with bot.transition_lock:
            if bot.is_here:
                self._joining.ask_to_move(bot)
            if not bot.is_here:  # it has been lost, or left, since this was due
                return
            bot.drop(how)
            self._joining.disconnected(bot)
            if bot.actor.reconnects:
                self._send_back(bot)
            else:
                self._give_up(bot)

    def lose(self, bot: Bot, why: str) -> None:
        """Note that a connection was lost; called in the loop."""
        self._joining.disconnected(bot)
        if bot.actor.reconnects:
            self._send_back(bot)
            return
        if bot.reader.pace:  # a server may well send away a user that does not read
            self._outcome.failures.append(f"{bot.nick} lost the connection: {why}")
        self._give_up(bot)
        self._joining.stop_hearing(bot)

    def bring_back(self, bot: Bot) -> None:
        """Bring a bot back as a line says. Raises NotDone.

        Where who comes back cannot take over its lost connection, its name is free only when the server has noticed the
        loss: until then, it is tried again.
        """
        rooms, deadline = self._rooms_of(bot), time.monotonic() + PATIENCE_S
        waits = pauses(random.random, _FIRST_PAUSE_S)
        while not bot.connected:
            try:
                self._reconnect(bot, rooms)
            except NotLetIn:
                if bot.dialect.catches_up or time.monotonic() > deadline:
                    raise
                gevent.sleep(next(waits))

    def _reconnect(self, bot: Bot, rooms: Sequence[str]) -> None:
        """Bring a bot back; where the server tells what was missed, as if it had never been away. Raises NotDone.

        It comes back into the `rooms` where it was, also if another try has brought it no further than the lobby.
        """
        with bot.transition_lock:
            if bot.connected:
                return
            bot.go_to_next_server()
            memberships = self._memberships.of(bot.actor)
            if not bot.dialect.catches_up or not memberships:
                self._joining.stop_hearing(bot)
                self._joining.come_in(bot, rooms[0])
                for room in rooms[1:]:
                    self._joining.go_into(bot, room)
                return
            bot.receiver.be_in(None, None)
            stays = [one.attendance for one in memberships]
            bot.unacknowledged.forget_stored(lambda message: any(stay.has_heard(message) for stay in stays))
            self._paces[bot.actor].back = time.monotonic()
            others = tuple(commands.Join(room=one.room, after=one.last_id or None) for one in memberships[1:])
            self._joining.connect(bot, rooms[0], again=True, after=memberships[0].last_id, others=others)
            for one in memberships:
                one.attendance.leaving, one.attendance.dropped = float("inf"), False
            self._joining.tune(bot)

    def _rooms_of(self, bot: Bot) -> list[str]:
        """Return the rooms that a bot is in, or was when it lost the connection."""
        return [one.room for one in self._memberships.of(bot.actor)] or [LOBBY]

    def wait_for(self, bot: Bot) -> None:
        """Wait until a bot that is on its way back is there, or has given up."""
        if greenlet := self._on_their_way.get(bot):
            greenlet.join()

    def wait_for_all(self) -> None:
        """Wait until nobody is on the way back.

        Those whom the server lets in again and again, and throws out, are given up some time.
        """
        began = time.monotonic()
        within_s = max([MAX_PATIENCE_S, *(bot.actor.comes_back_within_s for bot in self._on_their_way)])
        while self._on_their_way and time.monotonic() < began + within_s:
            gevent.joinall(list(self._on_their_way.values()), timeout=began + within_s - time.monotonic())
        for bot, greenlet in [*self._on_their_way.items()]:
            greenlet.kill()
            self._on_their_way.pop(bot, None)  # it may not have begun
            bot.reconnecting = False
            self._outcome.failures.append(f"{bot.nick} was not back {within_s:g} s after the script had ended")
            self._give_up(bot)
            self._joining.stop_hearing(bot)

    def _give_up(self, bot: Bot) -> None:
        """Note that nobody knows what of a bot's words has arrived, and that it has heard nothing more."""
        now = time.monotonic()
        self._memberships.lose(bot.actor, bot.nick, now, bot.taken)
        self._whispers.lose(bot.actor, bot.nick, now, bot.taken)

    def _send_back(self, bot: Bot) -> None:
        bot.reconnecting = True
        if bot.dialect.catches_up:
            # They are not stored: it may miss some.
            self._whispers.lose(bot.actor, bot.nick, time.monotonic(), bot.taken)
        else:
            self._give_up(bot)
        if bot not in self._on_their_way:  # else it was lost again on its way, and goes on trying
            self._on_their_way[bot] = gevent.spawn(self._come_back, bot)

    def _come_back(self, bot: Bot) -> None:
        """Try again with growing pauses until the server lets the bot in, for as long as the scenario says."""
        rooms, within_s = self._rooms_of(bot), bot.actor.comes_back_within_s
        deadline = time.monotonic() + within_s
        waits = pauses(random.random, _FIRST_PAUSE_S)
        try:
            while not bot.connected:
                gevent.sleep(next(waits))
                try:
                    self._reconnect(bot, rooms)
                except (NotDone, OSError) as error:
                    if bot.connected and isinstance(error, NotDone):  # it is back, though not where it was
                        self._outcome.failures.append(str(error))
                    elif time.monotonic() > deadline:
                        self._outcome.failures.append(f"{error}, for {within_s:g} s after its connection was lost")
                        self._give_up(bot)
                        self._joining.stop_hearing(bot)
                        break
        finally:
            bot.reconnecting = False
            del self._on_their_way[bot]
