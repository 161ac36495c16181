"""What a server logs, in which form, and that nobody who can connect can hold it up by that."""

import contextlib
import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import gevent
import psutil
import pytest

from geventchat.server.log_lines import MOST_A_MINUTE, JsonFormatter, SparingFilter
from tests.processes import serving, start_server
from tests.raw import Raw, plain


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """The end of a pipe into which nothing more can be written, and which nobody reads."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    yield writing
    os.close(reading)
    os.close(writing)


def port_of(process: "subprocess.Popen[str]") -> int:
    """Return where a server listens that cannot say so."""
    while not (found := psutil.Process(process.pid).net_connections("tcp4")):
        gevent.sleep(0.01)
    return int(found[0].laddr.port)


@pytest.mark.parametrize("streams", [("stdout",), ("stderr",), ("stdout", "stderr")])
def test_a_server_whose_lines_nobody_reads_serves_on_and_ends_in_order(
    full_pipe: int, streams: tuple[str, ...]
) -> None:
    stuck = {name: full_pipe if name in streams else subprocess.PIPE for name in ("stdout", "stderr")}
    process = start_server(stdout=stuck["stdout"], stderr=stuck["stderr"])
    address = ("127.0.0.1", port_of(process))
    with plain(address, "alice") as alice:
        for _ in range(40):
            with Raw(address, b"GET / HTTP/1.1\r\n\r\n") as browser:
                browser.rest()
        alice.send(b"hello\n")
        alice.until(b"alice: hello\n")
        process.send_signal(signal.SIGTERM)
        assert alice.rest() == b"* the server is stopping\n"
    process.communicate(timeout=25)
    assert process.returncode == 0


def test_a_server_with_neither_output_nor_errors_serves() -> None:
    program = "import os, sys; os.close(1); os.close(2); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", program, "-m", "geventchat.cli.serve", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen([*command, "--history", "none", "--until-input-ends"], stdin=subprocess.PIPE, text=True)
    with plain(("127.0.0.1", port_of(process)), "alice") as alice:
        alice.send(b"hello\n")
        alice.until(b"alice: hello\n")
    process.communicate(timeout=25)
    assert process.returncode == 0


def test_lines_are_json_if_wanted() -> None:
    with serving("--log-format", "json") as server:
        with Raw(server.address, b"GET / HTTP/1.1\r\n\r\n") as browser:
            browser.rest()
        server.end()
    lines = [json.loads(line) for line in server.errors.splitlines()]
    assert lines[0]["message"] == "what is said is kept in memory only"
    assert {line["level"] for line in lines} == {"info"}
    assert all(line["time"].endswith("Z") for line in lines)


def test_a_line_of_json_has_the_traceback() -> None:
    record = logging.LogRecord("geventchat", logging.ERROR, "", 0, "%s\nfailed", ("it",), None)
    try:
        raise RuntimeError("a mistake of ours")
    except RuntimeError:
        record.exc_info = sys.exc_info()
    (line,) = JsonFormatter().format(record).splitlines()
    shown = json.loads(line)
    assert (shown["message"], shown["level"]) == ("it\nfailed", "error")
    assert "RuntimeError: a mistake of ours" in shown["traceback"]


def shown(sparing: SparingFilter, level: int, at: float, text: str, *values: object) -> str | None:
    """Return what is written of a record that is made `at` seconds since 1970, if anything."""
    record = logging.LogRecord("geventchat", level, "", 0, text, values, None)
    record.created = at
    return record.getMessage() if sparing.filter(record) else None


def test_of_one_kind_only_so_many_lines_a_minute_are_written_and_the_last_says_so() -> None:
    sparing = SparingFilter()
    lines = [shown(sparing, logging.INFO, 60.0, "closing %s: %s", number, "no") for number in range(MOST_A_MINUTE + 5)]
    assert lines[:-6] == [f"closing {number}: no" for number in range(MOST_A_MINUTE - 1)]
    assert lines[-6:] == [
        f"closing {MOST_A_MINUTE - 1}: no; more lines like this are left out until the minute is over",
        *[None] * 5,
    ]
    assert shown(sparing, logging.WARNING, 61.0, "of another kind") == "of another kind"
    assert shown(sparing, logging.INFO, 119.9, "closing %s: %s", 1, "no") is None
    assert shown(sparing, logging.INFO, 120.0, "closing %s: %s", 1, "no") == "closing 1: no"


def test_every_error_is_written() -> None:
    sparing = SparingFilter()
    errors = [shown(sparing, logging.ERROR, 60.0, "failed") for _ in range(MOST_A_MINUTE + 5)]
    assert errors == ["failed"] * (MOST_A_MINUTE + 5)


def test_who_connects_again_and_again_does_not_fill_the_log() -> None:
    with serving("--log-format", "json") as server:
        for _ in range(2 * MOST_A_MINUTE + 1):  # two minutes may have a part in it
            with Raw(server.address, b"SSH-2.0-x\r\n") as raw:
                raw.rest()
        server.end()
    lines = [json.loads(line)["message"] for line in server.errors.splitlines()]
    turned_away = [line for line in lines if line.startswith("closing 127.0.0.1: ")]
    assert turned_away[0] == "closing 127.0.0.1: this port speaks chat, and that is SSH"
    assert MOST_A_MINUTE <= len(turned_away) <= 2 * MOST_A_MINUTE
    assert any(line.endswith("; more lines like this are left out until the minute is over") for line in turned_away)
