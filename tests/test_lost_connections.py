"""The ledger's proof over lost connections: each message reaches everyone once, in one order, whatever breaks."""

import json
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import gevent
import pytest
from gevent import socket as gevent_socket

from bots.report.verdict import status_of
from geventchat import ChatServer, Limits
from geventchat.store.sqlite import SqliteLog
from tests.play import passed, play
from tests.ports import free_port
from tests.processes import serving
from tests.proxy import Proxy

pytestmark = pytest.mark.slow  # each of these takes seconds

_SCENARIO = Path(__file__).parent.parent / "scenarios" / "lost_connections.yaml"
_DROPPING = """
seed: 8
cast: {user: {count: 20, reconnect: true}}
script:
  - together:
      - user: {say: "{words 2..5}", every: 50ms, jitter: 50%, for: 3s}
      - user: {drop: reset, every: 700ms, jitter: 100%, for: 2500ms}
check: {delivery: exactly once, order: same for everyone}
"""


def test_who_comes_back_says_and_hears_everything_once_in_the_same_order_as_all() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(_DROPPING, server.address))
        assert len(outcome.rooms["lobby"].messages) == outcome.timeline.said == 20 * 60


def test_who_does_not_come_back_fails_the_run() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        talk = "cast: {user: 3}\nscript:\n  - user: {say: hi, every: 50ms, for: 3s}\n"
        playing = gevent.spawn(play, talk, server.address)
        while server.connections != 3:
            gevent.sleep(0.01)
        server.stop()
        failures = playing.get().failures
    assert sum("lost the connection" in failure for failure in failures) == 3


def test_who_was_not_answered_when_it_came_back_shows_next_time_too_who_it_was() -> None:
    greetings: list[dict[str, object]] = []

    def end_at_once(sock: gevent_socket.socket, _: object) -> None:
        greetings.append(json.loads(sock.recv(4096).partition(b"\n")[0]))
        sock.close()

    talk = "cast: {user: {reconnect: true}}\nscript:\n  - user: {say: hi, every: 50ms, for: 2s}\n"
    with ChatServer(limits=Limits(rate=None)) as server, Proxy(server.address) as way:
        playing = gevent.spawn(play, talk, way.address)
        while not server.connections:
            gevent.sleep(0.01)
        gevent.sleep(0.3)
        with way.cut(silently=False):
            way.serve_with(end_at_once)
            while len(greetings) < 2:
                gevent.sleep(0.01)
        playing.get()
    assert [greeting["token"] for greeting in greetings[:2]] == [greetings[0]["token"]] * 2
    assert greetings[0]["token"]


def test_a_server_that_stays_away_fails_the_run() -> None:
    talk = "cast: {user: {reconnect: 500ms}}\nscript:\n  - user: {say: hi, every: 50ms, for: 3s}\n"
    with ChatServer(limits=Limits(rate=None)) as server:
        playing = gevent.spawn(play, talk, server.address)
        while not server.connections:
            gevent.sleep(0.01)
        server.stop()
        outcome = playing.get()
    assert status_of(outcome) in (1, 5)
    assert outcome.failures == ["user could not connect: Connection refused, for 0.5 s after its connection was lost"]


def test_nothing_is_lost_or_doubled_over_a_server_that_is_killed_and_started_again_twice(tmp_path: Path) -> None:
    history = ("--history", str(tmp_path / "history.sqlite"), "--rate", "off")
    at = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "bots.cli", str(_SCENARIO), "--server", at, "--json"]
    bots = None
    for lasts_s in (6, 6, 200):
        with serving(*history, "--listen", at) as server:
            bots = bots or subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                out, errors = bots.communicate(timeout=lasts_s)
            except subprocess.TimeoutExpired:
                server.end(signal.SIGKILL)
    result = json.loads(out)
    assert (result["failures"], result["anomalies"]) == ([], {}), errors
    assert [one for one in result["checks"] if one["result"] != "met"] == []


_STORMS = """
cast: {user: {count: 100, reconnect: true}, talker: 5}
script:
  - together:
      - talker: {say: "{words 2..5}", every: 50ms, for: 4s}
      - user: {drop: reset, every: 800ms, times: 4}
check: {delivery: exactly once, order: same for everyone}
"""


def test_reconnect_storms_lose_and_double_nothing(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "history.sqlite")  # which lets others run while it reads
    with closing(log), ChatServer(limits=Limits(rate=None), log=log) as server:
        passed(play(_STORMS, server.address))
