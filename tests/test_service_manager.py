"""The service manager is told when a server is ready, and when it stops."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes import serving


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
