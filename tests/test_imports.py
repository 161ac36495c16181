"""Imports run one way: commands, then the shell, then the core; and the core knows no I/O, no clock and no chance."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent

# What is named in neither list is core.
COMMANDS = {"geventchat.cli", "geventchat.serve", "geventchat.export", "geventchat.options", "bots.cli", "bots.verbs"}
SHELL = {
    *("geventchat.client", "geventchat.standard_input", "geventchat.standard_output", "geventchat.talk"),
    *("geventchat.backlog", "geventchat.connection", "geventchat.fairness", "geventchat.newcomer", "geventchat.pump"),
    *("geventchat.server", "geventchat.service", "geventchat.session"),
    *("geventchat.history_file", "geventchat.sqlite_log"),
    *(f"geventchat.terminal.{name}" for name in ("app", "connection", "history", "plain", "prompt")),
    *(f"bots.run.{name}" for name in ("answering", "bot", "coming", "company", "intake", "interrupt", "listening")),
    *(f"bots.run.{name}" for name in ("pace", "returning", "runner", "settling", "speaking", "target", "under_way")),
    *("bots.logs.record", "bots.printing", "bots.result.progress"),
}
WORLD = {
    *("gevent", "socket", "select", "selectors", "asyncio", "threading", "multiprocessing", "concurrent", "subprocess"),
    *("time", "secrets", "logging", "signal", "os", "sys", "sqlite3"),
}
CHANCE = {"random"}  # in bots it comes from a seed
# What a client of any server needs; bots are clients, and prove nothing if they share more with the server.
FOR_BOTS = {
    *(f"geventchat.{name}" for name in ("address", "client", "commands", "errors", "events", "limits")),
    *(f"geventchat.{name}" for name in ("names", "options", "replies", "text", "wire")),
}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for package in ("geventchat", "bots") for path in (_ROOT / package).rglob("*.py")}
FACES = {"geventchat", "bots"}  # they import nothing until they are asked
CORE = MODULES.keys() - SHELL - COMMANDS - FACES


def imported(module: str) -> Iterator[str]:
    """Yield all that a module imports, wherever in it: our modules by their own names, others by their packages'."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively: write the whole name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            ours = next((one for one in (name, name.rpartition(".")[0]) if one in MODULES), None)
            yield ours or name.partition(".")[0]


# The folders of the bots, each with those that it may know.
FOLDERS = {
    "bots.language": set[str](),
    "bots.ledger": set[str](),
    "bots.result": {"bots.language", "bots.ledger"},
    "bots.run": {"bots.language", "bots.ledger", "bots.result"},
    "bots.logs": {"bots.language"},
}


def test_every_module_named_here_exists() -> None:
    assert MODULES.keys() >= COMMANDS | SHELL | FACES | FOR_BOTS


@pytest.mark.parametrize("module", sorted(CORE))
def test_the_core_knows_no_world_and_nothing_outside_of_it(module: str) -> None:
    world = WORLD if module.startswith("bots") else WORLD | CHANCE
    outside = set(imported(module)) & (world | SHELL | COMMANDS)
    assert not outside, "if that is right, the module belongs to the shell: say so above"


@pytest.mark.parametrize("module", sorted(SHELL))
def test_the_shell_knows_no_command(module: str) -> None:
    assert set(imported(module)) & COMMANDS == set()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_bots_know_bots_and_they_know_only_what_a_client_needs(module: str) -> None:
    ours = set(imported(module)) & MODULES.keys()
    if module.startswith("bots"):
        assert {name for name in ours if name.startswith("geventchat")} <= FOR_BOTS
    else:
        assert {name for name in ours if name.startswith("bots")} == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folders_of_the_bots_know_each_other_in_one_direction(folder: str) -> None:
    known = {name for module in MODULES if module.startswith(f"{folder}.") for name in imported(module)}
    assert {one for one in FOLDERS if any(name.startswith(f"{one}.") for name in known)} - {folder} == FOLDERS[folder]


@pytest.mark.parametrize("module", sorted(MODULES.keys() - COMMANDS))
def test_nothing_but_a_command_may_patch(module: str) -> None:
    assert "monkey" not in MODULES[module].read_text()


def loaded(*modules: str) -> set[str]:
    """Return what is loaded once these modules are."""
    program = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=_ROOT)
    return set(ran.stdout.split())


def test_neither_the_library_s_face_nor_its_core_nor_a_command_loads_gevent() -> None:
    assert "gevent" not in loaded(*sorted(FACES | CORE | COMMANDS))


def test_a_client_does_not_load_the_server_s_half() -> None:
    servers = {f"geventchat.{name}" for name in ("chat", "feed", "log", "member", "outbox", "pump", "room", "session")}
    assert servers <= loaded("geventchat.server")
    assert servers & loaded("geventchat.client", "geventchat.talk") == set()


def test_the_shell_does_load_it_so_the_test_above_can_tell() -> None:
    assert "gevent" in loaded("geventchat.server")
