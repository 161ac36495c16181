"""What docs/client.md says of the client is what there is."""

import re
from pathlib import Path

import pytest

from geventchat.client.terminal.transcript import KEPT_LINES
from geventchat.client.terminal.user_input import COMMANDS, KEYS, help_lines
from tests.processes import run

_PAGE = (Path(__file__).parent.parent / "docs" / "client.md").read_text()


def _first_cells(head: str) -> list[str]:
    table = re.search(rf"^\| {head} \|.*\n\|[-|]*\n((?:\|.*\n)+)", _PAGE, re.MULTILINE)
    assert table is not None
    return [row.split("|")[1].strip() for row in table[1].splitlines()]


def test_the_options_are_those_of_the_command() -> None:
    shown = set(re.findall(r"^  (--[a-z-]+)", run("geventchat.cli.client", "--help").out, re.MULTILINE))
    assert {cell.strip("`").split()[0] for cell in _first_cells("option")} == shown - {"--version"}


def test_the_commands_are_those_that_can_be_typed() -> None:
    assert {cell.strip("`").split()[0] for cell in _first_cells("command")} == {f"/{name}" for name in COMMANDS}
    for usage in (cell.strip("`") for cell in _first_cells("command")):
        assert any(line.startswith(usage) for line in help_lines()), usage


def test_the_keys_are_those_of_the_help() -> None:
    assert [cell for cell in _first_cells("key") if cell != "Ctrl-Z"] == [key for key, _ in KEYS]


@pytest.mark.parametrize("figure", [f"last {KEPT_LINES:,} lines", "within 30 milliseconds", "silent for 12 seconds"])
def test_the_figures_are_those_of_the_code(figure: str) -> None:
    assert figure in " ".join(_PAGE.split())
