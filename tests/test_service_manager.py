"""The service manager is told when a server is ready, and when it stops; and may listen for it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from geventchat.system import service_manager
from tests.processes import serving
from tests.raw import Raw


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_the_service_manager_is_told_when_the_server_is_ready_and_when_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = str(tmp_path / "notify") if kind == "file" else f"@geventchat{tmp_path}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind("\0" + path[1:] if kind == "abstract" else path)
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        with serving() as server:
            assert manager.recv(100) == b"READY=1"
            assert server.end() == 0
            assert manager.recv(100) == b"STOPPING=1"


def test_a_service_manager_that_is_gone_keeps_nobody_from_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    with serving() as server:
        assert server.end() == 0


@contextmanager
def activated(sock: socket.socket, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a server for which a service manager listens on a socket; its first words come once it serves."""
    command = [sys.executable, "-m", "tests.activated", "geventchat.cli.serve", "--history", "none", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=sock.fileno(), stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_where_the_service_manager_listens_nobody_is_turned_away_while_the_server_is_started_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        address = sock.getsockname()
        for _ in range(2):
            early = Raw(address, b"alice\n")  # before there is a server
            with activated(sock, "--listen", "127.0.0.1:1") as server:
                assert server.stdout is not None
                assert server.stdout.readline() == f"geventchat serves on 127.0.0.1:{address[1]}; join with\n"
                early.until(b"Hi, alice!")
                server.send_signal(signal.SIGTERM)
                assert b"the server is stopping" in early.rest()
                _, errors = server.communicate(timeout=10)
                assert (server.returncode, "Traceback" in errors) == (0, False)


@pytest.mark.parametrize("kind", ["of another kind", "connected"])
def test_what_the_service_manager_gives_and_nobody_can_listen_on_is_an_error_of_one_line(kind: str) -> None:
    one, other = socket.socketpair()
    if kind == "connected":
        with closing(socket.create_server(("127.0.0.1", 0))) as listening:
            one.close()
            one = socket.create_connection(listening.getsockname())
    with closing(one), closing(other), activated(one) as server:
        _, errors = server.communicate(timeout=10)
    assert (server.returncode, len(errors.splitlines())) == (2, 1)
    assert "does not listen for TCP" in errors


@pytest.mark.parametrize("process", ["1", "", "another"])
def test_sockets_that_are_handed_to_another_process_are_not_taken(
    monkeypatch: pytest.MonkeyPatch, process: str
) -> None:
    monkeypatch.setenv("LISTEN_PID", process)
    monkeypatch.setenv("LISTEN_FDS", "2")
    assert service_manager.listening() == []


def test_sockets_that_are_handed_over_are_not_also_those_of_a_process_that_is_started_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "2")
    assert service_manager.listening() == [3, 4]
    assert not {"LISTEN_PID", "LISTEN_FDS"} & set(os.environ)
    assert service_manager.listening() == []
