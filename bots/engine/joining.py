"""Bots that come in, change their room or name, and leave."""

import errno
import time

import gevent
from gevent.pool import Pool

from bots.engine.bot import PATIENCE_S, Bot, NotConnected, NotDone
from bots.engine.conductor import Conductor
from bots.engine.paced_reader import FULL_PACE
from bots.engine.sending import Sending
from bots.ledger.model import Pace
from bots.report.outcome import Outcome
from bots.world.memberships import Membership
from bots.world.world import World
from geventchat.commands import commands
from geventchat.protocol.address import Address, show
from geventchat.protocol.errors import ServerUnavailable
from geventchat.protocol.names import LOBBY

# Bots that are on their way in at the same time.
_AT_ONCE = 100


class Joining:
    """Moves bots, and notes where they are. What the server does not do raises NotDone, a lost connection OSError."""

    def __init__(
        self, outcome: Outcome, address: Address, world: World, sending: Sending, conductor: Conductor
    ) -> None:
        self._address = address
        self._conductor = conductor
        self._outcome = outcome
        self._memberships = world.memberships
        self._paces = world.paces
        self._whispers = world.whispers
        self._sending = sending
        self._here: set[Bot] = set()

    def let_in(self, bots: list[Bot], rate: float | None = None) -> None:
        """Bring bots into the lobby, some at a time. Raises NotDone for the first that could not.

        With a `rate`, so many of the whole cast come a second, in its order. Raises ServerUnavailable if not even the
        first one could connect, and what went wrong unexpectedly.
        """
        failed: list[Exception] = []

        def come(bot: Bot) -> None:
            try:
                self.come_in(bot, LOBBY)
            except Exception as error:
                failed.append(error)

        coming, began = Pool(_AT_ONCE), time.monotonic()
        try:
            for bot in bots:
                if rate is not None:
                    gevent.sleep(max(0.0, began + bot.actor.index / rate - time.monotonic()))
                if failed:
                    break
                coming.spawn(come, bot)
            coming.join()
        finally:
            coming.kill(block=False)  # where the run is broken off: they would be in the way of the next one
        if failed and not self._outcome.users and isinstance(failed[0], NotConnected):
            raise ServerUnavailable(failed[0].why)
        if failed:
            raise failed[0]

    def come_in(self, bot: Bot, room: str) -> None:
        """Connect a bot, and bring it into a room."""
        is_direct = bot.dialect.several_rooms or self._memberships.is_lobby(room)  # people come in through the lobby
        self._paces[bot.actor] = Pace(timed=bot.reader.pace == FULL_PACE)  # nothing is left unread of before
        membership = self._enter(bot, room if is_direct else LOBBY)
        self.connect(bot, membership.room)
        membership.attendance.entered = time.monotonic()
        if not is_direct:
            self.go_into(bot, room)

    def connect(
        self, bot: Bot, room: str, *, again: bool = False, after: str = "", others: tuple[commands.Join, ...] = ()
    ) -> None:
        """Connect a bot; see `Bot.come_in`. Raises NotLetIn."""
        try:
            bot.come_in(room, again=again, after=after, others=others)
        except OSError as error:
            why = error.strerror or str(error)
            nobody = (
                f"no server answers at {show(self._address)} ({why.lower()}); without --server, a run starts its own"
            )
            if error.errno in (errno.EMFILE, errno.ENFILE):
                why += "; each user needs an open file: raise the limit with ulimit -n"
                nobody = f"no user can connect: {why}"
            raise NotConnected(f"{bot.nick} could not connect: {why}", nobody) from None
        self._here.add(bot)
        self._outcome.users = max(self._outcome.users, len(self._here))
        self._outcome.came_and_went.append((time.monotonic(), 1))
        self._conductor.tell_moved(bot.actor, bot.nick, is_here=True)

    def ask_to_move(self, bot: Bot) -> None:
        """Wait until nobody on another part whispers to a bot any more, which is about to be disconnected."""
        self._conductor.ask_to_move(bot.actor)

    def disconnected(self, bot: Bot) -> None:
        """Note that a bot is not connected any more."""
        if bot in self._here:
            self._here.discard(bot)
            self._outcome.came_and_went.append((time.monotonic(), -1))
            self._conductor.tell_moved(bot.actor, bot.nick, is_here=False)

    def stop_hearing(self, bot: Bot) -> None:
        """Note that a bot has left all its rooms."""
        now = time.monotonic()
        self._memberships.leave_all(bot.actor, now)
        self._whispers.leave(bot.actor, now)
        self.tune(bot)

    def tune(self, bot: Bot) -> None:
        """Have a bot compare what it receives with the others of its room; in several rooms, it reads each line."""
        memberships = self._memberships.of(bot.actor)
        if len(memberships) == 1:
            bot.receiver.be_in(memberships[0].ledger, memberships[0].attendance)
        else:
            bot.receiver.be_in(None, None)

    def join(self, bot: Bot, room: str) -> None:
        """Bring a bot into the chat, or into one room more."""
        with bot.transition_lock:
            if bot.connected:
                self.go_into(bot, room)
                return
            self.stop_hearing(bot)
            bot.nick = bot.actor.name
            self.come_in(bot, room)

    def go_into(self, bot: Bot, room: str) -> None:
        """Bring a bot that is in the chat into a room."""
        if self._memberships.get(bot.actor, room) is not None:
            bot.send(commands.Join(room=room))  # what is wrong with that, the server says
            return
        left = [] if bot.dialect.several_rooms else self._memberships.of(bot.actor)  # people are in one at a time
        if left:
            self._memberships.begin_to_leave(bot.actor, time.monotonic())
        membership = self._enter(bot, room)

        def turn_away() -> None:
            now = time.monotonic()
            if membership.attendance.entered > now:  # else it is in: a file's refusal that names a room is of any kind
                self._memberships.leave(bot.actor, membership, now)

        bot.send(bot.with_ref(commands.Join(room=room), turn_away))
        self.wait_for_answer(bot, f"its way into {room}")
        now = time.monotonic()
        if membership.attendance.left > now:  # else the server has refused it
            membership.attendance.entered = now
        for one in left:
            self._memberships.leave(bot.actor, one, now)
        self.tune(bot)

    def leave_room(self, bot: Bot, room: str, reason: str) -> None:
        """Leave one room and stay connected."""
        with bot.transition_lock:
            membership = self._memberships.get(bot.actor, room)
            if membership is None:
                raise NotDone(f"{bot.nick} cannot leave {room}: it is not there")
            membership.attendance.leaving = time.monotonic()
            back = None if bot.dialect.several_rooms else self._enter(bot, LOBBY)  # people are always in one room
            bot.send(commands.Leave(room=room, reason=reason))
            self.wait_for_answer(bot, f"its leaving {room}")
            now = time.monotonic()
            self._memberships.leave(bot.actor, membership, now)
            if back is not None:
                back.attendance.entered = now
            self.tune(bot)

    def leave(self, bot: Bot, reason: str) -> None:
        """Leave the chat with a goodbye."""
        with bot.transition_lock:
            if not bot.is_here:
                return
            bot.leaving = True
            self._sending.let_whispers_arrive(bot)
            self._conductor.ask_to_move(bot.actor)
            self._memberships.begin_to_leave(bot.actor, time.monotonic())
            try:
                let_go = bot.leave(reason)
            except OSError as error:
                raise NotDone(f"{bot.nick} could not say goodbye: {error.strerror or error}") from None
            finally:
                self.disconnected(bot)
                self.stop_hearing(bot)
            if not let_go:
                raise NotDone(f"{bot.nick} said goodbye, and the server did not end the connection")

    def rename(self, bot: Bot, nick: str) -> None:
        """Take another nick."""
        with bot.transition_lock:
            if not bot.is_here:
                return
            self._sending.let_whispers_arrive(bot)
            self._conductor.ask_to_move(bot.actor)
            bot.receiver.be_in(None, None)  # what its own new name is must be read
            before = bot.nick
            try:
                bot.send(commands.Rename(nick=nick))
                self.wait_for_answer(bot, "its new name")
            finally:
                self._conductor.tell_moved(bot.actor, bot.nick, is_here=bot.is_here)
            self.tune(bot)
            if bot.nick == before != nick and not bot.dialect.tells_refusals:
                raise NotDone(f"{bot.nick} is not called {nick}: {bot.last_notice}")

    def wait_for_answer(self, bot: Bot, what: str) -> None:
        """Wait until the server has done with `what` a bot asked for.

        The unframed dialect may bury the answer in something else, so that nobody can tell.
        """
        if "ping" in bot.dialect.cannot:
            bot.wait_for_quiet()
            return
        match bot.ping(PATIENCE_S, patient=True):
            case "lost":
                raise ConnectionError(f"the connection was lost before the answer to {what}")
            case "late" if bot.dialect.framed:
                raise NotDone(f"{bot.nick} got no answer to {what} within {bot.waited_s(PATIENCE_S):g} s")

    def _enter(self, bot: Bot, room: str) -> Membership:
        """Note that a bot is on its way into a room."""
        membership = self._memberships.enter(bot.actor, room, time.monotonic())
        membership.attendance.hears_itself = bot.dialect.echoes
        self.tune(bot)
        return membership
