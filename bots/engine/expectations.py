"""Actors who wait for words, or make sure that none come; see `bots.world.inbox`."""

import time
from collections.abc import Mapping, Sequence

import gevent
from gevent.event import Event as Signal

from bots.engine.bot import Bot
from bots.ledger.room import Message
from bots.report.outcome import Outcome
from bots.scenario import actions
from bots.scenario.model import Actor, Line, Scenario
from bots.scenario.pattern import Pattern
from bots.scenario.render import matcher_of
from bots.scenario.schedule import Act, chosen
from bots.world.identities import Nicks
from bots.world.inbox import Inbox, Place, Wanted

# How much had been heard by each actor that will have to make sure that something does not come.
Places = Mapping[Actor, Place]


class Listening:
    """Carries out `expect` and `expect_none`."""

    def __init__(self, outcome: Outcome, inboxes: Mapping[Actor, Inbox], nicks: Nicks) -> None:
        self._outcome = outcome
        self._scenario = outcome.scenario
        self._inboxes = inboxes
        self._nicks = nicks
        expecting = _who(self._scenario, actions.Expect)
        self._wary = _who(self._scenario, actions.ExpectNone)
        self.listeners = expecting | self._wary

    def places(self) -> Places:
        """Return how much has been heard until now."""
        return {actor: self._inboxes[actor].place() for actor in self._wary}

    def expect(self, bot: Bot, line: Line, expect: actions.Expect, act: Act, sender: str) -> str | None:
        """Wait for what must be heard; return whose it was, or None if it did not come."""
        wanted = self.wanted(bot, expect.expect, expect.from_, act, sender)
        found = self._wait_for(self._inboxes[bot.actor], wanted, expect.times, expect.within)
        if found is None:
            what = expect.expect.source
            self._outcome.fail(line, f"{bot.nick} did not hear {what} within {expect.within:g} s")
            return None
        return found.nick

    def expect_none(
        self, bot: Bot, line: Line, expect: actions.ExpectNone, act: Act, sender: str, since: Places
    ) -> None:
        """Listen for what must not be heard, also in what came since then."""
        wanted = self.wanted(bot, expect.expect_none, expect.from_, act, sender)
        gevent.sleep(expect.within)
        heard = next(self._inboxes[bot.actor].find(wanted, since.get(bot.actor), also_taken=True), None)
        if heard is not None:
            what = f"{bot.nick} heard {heard.nick} say {heard.text!r}, which was not to be heard"
            self._outcome.fail(line, what)

    def wanted(self, bot: Bot, pattern: Pattern, from_: str | None, act: Act, sender: str = "") -> Wanted:
        """Return what tells whether a message is what an actor listens for, from one whom it listens to."""
        matches = matcher_of(pattern, self._scenario, act, nick=bot.nick, sender=sender)
        if from_ is None:
            return lambda message: matches(message.text)
        speakers = frozenset(self._scenario.group(from_))
        return lambda message: matches(message.text) and self._nicks.holder(message.nick, message.sent) in speakers

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
            place: Place | None = None
            late = inbox.late
            while True:
                came.clear()
                if late != inbox.late:
                    found, place, late = [], None, inbox.late
                before, place = place, inbox.place()
                found += inbox.find(wanted, before)
                if len(found) >= times:
                    if inbox.take(found[:times]):
                        return found[times - 1]
                    found, place = [], None  # somebody else who listens with the same ears was faster
                    came.set()
                if not came.wait(max(0.0, deadline - time.monotonic())):
                    return None
        finally:
            inbox.ignore(note)


def _who(scenario: Scenario, kind: type[actions.Expect | actions.ExpectNone]) -> frozenset[Actor]:
    """Return the actors who have a line of this kind."""
    lines = (line for line in scenario.lines() if isinstance(line.action, kind))
    return frozenset(actor for line in lines for actor in chosen(scenario, line))
