"""How a server process ends: by signals, with its terminal, and with the process that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import gevent
import psutil

from tests.needs import not_permitted
from tests.processes import run, serving
from tests.raw import plain, programmed


def test_a_terminal_that_closes_ends_it_in_order_however_often_it_says_so() -> None:
    with serving() as server:
        with plain(server.address, "alice") as alice:
            for _ in range(3):
                server.process.send_signal(signal.SIGHUP)
            assert alice.rest() == b"* the server is stopping\n"
        assert server.end() == 0


def test_started_to_outlive_its_terminal_it_does() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with serving() as server:
            server.process.send_signal(signal.SIGHUP)
            with plain(server.address, "alice") as alice:
                alice.send(b"hello\n")
                alice.until(b"alice: hello\n")
            assert server.end() == 0
    finally:
        signal.signal(signal.SIGHUP, before)


_STARTER = """
from tests.processes import start_server
server = start_server()
print(server.pid, server.stdout.readline(), flush=True)
server.wait()
"""


def test_it_ends_when_who_started_it_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-c", _STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid, introduction = starter.stdout.readline().split(maxsplit=1)
    server, port = psutil.Process(int(pid)), int(introduction.partition(";")[0].rpartition(":")[2])
    bob, _ = programmed(("127.0.0.1", port), "bob")
    starter.kill()
    assert bob.messages_until("closing")[-1]["code"] == "server-stopping"
    bob.close()
    wait_until_ended(server)
    starter.communicate()


def test_the_server_of_bots_that_are_killed_ends_too(tmp_path: Path) -> None:
    scenario = tmp_path / "long.yaml"
    scenario.write_text("script:\n  - alice: hi\n  - wait: 1h\n")
    command = [sys.executable, "-m", "bots.cli", str(scenario)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as bots:
        try:
            assert bots.stdout is not None
            assert "a server started for this run" in bots.stdout.readline()
            (server,) = psutil.Process(bots.pid).children()
        finally:
            bots.kill()
    wait_until_ended(server)


def wait_until_ended(process: psutil.Process) -> None:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        gevent.sleep(0.01)


def test_how_it_is_told_to_end_with_its_starter_is_no_option_for_people() -> None:
    assert "until-input-ends" not in run("geventchat.cli.serve", "--help").out


def test_ctrl_c_before_it_serves_is_no_traceback(tmp_path: Path) -> None:
    if sys.platform == "win32":
        not_permitted("no folder here has pipes with a name")
    config = tmp_path / "chat.toml"
    os.mkfifo(config)
    command = [sys.executable, "-m", "geventchat.cli.serve", "--config", str(config)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        config.open("w"),  # it reads its options, and waits for them
    ):
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=20)
    assert (process.returncode, *told) == (0, "", "")
