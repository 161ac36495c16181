"""Servers of other makes, each spoken to as its file in docs/protocols says."""

import os
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from bots.engine.runner import Runner
from bots.protocols.registry import from_file
from bots.protocols.sayable import check_sayable
from bots.report.outcome import Outcome
from bots.scenario.load import parse
from bots.scenario.mistakes import ScenarioMistakes
from tests.needs import missing, needs
from tests.pages import ROOT
from tests.play import passed
from tests.processes import Ran, run
from tests.raw import Address, Raw
from tests.servers.running import other_server
from tests.tls import keys

EXAMPLES = ROOT / "docs" / "protocols"

_TALK = """\
cast: {user: 5}
script:
  - user: {say: "{words 3}", times: 20, every: 20ms, jitter: 20ms}
  - user1: {say: "{words 1} [brackets] <ann> {{x}} \\\\ \\" ' and Привет", times: 2}
  - wait: 300ms
  - user2: {leave}
  - user: {say: "again {words 1}", times: 5, every: 20ms}
  - user2: {join}
  - user: {say: "the end {words 1}", times: 2}
"""
_IN_SEVERAL_ROOMS = """\
cast: {ann: 1, bob: 1, eve: 1}
script:
  - everyone: "{words 2}"
  - ann: {join: tea}
  - bob: {join: tea}
  - ann: {say: "{words 2}", room: tea, times: 3}
  - ann: {say: "{words 2}", room: lobby, times: 3}
  - eve: {say: "{words 2}", times: 3}
  - ann: {ping}  # the server has taken what she said in tea: bob, who leaves it, must have heard that
  - bob: {leave, room: tea}
  - ann: {say: alone, room: tea}
  - ann: {ping}
"""


def play_at(address: Address, protocol: str, scenario: str = _TALK) -> Outcome:
    """Play a scenario as a file in docs/protocols says."""
    spoken = from_file(EXAMPLES / f"{protocol}.yaml")
    read = parse(dedent(scenario).encode(), "test.yaml", lambda _: b"")
    check_sayable(read, spoken)
    return Runner(read, address, spoken.make).run()


def heard_by_all(outcome: Outcome, *, echo: bool = True) -> None:
    passed(outcome)
    readers = 5 if echo else 4
    said_by_all = 5 * 20 + 2 + 5 * 2
    said_by_four = 4 * 5
    least = said_by_all * readers + said_by_four * (readers - 1)
    assert least <= outcome.timeline.delivered <= least + said_by_four  # what was on its way when the fifth came back


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server", "protocol"),
    [("with_websockets.py", "websockets"), ("with_lines.py", "lines"), ("with_signalr.py", "signalr")],
    ids=lambda one: str(one),
)
def test_a_server_is_proved_by_a_file(server: str, protocol: str) -> None:
    with other_server(server) as address:
        heard_by_all(play_at(address, protocol))


def test_who_does_not_hear_itself_is_not_said_to_miss_anything() -> None:
    with other_server("with_lengths.py") as address:
        heard_by_all(play_at(address, "length-prefixed"), echo=False)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["starlette", "socketio"])
def test_a_server_on_asgi_is_proved_by_a_file(protocol: str) -> None:
    with other_server(f"with_{protocol}.py") as address:
        outcome = play_at(address, {"socketio": "socket.io"}.get(protocol, protocol))
        heard_by_all(outcome)
    assert outcome.settled == (protocol == "starlette")


@pytest.fixture(scope="module")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install Node's ws."""
    folder = tmp_path_factory.mktemp("node")
    if subprocess.run([needs("npm"), "install", "--silent", "ws"], cwd=folder, check=False).returncode:
        missing("npm cannot install ws")
    return folder / "node_modules"


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [_TALK, _IN_SEVERAL_ROOMS], ids=["talk", "rooms"])
def test_a_server_on_node_is_proved_by_a_file(node_modules: Path, scenario: str) -> None:
    environment = {**os.environ, "NODE_PATH": str(node_modules)}
    with other_server("with_ws.js", environment) as address:
        outcome = passed(play_at(address, "node-ws", scenario))
    assert outcome.settled
    assert outcome.timeline.delivered == (34 if scenario is _IN_SEVERAL_ROOMS else 640)


def test_what_a_protocol_cannot_do_is_said_at_the_line_that_needs_it() -> None:
    scenario = """\
    cast: {ann: {reconnect: true}, bob: 1}
    script:
      - ann: {rename: anna}
      - bob: {whisper: psst, to: ann}
      - bob: {act: waves}
      - bob: {join: den}
      - bob: {ping}
      - ann: {drop: reset}
    """
    with pytest.raises(ScenarioMistakes) as told:
        play_at(("127.0.0.1", 1), "lines", scenario)
    said = [str(one).partition("lines.yaml, ")[2] for one in told.value.mistakes]
    assert [one.place.line for one in told.value.mistakes] == [3, 4, 5, 6, 7, 8]
    assert said[:5] == [
        "nobody can take another name",
        "nobody can whisper",
        "nobody can act, as with /me",
        "there is only one room",
        "nothing is answered as a ping is",
    ]
    assert said[5].startswith("who comes back is not told what it missed")


@pytest.mark.slow
def test_a_server_inside_tls_is_proved_by_a_file_that_says_who_vouches_for_it(tmp_path: Path) -> None:
    keys(tmp_path)
    certificate, key = tmp_path / "tls-certificate.pem", tmp_path / "tls-key.pem"
    file = (EXAMPLES / "websockets.yaml").read_text()
    (tmp_path / "known.yaml").write_text(f"{file}tls: true\n")
    (tmp_path / "vouched.yaml").write_text(f"{file}tls: tls-certificate.pem\n")
    (tmp_path / "others.yaml").write_text(f"{file}tls: system\n")
    (tmp_path / "talk.yaml").write_text("cast: {user: 3}\nscript:\n  - user: hello\n")
    environment = {"CERTIFICATE": str(certificate), "KEY": str(key), "XDG_STATE_HOME": str(tmp_path)}
    with other_server("with_websockets.py", environment={**os.environ, **environment}) as (host, port):

        def bots(*words: str) -> Ran:
            return run("bots.cli", *words, environment=environment)

        for name in ("known", "vouched"):
            options = ["--server", f"{host}:{port}", "--protocol", str(tmp_path / f"{name}.yaml")]
            ran = bots(str(tmp_path / "talk.yaml"), *options)
            assert ran.out.splitlines()[-1] == "PASSED: everyone got every message, once, in order", ran
        assert bots("try", f"{host}:{port}", "--protocol", str(tmp_path / "known.yaml")).status == 0
        ran = bots("try", f"{host}:{port}", "--protocol", str(tmp_path / "others.yaml"))
        assert ran.status == 4
        assert "nobody vouches for 127.0.0.1" in ran.errors
        ran = bots(
            str(tmp_path / "talk.yaml"), "--server", f"{host}:{port}", "--protocol", str(tmp_path / "others.yaml")
        )
        assert ran.status == 4
        assert ran.errors.splitlines()[-1].startswith(f"geventchat-bots: nobody vouches for {host}:{port}")
        ran = bots("try", f"{host}:{port}", "--protocol", str(EXAMPLES / "websockets.yaml"))
        assert ran.out.endswith("the server closed the connection; if it expects TLS: tls: true\n")


def test_what_a_server_refuses_is_told_in_its_words() -> None:
    with other_server("with_lines.py") as address, Raw(address, b"LOGIN user2\n") as somebody:
        assert b"+OK\n" in somebody.until(b"+OK\n")
        outcome = play_at(address, "lines", "cast: {user: 3}\nscript:\n  - user: hello\n")
    assert outcome.failures == ["user2 was not let in: that name is taken (refused)"]
