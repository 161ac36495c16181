"""What a run leaves behind for people and for build servers, and what it shows while it goes."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import gevent
import pexpect
import pytest

from bots.engine.runner import Runner
from bots.ledger.histogram import Histogram
from bots.ledger.model import About, Attendance, Message
from bots.ledger.room import RoomLedger
from bots.protocols.registry import DIALECTS
from bots.report.charts import Shade, shade_table
from bots.report.delivery_matrix import MOST, who_heard_whom
from bots.report.html import page
from bots.report.junit import junit
from bots.report.outcome import Outcome, WorkerSeen
from bots.report.summary import figures, lines
from bots.report.transcript import transcript
from bots.report.verdict import checks
from bots.scenario.load import parse
from bots.scenario.schedule import ends
from geventchat import ChatClient, ChatServer, Limits, __version__
from geventchat.protocol.events import Said
from tests.faulty_server import faulty_server
from tests.needs import not_permitted
from tests.processes import run, serving
from tests.raw import Address

_TALK = """
title: A <b>bold</b> & "quoted" title
seed: 3
cast: {user: 5}
script:
  - user: {say: "<script>alert({n})</script> {words 1..6}", every: 10ms, times: 40}
check:
  latency: {p99: 10s}
"""


def play(text: str, address: Address, dialect: str = "json") -> Outcome:
    outcome = Runner(parse(text.encode(), "test.yaml", lambda _: b""), address, DIALECTS[dialect]).run()
    outcome.lag = Histogram()  # how late this machine was is not what is tested
    return outcome


def outcome_of(*names: str) -> tuple[Outcome, RoomLedger, list[Attendance]]:
    """Return an outcome, the ledger of its lobby, and users of these names who are in there from the beginning."""
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    lobby = outcome.rooms["lobby"] = outcome.make_ledger(names, About("room", "lobby"))
    readers = [lobby.enter(name, 0.0) for name in names]
    for reader in readers:
        reader.entered = 0.0
    return outcome, lobby, readers


@pytest.fixture(scope="module")
def passed() -> Iterator[Outcome]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield play(_TALK, server.address)


@pytest.fixture(scope="module")
def failed() -> Iterator[Outcome]:
    with faulty_server("drop", every=501) as (address, _):
        yield play(_TALK, address, "plain")


def test_a_page_needs_nothing_but_itself_and_runs_nothing_that_users_said(passed: Outcome, failed: Outcome) -> None:
    for outcome in (passed, failed):
        text = page(outcome, "here", "today")
        assert not re.search(r"(src|href)=|https?://|@import|url\(", text.replace("http://www.w3.org/2000/svg", ""))
        assert "<script" not in text
        assert "A &lt;b&gt;bold&lt;/b&gt; &amp;" in text


def test_a_page_shows_what_a_run_was_about(passed: Outcome) -> None:
    text = page(passed, "at 127.0.0.1:1, json", "2026-11-26 01:02:03")
    for words in ("PASSED", "at 127.0.0.1:1, json", "1,000", "delivery exactly once", "Latency over time", "p99.9"):
        assert words in text
    assert "user1 heard 40 of 40 messages of user5" in text
    assert "first failing exchange" not in text


def test_a_page_of_a_failed_run_names_message_reader_and_exchange(failed: Outcome) -> None:
    text = page(failed, "here", "today")
    (finding,) = failed.rooms["lobby"].findings
    assert "FAILED" in text
    assert "first failing exchange" in text
    assert re.search(r'<b class="bad">&gt; .*MISSING', text)
    assert f"<td>missing</td><td>{finding.reader.name}</td><td>lobby</td>" in text
    assert f"{finding.reader.name} heard 39 of 40 messages of {finding.nick}" in text


def test_junit_has_a_case_for_each_check_and_says_which_failed(passed: Outcome, failed: Outcome) -> None:
    for outcome, failures in ((passed, 0), (failed, 1)):
        suite = ElementTree.fromstring(junit([outcome]))  # noqa: S314 - it is our own
        assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", str(failures), "0")
        assert suite.get("name") == outcome.scenario.title
        assert [case.get("name") for case in suite][:2] == ["delivery exactly once", "order same for everyone"]
        assert len(suite.findall("testcase/failure")) == failures
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "1 missing"
    assert failed.rooms["lobby"].findings[0].reader.name in (failure.text or "")


def test_files_are_written_where_asked_and_refused_before_the_run_where_they_cannot_be(tmp_path: Path) -> None:
    scenario = tmp_path / "one.yaml"
    scenario.write_text("script:\n  - alice: hello\n")
    html, xml = tmp_path / "out.html", tmp_path / "out.xml"
    with serving() as server:
        at = "{}:{}".format(*server.address)
        ran = run("bots.cli", str(scenario), "--server", at, "--report", str(html), "--junit", str(xml))
    assert ran.status == 0
    assert html.read_text().startswith("<!doctype html>")
    assert ElementTree.parse(xml).getroot().get("failures") == "0"  # noqa: S314
    ran = run("bots.cli", str(scenario), "--report", str(tmp_path / "no" / "out.html"))
    assert (ran.status, ran.out) == (2, "")
    assert ran.errors.endswith("out.html cannot be written: no such file or directory\n")


def test_a_disk_that_fills_up_during_a_run_takes_only_the_page_and_not_the_verdict(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        not_permitted("no file here is a full disk")
    scenario = tmp_path / "one.yaml"
    scenario.write_text("script:\n  - alice: hello\n")
    ran = run("bots.cli", str(scenario), "--report", "/dev/full")
    assert "\nPASSED" in ran.out
    assert (ran.status, ran.errors) == (2, "geventchat-bots: /dev/full cannot be written: no space left on device\n")


def test_what_a_server_says_without_an_end_does_not_fill_the_screen() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    outcome.failures.append("alice was told: " + "z" * 300_000)
    assert max(map(len, lines(outcome))) < 2_000


def test_what_fails_in_the_same_words_again_and_again_leaves_room_for_what_else_does() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    outcome.failures += ["alice could not: Broken pipe"] * 5_000
    outcome.failures.append("alice was thrown out for its speed")
    assert list(outcome.failures) == ["alice could not: Broken pipe", "alice was thrown out for its speed"]
    assert outcome.failures.many == 5_001


def test_of_many_failures_the_first_are_kept_and_all_are_counted_in_every_report() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    lobby = outcome.rooms["lobby"] = outcome.make_ledger(["alice"], About("room", "lobby"))
    lobby.enter("alice", 0.0).entered = 0.0
    lobby.say("alice", "hello", 10.0, 10.0)
    lobby.close()
    for number in range(600):
        outcome.failures.append(f"failure {number}.")
    outcome.failures += [f"failure {number}." for number in range(600, 5_000)]
    (script,) = [check for check in checks(outcome) if check.name == "script carried out"]
    assert (len(outcome.failures), script.found) == (1_000, "5,000 failed")
    assert "  … and 4,990 more" in list(lines(outcome))
    assert re.search(r"… and 4,\d00 more", page(outcome, "here", "today"))
    xml = junit([outcome])
    assert (xml.count("failure 999."), xml.count("failure 1000."), xml.count("… and 4,000 more")) == (1, 0, 1)
    assert [case.get("name") for case in ElementTree.fromstring(xml) if case.find("failure") is not None] == [  # noqa: S314
        "delivery exactly once",
        "script carried out",
    ]


@pytest.mark.slow
def test_a_seed_of_one_s_own_gives_other_words_and_the_same_ones_each_time(tmp_path: Path) -> None:
    scenario = tmp_path / "one.yaml"
    scenario.write_text('script:\n  - alice: "{words 8}"\n')

    def words(seed: str) -> str:
        with ChatServer() as server, ChatClient(server.address, name="bob") as bob:
            at = "{}:{}".format(*server.address)
            ran = gevent.get_hub().threadpool.apply(run, ("bots.cli", str(scenario), "--server", at, "--seed", seed))
            assert ran.status == 0
            return next(event.text for event in bob.history() if isinstance(event, Said))

    first = words("8")
    assert first == words("8")
    assert first != words("9")


@pytest.mark.slow
def test_a_terminal_shows_how_it_goes_and_is_left_clean(tmp_path: Path) -> None:
    scenario = tmp_path / "talk.yaml"
    scenario.write_text('cast: {user: 5}\nscript:\n  - user: {say: "{words 3}", every: 20ms, for: 2s}\n')
    with serving() as server:
        command = ["-m", "bots.cli", str(scenario), "--server", "{}:{}".format(*server.address)]
        bots = pexpect.spawn(sys.executable, command, dimensions=(24, 120), encoding="utf-8")
        bots.expect(r"5 users +[\d,]+ messages/s +[\d,]+ deliveries/s", timeout=20)
        bots.expect("PASSED", timeout=20)
        bots.expect(pexpect.EOF, timeout=20)
        bots.close()
    assert bots.exitstatus == 0


def test_how_long_a_scenario_takes_is_known_before() -> None:
    text = """
script:
  - alice: {say: hi, every: 500ms, for: 5s}
  - wait: 2s
  - together:
      - bob: {say: hi, every: 1s, times: 4}
      - - wait: 1s
        - carol: {say: late, at: 30s}
"""
    loaded = parse(text.encode(), "test.yaml", lambda _: b"")
    assert ends(loaded, loaded.script) == pytest.approx(30, abs=1)


def test_a_page_of_a_run_in_which_nobody_heard_anything_says_so() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    outcome.timeline.say(10.0)
    outcome.timeline.close()
    text = page(outcome, "here", "today")
    assert text.rstrip().endswith("</html>")
    assert "messages said" in text


def test_what_was_not_tested_is_neither_met_nor_failed() -> None:
    script = b"script: [alice: {wait: 1s}]\ncheck: {latency: {p99: 1s}}"
    outcome = Outcome(parse(script, "test.yaml", lambda _: b""))
    not_tested = {check.name for check in checks(outcome) if check.result == "not tested"}
    assert not_tested == {"delivery exactly once", "order same for everyone", "latency p99 at most 1000 ms"}
    suite = ElementTree.fromstring(junit([outcome]))  # noqa: S314 - it is our own
    assert (suite.get("failures"), suite.get("skipped"), len(suite.findall("testcase/skipped"))) == ("0", "3", 3)
    assert "not tested   delivery exactly once: nothing was said" in list(lines(outcome))
    assert list(lines(outcome))[-1].startswith("PASSED, but nothing was said")
    assert '<td class="soft">not tested</td><td>delivery exactly once</td>' in page(outcome, "here", "today")


def test_a_run_that_was_interrupted_is_an_error_to_a_build_server() -> None:
    outcome = Outcome(parse(b"script: [alice: hi]", "test.yaml", lambda _: b""), interrupted=True)
    suite = ElementTree.fromstring(junit([outcome]))  # noqa: S314 - it is our own
    (error,) = suite.findall("testcase/error")
    assert (suite.get("errors"), error.get("message")) == ("1", "interrupted")


def test_a_run_that_was_interrupted_is_not_said_to_have_ended_in_a_quiet_moment() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""), guessed=True)
    for outcome.interrupted in (False, True):
        told = " ".join([*lines(outcome), page(outcome, "here", "today")])
        assert told.count("the end was a quiet moment") == (0 if outcome.interrupted else 2)


def test_a_run_that_says_nothing_about_the_server_is_an_error_to_a_build_server() -> None:
    outcome = Outcome(parse(b"script: [alice: hi]", "test.yaml", lambda _: b""))
    outcome.workers.append(WorkerSeen("one", lost="it was killed"))
    suite = ElementTree.fromstring(junit([outcome]))  # noqa: S314 - it is our own
    (error,) = suite.findall("testcase/error")
    assert (suite.get("errors"), error.get("message")) == ("1", outcome.why_invalid)


def test_what_took_no_time_has_none_in_the_summary() -> None:
    outcome = Outcome(parse(b"script: [alice: {wait: 1s}]", "test.yaml", lambda _: b""))
    assert "said         0 messages" in list(lines(outcome))


def test_a_server_s_limit_on_the_rate_is_told_only_where_it_shows() -> None:
    outcome = Outcome(parse(b"script: [alice: hi]", "test.yaml", lambda _: b""), rate=10.0)
    outcome.timeline.hear([Message("alice", "hi", 1, 0.0, 0.0, "alice")], 0.1, timed=True)
    assert not any("10 messages a second from one user" in line for line in lines(outcome))
    outcome.timeline.hear([Message("alice", "hi", 2, 0.0, 0.0, "alice")], 5.0, timed=True)
    assert any("10 messages a second from one user" in line for line in lines(outcome))


def test_a_page_says_when_it_was_made_by_which_version_and_of_which_scenario(passed: Outcome) -> None:
    text = page(passed, "here", "2026-11-26 01:02:03")
    for words in ("2026-11-26 01:02:03", f"geventchat {__version__}", "test.yaml, 1 line"):
        assert words in text


def test_what_people_said_beside_the_bots_is_counted_and_can_be_forbidden() -> None:
    for others, result in (("any", None), ("none", "not met")):
        outcome = Outcome(parse(f"script: [alice: hello]\ncheck: {{others: {others}}}".encode(), "t", lambda _: b""))
        room = outcome.rooms["lobby"] = outcome.make_ledger(frozenset({"alice"}), About("room", "lobby"))
        alice = room.enter("alice", 0.0)
        alice.entered = 0.0
        room.say("alice", "hello", 1.0, 1.0)
        for nick, text in (("zoe", "hi"), ("alice", "hello"), ("zoe", "bye")):
            room.hear(alice, nick, text, 2.0)
        room.close()
        assert "from others  2 messages of users who take no part in the scenario" in list(lines(outcome))
        found = {check.name: check.result for check in checks(outcome)}
        assert found.get("others none") == result
        assert outcome.anomalies == {}


@pytest.mark.parametrize("dialect", ["json", "unframed"])
def test_what_is_found_where_nothing_was_said_is_told_with_times_that_are_numbers(dialect: str) -> None:
    """And words of two that came as one are told as such only where nothing says where a message ends."""
    line = r"{\"type\":\"say\",\"text\":\"alice: hi\"}\n" if dialect == "json" else "alice: hi"
    script = f'cast: {{bob: }}\nscript:\n  - alice: {{send_bytes: "{line}"}}\n  - wait: 100ms\n'
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(script, server.address, dialect)
    assert outcome.anomalies == {"corrupt": 2}
    told = "\n".join((*lines(outcome), page(outcome, "here", "now")))
    assert "-inf" not in told
    assert ("heard this as one" in told, "messages ran together" in told) == ((dialect == "unframed"),) * 2
    json.dumps(figures(outcome), allow_nan=False)


def test_where_nothing_was_said_times_count_from_when_the_script_began() -> None:
    outcome, lobby, (alice,) = outcome_of("alice")
    outcome.began = 51.0
    lobby.hear(alice, "alice", "boo", 53.5)
    assert "what alice heard in lobby, seconds since the script began:" in transcript(outcome)
    assert any(line.startswith(">      2.500  alice: boo") for line in transcript(outcome))


def test_a_user_who_takes_another_name_is_one_person_on_the_page() -> None:
    script = """
        script:
          - alice: hello
          - bob: {join: den}
          - alice: {rename: alicia}
          - alice: {join: den}
          - alice: {say: hello again, room: den}
          - alice: {say: bye, room: lobby}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(script, server.address)
    assert outcome.anomalies == {}
    readers, senders, table = who_heard_whom(outcome.rooms["den"])
    assert (set(readers), senders) == ({"alice", "bob"}, ["alice"])
    assert table["bob", "alice"] == (1, 1)
    assert who_heard_whom(outcome.rooms["lobby"])[1] == ["alice"]


def test_what_a_newcomer_heard_though_it_need_not_is_counted_as_heard() -> None:
    _, lobby, (alice,) = outcome_of("alice")
    bob = lobby.enter("bob", 10.0)
    lobby.say("alice", "hello", 10.1, 10.1)
    lobby.hear(alice, "alice", "hello", 10.2)
    bob.entered = 10.3
    lobby.hear(bob, "alice", "hello", 10.4)
    assert who_heard_whom(lobby)[2]["bob", "alice"] == (1, 1)


def test_of_very_many_readers_those_are_shown_who_missed_something() -> None:
    _, lobby, readers = outcome_of(*(f"user{number}" for number in range(100)))
    lobby.say("user0", "hello", 1.0, 1.0)
    missed = {"user3", "user58", "user99"}
    for reader in readers:
        if reader.name not in missed:
            lobby.hear(reader, "user0", "hello", 1.1)
    lobby.close()
    shown, *_ = who_heard_whom(lobby)
    assert len(shown) == MOST
    assert missed < set(shown)


def test_a_table_of_users_has_room_for_wide_letters() -> None:
    def left(name: str) -> float:
        """Return where the first cell begins."""
        found = re.search(r'<rect class="full" x="(\d+)"', shade_table([name], ["b"], [[Shade(1.0, "")]]))
        assert found is not None
        return float(found[1])

    assert left("\u6f22\u5b57") == left("abcd") > left("ab")


def test_a_page_of_very_many_findings_shows_some_and_counts_the_others() -> None:
    outcome, lobby, _ = outcome_of("alice")
    for number in range(142):
        lobby.say("alice", f"message {number}", 10.0, 10.0)
    lobby.close()
    text = page(outcome, "here", "today")
    assert text.count("<td>missing</td>") == 100
    assert "and 42 more" in text


def test_a_page_of_a_run_that_has_lost_a_worker_says_nothing_of_clocks() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    outcome.workers, outcome.clock_error_s = [WorkerSeen("worker 1", lost="was lost")], None
    text = page(outcome, "here", "today")
    assert "worker 1 was lost" in text
    assert "clocks agree" not in text


def test_the_first_failure_is_told_with_what_was_sent_to_whom_and_how_to_run_it_again(failed: Outcome) -> None:
    failed = replace(failed, command="geventchat-bots test.yaml --dialect plain --seed 3")
    (finding,) = failed.rooms["lobby"].findings
    told = list(transcript(failed))
    assert re.fullmatch(rf"sent        {finding.nick}: .*, to lobby, at [\d.]+ s", told[0])
    assert told[1] == "scenario    test.yaml:6"
    assert told[2] == f"heard by    4 of the 5 who had to, not by {finding.reader.name}"
    assert told[3] == f"again       {failed.command}"
    assert told[4] == f"that alone  {failed.command} --only 6"
    heard = [line for line in told if line.startswith("what ")]
    assert heard[0].startswith(f"what {finding.reader.name} heard in lobby")
    assert len(heard) == 3
    assert sum(line.startswith("> ") for line in told) == 1
    instead, *to_others = (line.partition("came as  ")[2] for line in told if "came as" in line)
    assert re.match(r"user\d: ", instead)
    assert to_others == [f"{finding.nick}: {finding.text}"] * 2
    alone = replace(failed, command=f"{failed.command} --only 6")
    assert not any(line.startswith("that alone") for line in transcript(alone))


def test_what_is_missing_is_shown_where_it_should_have_come_even_if_its_reader_hears_the_next_ones_first() -> None:
    outcome = Outcome(parse(_TALK.encode(), "test.yaml", lambda _: b""))
    nicks = ["user1", "user2", "user3", "user4", "user5"]
    room = outcome.rooms["lobby"] = outcome.make_ledger(nicks, About("room", "lobby"))
    ann, bob = (room.enter(name, 0.0) for name in ("ann", "bob"))
    ann.entered = bob.entered = 0.0
    for number, nick in enumerate(nicks):
        room.say(nick, "hello", number, number)
        for reader in (bob, ann):
            if (reader, number) != (bob, 1):
                room.hear(reader, nick, "hello", number)
    room.close()
    shown = [line.split()[-2] for line in transcript(outcome) if re.match(r" +\d", line)]
    marked = [line.split()[2] for line in transcript(outcome) if line.startswith(">")]
    assert marked == ["user2:"]
    assert shown == [f"{nick}:" for nick in (*nicks[:1], *nicks[2:], *nicks[:4])]


def test_a_line_that_came_altered_is_named_beside_the_one_that_is_missing() -> None:
    with faulty_server("alter", every=501) as (address, _):
        outcome = play(_TALK, address, "plain")
    missing = next(line for line in lines(outcome) if line.startswith("  missing: "))
    assert re.search(r" for (user\d), who heard user\d: '.*#', at [\d.]+ s$", missing)


def test_a_line_that_came_under_another_name_is_named_beside_the_one_that_is_missing() -> None:
    outcome, lobby, (alice, bob) = outcome_of("alice", "bob")
    lobby.say("alice", "hello to you", 1.0, 1.0)
    lobby.hear(alice, "alice", "hello to you", 1.1)
    lobby.hear(bob, "alicia", "hello to you", 1.1)
    lobby.close()
    assert "instead     bob heard alicia: hello to you" in transcript(outcome)


def test_beside_what_went_wrong_stands_what_those_heard_for_whom_it_went_right() -> None:
    outcome, lobby, readers = outcome_of("alice", "bob", "carol", "dan")
    lobby.say("alice", "hello", 1.0, 1.0)
    for number, reader in enumerate([*readers, *readers[1:3]]):
        lobby.hear(reader, "alice", "hello", 1.1 + number / 100)
    lobby.close()
    told = [line for line in transcript(outcome) if line.startswith("what ")]
    assert told[1:] == ["what alice heard:", "what dan heard:"]


def test_of_what_a_user_did_not_hear_it_is_told_whether_it_had_to() -> None:
    outcome, lobby, (alice,) = outcome_of("alice")
    lobby.say("alice", "early", 1.0, 1.0)
    lobby.hear(alice, "alice", "early", 1.1)
    lobby.enter("bob", 10.0).entered = 10.0
    lobby.say("alice", "missed", 11.0, 11.0)
    lobby.hear(alice, "alice", "missed", 11.1)
    lobby.close()
    told = list(transcript(outcome))
    assert any(line.endswith("alice: early    \u2190 not heard, nor need it be") for line in told)
    assert any(line.endswith("alice: missed    \u2190 MISSING: bob never heard it") for line in told)


def test_findings_are_listed_in_the_order_in_which_they_happened_with_their_times() -> None:
    with faulty_server("drop", every=97) as (address, _):
        outcome = play(_TALK, address, "plain")
    times = [float(at) for at in re.findall(r"^  missing: .* at ([\d.]+) s$", "\n".join(lines(outcome)), re.MULTILINE)]
    assert len({finding.reader.name for finding in outcome.rooms["lobby"].findings}) > 1
    assert len(times) > 1
    assert times == sorted(times)
    first = re.findall(r"<tr><td>([\d.]+)</td><td>missing</td>", page(outcome, "", ""))
    assert [float(at) for at in first[: len(times)]] == times


@pytest.mark.parametrize(
    ("dialect", "mark", "marked"), [("plain", "true", True), ("plain", "false", False), ("json", "true", False)]
)
def test_made_up_words_are_marked_where_messages_have_no_ids(dialect: str, mark: str, marked: bool) -> None:
    script = f"""
mark: {mark}
script:
  - alice: "{{words 2}}"
  - alice: just this
  - bob: {{whisper: "{{words}}", to: alice}}
"""
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(script, server.address, dialect)
    assert (outcome.failures, outcome.anomalies) == ([], {})
    made_up, literal = (message.text for message in outcome.rooms["lobby"].messages)
    assert bool(re.search(r" ·\w{3}$", made_up)) == marked
    assert literal == "just this"
    (whisper,) = outcome.whispers["alice"].messages
    assert bool(re.search(r" ·\w{3}$", whisper.text)) == (mark == "true")
