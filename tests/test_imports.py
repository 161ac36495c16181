"""Imports run one way between the folders, and the pure ones know no I/O, no clock and no chance."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent

# Each folder with those that it imports from, all of which stand above it: so there is no circle.
FOLDERS = {
    "geventchat.protocol": set[str](),
    "geventchat.delivery": set[str](),
    "geventchat.core": {"geventchat.protocol", "geventchat.delivery"},
    "geventchat.commands": {"geventchat.protocol", "geventchat.core"},
    "geventchat.dialects": {"geventchat.protocol", "geventchat.delivery", "geventchat.core", "geventchat.commands"},
    "geventchat.system": {"geventchat.protocol"},
    "geventchat.tls": {"geventchat.protocol", "geventchat.system"},
    "geventchat.store": {"geventchat.protocol", "geventchat.core", "geventchat.system"},
    "geventchat.server": {
        *("geventchat.protocol", "geventchat.delivery", "geventchat.core", "geventchat.commands"),
        *("geventchat.dialects", "geventchat.store", "geventchat.system", "geventchat.tls"),
    },
    "geventchat.client": {
        *("geventchat.protocol", "geventchat.commands", "geventchat.dialects", "geventchat.system", "geventchat.tls"),
    },
    "geventchat.cli": {
        *("geventchat.protocol", "geventchat.core", "geventchat.commands", "geventchat.system", "geventchat.store"),
        *("geventchat.tls", "geventchat.server", "geventchat.client"),
    },
    "bots.scenario": {"geventchat.protocol", "geventchat.commands"},
    "bots.ledger": set[str](),
    "bots.parts": {"bots.ledger"},
    "bots.report": {"geventchat.protocol", "geventchat.system", "bots.scenario", "bots.ledger"},
    "bots.protocols": {"geventchat.protocol", "geventchat.commands", "geventchat.dialects", "bots.scenario"},
    "bots.world": {"geventchat.protocol", "bots.scenario", "bots.ledger", "bots.protocols"},
    "bots.engine": {
        *("geventchat.protocol", "geventchat.commands", "geventchat.system", "geventchat.tls"),
        *("bots.scenario", "bots.ledger", "bots.protocols", "bots.world", "bots.report"),
    },
    "bots.workers": {
        *("geventchat.protocol", "geventchat.tls"),
        *("bots.scenario", "bots.ledger", "bots.parts", "bots.protocols", "bots.world", "bots.report", "bots.engine"),
    },
    "bots.transcripts": {
        *("geventchat.protocol", "geventchat.commands", "geventchat.dialects", "geventchat.tls", "geventchat.client"),
        "bots.scenario",
    },
    "bots.cli": {
        *("geventchat.protocol", "geventchat.cli", "geventchat.system", "geventchat.tls"),
        *("bots.scenario", "bots.protocols", "bots.engine", "bots.workers", "bots.report", "bots.transcripts"),
    },
}
PURE = {
    *(f"geventchat.{name}" for name in ("protocol", "delivery", "core", "commands", "dialects")),
    *(f"bots.{name}" for name in ("scenario", "ledger", "parts", "protocols", "world")),
}
# All of the outside world that a pure folder may not know: sockets, clocks, files of the system, other threads.
WORLD = {
    *("gevent", "socket", "select", "selectors", "asyncio", "threading", "multiprocessing", "concurrent", "subprocess"),
    *("time", "secrets", "logging", "signal", "os", "sys", "sqlite3"),
}
CHANCE = {"random"}
# What bots, and any client, may know of the server's side: the shapes of what is said, and the client's half of json.
FOR_BOTS = {"geventchat.commands.commands", "geventchat.dialects.json_client", "geventchat.client.client"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for package in ("geventchat", "bots") for path in (_ROOT / package).rglob("*.py")}


def folder_of(module: str) -> str:
    """Return the folder that a module is in: the first two parts of its name."""
    return ".".join(module.split(".")[:2])


@cache
def imported(module: str) -> frozenset[str]:
    """Return all that a module imports, wherever in it: our modules by their own names, others by their packages'."""
    found = set()
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
            found.add(ours or name.partition(".")[0])
    return frozenset(found)


def inside(folder: str) -> list[str]:
    """Return the names of a folder's modules."""
    return sorted(module for module in MODULES if folder_of(module) == folder)


def test_every_module_is_in_a_folder_named_here_and_every_folder_is_there() -> None:
    assert {folder_of(module) for module in MODULES} - {"geventchat", "bots"} == FOLDERS.keys()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_what_its_row_says_all_of_it_and_no_more_and_makes_no_circle(folder: str) -> None:
    known = {module: {folder_of(name) for name in imported(module) if name in MODULES} for module in inside(folder)}
    others = {module: folders - FOLDERS[folder] - {folder, "geventchat"} for module, folders in known.items()}
    assert {module: folders for module, folders in others.items() if folders} == {}
    assert set().union(*known.values()) >= FOLDERS[folder]
    order = list(FOLDERS)
    assert FOLDERS[folder] <= set(order[: order.index(folder)])


@pytest.mark.parametrize("folder", sorted(PURE))
def test_the_pure_folders_know_no_world(folder: str) -> None:
    world = WORLD if folder.startswith("bots") else WORLD | CHANCE
    assert [(module, name) for module in inside(folder) for name in imported(module) & world] == []


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder.startswith("bots.")])
def test_bots_know_only_what_a_client_needs(folder: str) -> None:
    pure = ("geventchat.protocol", "geventchat.system", "geventchat.tls", "geventchat.cli")
    ours = [(module, name) for module in inside(folder) for name in imported(module) if name.startswith("geventchat.")]
    assert [one for one in ours if folder_of(one[1]) not in pure and one[1] not in FOR_BOTS] == []


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "geventchat.cli"])
def test_nothing_but_a_command_may_patch(folder: str) -> None:
    assert [module for module in inside(folder) if "monkey" in MODULES[module].read_text()] == []


def loaded(*modules: str) -> set[str]:
    """Return what is loaded once these modules are."""
    program = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=_ROOT)
    return set(ran.stdout.split())


def test_neither_the_library_s_face_nor_a_pure_folder_nor_a_command_loads_gevent() -> None:
    light = {
        module for module in MODULES if folder_of(module) in PURE | {"geventchat", "bots", "geventchat.cli", "bots.cli"}
    }
    assert "gevent" not in loaded(*sorted(light))


def test_a_client_does_not_load_the_server_s_half() -> None:
    servers = {"geventchat.core.chat", "geventchat.delivery.feed", "geventchat.server.pump", "geventchat.store.memory"}
    assert servers <= loaded("geventchat.server.server")
    assert servers & loaded("geventchat.client.client", "geventchat.client.filter") == set()


def test_the_shell_does_load_it_so_the_test_above_can_tell() -> None:
    assert "gevent" in loaded("geventchat.server.server")
