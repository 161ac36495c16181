"""Bots that wait for words, or make sure that none come; see `bots.world.inbox`."""

import time
from collections.abc import Mapping, Sequence

import gevent
from gevent.event import Event as Signal

from bots.engine.bot import Bot, NotDone
from bots.ledger.room import Message
from bots.scenario.actions.base import Cue
from bots.scenario.model import Actor, Scenario
from bots.scenario.render import matcher_of
from bots.scenario.schedule import PlannedAct, who_does
from bots.scenario.selector import ANYONE, EVERYONE
from bots.world.inbox import Inbox, InboxPosition, Wanted
from bots.world.world import World

# How much had been heard by each actor that will have to make sure that something does not come.
Positions = Mapping[Actor, InboxPosition]


class Expectations:
    """Carries out `expect` and `expect_none`."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario = scenario
        self._inboxes = world.inboxes
        self._identities = world.identities
        self._looking_back = who_does(scenario, lambda action: action.looks_back) & self._inboxes.keys()

    def positions(self) -> Positions:
        """Return how much has been heard until now."""
        return {actor: self._inboxes[actor].position() for actor in self._looking_back}

    def expect(self, bot: Bot, cue: Cue, times: int, within: float, act: PlannedAct, sender: str) -> str:
        """Wait for what must be heard; return who said it. Raises NotDone if it does not come."""
        wanted = self.wanted(bot, cue, act, sender)
        found = self._wait_for(self._inboxes[bot.actor], wanted, times, within)
        if found is None:
            raise NotDone(f"{bot.nick} did not hear {cue.pattern.source} within {within:g} s")
        return found.nick

    def expect_none(self, bot: Bot, cue: Cue, within: float, act: PlannedAct, sender: str, since: Positions) -> None:
        """Listen for what must not be heard, also in what came since the positions. Raises NotDone if it does come."""
        wanted = self.wanted(bot, cue, act, sender)
        gevent.sleep(within)
        heard = next(self._inboxes[bot.actor].find(wanted, since.get(bot.actor), also_taken=True), None)
        if heard is not None:
            raise NotDone(f"{bot.nick} heard {heard.nick} say {heard.text!r}, which was not to be heard")

    def wanted(self, bot: Bot, cue: Cue, act: PlannedAct, sender: str = "") -> Wanted:
        """Return what tells whether a message is what a bot listens for, from one whom it listens to."""
        matches = matcher_of(cue.pattern, self._scenario, act, nick=bot.nick, sender=sender)
        if cue.from_ == ANYONE:
            return lambda message: matches(message.text)
        speakers = frozenset(self._scenario.group(cue.from_ or EVERYONE))
        return lambda message: matches(message.text) and self._speaker(message) in speakers

    def _speaker(self, message: Message) -> Actor | None:
        """Return whose message it is; None for people beside the scenario."""
        at = message.first_heard if message.said_elsewhere else message.sent
        return self._identities.holder(message.nick, at)

    def _wait_for(self, inbox: Inbox, wanted: Wanted, times: int, within: float) -> Message | None:
        """Take so many messages; return the last of them, or None if they did not come in time."""
        deadline = time.monotonic() + within
        came = Signal()

        def note(messages: Sequence[Message], room: str | None) -> None:
            del messages, room
            came.set()

        inbox.listen(note)
        try:
            found: list[Message] = []
            position: InboxPosition | None = None
            late = inbox.late
            while True:
                came.clear()
                if late != inbox.late:
                    found, position, late = [], None, inbox.late
                before, position = position, inbox.position()
                found += inbox.find(wanted, before)
                if len(found) >= times:
                    if inbox.take(found[:times]):
                        return found[times - 1]
                    found, position = [], None  # another expectation of the same actor was faster
                    came.set()
                if not came.wait(max(0.0, deadline - time.monotonic())):
                    return None
        finally:
            inbox.ignore(note)
