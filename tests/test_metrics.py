"""What a server says of itself to programs."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import gevent
import pytest
from gevent import socket

from geventchat import ChatServer, Limits
from geventchat.store.redis.log import RedisLog
from geventchat.store.sqlite import SqliteLog
from tests.pages import ROOT
from tests.processes import run
from tests.raw import Address, Raw, programmed
from tests.redis_server import running_redis


def answer(address: Address, path: str) -> tuple[int, str]:
    """Return the status and the body of an answer."""
    with closing(socket.create_connection(address, timeout=10)) as sock:
        sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        data = b""
        while more := sock.recv(65536):
            data += more
    head, _, body = data.decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


def where(server: ChatServer) -> Address:
    assert server._metrics is not None
    return server._metrics.address


def figures(server: ChatServer) -> dict[str, float]:
    """Return all figures by their names, with the labels of those that have any."""
    status, body = answer(where(server), "/metrics")
    assert status == 200
    lines = [line for line in body.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None), metrics=("127.0.0.1", 0)) as server:
        yield server


def test_what_happens_is_counted(server: ChatServer) -> None:
    alice, _ = programmed(server.address, "alice")
    bob, _ = programmed(server.address, "bob", room="den")
    for _ in range(3):
        alice.send(b'{"type":"say","text":"hi"}\n')
    alice.send(b'{"type":"say","text":""}\n{"type":"ping"}\n')
    alice.messages_until("pong")
    with Raw(server.address, b'{"type":"hello","nick":"bob"}\n') as third:
        third.messages_until("error")
        found = figures(server)
    assert found["geventchat_connections"] == 3
    assert found["geventchat_members"] == 2
    assert found["geventchat_rooms"] == 2
    assert found["geventchat_connections_total"] == 3
    assert found["geventchat_joined_total"] == 2
    assert found["geventchat_messages_total"] == 3
    assert found["geventchat_deliveries_total"] >= 3
    assert found["geventchat_sent_bytes_total"] > 300
    assert found['geventchat_refusals_total{code="nick-taken"}'] == 1
    assert found['geventchat_refusals_total{code="empty"}'] == 1
    assert found["geventchat_log_append_seconds_count"] > 0
    assert found["geventchat_fan_out_seconds_count"] > 0
    assert found["geventchat_slow_readers"] == 0
    alice.close()
    bob.close()


def test_a_gap_is_counted() -> None:
    limits = Limits(rate=None, feed_window=4_096)
    with ChatServer(limits=limits, metrics=("127.0.0.1", 0)) as server:
        slow = Raw.with_little_room(server.address)
        slow.send(b'{"type":"hello","nick":"slow"}\n')
        bob, _ = programmed(server.address, "bob")
        while not figures(server)["geventchat_slow_readers"]:
            bob.send(b'{"type":"say","text":"%s"}\n' % (b"x" * 4_000) * 20)
            bob.send(b'{"type":"ping"}\n')
            bob.messages_until("pong")
        slow.messages_until("gap")
        assert figures(server)["geventchat_gaps_total"] >= 1
        slow.close()
        bob.close()


def test_a_server_lives_and_may_be_given_users_until_it_stops(server: ChatServer) -> None:
    assert answer(where(server), "/healthz") == (200, "ok\n")
    assert answer(where(server), "/readyz") == (200, "ok\n")
    assert answer(where(server), "/else")[0] == 404
    alice, _ = programmed(server.address, "alice")
    at = where(server)
    stopping = gevent.spawn(server.stop)
    alice.messages_until("closing")
    assert answer(at, "/readyz") == (503, "the server is stopping\n")
    assert answer(at, "/healthz")[0] == 200
    alice.close()
    stopping.get()


def test_a_server_is_ready_again_once_its_file_is_back_though_nobody_speaks(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log, ChatServer(log=log, metrics=("127.0.0.1", 0)) as server:
        path.rename(tmp_path / "away")
        while (ready := answer(where(server), "/readyz")) == (200, "ok\n"):
            gevent.sleep(0.05)
        assert ready == (503, "history.sqlite was removed\n")
        (tmp_path / "away").rename(path)
        while answer(where(server), "/readyz")[0] != 200:
            gevent.sleep(0.05)


def test_a_server_without_its_redis_is_not_ready_and_says_why(tmp_path: Path) -> None:
    with ExitStack() as opened:
        redis = opened.enter_context(running_redis(tmp_path))
        log = opened.enter_context(closing(RedisLog(redis.url, lease_s=60)))
        with ChatServer(log=log, metrics=("127.0.0.1", 0)) as server:
            assert answer(where(server), "/readyz")[0] == 200
            found = figures(server)
            assert found["geventchat_redis_up"] == 1
            assert 0 < found["geventchat_lease_left_seconds"] <= 60
            redis.kill()
            while answer(where(server), "/readyz")[0] == 200:
                gevent.sleep(0.05)
            assert "Redis" in answer(where(server), "/readyz")[1]
            assert figures(server)["geventchat_redis_up"] == 0
            redis.start()
            while answer(where(server), "/readyz")[0] != 200:
                gevent.sleep(0.05)


def test_an_address_that_cannot_be_had_is_said_in_one_line(server: ChatServer) -> None:
    host, port = where(server)
    ran = run("geventchat.cli.serve", "--listen", "127.0.0.1:0", "--history", "none", "--metrics", f"{host}:{port}")
    assert (ran.status, len(ran.errors.splitlines())) == (2, 1)
    assert "--metrics" in ran.errors


def test_the_dashboard_asks_for_figures_that_there_are(tmp_path: Path) -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    asked = set(re.findall(r"geventchat_\w+", json.dumps(dashboard)))
    with ExitStack() as opened:
        redis = opened.enter_context(running_redis(tmp_path))
        log = opened.enter_context(closing(RedisLog(redis.url)))
        with ChatServer(log=log, metrics=("127.0.0.1", 0)) as server:
            raw = Raw(server.address, b'{"type":"say","text":"too early"}\n')
            raw.messages_until("error")
            there = {name.partition("{")[0] for name in figures(server)}
            raw.close()
    assert asked - {"geventchat_up"} <= there
    page = (ROOT / "docs" / "operating.md").read_text()
    assert {re.sub(r"_(bucket|count|sum|created)$", "", one) for one in there} == set(
        re.findall(r"`(geventchat_\w+)`", page)
    )
