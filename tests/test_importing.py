"""Logs and live rooms become scenarios that replay them."""

import dataclasses
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.cli import main
from bots.scenario.actions.base import Action
from bots.scenario.actions.moving import Join, Leave, Rename
from bots.scenario.actions.speaking import Act, Say
from bots.scenario.load import parse
from bots.scenario.model import Scenario
from bots.scenario.schedule import latecomers
from bots.scenario.yaml_tree import MAX_BYTES
from bots.transcripts.importer import choose, import_log
from bots.transcripts.legal_names import LegalNames, one_to_one
from bots.transcripts.line_format import LineFormat
from bots.transcripts.log_text import LogText
from bots.transcripts.writer import Moment, NothingToWrite, nicks_of, transcribe
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
    log = "[10:00] <a:b> hello\n[10:00] <c>  \nwhat is this\n"
    transcript = import_log(log.encode(), "room.log")
    assert transcript.title == "room.log: 2 lines under 2 nicks in 30s, read as lines like [12:34] <nick> text"
    assert transcript.notes == (
        "nicks that no server takes: 'a:b' is a_b",
        "1 empty message left out",
        "1 unknown line left out; the first is line 3: 'what is this'",
    )


def test_a_long_word_behind_a_short_one_is_not_cut_where_it_fits_into_a_line() -> None:
    long = "x" * 4_027
    scenario = load(import_log(f"[10:00] <a> I {long}\n".encode(), "room.log").text)
    assert [text for _, _, text in Room().play(scenario).heard] == ["I", long]


def test_what_is_longer_than_a_line_may_be_is_said_in_parts_and_nothing_of_it_is_lost() -> None:
    long = " ".join(["слово"] * 900)
    transcript = import_log(f"[10:00] <a> {long}\n".encode(), "room.log")
    heard = Room().play(load(transcript.text)).heard
    assert len(heard) > 1
    assert " ".join(text for _, _, text in heard) == long
    assert "1 message in parts, as longer than the 4,096 bytes that a line may have" in transcript.notes
    unbroken = import_log(f"[10:00] <a> {'x' * 9_000}\n".encode(), "room.log")
    assert "".join(text for _, _, text in Room().play(load(unbroken.text)).heard) == "x" * 9_000


def test_what_is_no_log_is_refused() -> None:
    for nothing in (b"", b"hello\nworld\n", b"\x00\xff" * 100):
        with pytest.raises(UsageError, match=r"^notes\.txt"):
            import_log(nothing, "notes.txt")


def test_a_log_may_be_read_in_a_format_that_is_named() -> None:
    log = b"20:01 < ben> hi\n20:02 -!- cat [c@host.example] has joined #tea\n"
    assert "cat" in import_log(log, "a.log").text
    generic = import_log(log, "a.log", "generic")
    assert "cat" not in generic.text
    assert generic.notes[-1].startswith("1 unknown line left out; the first is line 2: '20:02 -!- cat")
    with pytest.raises(UsageError, match="nobody says anything here that can be read as WeeChat"):
        import_log(log, "a.log", "weechat")
    with pytest.raises(UsageError, match="this is no JSON as Telegram's JSON writes it"):
        import_log(b"[]", "a.log", "telegram")


def test_a_log_that_two_formats_read_differently_is_nobody_s_until_one_is_named() -> None:
    log = LogText("<ben> hi\n* ben waves\n")
    one = LineFormat("one", "One", said=("<{who}> {text}",), acted=("* {nick} {text}",))
    like_it = dataclasses.replace(one, name="like-it")
    other = dataclasses.replace(one, name="other", title="Other", acted=(), said=("<{who}> {text}", "* {nick} {text}"))
    assert choose(log, [one, like_it]) is one
    with pytest.raises(UsageError, match="this may be One or Other: say which with --format one or --format other"):
        choose(log, [one, other])


def test_nothing_at_all_is_no_scenario() -> None:
    with pytest.raises(NothingToWrite, match="an empty room: nothing of it can be replayed, so nothing is written"):
        transcribe([(0.0, events.TopicSet("", "", "", "ben", "kettle"))], "an empty room")


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


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("/dev/zero", "zero is no text: byte 0 is a zero; UTF-16 needs its byte order mark"),
        ("sparse.log", "sparse.log has more than the 64 MiB that can be imported: take a part of it"),
        (".", ". cannot be read: is a directory"),
        ("nowhere.log", "nowhere.log cannot be read: no such file or directory"),
    ],
)
def test_what_cannot_be_imported_is_one_line(
    tmp_path: Path, file: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open("sparse.log", "wb") as sparse:
        sparse.write(b"[20:01] <ben> hi\n" * 500)
        sparse.truncate(10 << 30)
    assert main(["import", file]) == 2
    assert capsys.readouterr().err == f"geventchat-bots: {told}\n"


def test_import_says_what_it_has_written_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text("20:01 < ben> hi\n20:02 -!- mode/#tea [+o ben] by ann\n")
    assert main(["import", "a.log", "--format", "irssi", "-o", "talk.yaml"]) == 0
    assert capsys.readouterr().err == (
        "note: 1 mode change left out; the first is line 2\n"
        "written to talk.yaml: a.log: 1 line under 1 nick in 0s, read as irssi\n"
    )
    assert load(Path("talk.yaml").read_text()).title == "a.log: 1 line under 1 nick in 0s, read as irssi"
    assert main(["import", "a.log", "--format", "irsi"]) == 2
    assert "invalid choice: 'irsi'" in capsys.readouterr().err


def test_a_log_is_not_overwritten_by_its_own_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text("20:01 < ben> hi\n")
    Path("link.yaml").symlink_to("a.log")
    for output in ("a.log", str(tmp_path / "a.log"), "link.yaml"):
        assert main(["import", "a.log", "-o", output]) == 2
        assert capsys.readouterr().err == f"geventchat-bots: {output} is the log itself: name another file\n"
    assert Path("a.log").read_text() == "20:01 < ben> hi\n"


def test_where_nothing_can_be_written_the_log_is_not_blamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text("20:01 < ben> hi\n")
    output = "x" * 1_000
    assert main(["import", "a.log", "--format", "irssi", "-o", output]) == 2
    assert capsys.readouterr().err == f"geventchat-bots: {output} cannot be written: file name too long\n"


def test_of_a_log_that_is_too_long_it_is_said_how_much_will_do() -> None:
    line = f"[20:01] <ben> {'word ' * 10_000}\n"
    with pytest.raises(UsageError) as refused:
        import_log((line * 175).encode(), "a.log", "generic")
    words = r"a\.log is too long for a scenario, of 8 MiB: import a part of it, of some (\d+) lines"
    part = re.fullmatch(words, str(refused.value))
    assert part
    assert 0.9 < int(part[1]) * len(line) / MAX_BYTES < 1
