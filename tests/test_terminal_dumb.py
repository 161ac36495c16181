"""What is printed at a terminal that can only print."""

import pytest

from geventchat.client.terminal.dumb import Plain
from geventchat.client.terminal.status import Status


def test_of_very_many_lines_that_a_search_finds_the_last_are_printed_again(capfd: pytest.CaptureFixture[str]) -> None:
    screen = Plain(lambda _: None, bell=False)
    screen.update(Status(), [[("", f"line {number}")] for number in range(30)])
    screen.find("LINE")
    screen.stop()
    found = [line for line in capfd.readouterr().out.splitlines() if line.startswith("found: ")]
    assert found == [f"found: line {number}" for number in range(10, 30)]
