"""Logs and live rooms become scenarios that replay them."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.scenario.actions.base import Action
from bots.scenario.actions.moving import Join, Leave, Rename
from bots.scenario.actions.speaking import Act, Say
from bots.scenario.load import parse
from bots.scenario.model import Scenario
from bots.scenario.schedule import latecomers
from bots.transcripts.importer import import_log
from bots.transcripts.legal_names import LegalNames, one_to_one
from bots.transcripts.writer import Moment, nicks_of, transcribe
from geventchat.protocol import events, names
from geventchat.protocol.errors import UsageError
from geventchat.protocol.text import clean


def load(text: str) -> Scenario:
    return parse(text.encode(), "imported.yaml", lambda name: name.encode())


@dataclass
class Room:
    """A room that refuses what a server would: the model that a replayed scenario is held against."""

    there: dict[str, str] = field(default_factory=dict)  # nick by actor
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def play(self, scenario: Scenario) -> "Room":
        late = latecomers(scenario)
        for actor in scenario.actors:
            if actor not in late:
                self.enter(actor.name)
        for line in scenario.lines():
            assert line.action.at is not None
            self.times.append(line.action.at)
            self.do(line.who.group, line.action)
        return self

    def enter(self, actor: str) -> None:
        assert actor not in self.there
        self.take(actor, actor)

    def take(self, actor: str, nick: str) -> None:
        others = {names.key(other) for name, other in self.there.items() if name != actor}
        assert names.nick(nick, 32)[1] not in others
        self.there[actor] = nick

    def do(self, actor: str, action: Action) -> None:
        match action:
            case Join():
                self.enter(actor)
            case Leave():
                del self.there[actor]
            case Rename(rename=nick):
                self.take(actor, nick.render({}))
            case Say(say=text):
                self.heard.append(("say", self.there[actor], text.render({})))
            case Act(act=text):
                self.heard.append(("act", self.there[actor], text.render({})))
            case _:
                raise AssertionError(action)


def said(nick: str, text: str) -> events.AnyEvent:
    return events.Said("", "", "", nick, text)


LOG = """\
[12:18] <alice> hello {world}: "quoted" \\back # not a comment
[12:18] <{odd}> - * & ! % @ ` no, {{ yes: [x]
[12:19]  * alice waves
=== bob [~b@host.example] has joined #room
[12:19] <bob> привет 🙂
=== bob is now known as robert
[12:20] <robert> it's me
=== robert [~b@host.example] has left #room ["bye {all}"]
[12:25] <alice> gone?
"""


def test_a_log_is_replayed_as_it_was() -> None:
    scenario = load(import_log(LOG.encode(), "room.log").text)
    room = Room().play(scenario)
    assert room.heard == [
        ("say", "alice", 'hello {world}: "quoted" \\back # not a comment'),
        ("say", "_odd}", "- * & ! % @ ` no, {{ yes: [x]"),
        ("act", "alice", "waves"),
        ("say", "bob", "привет 🙂"),
        ("say", "robert", "it's me"),
        ("say", "alice", "gone?"),
    ]
    assert room.times == [0, 30, 60, 75, 90, 105, 120, 150, 420]
    assert room.there == {"alice": "alice", "_odd}": "_odd}"}
    assert [actor.name for actor in latecomers(scenario)] == ["bob"]


def test_what_must_be_known_is_told() -> None:
    long = "x" * 4_090
    log = f"[10:00] <a:b> {long}\n[10:00] <c>  \nwhat is this\n"
    transcript = import_log(log.encode(), "room.log")
    assert [note.split(":")[0] for note in transcript.notes] == [
        "nicks that no server takes",
        "what a",
        "1 empty message left out",
        "1 line left out, as nobody speaks, comes or goes; the first is line 3",
    ]
    assert "4,096 bytes" in transcript.notes[1]
    assert Room().play(load(transcript.text)).heard == [("say", "a_b", long)]  # told about, and never cut


def test_what_is_no_log_is_refused() -> None:
    for nothing in (b"", b"hello\nworld\n", b"\x00\xff" * 100):
        with pytest.raises(UsageError, match=r"notes\.txt: nobody says anything here"):
            import_log(nothing, "notes.txt")


def test_gaps_in_a_record_are_filled() -> None:
    moments: list[Moment] = [
        (0.0, said("alice", "here from the beginning")),
        (1.0, events.Left("", "", "", "alice")),
        (2.0, said("alice", "nobody saw me come back")),
        (3.0, events.Joined("", "", "", "alice")),  # is there already
        (4.0, events.Left("", "", "", "stranger")),
        (5.0, events.Left("", "", "", "stranger")),  # has gone already
        (6.0, events.Renamed("", "", "", "bob", "alice")),  # alice must have gone
        (7.0, said("alice", "I was bob")),
        (8.0, events.Joined("", "", "", "bob")),  # another bob, while the first is called alice
        (9.0, said("bob", "I am bob now")),
        (10.0, events.Renamed("", "", "", "bob", "bob")),
    ]
    scenario = load(transcribe(moments, "gaps").text)
    assert len(list(scenario.lines())) == 11  # what the record says twice is done once
    room = Room().play(scenario)
    assert [nick for _, nick, _ in room.heard] == ["alice", "alice", "alice", "bob"]
    assert room.there == {"bob": "alice", "bob_2": "bob"}


def test_a_nick_that_was_taken_over_is_not_there_from_the_beginning() -> None:
    moments: list[Moment] = [
        (0.0, events.Renamed("", "", "", "alice", "bob")),
        (1.0, events.Left("", "", "", "bob")),
        (2.0, said("bob", "I am another bob")),
    ]
    scenario = load(transcribe(moments, "bobs").text)
    assert [actor.name for actor in latecomers(scenario)] == ["bob"]
    assert Room().play(scenario).there == {"bob": "bob"}


NICKS = st.sampled_from(["a", "A", "b", "{a", "*b", "exit", "say", "d:e", "any a", "x" * 33, "№", "日本"])
TEXTS = st.text(max_size=12) | st.sampled_from(["{name}", "}{", "no", "- a: b", "\\", '"', "\ufeffx\ufffe\x85"])
EVENTS = st.one_of(
    st.builds(said, NICKS, TEXTS),
    st.builds(lambda nick, text: events.Acted("", "", "", nick, text), NICKS, TEXTS),
    st.builds(lambda nick: events.Joined("", "", "", nick), NICKS),
    st.builds(lambda nick, reason: events.Left("", "", "", nick, reason), NICKS, TEXTS),
    st.builds(lambda nick, new: events.Renamed("", "", "", nick, new), NICKS, NICKS),
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=25))
def test_whatever_happened_is_replayed_word_by_word_under_the_same_nicks(record: list[events.AnyEvent]) -> None:
    legal = one_to_one([nick for event in record for nick in nicks_of(event)], LegalNames())
    words = [
        ("say" if isinstance(event, events.Said) else "act", legal[event.nick], clean(event.text))
        for event in record
        if isinstance(event, events.Said | events.Acted) and clean(event.text).strip()
    ]
    if not words:
        return
    moments: list[Moment] = [(place / 7, event) for place, event in enumerate(record)]
    room = Room().play(load(transcribe(moments, "any").text))
    assert room.heard == words
    assert all(one <= two for one, two in pairwise(room.times))
