"""What the README says is true: its commands run, and nothing that the code offers is missing from it."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bots.scenario.actions import ACTIONS
from geventchat.commands import commands
from geventchat.protocol import limits, replies

_ROOT = Path(__file__).parent.parent
_README = (_ROOT / "README.md").read_text()
_COMMANDS = {
    name: str(Path(sys.executable).parent / name)
    for name in ("geventchat-serve", "geventchat-client", "geventchat-bots")
}


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", _README, re.DOTALL))
def test_each_program_runs(program: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "alice said hello\n"
    assert len([line for line in program.splitlines() if line.strip()]) < 10


def test_ci_runs_the_readmes_own_test_command() -> None:
    command = re.search(r"\.venv/bin/pip install -e .*pytest", _README)
    assert command is not None
    ci = (_ROOT / ".ci" / "run").read_text().replace("--quiet ", "")
    assert command[0] in ci


@pytest.mark.parametrize("usage", [command.typed for command in commands.TYPED.values()])
def test_every_command_is_in_the_readme(usage: str) -> None:
    assert f"| `{usage}` |" in _README


def _rows(head: str) -> list[list[str]]:
    """Return the rows of the table whose first column is headed so, each as its cells."""
    table = re.search(rf"^\| {re.escape(head)} \|.*\n\|[-|]*\n((?:\|.*\n)+)", _README, re.MULTILINE)
    assert table is not None, head
    return [re.split(r" *\| *", row.strip("| ")) for row in table[1].splitlines()]


def _words(head: str) -> set[str]:
    """Return what is code in the first column of that table, each word by itself."""
    return {word for cells in _rows(head) for code in re.findall(r"`(.*?)`", cells[0]) for word in code.split()}


def test_the_types_that_programs_send_are_those_in_the_readme() -> None:
    assert _words("you send") == {str(one.__struct_config__.tag) for one in get_args(commands.AnyCommand)}


def test_the_types_that_programs_are_told_are_all_in_the_readme() -> None:
    section = _README.partition("### From any language")[2].partition("## Prove it")[0]
    told = {str(one.__struct_config__.tag) for one in get_args(replies.Message)} - {"name"}  # only people are asked
    assert {kind for kind in told if f"`{kind}`" not in section} == set()


@pytest.mark.parametrize("limit", dataclasses.fields(limits.Limits), ids=lambda limit: limit.name)
def test_every_limit_is_in_the_readme_with_its_default(limit: "dataclasses.Field[object]") -> None:
    row = re.search(rf"^\| `--{limit.name.replace('_', '-')}` \| (.*?) \|", _README, re.MULTILINE)
    assert row is not None
    default = "4 MiB" if limit.name == "feed_window" else f"{limit.default:g}"
    assert default in row[1]


def test_every_module_is_in_the_readme_and_no_other() -> None:
    modules = {path.stem for path in (_ROOT / "geventchat").glob("*.py")} - {"__init__"}
    folders = {f"{path.parent.name}/" for path in (_ROOT / "geventchat").glob("*/__init__.py")}
    named = {word.strip(",") for word in _words("file")}
    assert named == modules | folders


def test_every_folder_of_the_bots_is_in_the_readme_and_no_other() -> None:
    assert _words("folder of `bots`") == {f"{path.parent.name}/" for path in (_ROOT / "bots").glob("*/__init__.py")}


def _options(command: str) -> list[str]:
    shown = subprocess.run(
        [sys.executable, "-m", command, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    return sorted(set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", shown.stdout, re.MULTILINE)) - {"--help", "--log-level"})


@pytest.mark.parametrize("command", ["geventchat.cli.serve", "geventchat.cli.client", "bots.cli"])
def test_every_option_is_in_the_readme(command: str) -> None:
    assert [option for option in _options(command) if f"`{option}" not in _README and f"{option} " not in _README] == []


def test_every_action_and_modifier_of_a_scenario_is_in_the_readme() -> None:
    assert set(ACTIONS) <= {word.strip(":,") for word in _words("action")}
    explained = {word.strip(":") for word in _words("modifier") | _words("action")}
    assert explained >= {"every", "times", "for", "spread", "jitter", "at", "within"}


@pytest.mark.parametrize("line", re.findall(r"^ {4}(?:.*\| )?(?:\.venv/bin/)?(geventchat-.*)", _README, re.MULTILINE))
def test_each_command_line_has_only_what_the_command_knows(line: str) -> None:
    command, *words = line.partition("#")[0].split()
    verb = words[:1] if words and words[0] in ("check", "export", "import", "record", "schema") else []
    shown = subprocess.run([_COMMANDS[command], *verb, "--help"], capture_output=True, text=True, check=True)
    for word in words:
        if word.startswith("-"):
            assert re.search(rf"(?<!\S){word}\b", shown.stdout), word
        if word.startswith("scenarios/") and "*" not in word:
            assert (_ROOT / word).exists()


def test_the_scenario_in_the_readme_is_the_one_that_runs() -> None:
    shown = re.search(r"```yaml\n(.*?)```", _README, re.DOTALL)
    assert shown is not None
    assert shown[1] in (_ROOT / "scenarios" / "ten_users.yaml").read_text()
