"""What actors say, act and whisper: noted in the ledgers as it is sent."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import gevent
from gevent.event import Event as Signal

from bots.engine.bot import PATIENCE_S, Bot, NotDone
from bots.protocols.base import Saying
from bots.scenario.marks import marked
from bots.scenario.model import Actor
from bots.world.world import World
from geventchat.commands import commands
from geventchat.protocol.errors import ProtocolError


class CannotSay(NotDone):
    """A text cannot be said like this; the message says why."""


class Speech(NamedTuple):
    """What is to be said, the line of the scenario's file where it stands, and whether bots made its words up."""

    text: str
    line: int
    is_made_up: bool


class Sending:
    """Lets bots say things, unless they are not there (any more): then what they would say is passed over.

    A bot that is about to change its name or room says it afterwards. Lateness counts from `due`, however long that
    took. With `mark`, what bots made up is given a mark where the protocol gives messages no ids.
    """

    def __init__(self, world: World, *, actors: int, mark: bool) -> None:
        self._actors = actors
        self._mark = mark
        self._marks: dict[Bot, int] = defaultdict(int)  # how many each bot has given
        self._memberships = world.memberships
        self._whispers = world.whispers
        self._elsewhere = world.elsewhere
        # To whom bots have whispered on other parts, and which, since that was last waited for.
        self._whispered_elsewhere: dict[Actor, dict[Bot, None]] = defaultdict(dict)
        self._moving_elsewhere: dict[Actor, Signal] = {}
        self._whispered_to: dict[Bot, dict[Bot, None]] = defaultdict(dict)  # by whom; it may still be on its way

    def say(self, bot: Bot, speech: Speech, room: str | None, due: float) -> None:
        """Say something. Raises CannotSay, and OSError when the connection is gone."""
        text = self._text(bot, speech, has_id=bot.dialect.gives_ids)
        self._send(bot, commands.Say(text=text, room=room), text, due, speech.line)

    def act(self, bot: Bot, speech: Speech, room: str | None, due: float) -> None:
        """Do something before all; raises as `say` does."""
        text = self._text(bot, speech, has_id=bot.dialect.gives_ids)
        self._send(bot, commands.Act(text=text, room=room), f"*{text}*", due, speech.line)

    def whisper(self, bot: Bot, to: Bot, speech: Speech, due: float) -> None:
        """Whisper to another bot, if that one is there; raises as `say` does."""
        first, second = sorted((bot, to), key=lambda one: one.actor.index)
        with first.transition_lock:
            if first is second:
                self._whisper(bot, to, speech, due)
                return
            with second.transition_lock:
                self._whisper(bot, to, speech, due)

    def whisper_elsewhere(self, bot: Bot, to: Actor, speech: Speech, due: float) -> None:
        """Whisper to an actor who is played on another part, if it is there; raises as `say` does."""
        with bot.transition_lock:
            while moving := self._moving_elsewhere.get(to):
                moving.wait()
            nick = self._elsewhere.nick_of(to)
            if nick is None or not bot.is_here:
                return
            text = self._text(bot, speech, has_id=False)
            whisper = commands.Whisper(to=nick, text=text)
            _check(bot, whisper)
            now = time.monotonic()
            withdraw = self._whispers.say_elsewhere(bot.nick, to, text, due, now, bot.actor.name, speech.line)
            self._whispered_elsewhere[to][bot] = None
            bot.send(bot.with_ref(whisper, withdraw))

    def let_whispers_elsewhere_arrive(self) -> None:
        """Wait until the server has taken all whispers to actors on other parts, who may leave then."""
        _let_arrive({bot for to in [*self._whispered_elsewhere] for bot in self._whispered_elsewhere.pop(to)})

    def hold_whispers(self, to: Actor) -> Callable[[], None]:
        """Whisper no more to an actor on another part, who is about to move, until `moved` is called.

        Return what waits until the server has taken all that was whispered before.
        """
        self._moving_elsewhere.setdefault(to, Signal())
        return partial(_let_arrive, self._whispered_elsewhere.pop(to, {}))

    def is_held(self, to: Actor) -> bool:
        """Whether an actor on another part is about to move, so that nobody whispers to it just now."""
        return to in self._moving_elsewhere

    def moved(self, to: Actor) -> None:
        """Go on whispering to an actor on another part, if it is there."""
        if moving := self._moving_elsewhere.pop(to, None):
            moving.set()

    def whisper_to_other(self, bot: Bot, nick: str, speech: Speech) -> None:
        """Whisper to somebody who takes no part in the scenario: nobody can know whether it is heard."""
        with bot.transition_lock:
            if bot.is_here:
                whisper = commands.Whisper(to=nick, text=speech.text)
                _check(bot, whisper)
                bot.send(whisper)

    def let_whispers_arrive(self, bot: Bot) -> None:
        """Wait until the server has taken all whispers to a bot: what it does next may make its name mean nobody."""
        _let_arrive(self._whispered_to.pop(bot, {}))

    def _text(self, bot: Bot, speech: Speech, *, has_id: bool) -> str:
        """Return what a bot says, with a mark of its own where that is wanted."""
        if has_id or not (speech.is_made_up and self._mark):
            return speech.text
        number = self._marks[bot] * self._actors + bot.actor.index  # what no other bot gives
        self._marks[bot] += 1
        return marked(speech.text, number)

    def _send(self, bot: Bot, command: commands.Say | commands.Act, shown: str, due: float, line: int) -> None:
        _check(bot, command)
        with bot.transition_lock:
            if not (bot.is_here or bot.queues_offline):
                return
            if command.room is None and len(self._memberships.of(bot.actor)) > 1:
                raise CannotSay(f"{bot.nick} is in several rooms: say with room: where {command.text!r} is to be said")
            self._check_is_heard_there(bot, command.room)
            ledger = self._memberships.ledger(command.room or self._memberships.room_of(bot.actor))
            message = ledger.say(bot.nick, shown, due, time.monotonic(), bot.actor.name, line)
            try:
                bot.say(command, message, partial(ledger.withdraw, message))
            except OSError:
                ledger.lose(bot.nick, time.monotonic(), bot.taken)  # nobody knows whether it has arrived
                raise
            except NotDone:  # the protocol cannot send it
                ledger.withdraw(message)
                raise

    def _check_is_heard_there(self, bot: Bot, room: str | None) -> None:
        """Raise CannotSay where a message can name no room, and the one that is meant is not the bot's."""
        if room is None or bot.dialect.several_rooms or self._memberships.get(bot.actor, room) is not None:
            return
        there = self._memberships.room_of(bot.actor)
        raise CannotSay(f"{bot.nick} is in {there} and not in {room}: in this dialect, one is heard only where one is")

    def _whisper(self, bot: Bot, to: Bot, speech: Speech, due: float) -> None:
        if not (bot.is_here and to.is_here):
            return
        text = self._text(bot, speech, has_id=False)
        whisper = commands.Whisper(to=to.nick, text=text)
        _check(bot, whisper)
        now = time.monotonic()
        withdraw = self._whispers.say(bot.nick, to.actor, text, due, now, bot.actor.name, speech.line)
        self._whispered_to[to][bot] = None
        bot.send(bot.with_ref(whisper, withdraw))


def _let_arrive(whispered: Iterable[Bot]) -> None:
    """Wait until the server has taken all that these bots sent until now."""
    gevent.joinall([gevent.spawn(one.ping, PATIENCE_S, patient=True) for one in whispered if one.connected])


def _check(bot: Bot, words: Saying) -> None:
    """Raise CannotSay for what cannot be said, acted or whispered in the bot's dialect, NotDone if that cannot tell."""
    try:
        why = bot.dialect.cannot_say(words)
    except ProtocolError as error:
        raise NotDone(f"{bot.nick} could not: {error.message}") from None
    if why:
        raise CannotSay(f"{words.text!r} cannot be said in this dialect: {why}")
