"""Where results go: standard output, which may have no reader any more, or no space; and files."""

import os
import sys
from pathlib import Path

from geventchat.protocol.errors import UsageError
from geventchat.system import stdio

_GREEN, _RED = 32, 31


def coloured(text: str, *, good: bool) -> str:
    """Return a text in green or red, on a terminal that shows colours; anywhere else, as it is."""
    plain = not sys.stdout.isatty() or os.environ.get("TERM") == "dumb" or "NO_COLOR" in os.environ
    return text if plain else f"\x1b[{_GREEN if good else _RED}m{text}\x1b[0m"


def write(text: str, file: Path) -> None:
    """Write a text to a file. Raises UsageError if that cannot be."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}") from None


def show(text: str) -> None:
    """Print a text at once, as it is; if nobody reads any more, print nowhere from now on. Raises CannotPrint."""
    with stdio.printing():
        stdio.write(text)  # a run goes on, and can be ended, while nobody reads
