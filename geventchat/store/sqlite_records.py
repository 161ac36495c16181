"""The records of a history, read and changed by another program than the server, which may have the file meanwhile.

SQLite keeps the two apart. The server notices what was changed with its next batch, or within half a second.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from geventchat.core.kept import Kept
from geventchat.store import sqlite_file, sqlite_rows
from geventchat.store.sqlite_errors import InUse, explained

# How long to wait for the server, or another command, to finish what it is writing.
_BUSY_MS = 5_000


@contextmanager
def reading(path: Path) -> Iterator[Kept]:
    """Yield the records as they are. Raises UsageError."""
    kept = Kept()
    with closing(sqlite_file.open_to_read(path)) as db, explained(path):
        kept.load(sqlite_rows.kept(db))
    yield kept


@contextmanager
def changing(path: Path) -> Iterator[Kept]:
    """Yield the records to be changed; all changes are stored in the end, unless an error is raised.

    A file that is not there is made. Raises UsageError.
    """
    with ExitStack() as opened:
        db = opened.enter_context(closing(_open(path, opened)))
        with explained(path), db:
            db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            db.execute("BEGIN IMMEDIATE")
            kept = Kept()
            kept.load(sqlite_rows.kept(db))
            yield kept
            sqlite_rows.keep(db, kept.to_store(kept.unstored))


def _open(path: Path, opened: ExitStack) -> sqlite3.Connection:
    try:
        lock = sqlite_file.claim(path)
    except InUse:
        return sqlite_file.open_beside_server(path)
    opened.callback(lock.release)
    return sqlite_file.open_to_write(path)
