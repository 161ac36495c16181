"""Several scenarios in one call, what is printed where, and servers that are no chat."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

import gevent
import pytest
from gevent.event import Event
from gevent.server import StreamServer
from gevent.socket import socket, wait_read

from bots.cli import main
from bots.cli.run import worst
from bots.report.summary import lines
from geventchat import ChatClient, ChatServer, Limits
from geventchat.protocol.errors import ServerUnavailable
from geventchat.protocol.events import Said
from tests.play import play
from tests.processes import Ran, run
from tests.raw import Address, Raw

GOOD = "script:\n  - ann: hello\n"
BAD = "script:\n  - ann: hello\n  - ben: {expect: bye, within: 10ms}\n"
ENDLESS = "script:\n  - ann: {say: tick, every: 1s, for: forever}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"a_good": GOOD, "b_bad": BAD, "c_endless": ENDLESS, "d_good": GOOD}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def bots(*arguments: str) -> Ran:
    return run("bots.cli", *arguments)


@contextmanager
def answering(answer: Callable[[socket], object]) -> Iterator[Address]:
    """Run a server that answers every connection in this way."""
    listener = StreamServer(("127.0.0.1", 0), lambda sock, _: answer(sock))
    listener.start()
    try:
        yield listener.socket.getsockname()[:2]
    finally:
        listener.stop()


@pytest.mark.slow
def test_a_folder_is_run_with_a_line_for_each_scenario_and_a_summary(folder: Path) -> None:
    ran = bots(str(folder), "--junit", str(folder / "out.xml"))
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert [line.split(":")[0].split() for line in lines] == [
        ["passed", str(folder / "a_good.yaml")],
        ["failed", str(folder / "b_bad.yaml")],
        ["passed", str(folder / "d_good.yaml")],
        ["3", "scenarios"],
    ]
    assert "1 messages, 1 deliveries" in lines[0]
    assert "FAILED: script carried out: 1 failed" in lines[1]
    assert lines[3] == "3 scenarios: 2 passed, 1 failed"
    assert f"note: {folder / 'c_endless.yaml'} lasts until Ctrl-C, and is left out; name it to run it" in ran.errors
    root = ElementTree.parse(folder / "out.xml").getroot()  # noqa: S314 - it is our own
    assert [suite.get("name") for suite in root] == ["a_good", "b_bad", "d_good"]


def test_a_folder_of_scenarios_that_all_last_until_ctrl_c_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ENDLESS)
    ran = bots(str(tmp_path))
    assert (ran.status, ran.out) == (2, "")
    assert ran.errors.splitlines()[1:] == [
        "geventchat-bots: there is nothing to run: all scenarios there last until Ctrl-C; name one of them to run it"
    ]


def test_what_scenarios_have_shown_is_in_the_junit_file_though_the_next_could_not_be_run(
    folder: Path,
) -> None:
    def serve(sock: socket, _: Address) -> None:
        listener.close()  # nobody else comes in
        with sock.makefile("rb") as lines:
            sock.sendall(f"Hi, {next(lines).decode().strip()}!\n".encode())
            for line in lines:
                sock.sendall(b"* pong " + line[6:] if line.startswith(b"/ping ") else b"ann: " + line)

    listener = StreamServer(("127.0.0.1", 0), serve)
    listener.start()
    at, file = "{}:{}".format(*listener.address), folder / "out.xml"
    (folder / "c_endless.yaml").unlink()
    for name in ("b_bad", "d_good"):
        (folder / f"{name}.yaml").write_text(GOOD)
    words = str(folder), "--server", at, "--dialect", "plain", "--junit", str(file)
    ran = gevent.get_hub().threadpool.apply(bots, words)
    assert ran.status == 4
    root = ElementTree.parse(file).getroot()  # noqa: S314 - it is our own
    assert [(suite.get("name"), suite.get("failures"), suite.get("errors")) for suite in root] == [
        ("a_good", "0", "0"),
        ("b_bad", "0", "1"),
    ]
    (error,) = root.iter("error")
    assert error.get("message", "").startswith(f"no server answers at {at}")


@pytest.mark.parametrize(
    ("statuses", "whole"), [({0}, 0), ({0, 5}, 5), ({0, 1, 5}, 1), ({1, 5}, 1), ({0, 1, 5, 130}, 130)]
)
def test_the_status_of_several_is_that_of_the_one_with_which_it_went_worst(statuses: set[int], whole: int) -> None:
    assert worst(statuses) == whole


def test_mistakes_in_one_of_several_are_told_before_anything_runs(folder: Path) -> None:
    wrong = folder / "wrong.yaml"
    wrong.write_text("script:\n  - ann: {sya: hello}\n")
    ran = bots(str(folder / "a_good.yaml"), str(wrong))
    assert (ran.status, ran.out) == (2, "")
    assert ran.errors.startswith(f"{wrong}:2:11: sya is not an action")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a_good.yaml", "d_good.yaml", "--report", "out.html"], "--report shows one scenario, and these are 2"),
        (["empty"], "there is no scenario in empty"),
    ],
)
def test_what_cannot_be_meant_of_several_is_told(
    folder: Path, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"geventchat-bots: {told}")


@pytest.mark.slow
def test_the_verdict_is_coloured_on_a_terminal_only(folder: Path) -> None:
    good = str(folder / "a_good.yaml")
    assert "\x1b[32mPASSED" in on_terminal(good, TERM="xterm")
    assert "\x1b[31mFAILED" in on_terminal(str(folder / "b_bad.yaml"), TERM="xterm")
    for without in (on_terminal(good, TERM="xterm", NO_COLOR="1"), bots(good).out):
        assert "\nPASSED" in without.replace("\r", "")
        assert "\x1b" not in without


def on_terminal(*arguments: str, **environment: str) -> str:
    """Run the command with a terminal for its output; return what it wrote there."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bots.cli", *arguments],
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    ) as process:
        os.close(slave)
        written = b""
        with suppress(OSError):  # all has been read, and nobody writes any more
            while data := os.read(master, 65536):
                written += data
        process.wait()
    os.close(master)
    return written.decode()


@pytest.mark.parametrize(
    "number", [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
)
def test_a_signal_with_a_report_of_a_run_in_which_nothing_was_heard_writes_it_and_is_status_130(
    folder: Path, number: signal.Signals
) -> None:
    file, report = folder / "idle.yaml", folder / "out.html"
    file.write_text("script:\n  - ann: {wait: 60s}\n")
    command = [sys.executable, "-m", "bots.cli", str(file), "--report", str(report)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        joining = process.stdout.readline()
        told = re.search(r"to join: geventchat-client (127\.0\.0\.1:(\d+)), or http://\1 in a browser$", joining)
        assert told is not None
        with Raw(("127.0.0.1", int(told[2])), b'{"type":"hello","nick":"ben"}\n') as ben:
            ben.until(b'"ann"')  # is there, or comes in
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
    assert "INTERRUPTED" in report.read_text()


_SHOW_MUCH = """
import os, gevent
from bots.cli.output import show
from bots.engine.interrupt import interruptible
with interruptible():
    gevent.spawn(os.write, 2, b"showing")
    try:
        show("x" * 1_000_000)
    except KeyboardInterrupt:
        os._exit(130)
"""


def test_others_run_and_ctrl_c_ends_it_while_nobody_reads_what_is_shown() -> None:
    command = [sys.executable, "-c", _SHOW_MUCH]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            with gevent.Timeout(20):
                wait_read(process.stderr.fileno())
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()


@pytest.mark.slow
def test_a_run_whose_process_was_held_while_its_users_only_listened_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "listen.yaml").write_text("script:\n  - ann: hello\n  - ben: {wait: 5s}\n")
    with ChatServer() as server, ChatClient(server.address, name="eve") as eve:
        command = [sys.executable, "-m", "bots.cli", str(tmp_path / "listen.yaml"), "--server"]
        with subprocess.Popen(
            [*command, "{}:{}".format(*server.address)], stdout=subprocess.PIPE, text=True
        ) as process:
            while not isinstance(eve.receive(), Said):
                pass
            process.send_signal(signal.SIGSTOP)
            gevent.sleep(1.5)
            process.send_signal(signal.SIGCONT)
            out, _ = gevent.get_hub().threadpool.apply(process.communicate, kwds={"timeout": 30})
    assert process.returncode == 5
    assert re.search(r"^bots late    p99 [\d.]+ ms", out, re.MULTILINE)
    assert out.splitlines()[-1].startswith("INVALID: the bots themselves were late, by 1")


def test_ctrl_c_also_ends_the_scenarios_that_have_not_begun(folder: Path) -> None:
    (folder / "idle.yaml").write_text("script:\n  - ann: {wait: 60s}\n")
    with ChatServer() as server:
        at, files = f"127.0.0.1:{server.address[1]}", [str(folder / f"{name}.yaml") for name in ("idle", "d_good")]
        command = [sys.executable, "-m", "bots.cli", *files, "--server", at]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while not server.connections:
                gevent.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, errors = gevent.get_hub().threadpool.apply(process.communicate, kwds={"timeout": 30})
    assert (process.returncode, errors) == (130, "")
    assert "idle.yaml" in out
    assert "d_good.yaml" not in out


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_what_a_server_sends_instead_of_a_welcome_is_shown_cleaned(
    dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.engine.bot.PATIENCE_S", 0.5)
    for sent in (b"SSH-2.0-Open\x1bSSH\r\n", b"+OK\x1b ready\r\n"):
        with answering(lambda sock, sent=sent: (sock.sendall(sent), sock.recv(1000))) as address:  # type: ignore[misc]
            (failure,) = play("script:\n  - ann: hi\n", address, dialect).failures
        assert sent.decode().strip().replace("\x1b", "\\u001b") in failure
        assert dialect == "plain" or "does it speak another --dialect?" in failure


def test_a_server_that_says_nothing_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.engine.bot.PATIENCE_S", 0.1)
    with answering(lambda sock: sock.recv(1000) and sock.recv(1000)) as address:
        assert play("script:\n  - ann: hi\n", address).failures == [
            "ann got no answer to its name within 0.1 s, nor anything else"
        ]


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_a_line_without_end_ends_the_connection(dialect: str) -> None:
    def flood(sock: socket) -> None:
        with suppress(OSError):
            while True:
                sock.sendall(b"x" * (1 << 20))

    with answering(flood) as address:
        (failure,) = play("script:\n  - ann: hi\n", address, dialect).failures
    assert failure.startswith("ann was not let in: the server sent a line without end")


def test_nobody_connects_to_a_server_but_the_bots() -> None:
    greeted, names = Event(), []

    def greet(sock: socket) -> None:
        names.append(sock.recv(1000))
        sock.sendall(b"Hi, ann!\n")
        greeted.set()
        with sock.makefile("rb") as lines:
            for line in lines:
                sock.sendall(b"ann: " + line)

    with answering(greet) as address:
        play("script:\n  - ann: hi\n", address, "plain")
    assert names == [b"ann\n"]


def test_where_no_server_answers_there_is_no_run() -> None:
    with pytest.raises(ServerUnavailable, match=r"no server answers at 127.0.0.1:1 \(connection refused\)"):
        play("script:\n  - ann: hi\n", ("127.0.0.1", 1))


@pytest.mark.slow
def test_latency_at_a_server_that_limits_the_rate_is_explained() -> None:
    with ChatServer(limits=Limits(rate=2, burst=1)) as server:
        outcome = play("script:\n  - ann: {say: hi, times: 6}\n", server.address)
    note = "this server takes 2 messages a second from one user: what waited for its turn counts as latency"
    assert f"note         {note}" in list(lines(outcome))
