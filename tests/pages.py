"""The README and the pages in docs, read: their blocks, their tables, and the command lines in them."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}


def found(pattern: str, text: str) -> list[str]:
    """Return what the group of a pattern matches, wherever in a text; `.` is any character, `^` begins a line."""
    return re.findall(pattern, text, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    """Return the fenced blocks of a language on all pages, as parameters of a test: the page and the block."""
    return [
        pytest.param(page, block, id=f"{page}-{number}")
        for page, text in PAGES.items()
        for number, block in enumerate(found(rf"^```{language}\n(.*?)^```", text))
    ]


def rows(page: str, head: str) -> list[list[str]]:
    """Return the rows of the table on a page whose first column is headed so, each as its cells."""
    table = re.search(rf"^\| {re.escape(head)} \|.*\n\|[-|]*\n((?:\|.*\n?)+)", PAGES[page], re.MULTILINE)
    assert table is not None, head
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in table[1].splitlines()]


def code(cell: str) -> list[str]:
    """Return what stands as code in a cell."""
    return re.findall(r"`(.*?)`", cell)


def column(page: str, head: str) -> list[str]:
    """Return what is code in the first column of that table, each up to a blank, a colon or an equals sign."""
    return [re.split(r"[ :=]", one)[0] for cells in rows(page, head) for one in code(cells[0])]


@cache
def help_of(*command: str) -> str:
    """Return what `--help` of a command says, which is a module, perhaps with a verb."""
    shown = subprocess.run(
        [sys.executable, "-m", *command, "--help"], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    return shown.stdout


def options_of(*command: str) -> set[str]:
    """Return the options of a command, but for those that every one has."""
    named = re.findall(r"^  (?:-\w, )?(--?[a-z-]+)", help_of(*command), re.MULTILINE)
    return set(named) - {"--help", "--version", "-h"}
