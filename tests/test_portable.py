"""A class has other systems too: serving and chatting need nothing that only Unix has."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import run, serving
from tests.raw import plain, programmed

WITHOUT_UNIX = "tests.without_unix"


@pytest.mark.parametrize("history", ["history.sqlite", pytest.param("none", marks=pytest.mark.slow)])
def test_a_server_and_a_client_do_without_what_only_unix_has(tmp_path: Path, history: str) -> None:
    options = ["--history", history if history == "none" else str(tmp_path / history)]
    with serving(*options, through=WITHOUT_UNIX) as server:
        with plain(server.address, "alice") as alice, programmed(server.address, "bob")[0] as bob:
            alice.until(b"* bob joined\n")
            at = f"127.0.0.1:{server.address[1]}"
            shown = run(WITHOUT_UNIX, "geventchat.cli.client", at, "--name", "carol", given="hi\nexit\n")
            assert (shown.status, shown.errors) == (0, "")
            assert "carol: hi\n" in shown.out
            assert b"carol: hi\n" in alice.until(b"* carol left\n")
            assert [one["text"] for one in bob.messages_until("left") if one["type"] == "said"] == ["hi"]
        assert server.end() == 0


@pytest.mark.slow
def test_one_server_has_a_history_at_a_time_there_too(tmp_path: Path) -> None:
    path = str(tmp_path / "history.sqlite")
    with serving("--history", path, through=WITHOUT_UNIX) as server:
        second = run(WITHOUT_UNIX, "geventchat.cli.serve", "--listen", "127.0.0.1:0", "--history", path)
        assert (second.status, second.out) == (2, "")
        assert "is in use by another geventchat-serve" in second.errors
        server.process.kill()  # the lock goes with the process
        server.end()
    with serving("--history", path, through=WITHOUT_UNIX) as server:
        assert server.end() == 0


_TAKEN_AWAY = "from tests.without_unix import take_away; take_away()"
_WRITING = """
from tests.without_unix import take_away
import os, socket
one, other = socket.socketpair()
take_away()
one.send(b"x")
os.write(1, b"a file")
os.write(one.fileno(), b"a socket")
"""


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        (f"{_TAKEN_AWAY}; import fcntl", "import of fcntl halted"),
        (f"{_TAKEN_AWAY}; import signal; signal.SIGHUP", "no attribute 'SIGHUP'"),
        (_WRITING, "Bad file descriptor"),
    ],
)
def test_what_is_taken_away_is_away(program: str, shown: str) -> None:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert shown in ran.stderr
    assert ran.stdout == ("a file" if program == _WRITING else "")
