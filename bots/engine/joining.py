"""Actors who come in, change their room or name, and leave."""

import time

from gevent.pool import Pool

from bots.engine.bot import PATIENCE_S, Bot, NotDone, NotLetIn
from bots.engine.paced_reader import FULL_PACE
from bots.engine.sending import Speaking
from bots.report.outcome import Outcome
from bots.scenario.model import Line
from bots.world.memberships import Stay, Whereabouts
from bots.world.whispers import Whispers
from geventchat.commands import commands
from geventchat.commands.commands import LOBBY

# Actors who are on their way in at the same time.
_AT_ONCE = 100


class Coming:
    """Moves actors, and notes where they are."""

    def __init__(self, outcome: Outcome, whereabouts: Whereabouts, whispers: Whispers, speaking: Speaking) -> None:
        self._outcome = outcome
        self._whereabouts = whereabouts
        self._whispers = whispers
        self._speaking = speaking
        self._here: set[Bot] = set()

    def let_in(self, bots: list[Bot]) -> None:
        """Bring bots into the lobby, some at a time. Raises NotDone for the first that could not."""
        refusals: list[NotDone] = []

        def come(bot: Bot) -> None:
            try:
                self.come_in(bot, LOBBY)
            except NotDone as refusal:
                refusals.append(refusal)

        coming = Pool(_AT_ONCE)
        for bot in bots:
            if refusals:
                break
            coming.spawn(come, bot)
        coming.join()
        if refusals:
            raise refusals[0]

    def come_in(self, bot: Bot, room: str) -> None:
        """Connect a bot, and note that it is in a room. Raises NotDone."""
        is_direct = bot.dialect.follows_rooms or self._whereabouts.is_lobby(room)  # people come in through the lobby
        stay = self._enter(bot, room if is_direct else LOBBY)
        self.connect(bot, stay.room)
        stay.reader.entered = time.monotonic()
        if not is_direct:
            self._go_into(bot, room)

    def connect(
        self, bot: Bot, room: str, *, again: bool = False, after: str = "", others: tuple[commands.Join, ...] = ()
    ) -> None:
        """Connect a bot; see `Bot.come_in`. Raises NotLetIn."""
        try:
            bot.come_in(room, again=again, after=after, others=others)
        except OSError as error:
            raise NotLetIn(f"{bot.nick} could not connect: {error.strerror or error}") from None
        self._here.add(bot)
        self._outcome.users = max(self._outcome.users, len(self._here))

    def disconnected(self, bot: Bot) -> None:
        """Note that a bot is not connected any more."""
        self._here.discard(bot)

    def stop_hearing(self, bot: Bot) -> None:
        """Note that a bot has left all its rooms."""
        now = time.monotonic()
        self._whereabouts.leave_all(bot.actor, now)
        self._whispers.leave(bot.actor, now)
        self.tune(bot)

    def tune(self, bot: Bot) -> None:
        """Let a bot hear together with the others of its room; in several rooms, it reads each line by itself."""
        stays = self._whereabouts.stays(bot.actor)
        if len(stays) == 1:
            bot.ear.be_in(stays[0].ledger, stays[0].reader)
        else:
            bot.ear.be_in(None, None)

    def join(self, bot: Bot, room: str) -> None:
        """Bring a bot into the chat, or into one room more. Raises NotDone, and OSError for a lost connection."""
        with bot.changing:
            if bot.connected:
                self._go_into(bot, room)
                return
            self.stop_hearing(bot)
            bot.nick = bot.actor.name
            self.come_in(bot, room)

    def leave_room(self, bot: Bot, room: str, reason: str, line: Line) -> None:
        """Let a bot leave one room and stay connected. Raises NotDone, and OSError for a lost connection."""
        with bot.changing:
            stay = self._whereabouts.stay(bot.actor, room)
            if stay is None:
                self._outcome.fail(line, f"{bot.nick} cannot leave {room}: it is not there")
                return
            stay.reader.leaving = time.monotonic()
            back = None if bot.dialect.follows_rooms else self._enter(bot, LOBBY)  # people are always in one room
            bot.send(commands.Leave(room=room, reason=reason))
            self._wait_for_answer(bot, f"its leaving {room}")
            now = time.monotonic()
            self._whereabouts.leave(bot.actor, stay, now)
            if back is not None:
                back.reader.entered = now
            self.tune(bot)

    def leave(self, bot: Bot, reason: str, line: Line) -> None:
        """Let a bot say goodbye. Raises OSError for a lost connection."""
        with bot.changing:
            if not bot.is_here:
                return
            bot.leaving = True
            self._speaking.let_whispers_arrive(bot)
            now = time.monotonic()
            self._whereabouts.begin_to_leave(bot.actor, now)
            self._whispers.begin_to_leave(bot.actor, now)
            try:
                if not bot.leave(reason):
                    self._outcome.fail(line, f"{bot.nick} said goodbye and was not let go")
            finally:
                self.disconnected(bot)
                self.stop_hearing(bot)

    def rename(self, bot: Bot, nick: str) -> None:
        """Let a bot take another name. Raises NotDone, and OSError for a lost connection."""
        with bot.changing:
            if not bot.is_here:
                return
            self._speaking.let_whispers_arrive(bot)
            bot.ear.be_in(None, None)  # what its own new name is must be read
            bot.send(commands.Rename(nick=nick))
            self._wait_for_answer(bot, "its new name")
            self.tune(bot)

    def _enter(self, bot: Bot, room: str) -> Stay:
        """Note that a bot is on its way into a room."""
        timed = bot.reading.pace == FULL_PACE
        stay = self._whereabouts.enter(bot.actor, room, time.monotonic(), timed=timed)
        self.tune(bot)
        return stay

    def _go_into(self, bot: Bot, room: str) -> None:
        """Bring a bot that is in the chat into a room."""
        if self._whereabouts.stay(bot.actor, room) is not None:
            bot.send(commands.Join(room=room))  # what is wrong with that, the server says
            return
        left = [] if bot.dialect.follows_rooms else self._whereabouts.stays(bot.actor)  # people are in one at a time
        if left:
            self._whereabouts.begin_to_leave(bot.actor, time.monotonic())
        stay = self._enter(bot, room)
        bot.send(commands.Join(room=room))
        self._wait_for_answer(bot, f"its way into {room}")
        now = stay.reader.entered = time.monotonic()
        for one in left:
            self._whereabouts.leave(bot.actor, one, now)
        self.tune(bot)

    def _wait_for_answer(self, bot: Bot, what: str) -> None:
        """Wait until the server has done what a bot asked for. Raises NotDone, and OSError for a lost connection.

        The unframed dialect may bury the answer in something else, so that nobody can tell.
        """
        match bot.ping(PATIENCE_S, patient=True):
            case "lost":
                raise ConnectionError(f"the connection was lost before the answer to {what}")
            case "late" if bot.dialect.in_lines:
                raise NotDone(f"{bot.nick} got no answer to {what} within {PATIENCE_S:g} s")
