"""What can be wrong with the file that history is kept in, in words for people."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geventchat.protocol.errors import UsageError

# What to do about a file that cannot be used, for all, and for a server.
REMEDY = "give another with --history FILE"
REMEDY_SERVING = f"{REMEDY}, or serve without a file with --history none"


@contextmanager
def explained(path: Path, remedy: str = REMEDY) -> Iterator[None]:
    """Turn what goes wrong with the file into a UsageError."""
    try:
        yield
    except sqlite3.Error as error:
        why = reason(error)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    else:
        return
    raise UsageError(f"the history {path} cannot be used: {why}; {remedy}")


class InUse(UsageError):
    """A server has the file."""


class FileLost(sqlite3.Error):
    """The file that is open is not the one that has its name any more."""


def reason(error: sqlite3.Error) -> str:
    """Return what is wrong in words for people."""
    if isinstance(error, FileLost):
        return str(error)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return _REASONS.get(code, str(error))


_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk is full or fails",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is damaged, or no history",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_BUSY: "another program has locked the file",
}
