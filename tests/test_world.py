"""What bots know of who is where, under which nick, and what each has heard."""

from dataclasses import dataclass

import pytest

from bots.ledger.room import RoomLedger
from bots.protocols.base import Heard
from bots.report.outcome import Outcome
from bots.scenario.model import Actor
from bots.world.dispatcher import Dispatcher, Hearer
from bots.world.world import World
from geventchat.protocol import events, replies
from tests.scenarios import scenario

_SCRIPT = """
cast:
  dan: {reconnect: true}
script:
  - ann: hi
  - bob: {expect: hi}
  - cid: {join: den}
"""


@dataclass(eq=False)
class Standing:
    """Somebody who hears."""

    actor: Actor
    nick: str
    connected: bool = True


class Play:
    """Two actors in the lobby at time 1, and all that they hear at the times that a test says."""

    def __init__(self) -> None:
        played = scenario(_SCRIPT)
        self.rooms: dict[str, RoomLedger] = {}
        self.whispers: dict[str, RoomLedger] = {}
        self.world = World(played, self.rooms, self.whispers, lambda *_: RoomLedger(per_sender=False))
        self.refusals: list[str] = []
        self._dispatcher = Dispatcher(self.world, self._refused)
        self.hearers = {actor.name: Standing(actor, actor.name) for actor in played.actors}
        for name in ("ann", "bob"):
            self.world.memberships.enter(self.actor(name), "lobby", 1.0).attendance.entered = 1.0

    def actor(self, name: str) -> Actor:
        return self.hearers[name].actor

    def hear(self, name: str, heard: Heard, now: float) -> None:
        self._dispatcher.hear(self.hearers[name], heard, b"", now)

    def said(self, nick: str, text: str, number: int, now: float, *readers: str) -> None:
        for reader in readers:
            self.hear(reader, events.Said(f"1-{number}", "", "lobby", nick, text), now)

    def found(self) -> list[tuple[str, str, str]]:
        for ledger in (*self.rooms.values(), *self.whispers.values()):
            ledger.close()
        return [
            (one.fault, one.text, one.reader.name)
            for ledger in (*self.rooms.values(), *self.whispers.values())
            for one in ledger.findings
        ]

    def _refused(self, hearer: Hearer, message: str) -> None:
        self.refusals.append(f"{hearer.nick}: {message}")


@pytest.fixture
def play() -> Play:
    return Play()


def test_a_nick_is_whose_it_was_at_that_time(play: Play) -> None:
    identities = play.world.identities
    identities.take("ann", play.actor("bob"), 5.0)
    assert identities.holder("ann", 4.9) is play.actor("ann")
    assert identities.holder("ann", 5.0) is play.actor("bob")
    assert identities.holder("bob", 6.0) is play.actor("bob")
    assert identities.holder("eve", 6.0) is None


def test_who_hears_a_room_without_being_there_is_found(play: Play) -> None:
    play.rooms["lobby"].say("ann", "hi", 2.0, 2.0)
    play.said("ann", "hi", 1, 3.0, "ann", "bob", "cid")
    assert play.found() == [("leaked", "hi", "cid")]


def test_who_hears_another_s_whisper_is_found(play: Play) -> None:
    play.world.whispers.say("ann", play.actor("bob"), "psst", 2.0, 2.0)
    for reader in ("ann", "bob", "cid"):
        play.hear(reader, replies.Whispered(time="", nick="ann", to="bob", text="psst"), 3.0)
    assert play.found() == [("leaked", "psst", "cid")]


def test_a_room_is_judged_whatever_its_name_is() -> None:
    outcome = Outcome(scenario(_SCRIPT))
    world = World(outcome.scenario, outcome.rooms, outcome.whispers, outcome.make_ledger)
    bob = outcome.scenario.group("bob")[0]
    world.memberships.enter(bob, "whispers to bob", 1.0).attendance.entered = 1.0
    world.memberships.ledger("whispers to bob").say("ann", "hi", 2.0, 2.0)
    world.whispers.say("ann", bob, "psst", 2.0, 2.0)
    for ledger in outcome.ledgers.values():
        ledger.close()
    assert outcome.anomalies == {"missing": 2}


def test_who_is_renamed_by_the_server_goes_by_the_new_nick(play: Play) -> None:
    play.hear("bob", events.Renamed("1-1", "", "lobby", "bob", "robert"), 2.0)
    play.hear("ann", events.Renamed("1-1", "", "lobby", "bob", "robert"), 2.0)
    assert (play.hearers["bob"].nick, play.hearers["ann"].nick) == ("robert", "ann")
    assert play.world.identities.holder("robert", 2.0) is play.actor("bob")


def test_an_error_is_told_of_who_is_connected_only(play: Play) -> None:
    play.hear("ann", replies.Error(code="no", message="not so"), 2.0)
    play.hearers["ann"].connected = False
    play.hear("ann", replies.Error(code="no", message="not so"), 3.0)
    assert play.refusals == ["ann: not so (no)"]


def test_what_is_heard_behind_its_place_is_told_and_is_found_by_who_listens_from_the_beginning(play: Play) -> None:
    inbox = play.world.inboxes[play.actor("bob")]
    for number in (1, 2, 3):
        play.rooms["lobby"].say("ann", f"text {number}", 2.0, 2.0)
        play.said("ann", f"text {number}", number, 3.0, "ann")
    told: list[list[str]] = []
    inbox.listen(lambda messages, _: told.append([message.text for message in messages]))
    play.said("ann", "text 1", 1, 4.0, "bob")
    play.said("ann", "text 3", 3, 4.0, "bob")
    position = inbox.position()
    assert inbox.late == 0
    play.said("ann", "text 2", 2, 4.0, "bob")
    assert told == [["text 1"], ["text 3"], ["text 2"]]
    assert inbox.late == 1
    assert [message.text for message in inbox.find(lambda _: True, position)] == []
    assert [message.text for message in inbox.find(lambda _: True)] == ["text 1", "text 2", "text 3"]


def test_a_whisper_that_a_slow_reader_has_not_read_is_neither_late_nor_lost_when_it_drops(play: Play) -> None:
    bob, whispers = play.actor("bob"), play.world.whispers
    whispers.say("ann", bob, "read late", 2.0, 2.0)
    whispers.say("ann", bob, "never read", 2.0, 2.0)
    play.world.paces[bob].timed = False
    play.hear("bob", replies.Whispered(time="", nick="ann", to="bob", text="read late"), 8.0)
    whispers.lose(bob, "bob", 9.0)
    assert play.found() == []
    (ledger,) = play.whispers.values()
    ledger.timeline.close()
    assert (ledger.timeline.delivered, ledger.timeline.latency.count) == (1, 0)


def test_a_message_that_one_expectation_has_taken_is_no_other_s(play: Play) -> None:
    inbox = play.world.inboxes[play.actor("bob")]
    for number in (1, 2, 3):
        play.rooms["lobby"].say("ann", f"text {number}", 2.0, 2.0)
        play.said("ann", f"text {number}", number, 3.0, "ann", "bob")
    first, second, third = inbox.find(lambda _: True)
    assert inbox.take([first, second])
    assert not inbox.take([second, third])
    assert list(inbox.find(lambda _: True)) == [third]
    assert inbox.take([third])


def test_who_comes_in_is_welcomed_once_however_many_hear_of_it_and_again_after_leaving(play: Play) -> None:
    welcomed: list[tuple[str, str]] = []

    def welcome(nick: str, room: str) -> None:
        welcomed.append((nick, room))

    play.world.others.welcome(welcome)
    joined = events.Joined("1-1", "", "lobby", "eve")
    for hearer in ("ann", "bob"):
        play.hear(hearer, joined, 2.0)
        play.hear(hearer, events.Joined("1-2", "", "lobby", "ann"), 2.0)  # who is no other
    assert welcomed == [("eve", "lobby")]
    play.hear("ann", events.Joined("1-3", "", "den", "eve"), 3.0)
    play.hear("ann", events.Renamed("1-4", "", "lobby", "eve", "eva"), 3.0)
    play.hear("ann", events.Joined("1-5", "", "lobby", "eva"), 3.0)
    assert welcomed == [("eve", "lobby"), ("eve", "den")]
    play.hear("ann", events.Left("1-6", "", "lobby", "eva"), 4.0)
    play.hear("ann", events.Joined("1-7", "", "lobby", "eva"), 4.0)
    assert welcomed == [("eve", "lobby"), ("eve", "den"), ("eva", "lobby")]
    play.world.others.stop_welcoming(welcome)
    play.hear("ann", events.Joined("1-8", "", "lobby", "dan"), 5.0)
    assert len(welcomed) == 3


def test_who_comes_back_by_itself_may_be_away_when_somebody_whispers_to_it(play: Play) -> None:
    for nick in ("dan", "bob"):
        told = replies.Error(code="no-such-nick", message=f"nobody called {nick} is here", about=nick)
        play.hear("ann", told, 2.0)
    assert play.refusals == ["ann: nobody called bob is here (no-such-nick)"]


def test_a_whisper_is_missed_though_another_comes_later_from_elsewhere(play: Play) -> None:
    bob = play.actor("bob")
    play.world.whispers.say("ann", bob, "psst", 2.0, 2.0)
    play.world.whispers.expect(bob, 5.0)
    assert play.found() == [("missing", "psst", "bob")]
