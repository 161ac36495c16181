"""A user's own files: the folder for them, that nobody else reads them, and that one process at a time has them."""

import errno
import os
import sqlite3
from contextlib import ExitStack, closing, suppress
from pathlib import Path

_FOR_THE_OWNER = 0o600
_FOLDER_FOR_THE_OWNER = 0o700


def state_folder() -> Path:
    """Return the folder for what our programs keep from one run to the next; it may have to be made."""
    from platformdirs import user_state_path

    return user_state_path("geventchat", appauthor=False)


def make_folder(path: Path) -> None:
    """Make a folder and those that it is in, unless they are there. Raises OSError."""
    path.mkdir(mode=_FOLDER_FOR_THE_OWNER, parents=True, exist_ok=True)


def make(path: Path) -> None:
    """Make an empty file, unless there is one. Raises OSError.

    A file that is there is not opened: closing it again would end SQLite's locks on it, if this process has any.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_THE_OWNER))


def close_to_others(path: Path) -> None:
    """Let only its owner read a file, if it is there; on Windows, the folder that it is in sees to that."""
    with suppress(FileNotFoundError):
        path.chmod(_FOR_THE_OWNER)


class FileLock:
    """A lock that ends with the process, however that ends, held in an empty file at `path`.

    It is SQLite's own way of locking, which works on every system. Raises OSError,
    BlockingIOError when another process has the lock, or somebody else in this one.
    """

    def __init__(self, path: Path) -> None:
        make(path)
        with ExitStack() as opened:
            try:
                db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
                opened.enter_context(closing(db))
                db.execute("PRAGMA journal_mode = OFF")  # which would be one file more; nothing is ever written
                db.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                    raise BlockingIOError(errno.EAGAIN, f"{path} is locked") from None
                raise OSError(None, f"{path} cannot be locked: {error}") from None
            opened.pop_all()
        self._db = db

    def release(self) -> None:
        """Let others have it."""
        self._db.close()
