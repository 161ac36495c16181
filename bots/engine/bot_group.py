"""All bots of a run, and what they can do together: each part knows those before it."""

from collections.abc import Sequence

from bots.engine.auto_replies import AutoReplies
from bots.engine.bot import Bot
from bots.engine.conductor import Conductor
from bots.engine.expectations import Expectations
from bots.engine.joining import Joining
from bots.engine.reconnecting import Reconnecting
from bots.engine.sending import Sending
from bots.protocols.registry import MakeDialect
from bots.report.outcome import Outcome
from bots.world.dispatcher import Dispatcher, Hearer
from bots.world.world import World
from geventchat.protocol.address import Address
from geventchat.tls.trust import Trust


class BotGroup:
    """The bots that are played here, at the servers at these addresses; what goes wrong is noted in the outcome."""

    def __init__(
        self,
        outcome: Outcome,
        addresses: Sequence[Address],
        make_dialect: MakeDialect,
        conductor: Conductor,
        trust: Trust | None = None,
    ) -> None:
        scenario = self.scenario = outcome.scenario
        self.outcome = outcome
        mine = [actor for actor in scenario.actors if actor in conductor.mine]
        self.world = World(scenario, outcome.rooms, outcome.whispers, outcome.make_ledger, conductor.mine)
        self.sending = Sending(self.world, actors=len(scenario.actors), mark=scenario.mark)
        self.joining = Joining(outcome, addresses[0], self.world, self.sending, conductor)
        self.reconnecting = Reconnecting(outcome, self.world, self.joining)
        self.expectations = Expectations(scenario, self.world)
        dispatcher = Dispatcher(self.world, self._refused)
        self.bots = {
            actor: Bot(
                actor,
                addresses,
                make_dialect,
                self.world.inboxes[actor],
                dispatcher.hear,
                self.reconnecting.lose,
                trust,
                may_be_refused=scenario.check.errors == "any",
            )
            for actor in mine
        }
        self.auto_replies = AutoReplies(outcome, self.world, self.bots, self.expectations, self.sending)

    def called(self, name: str) -> Bot | None:
        """Return the bot of the actor that the script calls so; None if it is played elsewhere."""
        return self.bots.get(self.scenario.group(name)[0])

    def _refused(self, hearer: Hearer, message: str) -> None:
        if self.scenario.check.errors == "none":
            self.outcome.failures.append(f"{hearer.nick} was told: {message}")
