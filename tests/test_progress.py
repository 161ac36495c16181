"""What a terminal shows of a run while it goes on."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal_fixtures import Terminal

_TALK = "ann: {say: hi, every: 200ms, for: %s}"
_CTRL_S = "\x13"


def _scenario(folder: Path, lasts: str) -> Path:
    file = folder / "talk.yaml"
    file.write_text(f"script:\n  - {_TALK % lasts}\n")
    return file


def _bots(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "bots.cli", *map(str, arguments)]


@pytest.mark.parametrize(("lasts", "has_bar"), [("60s", True), ("forever", False)])
def test_there_is_a_bar_where_there_is_an_end(lasts: str, has_bar: bool, tmp_path: Path) -> None:
    with Terminal(_bots(_scenario(tmp_path, lasts)), columns=160, environment={}) as terminal:
        terminal.until("no anomalies")
        assert any("%" in line for line in terminal.lines) == has_bar


@pytest.mark.slow
def test_what_workers_do_is_shown_as_evenly_as_it_is_done(tmp_path: Path) -> None:
    """They tell it once a second; the line changes four times a second."""
    file = tmp_path / "talk.yaml"
    file.write_text("cast: {user: 6}\nscript:\n  - user: {say: hi, every: 200ms, spread: 200ms, for: 60s}\n")
    with Terminal(_bots(file, "--workers", "2"), columns=160, environment={}) as terminal:
        terminal.until(lambda: any(re.search(r" 2 workers .* [1-9]\d* messages/s", line) for line in terminal.lines))
        shown: list[int] = []
        while len(shown) < 24:
            terminal.raw = b""
            terminal.look(5)
            shown += map(int, re.findall(r"(\d+) messages/s", terminal.raw.decode(errors="replace")))
    assert sum(20 < rate < 40 for rate in shown) >= 16, shown


@pytest.mark.slow
def test_a_run_goes_on_and_ends_though_the_terminal_was_stopped(tmp_path: Path) -> None:
    """As by Ctrl-S: nothing that is written to it gets anywhere."""
    verdict = tmp_path / "verdict"
    command = f"exec {shlex.join(_bots(_scenario(tmp_path, '2s')))} > {verdict}"
    with Terminal(["/bin/sh", "-c", command], columns=160, environment={}) as terminal:
        terminal.until("no anomalies")
        terminal.type(_CTRL_S)
        terminal.until(lambda: terminal.process.poll() is not None)
        assert terminal.process.returncode == 0
    assert "PASSED" in verdict.read_text()


@pytest.mark.slow
def test_a_run_needs_no_standard_error(tmp_path: Path) -> None:
    command = f"exec {shlex.join(_bots(_scenario(tmp_path, '1s')))} 2>&-"
    ran = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 0
    assert "PASSED" in ran.stdout
