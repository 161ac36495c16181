"""geventchat-bots: right servers pass, wrong ones do not, and the exit status says which."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest

from bots.cli import main
from bots.engine.runner import Runner
from bots.ledger.model import Message
from bots.protocols.registry import DIALECTS
from bots.report.html import page
from bots.report.outcome import Outcome
from bots.report.summary import figures, lines
from bots.report.verdict import checks, status_of
from bots.scenario.load import parse
from geventchat import ChatClient, ChatServer, Limits
from tests.faulty_server import FAULTS, faulty_server
from tests.needs import not_permitted
from tests.play import said_to_pass
from tests.processes import Ran, run, serving
from tests.raw import Address, plain

_SCENARIOS = Path(__file__).parent.parent / "scenarios"
_TALK = """
seed: 3
cast: {user: 10}
script:
  - user: {say: "{words 1..6}", every: 10ms, times: 40}
"""
_COMING_AND_GOING = """
seed: 5
cast: {user: 12, guest: 6}
script:
  - together:
      - user: {say: "{words 1..6}", every: 20ms, jitter: 50%, times: 60}
      - - wait: 100ms
        - guest: {join: , spread: 300ms}
        - guest: {say: "I'm {name}", every: 50ms, times: 5}
        - 3 of guest: {leave: "see you"}
        - 2 of guest: {drop: reset}
"""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server


def play(scenario: str, address: Address, dialect: str = "json") -> Outcome:
    return Runner(parse(scenario.encode(), "test.yaml", lambda _: b""), address, DIALECTS[dialect]).run()


def not_met(outcome: Outcome) -> list[str]:
    """Return which checks were not met, also where this machine was too slow for a run that is valid."""
    return [check.name for check in checks(outcome) if check.result == "not met"]


@pytest.mark.parametrize("dialect", ["json", "plain"])
@pytest.mark.parametrize("scenario", [_TALK, _COMING_AND_GOING])
def test_a_right_server_passes_with_users_coming_and_going(server: ChatServer, scenario: str, dialect: str) -> None:
    outcome = play(scenario, server.address, dialect)
    assert (outcome.failures, outcome.anomalies) == ([], {})
    assert not_met(outcome) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_a_server_is_found_with_its_reader_and_message(fault: str) -> None:
    with faulty_server(fault, every=997) as (address, faulty):
        outcome = play(_TALK, address, "plain")
    found = [(one.reader.name, f"{one.nick}: {one.text}") for one in outcome.rooms["lobby"].findings]
    if fault == "none":
        assert (found, not_met(outcome)) == ([], [])
        return
    assert len(not_met(outcome)) == 1
    kinds = {"drop": "missing", "double": "duplicate", "swap": "reordered", "alter": "corrupt"}
    assert kinds[fault] in outcome.anomalies
    assert len(faulty.committed) == 4000 // 997
    assert {reader for reader, _ in found} == {reader for reader, _ in faulty.committed}
    if fault in ("drop", "double"):
        assert sorted(found) == sorted(faulty.committed)
    # What is altered is found twice: what came is corrupt, and what should have come is missing.
    assert len(found) == len(faulty.committed) * (2 if fault == "alter" else 1)


def bots(*arguments: str) -> Ran:
    return run("bots.cli", *arguments)


def test_ten_users_pass_on_a_server_of_their_own() -> None:
    ran = bots(str(_SCENARIOS / "ten_users.yaml"), "--speed", "4")
    assert ran.out.startswith("Ten users say hello: 10 users at a server started for this run, at 127.0.0.1:")
    assert "said         101 messages" in ran.out
    assert "delivered    1,010 (messages x readers)" in ran.out
    said_to_pass(ran.status, ran.out)


def test_an_expectation_that_is_not_met_is_status_1(tmp_path: Path) -> None:
    file = tmp_path / "expect.yaml"
    file.write_text("script:\n  - alice: hello\n  - bob: {expect: /bye/, within: 200ms}\n")
    with serving() as server:
        ran = bots(str(file), "--server", f"127.0.0.1:{server.address[1]}")
    assert ran.status == 1
    assert f"failed: {file}:3: bob did not hear /bye/ within 0.2 s" in ran.out


def test_mistakes_in_a_scenario_are_all_told_and_status_2(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("cast: {alice: }\nscript:\n  - alise: hello\n  - alice: {sya: hello}\n")
    for arguments in ([str(file)], ["check", str(file)]):
        ran = bots(*arguments)
        assert ran.status == 2
        assert [line.split(": ")[0] for line in ran.errors.splitlines()] == [f"{file}:3:5", f"{file}:4:13"]
        assert "did you mean" in ran.errors


def test_no_server_is_status_4() -> None:
    ran = bots(str(_SCENARIOS / "ten_users.yaml"), "--server", "127.0.0.1:1")
    told = "no server answers at 127.0.0.1:1 (connection refused); without --server, a run starts its own"
    assert (ran.status, ran.errors) == (4, f"geventchat-bots: {told}\n")


def test_how_to_run_it_again_names_the_server_and_the_speed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hello.yaml"
    file.write_text("cast: {user: 9}\nscript:\n  - user: {say: hello, times: 9}\n")
    with faulty_server("drop", every=97) as ((host, port), _):
        told = f"{file} --server {host}:{port} --dialect plain --seed 0 --speed 2"
        main(told.split())
    assert f"\nagain       geventchat-bots {told}\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "0"],
        ["--speed", "nan"],
        ["--server", "x:y"],
        ["--dialect", "icq"],
        ["--workers", "1", "--web", "99999"],
        ["--workers", "1", "--web", "0"],
        ["--workers", "1", "--web", ""],
        ["--workers", "1", "--bind", ""],
        ["--workers", "0"],
        ["--workers", "1000000"],
        ["--seed", "1" + 20 * "0"],
        ["--seed", "x"],
    ],
)
def test_options_that_cannot_be_meant_are_status_2(arguments: list[str]) -> None:
    ran = bots(str(_SCENARIOS / "ten_users.yaml"), *arguments)
    assert ran.status == 2


@pytest.mark.slow
def test_an_interrupted_run_reports_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("script:\n  - alice: hello\n  - bob: hi\n  - wait: 60s\n")
    with serving() as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "bots.cli", str(file), "--server", f"127.0.0.1:{server.address[1]}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with plain(server.address, "watcher") as watcher:  # is shown what was said before, and hears what comes
            watcher.until(b"bob: hi\n")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=25)
    assert (process.returncode, errors) == (130, "")
    assert "said         2 messages" in out
    assert out.endswith("INTERRUPTED: this is what was seen until then\n")


@pytest.mark.slow
def test_check_counts_and_schema_prints_json() -> None:
    ran = bots("check", *map(str, sorted(_SCENARIOS.glob("*.yaml"))))
    assert (ran.status, ran.errors) == (0, "")
    assert bots("check", str(_SCENARIOS)) == ran
    ran = bots("schema")
    assert json.loads(ran.out)["type"] == "object"


@contextmanager
def task_server() -> Iterator[str]:
    """Run the classroom task's own server; yield its address."""
    command = [sys.executable, str(Path(__file__).with_name("task_server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


@pytest.mark.slow
def test_the_tasks_own_server_passes_a_small_talk_and_is_shown_to_fail_at_speed() -> None:
    with task_server() as server:
        talk = bots(str(_SCENARIOS / "small_talk.yaml"), "--server", server, "--dialect", "unframed")
        fast = bots(str(_SCENARIOS / "ten_users.yaml"), "--server", server, "--dialect", "unframed", "--speed", "50")
    assert (talk.status, "anomalies    none" in talk.out) == (0, True), talk.out
    assert fast.status == 1
    assert "this server cannot say that nothing more is coming" in fast.out
    assert "messages ran together: nothing in this dialect says where one ends" in fast.out


def test_a_whisper_arrives_before_its_reader_takes_another_name_or_leaves() -> None:
    script = """
script:
  - ann: hi
  - ben: hi
  - ann: {whisper: psst, to: ben}
  - ben: {rename: benny}
  - ann: {whisper: psst, to: ben}
  - ben: {leave: bye}
"""
    for _ in range(5):
        with ChatServer(limits=Limits(rate=None)) as server:
            assert play(script, server.address).failures == []


def test_people_who_leave_a_room_are_in_the_lobby_again(server: ChatServer) -> None:
    script = """
script:
  - ann: hi
  - ben: hi
  - ben: {join: den}
  - ben: {say: in den, room: den}
  - ann: not for ben
  - ben: {leave: bye, room: den}
  - ann: for both
"""
    outcome = play(script, server.address, "plain")
    assert (outcome.failures, outcome.anomalies) == ([], {})
    assert outcome.timeline.delivered in (7, 8)  # whether the first hi comes before or after who goes to the den


def test_leaving_a_room_that_one_is_not_in_is_a_failure_with_its_line(server: ChatServer) -> None:
    script = "script:\n  - ann: {join: den}\n  - ann: {leave, room: lobby}\n"
    assert play(script, server.address).failures == ["test.yaml:3: ann cannot leave lobby: it is not there"]


@pytest.mark.slow
def test_the_tasks_own_server_passes_ten_users_at_a_gentle_pace() -> None:
    with task_server() as server:
        ran = bots(str(_SCENARIOS / "ten_users.yaml"), "--server", server, "--dialect", "unframed", "--speed", "0.2")
    assert ran.status == 0, ran.out
    assert "delivered    1,010 (messages x readers)" in ran.out


_ONE_LINE = "script:\n  - alice: hello\n  - bob: {expect: /bye/, within: 50ms}\n"


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["run", "check", "schema", "import", "help"])
def test_a_closed_pipe_ends_it_quietly_and_a_full_disk_with_one_line(tmp_path: Path, verb: str) -> None:
    scenario, log = tmp_path / "one.yaml", tmp_path / "one.log"
    scenario.write_text(_ONE_LINE)
    log.write_text("<alice> hello\n")
    with ChatServer() as server:
        arguments = {
            "run": [str(scenario), "--server", f"127.0.0.1:{server.address[1]}"],
            "check": ["check", str(scenario)],
            "schema": ["schema"],
            "import": ["import", str(log)],
            "help": ["--help"],
        }[verb]
        assert _into(_closed_pipe(), arguments) == (1 if verb == "run" else 0, "")
        full = os.open("/dev/full", os.O_WRONLY)
        told = "geventchat-bots: standard output cannot be written: no space left on device\n"
        assert _into(full, arguments) == (1, told)


def test_bots_that_may_open_too_few_files_say_how_to_raise_the_limit(tmp_path: Path) -> None:
    if sys.platform == "win32":
        not_permitted("no shell here limits open files")
    scenario = tmp_path / "many.yaml"
    scenario.write_text("cast: {user: 30}\nscript: [user: hello]\n")
    command = [sys.executable, "-m", "bots.cli", str(scenario)]
    ran = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -n 24; exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "Too many open files; each user needs an open file: raise the limit with ulimit -n\n" in ran.stdout


def _closed_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def _into(output: int, arguments: list[str]) -> tuple[int, str]:
    """Run the command with a standard output that cannot be written; return its status and what it complains of."""
    with (
        os.fdopen(output, "wb"),
        subprocess.Popen(
            [sys.executable, "-m", "bots.cli", *arguments], stdout=output, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        while process.poll() is None:
            gevent.sleep(0.01)
        _, errors = process.communicate()
    return process.returncode, errors


def test_a_run_that_is_not_let_in_says_how_to_get_in_and_claims_to_have_measured_nothing(server: ChatServer) -> None:
    with ChatClient(server.address, name="alice"):
        outcome = play("script: [alice: hello]\ncheck: {latency: {p99: 1s}}", server.address)
    summary = list(lines(outcome))
    assert status_of(outcome) == 1
    assert "latency      -" in summary
    assert not [line for line in summary if line.startswith("note") or "no exception" in line]
    assert any('name: "bot{n}"' in line for line in summary)
    assert "quiet moment" not in page(outcome, "here", "today")


def test_a_rate_follows_from_the_figures_beside_it_and_there_is_none_for_less_than_a_second() -> None:
    outcome = Outcome(parse(b"script: [alice: hello]", "test.yaml", lambda _: b""))
    hello = Message("alice", "hello", 1, 10.0, 10.0, "alice")
    for at in (10.0, 10.5):
        outcome.timeline.say(at)
        outcome.timeline.hear((hello,), at, 2, timed=True)
    assert "said         2 messages in 0.5 s" in list(lines(outcome))
    assert figures(outcome)["deliveries_per_s"] is None
    outcome.timeline.hear((hello,), 14.0, 2, timed=True)
    assert "delivered    6 (messages x readers) in 4.0 s, 2 a second" in list(lines(outcome))
    assert figures(outcome)["deliveries_per_s"] == 2
    assert "deliveries a second, over 4.0 s" in page(outcome, "here", "today")


@pytest.mark.parametrize("verb", ["check", "import", "record", "scenarios", "schema", "try", "worker"])
def test_each_verb_explains_itself_with_examples(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([verb, "--help"])
    told = capfd.readouterr().out
    assert told.startswith(f"usage: geventchat-bots {verb} ")
    assert f"examples:\n  geventchat-bots {verb}" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("chek good.yaml", "chek is neither a verb nor a file, did you mean check?"),
        ("run good.yaml", "run is not a verb; to run a scenario, name its file alone: geventchat-bots FILE"),
    ],
)
def test_a_word_that_is_no_verb_is_told(words: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    assert capsys.readouterr().err == f"geventchat-bots: {told}\n"
