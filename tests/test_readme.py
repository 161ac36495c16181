"""What the README says is true: its commands run, and nothing that the code offers is missing from it."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bots.actions import ACTIONS
from geventchat import commands, limits
from geventchat.dialects import slash

_ROOT = Path(__file__).parent.parent
_README = (_ROOT / "README.md").read_text()


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


@pytest.mark.parametrize("usage", [command.usage for command in slash.COMMANDS.values()])
def test_every_command_is_in_the_readme(usage: str) -> None:
    assert f"| `{usage}` |" in _README


@pytest.mark.parametrize("kind", [str(one.__struct_config__.tag) for one in commands.Command.__subclasses__()])
def test_every_type_that_programs_send_is_in_the_readme(kind: str) -> None:
    assert re.search(rf"^\|.*`{kind}`", _README, re.MULTILINE)


@pytest.mark.parametrize("limit", dataclasses.fields(limits.Limits), ids=lambda limit: limit.name)
def test_every_limit_is_in_the_readme_with_its_default(limit: "dataclasses.Field[object]") -> None:
    row = re.search(rf"^\| `--{limit.name.replace('_', '-')}` \| (.*?) \|", _README, re.MULTILINE)
    assert row is not None
    default = "4 MiB" if limit.name == "feed_window" else f"{limit.default:g}"
    assert default in row[1]


def test_every_module_is_in_the_readme() -> None:
    named = set(re.findall(r"`([a-z_/]+)`", _README))
    modules = {path.stem for path in (_ROOT / "geventchat").glob("*.py")}
    assert modules - named - {"__init__", "errors", "address", "serve", "cli"} == set()


def _options(command: str) -> list[str]:
    shown = subprocess.run(
        [sys.executable, "-m", command, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    return sorted(set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", shown.stdout, re.MULTILINE)) - {"--help", "--log-level"})


@pytest.mark.parametrize("command", ["geventchat.serve", "geventchat.cli", "bots.cli"])
def test_every_option_is_in_the_readme(command: str) -> None:
    assert [option for option in _options(command) if f"`{option}" not in _README and f"{option} " not in _README] == []


def test_every_action_and_modifier_of_a_scenario_is_in_the_readme() -> None:
    for word in [*ACTIONS, "every", "times", "for", "spread", "jitter", "at", "within"]:
        assert re.search(rf"\b{word}\b:?", _README), word


def test_the_scenario_in_the_readme_is_the_one_that_runs() -> None:
    shown = re.search(r"```yaml\n(.*?)```", _README, re.DOTALL)
    assert shown is not None
    assert shown[1] in (_ROOT / "scenarios" / "ten_users.yaml").read_text()
