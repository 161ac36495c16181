"""What a terminal shows while a run goes on."""

import io

import gevent
import pytest

from bots.report.outcome import Outcome
from bots.report.progress import shown
from tests.scenarios import scenario


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("lasts", "has_bar"), [("5s", True), ("forever", False)])
def test_there_is_a_bar_where_there_is_an_end(lasts: str, has_bar: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = _Terminal()
    outcome = Outcome(scenario(f"script:\n  - ann: {{say: hi, every: 1s, for: {lasts}}}\n"))
    with shown(outcome, 1.0, terminal):
        while "no anomalies" not in terminal.getvalue():
            gevent.sleep(0.01)
    assert ("%" in terminal.getvalue()) == has_bar
