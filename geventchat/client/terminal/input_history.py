"""What was typed in this run and in earlier ones, in a file that only its user can read."""

import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_state_path
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

# Past this size, the older half of the file goes when the next run begins.
_MAX_BYTES = 1 << 20


class InputHistory(FileHistory):
    """The history in a file; a full disk is no reason to end the conversation."""

    def store_string(self, string: str) -> None:
        """Append a line to the file, if that takes it."""
        with suppress(OSError):
            super().store_string(string.encode(errors="replace").decode())  # not all versions take half a character


def open_history() -> History:
    """Return the history in the user's state folder; where there can be none, one that lasts as long as this run."""
    try:
        folder = user_state_path("geventchat", appauthor=False, ensure_exists=True)
        path = folder / "typed"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        path.chmod(0o600)
        _shorten(path)
    except OSError:
        return InMemoryHistory()
    return InputHistory(str(path))


def _shorten(path: Path) -> None:
    if path.stat().st_size > _MAX_BYTES:
        kept = path.read_bytes()[-_MAX_BYTES // 2 :]
        path.write_bytes(kept[kept.find(b"\n\n") + 1 :])
