"""Notices when somebody removes, replaces or cuts short the files of an open history.

SQLite would not: it goes on writing into a file that has no name any more, and all of it is gone in the end.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from geventchat.protocol.errors import UsageError
from geventchat.store.sqlite_errors import FileLost
from geventchat.store.sqlite_file import beside, open_to_read


class FileWatch:
    """The files of the history at `path`, as they are now: open, and with something in the -wal."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = [beside(path, end) for end in ("", "-wal", "-shm")]
        self._known = [_look(file) for file in self._files]
        self._is_cut = False

    def check(self) -> None:
        """Raise FileLost when a file is gone, is another, or has lost some of its end."""
        now = [_look(file) for file in self._files]
        for file, (identity, size), (known, known_size) in zip(self._files, now, self._known, strict=True):
            if identity is None:
                raise FileLost(f"{file.name} was removed")
            if identity != known:
                raise FileLost(f"{file.name} was replaced")
            if size < known_size and not self._is_cut:  # other programs may do that, to tidy the file up
                self._is_cut = not self._is_whole()
        if self._is_cut:
            raise FileLost(f"{self._files[0].name} was cut short")
        self._known = now

    def _is_whole(self) -> bool:
        if self._path.stat().st_size == 0:
            return False  # not opened, for SQLite would throw away the -wal of an empty file
        try:
            with closing(open_to_read(self._path)) as db:  # for one that is open may have in memory what is lost
                (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
                return bool(found == "ok")
        except (sqlite3.Error, UsageError):
            return False

    def accept_sizes(self) -> None:
        """Take the files to be as large as they should be: the server itself has emptied the -wal."""
        self._known = [(known, _look(file)[1]) for file, (known, _) in zip(self._files, self._known, strict=True)]


def _look(file: Path) -> tuple[tuple[int, int] | None, int]:
    """Return which file has the name, if any, and its size in bytes."""
    try:
        found = os.stat(file)
    except OSError:
        return None, 0
    return (found.st_dev, found.st_ino), found.st_size
