"""Runs whose users are spread over several workers: what they find, and what becomes of them when a worker fails."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.request import Request, urlopen

import gevent
import pytest
from gevent import socket, subprocess
from gevent.server import StreamServer

from tests.faulty_json_server import faulty_json_server
from tests.faulty_server import faulty_server
from tests.needs import not_permitted
from tests.ports import free_port
from tests.proxy import Proxy
from tests.raw import Address

pytestmark = pytest.mark.slow

_BOTS = [sys.executable, "-m", "bots.cli"]
_TALK = """
cast: {user: 6}
script:
  - user: {say: "{words 3}", times: 4, every: 100ms}
"""
_LONG = """
cast: {user: 6}
script:
  - user: {say: "{words 3}", every: 200ms, for: 60s}
"""
_ALL = """
cast:
  host:
  user: 5
script:
  - host: Hello!
  - user: {say: "Hi {sender}, I am {name}", spread: 300ms}
  - any user: and again, {sender}
  - together:
      - host: {expect: /bye/, from: user3, within: 5s}
      - - user3: {rename: third}
        - user3: bye
        - user: {expect: bye, from: user3, within: 5s}
  - user4: {whisper: only you, to: user1}
  - user1: {expect: only you, from: user4}
  - host: {reply: "yes, {sender}?", to: /^host\\b/, from: user}
  - user2: host, are you there?
  - user2: {expect: "yes, user2?", from: host}
  - user1: {whisper: "host, a secret", to: host}
  - user1: {expect: "yes, user1?", from: host}
  - user5: {join: kitchen}
  - user5: {say: nobody here, room: kitchen}
  - host: {expect_none: nobody here, within: 200ms}
  - user2: {leave}
  - user2: {join}
  - user1: {drop: reset}
  - host: where is user1?
  - user1: {reconnect}
  - user1: {expect: where is, from: host}
  - host: {say: on time, at: 6s}
  - user5: {leave: enough, room: kitchen}
  - user: {say: "after {sender}", at: 6500ms, spread: 200ms}
  - 2 of user: {act: waves}
  - user: {ping}
  - user4: {leave}
"""


def played(scenario: str, tmp_path: Path, *options: str) -> dict[str, Any]:
    """Return what came of a scenario, by --json."""
    file = tmp_path / "play.yaml"
    file.write_text(scenario)
    done = subprocess.run([*_BOTS, str(file), "--json", *options], capture_output=True, timeout=100, check=False)
    assert done.stdout, done.stderr.decode()
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["status"] == done.returncode
    return result


def verdict(result: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same however many workers there are."""
    names = "users", "said", "delivered", "anomalies", "from_others", "failures", "settled"
    found = sorted((one["verdict"], one["room"], one["reader"]) for one in result["findings"])
    return {name: result[name] for name in names} | {"findings": found}


def test_all_that_users_do_comes_out_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    alone = played(_ALL, tmp_path)
    assert (alone["anomalies"], alone["failures"]) == ({}, [])
    for workers in ("1", "2", "4"):
        assert verdict(played(_ALL, tmp_path, "--workers", workers)) == verdict(alone)
    assert verdict(played(_ALL, tmp_path, "--workers", "3", "--seed", "5"))["failures"] == []


@pytest.mark.parametrize("dialect", ["ws", "irc"])
def test_all_that_users_do_comes_out_the_same_with_workers_in_other_dialects(dialect: str, tmp_path: Path) -> None:
    scenario = _ALL
    if dialect == "irc":  # a client of IRC does not hear itself; nor is its name free at once when it comes back
        scenario = scenario.replace("- user: {expect: bye,", "- user5: {expect: bye,")
        scenario = re.sub(r"  - user1: {drop.*?from: host}\n", "", scenario, flags=re.DOTALL)
    alone = verdict(played(scenario, tmp_path, "--dialect", dialect))
    assert (alone["anomalies"], alone["failures"]) == ({}, [])
    assert verdict(played(scenario, tmp_path, "--dialect", dialect, "--workers", "2")) == alone


def test_nicks_pass_from_user_to_user_in_the_script_s_order_with_any_number_of_workers(tmp_path: Path) -> None:
    """Each user takes the nick that the one before has just given up, at once; those who swap nicks are refused."""
    (tmp_path / "nicks.csv").write_text("next,swap\nspare,user1\nuser1,spare\nuser2,user3\nuser3,user2\n")
    scenario = """
    data: nicks.csv
    cast: {user: 4}
    script:
      - user: {rename: "{next}"}
      - user: {say: "I am {name} now", spread: 200ms}
      - user: {rename: "{swap}"}
      - user: {say: "I am {name} still", spread: 200ms}
      - user4: {leave, at: 2s}
      - user2: {rename: user3, at: 2s}
      - user2: {say: "I am {name} now", at: 2s}
      - user4: {join, at: 2s}
      - user4: {say: "I am {name} again", at: 2s}
    """
    alone = verdict(played(scenario, tmp_path))
    alone["failures"].sort()
    assert (alone["anomalies"], alone["said"], len(alone["failures"])) == ({}, 10, 4)
    for workers in ("1", "2", "4"):
        together = verdict(played(scenario, tmp_path, "--workers", workers))
        together["failures"].sort()
        assert together == alone


def test_whispers_reach_a_user_of_another_worker_who_is_renamed_or_leaves_meanwhile(tmp_path: Path) -> None:
    scenario = """
    cast: {user: 4}
    script:
      - together:
          - user1: {whisper: "{words 3}", to: user2, every: 20ms, for: 2s}
          - user2: {rename: "two{words 1}", every: 100ms, for: 1s}
          - user3: {whisper: "{words 3}", to: user4, every: 20ms, for: 2s}
          - - wait: 1s
            - user4: {leave}
    """
    for workers in ("1", "2", "4"):
        result = played(scenario, tmp_path, "--workers", workers)
        assert (result["anomalies"], result["failures"], result["settled"]) == ({}, [], True)
        assert result["said"] > 100


@pytest.mark.parametrize("fault", ["drop", "double", "swap", "alter"])
def test_what_a_server_does_wrong_is_found_by_workers_too(fault: str, tmp_path: Path) -> None:
    verdicts = {"drop": {"missing"}, "double": {"duplicate"}, "swap": {"reordered"}, "alter": {"corrupt", "missing"}}
    for workers in ("2", "4"):
        with faulty_server(fault, 40) as (address, _):
            words = "--server", f"{address[0]}:{address[1]}", "--dialect", "plain", "--workers", workers
            result = played(_TALK, tmp_path, *words)
        assert result["anomalies"].keys() == verdicts[fault]


@pytest.mark.parametrize(
    ("fault", "found"),
    [("other room", {"leaked"}), ("lost whisper", {"missing"}), ("leaked whisper", {"leaked"})],
)
def test_faults_between_users_of_two_workers_are_found(fault: str, found: set[str], tmp_path: Path) -> None:
    scenario = """
    cast: {user: 4}
    script:
      - user4: {join: kitchen}
      - user1: {say: hello, room: lobby}
      - user2: {whisper: psst, to: user3}
      - user3: bye
    """
    alone: dict[str, Any] = {}
    together: dict[str, Any] = {}
    for workers in ("", "2"):
        with faulty_json_server(fault, times=1) as (address, _):
            words = ["--server", f"{address[0]}:{address[1]}", *(["--workers", workers] if workers else [])]
            together = played(scenario, tmp_path, *words)
        alone = alone or together
    assert together["anomalies"].keys() == found
    assert verdict(together)["findings"] == verdict(alone)["findings"]


@pytest.mark.parametrize(("workers", "dialect"), [("1", "json"), ("2", "json"), ("4", "json"), ("2", "irc")])
def test_every_scenario_that_ships_passes_with_workers(workers: str, dialect: str, tmp_path: Path) -> None:
    """All but the one that lasts until Ctrl-C; with fewer users, so that a small and busy machine carries them."""
    for file in (Path(__file__).parent.parent / "scenarios").glob("*.yaml"):
        text = file.read_text()
        for many, few in (("user: 1000", "user: 100"), ("count: 100", "count: 40"), ("crowd: 150", "crowd: 40")):
            text = text.replace(many, few)
        (tmp_path / file.name).write_text(text)
    words = [*_BOTS, str(tmp_path), "--json", "--workers", workers, "--dialect", dialect, "--speed", "4"]
    done = subprocess.run(words, capture_output=True, timeout=200, check=False)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == 8
    for result in results:
        assert (result["anomalies"], result["failures"], result["settled"]) == ({}, [], True), result["title"]
        assert result["delivered"] > 0


def test_the_scenario_that_lasts_until_ctrl_c_passes_then(tmp_path: Path) -> None:
    scenario = (Path(__file__).parent.parent / "scenarios" / "meet_the_bots.yaml").read_text()
    with running(scenario, tmp_path, "--workers", "2", "--speed", "50") as (process, _):
        _wait_until_talking(process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode in (0, 5)
    assert "anomalies    none" in out.decode()


# What becomes of workers.


@contextmanager
def running(
    scenario: str, tmp_path: Path, *options: str, started: Sequence[int] = ()
) -> "Iterator[tuple[subprocess.Popen[bytes], list[int]]]":
    """Start a run; yield it and the processes of its workers once all are there.

    For each port in `started`, a worker is started for a master at that.
    """
    file = tmp_path / "play.yaml"
    file.write_text(scenario)
    process = subprocess.Popen(
        [*_BOTS, str(file), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    workers: list[int] = []
    own = [subprocess.Popen([*_BOTS, "worker", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL) for port in started]
    try:
        while True:
            line = _line(process.stderr)
            assert line
            if match := re.match(r"(\d+) of (\d+) workers: .* process (\d+)", line):
                workers.append(int(match[3]))
                if match[1] == match[2]:
                    break
        assert _line(process.stdout)  # the run has begun
        yield process, workers
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        for worker in own:
            worker.kill()
            worker.wait()


@pytest.mark.parametrize(
    ("number", "lasts"),
    [(signal.SIGKILL, "60s"), (signal.SIGSTOP, "60s"), (signal.SIGTERM, "60s"), (signal.SIGKILL, "forever")],
)
def test_a_run_that_loses_a_worker_is_invalid_and_names_it(number: signal.Signals, lasts: str, tmp_path: Path) -> None:
    with running(_LONG.replace("60s", lasts), tmp_path, "--workers", "3") as (process, workers):
        if lasts == "forever":
            _wait_until_talking(process)  # before, it has begun no more than others have
        os.kill(workers[1], number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 5
    assert out.decode().splitlines()[-1].startswith("INVALID: worker 2")
    assert f"process {workers[1]}) was lost" in out.decode()
    assert "not tested   delivery exactly once: a worker was lost" in out.decode()
    assert "did not stop" not in out.decode()
    if lasts == "forever":
        assert out.decode().startswith("users        6, ")  # also those whose end is not known
    assert "workers      3\n" in out.decode()  # nothing about their clocks


@pytest.mark.parametrize("question", ["Overview", "Details"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_run_that_loses_a_worker_while_it_is_judged_is_invalid(
    question: str, number: signal.Signals, tmp_path: Path
) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    program = f"""
import os, sys
from bots.parts import part
from bots.cli import main
answer = part.Part.answer
def last(self, question):
    if isinstance(question, part.{question}):
        os.kill(os.getpid(), {int(number)})
    return answer(self, question)
part.Part.answer = last
sys.exit(main(["worker", "127.0.0.1:{port}"]))
"""
    words = [*_BOTS, str(file), "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as master:
        right = subprocess.Popen([*_BOTS, "worker", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
        wrong = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
        try:
            out, _ = master.communicate(timeout=60)
        finally:
            for worker in (right, wrong):
                worker.kill()
                worker.wait()
    assert master.returncode == 5
    assert f"process {wrong.pid}) was lost: nobody knows what its users heard" in out.decode().splitlines()[-1]


@pytest.mark.parametrize(
    ("is_lost_there", "is_lost_back"),
    [(True, False), (False, True), (True, True)],
    ids=["what a worker says", "what it is told", "both"],
)
def test_a_run_of_which_some_messages_are_lost_with_a_connection_is_invalid(
    is_lost_there: bool, is_lost_back: bool, tmp_path: Path
) -> None:
    """The connection stands again at once, and nobody would notice: what was on its way is gone."""
    port = free_port()
    with Proxy(("127.0.0.1", port)) as way:
        options = ["--workers", "2", "--bind", f"127.0.0.1:{port}"]
        with running(_LONG, tmp_path, *options, started=[port, way.address[1]]) as (process, _):
            _wait_until_talking(process)
            way.silence(there=is_lost_there, back=is_lost_back)
            gevent.sleep(1.2)  # in which each side says something, half of which will not be heard, and no heart stops
            way.reset()
            out, _ = process.communicate(timeout=60)
    assert process.returncode == 5
    last = out.decode().splitlines()[-1]
    assert "what it told meanwhile" in last or (not is_lost_there and "was not told something" in last), last


def test_a_worker_that_is_late_itself_makes_the_run_invalid_and_is_named(tmp_path: Path) -> None:
    scenario = _LONG.replace("60s", "12s").replace("200ms", "50ms")
    with running(scenario, tmp_path, "--workers", "2") as (process, workers):
        gevent.sleep(4)  # somewhere in the middle
        os.kill(workers[0], signal.SIGSTOP)
        gevent.sleep(1.5)  # shorter than what it takes to be called lost
        os.kill(workers[0], signal.SIGCONT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 5
    assert re.match("INVALID: worker 1 .* late, by", out.decode().splitlines()[-1])


def test_a_worker_whose_users_only_listen_is_late_too_and_named(tmp_path: Path) -> None:
    scenario = 'cast: {user: 2}\nscript:\n  - user1: {say: "{words 3}", every: 200ms, for: 15s}\n'
    with running(scenario, tmp_path, "--workers", "2") as (process, workers):
        _wait_until_talking(process)
        os.kill(workers[1], signal.SIGSTOP)
        gevent.sleep(1.5)  # shorter than what it takes to be called lost
        os.kill(workers[1], signal.SIGCONT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 5
    assert re.match("INVALID: .*worker [12] .* late, by", out.decode().splitlines()[-1])
    assert f"process {workers[1]})" in out.decode().splitlines()[-1]


def test_ctrl_c_shows_what_was_seen_until_then_by_all_workers(tmp_path: Path) -> None:
    with running(_LONG, tmp_path, "--workers", "2") as (process, _):
        _wait_until_talking(process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "INTERRUPTED" in out.decode()
    assert "anomalies    none" in out.decode()


def test_ctrl_c_while_a_quiet_moment_is_waited_for_says_so_as_without_workers(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text("script:\n  - alice: hello\n")
    program = """
import os, signal, sys
from bots.workers.meetings import Meetings
arrive = Meetings.arrive
def never(self, part, arrived, now):
    if not arrived.place.startswith("last words"):
        return arrive(self, part, arrived, now)
    os.kill(os.getpid(), signal.SIGINT)
Meetings.arrive = never
from bots.cli import main
sys.exit(main(sys.argv[1:]))
"""
    words = [sys.executable, "-c", program, str(file), "--dialect", "unframed", "--workers", "1"]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert done.returncode == 130
    assert "INTERRUPTED" in done.stdout.decode()


def _wait_until_talking(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a line about how it goes has told of messages."""
    while " 0 messages/s" in (line := _line(process.stderr)) or "messages/s" not in line:
        assert line


def _line(stream: IO[bytes] | None) -> str:
    assert stream is not None
    return stream.readline().decode()


@pytest.mark.parametrize("late", ["Stop()", "Go('3', 0.0, '', False)"])
def test_what_comes_when_a_worker_has_played_its_part_ends_neither_the_verdict_nor_the_next_scenario(
    late: str, tmp_path: Path
) -> None:
    """As when a run is stopped while one of its workers waits for the others, who are just coming there."""
    for number in (1, 2):
        (tmp_path / f"{number}.yaml").write_text(_TALK)
    program = f"""
import sys
from bots.workers.crew import Crew
from bots.workers.messages import Go, Stop
stop_those_who_play = Crew._stop_those_who_play
def tell_all_once_more(self):
    stop_those_who_play(self)
    for member in self._members.values():
        self._send(member, {late})
Crew._stop_those_who_play = tell_all_once_more
from bots.cli import main
sys.exit(main([{str(tmp_path)!r}, "--json", "--workers", "2"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["said"], one["settled"]) for one in results] == [(24, True), (24, True)], done


@pytest.mark.parametrize(
    ("then", "statuses"),
    [
        ("if outcome.scenario.title == 'first': outcome.looked_late.add(1.0, 1_000_000)", [5, 0]),
        ("if outcome.scenario.title == 'second': outcome.looked_late.add(1.0, 1_000_000)", [0, 5]),
        ("if outcome.scenario.title == 'second': os.kill(os.getpid(), 9)", [0, 5]),
    ],
    ids=["late in the first", "late in the second", "lost in the second"],
)
def test_the_verdict_on_a_scenario_is_not_changed_by_the_next_one(
    then: str, statuses: list[int], tmp_path: Path
) -> None:
    for number, title in enumerate(("first", "second")):
        (tmp_path / f"{number}.yaml").write_text(f"title: {title}\n{_TALK}")
    port = free_port()
    program = f"""
import os, sys
from bots.engine.runner import Runner
run = Runner.run
def run_and(self):
    outcome = run(self)
    {then}
    return outcome
Runner.run = run_and
from bots.cli import main
sys.exit(main(["worker", "127.0.0.1:{port}"]))
"""
    words = [*_BOTS, str(tmp_path), "--workers", "1", "--bind", f"127.0.0.1:{port}", "--junit", str(tmp_path / "x.xml")]
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as worker:
        done = subprocess.run(words, capture_output=True, timeout=60, check=False)
        worker.wait(timeout=30)
    told = done.stdout.decode().splitlines()
    assert [line.split()[0] for line in told] == [*({0: "passed", 5: "invalid"}[one] for one in statuses), "2"]
    assert told[-1] == "2 scenarios: 1 passed, 1 invalid"
    assert done.returncode == 5
    assert (tmp_path / "x.xml").read_text().count("<error") == 1


def test_what_the_server_refused_makes_no_later_message_late_on_another_worker(tmp_path: Path) -> None:
    users: dict[str, socket.socket] = {}
    said: list[str] = []

    def tell(sock: socket.socket, **message: object) -> None:
        with suppress(OSError):
            sock.sendall(json.dumps(message).encode() + b"\n")

    def serve(sock: socket.socket, _: Address) -> None:
        nick = ""
        with suppress(OSError), sock.makefile("rb") as lines:
            for message in map(json.loads, lines):
                match message["type"]:
                    case "hello":
                        nick = message["nick"]
                        users[nick] = sock
                        welcome = {"room": "lobby", "members": [], "count": 1, "topic": "", "id": "1-0", "token": ""}
                        tell(sock, type="welcome", nick=nick, server="x", limits={}, **welcome)
                    case "say":
                        said.append(nick)
                        if len(said) % 2:
                            tell(sock, type="error", code="slow", message="too fast", ref=message["ref"])
                            continue
                        event = {"id": f"1-{len(said)}", "time": "", "room": "lobby", "nick": nick}
                        for one in users.values():
                            tell(one, type="said", text=message["text"], **event)
                    case "ping":
                        tell(sock, type="pong", token=message["token"])
                    case "bye":
                        break

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    scenario = "script:\n  - alice: {say: hi, times: 4, every: 3s}\n  - bob: {wait: 1s}\ncheck: {errors: any}\n"
    result = played(scenario, tmp_path, "--workers", "2", "--server", f"127.0.0.1:{server.server_port}")
    server.stop()
    assert (result["said"], result["delivered"], result["anomalies"]) == (4, 4, {})
    assert result["latency_ms"]["max"] < 2000


def test_all_failures_of_all_workers_are_counted_and_told_once_in_the_same_words(tmp_path: Path) -> None:
    script = "cast: {user: 4}\nscript:\n  - user: {say: hi, room: den, times: 350}\n"  # where they are not
    result = played(script, tmp_path, "--workers", "2", "--speed", "10")
    found = {check["name"]: check["found"] for check in result["checks"]}
    assert (found["script carried out"], len(result["failures"])) == ("1,400 failed", 4)


def test_workers_from_elsewhere_are_waited_for_and_end_with_the_run(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    words = [*_BOTS, str(file), "--json", "--workers", "2", "--bind", "127.0.0.1:0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as master:
        # On a free port, as is told.
        told = _line(master.stderr).removeprefix("waiting for 2 of: geventchat-bots ").split()
        workers = [subprocess.Popen([*_BOTS, *told], stderr=subprocess.DEVNULL) for _ in range(2)]
        out, _ = master.communicate(timeout=60)
        assert [worker.wait(timeout=30) for worker in workers] == [0, 0]
    assert master.returncode in (0, 5)
    assert json.loads(out)["anomalies"] == {}


@pytest.mark.parametrize("ahead_s", [("5000", "777777"), ("30", "-30")])
def test_clocks_that_are_seconds_or_days_apart_do_not_matter(ahead_s: tuple[str, str], tmp_path: Path) -> None:
    """Each worker has a clock of its own, as on other machines: Linux lets them be set apart."""
    apart = ["unshare", "--user", "--map-root-user", "--time", "--fork", "--monotonic"]
    if sys.platform != "linux" or subprocess.run([*apart, "1", "true"], capture_output=True, check=False).returncode:
        not_permitted("no process may have clocks of its own here")
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_TALK + "  - user1: {whisper: psst, to: user2}\n  - user2: {expect: psst, from: user1}\n")
    words = [*_BOTS, str(file), "--json", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as master:
        workers = [
            subprocess.Popen([*apart, seconds, *_BOTS, "worker", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
            for seconds in ahead_s
        ]
        out, _ = master.communicate(timeout=60)
        for worker in workers:
            worker.wait(timeout=30)
    result = json.loads(out)
    assert (result["anomalies"], result["failures"], result["delivered"]) == ({}, [], 6 * 24 + 1)
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["max"] < 10_000
    assert result["clock_error_ms"] < 1_000


def test_too_few_workers_in_time_are_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    words = [*_BOTS, str(file), "--workers", "2", "--bind", f"127.0.0.1:{free_port()}", "--wait", "500ms"]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert done.returncode == 5
    assert done.stdout == b""
    assert b"only 0 of 2 workers were there within 0.5 s" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_worker_that_goes_before_the_run_begins_makes_room_for_another(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    words = [*_BOTS, str(file), "--json", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    worker = [*_BOTS, "worker", f"127.0.0.1:{port}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as master:
        with subprocess.Popen(worker, stderr=subprocess.DEVNULL) as first:
            while "1 of 2 workers" not in (line := _line(master.stderr)):
                assert line
            first.kill()
        while "was lost; another one may come" not in (line := _line(master.stderr)):
            assert line
        others = [subprocess.Popen(worker, stderr=subprocess.DEVNULL) for _ in range(2)]
        out, _ = master.communicate(timeout=60)
        assert [other.wait(timeout=30) for other in others] == [0, 0]
    result = json.loads(out)
    assert (result["anomalies"], result["failures"], result["delivered"]) == ({}, [], 6 * 24)


def test_a_worker_that_cannot_be_started_here_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    words = [*_BOTS, str(file), "--workers", "1"]
    broken = os.environ | {"PYTHONPATH": str(tmp_path)}
    (tmp_path / "sitecustomize.py").write_text("import sys\nif 'worker' in sys.orig_argv: sys.exit(7)\n")
    done = subprocess.run(words, capture_output=True, timeout=50, check=False, env=broken)
    assert done.returncode == 5
    assert b"a worker that was started here has ended before the run began" in done.stderr


def test_no_server_is_told_as_without_workers(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    words = [*_BOTS, str(file), "--workers", "2", "--server", f"127.0.0.1:{free_port()}"]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert done.returncode == 4
    assert b"geventchat-bots: no server answers at" in done.stderr


def test_a_worker_of_another_version_is_told_and_not_waited_for(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    program = (
        "import sys, geventchat; geventchat.__version__ = '0.0.9'; "
        f"from bots.cli import main; sys.exit(main(['worker', '127.0.0.1:{port}']))"
    )
    words = [*_BOTS, str(file), "--workers", "1", "--bind", f"127.0.0.1:{port}", "--wait", "20s"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as master:
        worker = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
        assert worker.returncode == 2
        assert b"is geventchat 0.0.9, and this is" in worker.stderr
        _, errors = master.communicate(timeout=60)
    assert master.returncode == 5
    assert b"is geventchat 0.0.9, and this is" in errors


@pytest.mark.parametrize(
    ("lost", "number", "lasts"),
    [
        # All that a master says by itself, as when it is killed before its first heartbeat.
        ('msg.type == "heartbeat"', signal.SIGKILL, "60s"),
        # What time it is: without that, a worker does not begin.
        ('msg.type == "geventchat" and isinstance(decode_to_worker.decode(msg.data[1]), Time)', signal.SIGTERM, "60s"),
        # Nothing, but the worker goes on telling a master who is not there.
        ("False", signal.SIGKILL, "forever"),
    ],
    ids=["nothing more", "not what time it is", "all"],
)
def test_a_worker_from_elsewhere_ends_with_its_master_whatever_it_was_told(
    lost: str, number: signal.Signals, lasts: str, tmp_path: Path
) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_LONG.replace("60s", lasts))
    program = f"""
import sys
from bots.workers import locust_engine
from bots.workers.messages import Time, decode_to_worker
locust_engine.environment()
from locust import runners
from locust.rpc import zmqrpc
connect = zmqrpc.Client.__init__
def narrowly(self, *where):
    connect(self, *where)
    self.socket.sndhwm = 2  # instead of a thousand, which who talks for most of a minute has to tell
zmqrpc.Client.__init__ = narrowly
runners.MASTER_HEARTBEAT_TIMEOUT = 5
hear = runners.WorkerRunner.handle_message
runners.WorkerRunner.handle_message = lambda self, msg: None if {lost} else hear(self, msg)
from bots.cli import main
sys.exit(main(["worker", "127.0.0.1:{port}"]))
"""
    words = [*_BOTS, str(file), "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    with (
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as master,
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as worker,
    ):
        try:
            assert _line(master.stdout)  # the run has begun
            if lasts == "forever":
                _wait_until_talking(master)
            master.send_signal(number)
            _, errors = worker.communicate(timeout=60)
        finally:
            worker.kill()
            master.kill()
    assert worker.returncode == 0  # though it may have begun to play
    assert b"Traceback" not in errors


def test_a_worker_too_many_is_told(tmp_path: Path) -> None:
    port = free_port()
    with running(_LONG, tmp_path, "--workers", "1", "--bind", f"127.0.0.1:{port}", started=[port]) as (process, _):
        worker = subprocess.run([*_BOTS, "worker", f"127.0.0.1:{port}"], capture_output=True, timeout=60, check=False)
        assert worker.returncode == 2
        assert b"there are enough workers already: 1" in worker.stderr
        assert process.poll() is None


def test_what_somebody_else_s_locust_or_anything_else_sends_to_a_master_changes_nothing(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    program = f"""
import msgpack, zmq
strange = [b"", b"\\xc1", b"\\xff" * 50, *map(msgpack.packb, (
    ["locustfile", {{"version": "2.47.0"}}, "other"], ["heartbeat", None, "other"], [1, 2, 3, 4], 7,
))]
with zmq.Context() as context, context.socket(zmq.DEALER) as other:
    other.setsockopt(zmq.IDENTITY, b"other")
    other.connect("tcp://127.0.0.1:{port}")
    other.send(msgpack.packb(["client_ready", "2.47.0", "other"]))
    other.recv()  # it is heard
    for one in strange:
        other.send(one)
    other.send(msgpack.packb(["client_ready", "2.47.0", "other"]))
    other.setsockopt(zmq.RCVTIMEO, 10_000)
    other.recv()  # it still is
"""
    words = [*_BOTS, str(file), "--json", "--workers", "1", "--bind", f"127.0.0.1:{port}", "--wait", "30s"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as master:
        assert _line(master.stderr)
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
        worker = subprocess.run(
            [*_BOTS, "worker", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL, timeout=60, check=False
        )
        out, errors = master.communicate(timeout=60)
    assert (other.returncode, worker.returncode) == (0, 0), other.stderr
    assert json.loads(out)["delivered"] == 6 * 24
    assert b"Traceback" not in errors


def test_a_worker_that_comes_to_locust_itself_is_told_in_one_line(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "locustfile.py"
    file.write_text("from locust import User, constant, task\nclass One(User):\n    wait_time = constant(1)\n")
    file.write_text(file.read_text() + "    @task\n    def nothing(self): pass\n")
    words = [sys.executable, "-m", "locust", "--master", "--master-bind-port", str(port), "--headless"]
    words += ["-u", "1", "-t", "20s", "--expect-workers", "1", "-f", str(file)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as master:
        try:
            at = f"127.0.0.1:{port}"
            worker = subprocess.run([*_BOTS, "worker", at], capture_output=True, timeout=60, check=False)
        finally:
            master.kill()
    assert worker.returncode == 2
    assert worker.stderr.decode().splitlines()[1:] == [
        "geventchat-bots: it is Locust itself that answers there, and no geventchat-bots --workers"
    ]


def test_without_locust_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    program = (
        "import sys; sys.modules['locust'] = None; "
        f"from bots.cli import main; sys.exit(main([{str(file)!r}, '--workers', '2']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "geventchat-bots: workers need Locust, which is not installed: pip install 'geventchat[workers]'"
    ]


def test_a_master_whose_name_nobody_knows_is_told_in_one_line() -> None:
    done = subprocess.run([*_BOTS, "worker", "nosuch.invalid:5600"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert (
        done.stderr.decode()
        .splitlines()[-1]
        .startswith("geventchat-bots: no geventchat-bots --workers can be at nosuch.invalid:5600: ")
    )


@pytest.mark.parametrize("at", ["127.0.0.1:0", "[::1]:5557"])
def test_an_address_at_which_no_master_can_be_is_told_in_one_line(at: str) -> None:
    done = subprocess.run([*_BOTS, "worker", at], capture_output=True, timeout=60, check=False)
    why = "it takes a name or an IPv4 address, and a port from 1 on"
    told = f"geventchat-bots: no geventchat-bots --workers waits at {at}: {why}\n"
    assert (done.returncode, done.stderr.decode()) == (2, told)


def test_more_workers_than_a_machine_has_any_use_for_are_not_started_on_it(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(_TALK)
    most = 16 * (os.cpu_count() or 1)
    words = [*_BOTS, str(file), "--workers", str(most + 1)]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    told = f"geventchat-bots: --workers {most + 1}: no more than {most} are started on a machine with "
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(told)
    assert done.stderr.count(b"\n") == 1


def test_ctrl_c_ends_a_worker_that_waits_for_its_master() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        at = f"127.0.0.1:{nobody.getsockname()[1]}"
        with subprocess.Popen([*_BOTS, "worker", at], stderr=subprocess.PIPE) as process:
            nobody.settimeout(60)
            with nobody.accept()[0]:  # it has connected, and is never answered
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.decode()) == (130, f"for a master at {at}; Ctrl-C ends it\n")


def test_locust_s_page_shows_the_run_and_its_button_stops_it(tmp_path: Path) -> None:
    port = free_port()
    with running(_LONG, tmp_path, "--workers", "2", "--web", str(port)) as (process, _):
        shown: dict[str, Any] = {}
        while shown.get("user_count") != 6 or not any(one["method"] == "delivery" for one in shown["stats"]):
            with urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=10) as answer:
                shown = json.loads(answer.read())
            gevent.sleep(0.2)
        assert shown["state"] == "running"
        assert len(shown["workers"]) == 2
        with urlopen(f"http://127.0.0.1:{port}/stats/requests/csv", timeout=10) as answer:
            assert b"delivery,message to reader," in answer.read()
        with urlopen(Request(f"http://127.0.0.1:{port}/stop", method="POST"), timeout=10) as answer:
            assert json.loads(answer.read())["success"]
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "INTERRUPTED" in out.decode()


def test_locust_s_page_shows_what_failed_once_also_what_the_server_refused(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(
        "cast: {user: 2}\nscript:\n  - user: {say: hi, room: den, times: 3}\n"  # where they are not
        "  - user1: {expect: never said, within: 100ms}\n  - wait: 60s\n"
    )
    words = [*_BOTS, str(file), "--workers", "2", "--web", str(port)]
    shown: dict[str, Any] = {"errors": []}
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(150):
            if len(shown["errors"]) == 3:
                break
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=10) as answer:
                shown = json.loads(answer.read())
            gevent.sleep(0.2)
        process.send_signal(signal.SIGINT)
    failed = {one["error"].removeprefix(f"{file}:"): one["occurrences"] for one in shown["errors"]}
    refused = "was told: nobody is in that room; join it first (no-such-room)"
    unheard = "4: user1 did not hear never said within 0.1 s"
    assert failed == {f"user1 {refused}": 3, f"user2 {refused}": 3, unheard: 1}
    counted = {one["name"]: one["num_failures"] for one in shown["stats"]}
    assert (counted["expect"], counted["Aggregated"]) == (1, 7)


def test_locust_s_page_counts_what_the_run_counts(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "play.yaml"
    file.write_text(_TALK + "  - wait: 60s\n")  # until the workers have reported all, and we have looked
    words = [*_BOTS, str(file), "--json", "--workers", "2", "--web", str(port)]
    right = {"action": 24, "delivery": 144}
    shown: dict[str, int] = {}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not shown.items() >= right.items():
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=10) as answer:
                shown = {one["method"]: one["num_requests"] for one in json.loads(answer.read())["stats"]}
            gevent.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        result = json.loads(process.stdout.read())
    assert shown.items() >= right.items()
    assert (result["said"], result["delivered"]) == (24, 144)
