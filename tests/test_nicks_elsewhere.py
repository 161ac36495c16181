"""Nicks of users whom another worker plays: what they say counts, whoever had the nick before."""

from dataclasses import dataclass

import pytest

from bots.ledger.room import RoomLedger
from bots.ledger.share import Share, digest_of
from bots.scenario.model import Actor
from bots.world.dispatcher import Dispatcher
from bots.world.identities import NicksOf
from bots.world.world import World
from geventchat.protocol import events
from tests.scenarios import scenario

_SCRIPT = """
script:
  - ann: hi
  - bob: hi
"""


@dataclass(eq=False)
class Standing:
    """Somebody who hears."""

    actor: Actor
    nick: str
    connected: bool = True


class Worker:
    """It plays ann, who is in the lobby; bob is played by another one."""

    def __init__(self) -> None:
        played = scenario(_SCRIPT)
        self.ann, self.bob = (Standing(actor, actor.name) for actor in played.actors)
        self.rooms: dict[str, RoomLedger] = {}
        mine = frozenset({self.ann.actor})
        self.world = World(
            *(played, self.rooms, {}),
            lambda cast, _: RoomLedger(False, None, cast, share=Share(NicksOf(self.world.identities, mine))),
            mine,
        )
        self.world.memberships.enter(self.ann.actor, "lobby", 1.0).attendance.entered = 1.0
        self._dispatcher = Dispatcher(self.world, lambda *_: None)

    def hear(self, event: events.Event, now: float) -> None:
        self._dispatcher.hear(self.ann, event, b"", now)

    def hear_renamed(self, nick: str, new: str, now: float) -> None:
        self.hear(events.Renamed("", "", "lobby", nick, new), now)

    def hear_said(self, nick: str, now: float) -> None:
        self.hear(events.Said("", "", "lobby", nick, "hi"), now)

    def counted(self, nick: str, sent: float) -> tuple[int, int, int]:
        """Return deliveries, messages of others, and findings, once it is told when bob said it."""
        room = self.rooms["lobby"]
        room.announce(digest_of((nick, "hi")), sent, sent)
        return room.timeline.delivered, room.from_others, len(room.findings)


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_who_takes_a_nick_that_nobody_had_is_known_from_when_that_is_heard(worker: Worker) -> None:
    worker.hear_renamed("bob", "bert", 2.0)
    worker.hear_said("bert", 3.0)
    assert worker.counted("bert", 2.5) == (1, 0, 0)


def test_who_takes_a_nick_that_a_user_from_here_has_given_up_is_known_from_when_that_is_heard(worker: Worker) -> None:
    worker.hear_renamed("ann", "anna", 2.0)
    worker.hear_renamed("bob", "ann", 3.0)
    worker.hear_said("ann", 4.0)
    assert worker.counted("ann", 3.5) == (1, 0, 0)


def test_who_takes_a_nick_that_a_user_from_here_has_given_up_is_known_from_when_that_is_told(worker: Worker) -> None:
    worker.hear_renamed("ann", "anna", 2.0)
    worker.world.elsewhere.note(worker.bob.actor, "ann", 3.0, is_here=True)
    worker.hear_said("ann", 4.0)
    assert worker.counted("ann", 3.5) == (1, 0, 0)


def test_people_beside_the_scenario_who_rename_themselves_stay_beside_it(worker: Worker) -> None:
    worker.hear_renamed("eve", "eva", 2.0)
    worker.hear_said("eva", 3.0)
    assert worker.rooms["lobby"].from_others == 1
