"""All that is known of the actors at a server: who is where, under which nick, and who has heard what. No I/O."""

from collections import defaultdict
from collections.abc import Callable, Container
from functools import partial

from bots.ledger.model import About, Pace
from bots.ledger.room import RoomLedger
from bots.scenario.model import Actor, Scenario
from bots.scenario.schedule import who_does
from bots.world.elsewhere import Elsewhere
from bots.world.identities import Identities
from bots.world.inbox import Inbox
from bots.world.memberships import Memberships
from bots.world.others import Others
from bots.world.whispers import Whispers


class World:
    """What is known of a scenario's actors; the ledgers of `rooms` and `whispers` are added as they are met.

    Where only some of the actors are played here, these are `mine`. `make_ledger` makes a ledger, given the nicks that
    the actors have, or had, and what it is about.
    """

    def __init__(
        self,
        scenario: Scenario,
        rooms: dict[str, RoomLedger],
        whispers: dict[str, RoomLedger],
        make_ledger: Callable[[Container[str], About], RoomLedger],
        mine: Container[Actor] | None = None,
    ) -> None:
        self.identities = Identities(scenario.actors)
        self.elsewhere = Elsewhere(self.identities, mine)
        actors = [actor for actor in scenario.actors if mine is None or actor in mine]
        make = partial(make_ledger, self.identities)
        self.paces: dict[Actor, Pace] = defaultdict(Pace)
        self.memberships = Memberships(rooms, make, self.paces)
        self.others = Others()
        self.whispers = Whispers(whispers, make, self.identities, self.paces)
        asking = who_does(scenario, lambda action: action.listens)
        self.inboxes = {actor: Inbox(self.memberships.ever_of(actor), keeps=actor in asking) for actor in actors}
