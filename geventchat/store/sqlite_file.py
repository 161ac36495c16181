"""The file that history is kept in: its schema and versions, and how it is opened.

It is SQLite's, in WAL mode, so that it can be read with plain SQL while a server writes it. A second file beside it,
`.lock`, is held by the server that writes, for as long as it lives.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from geventchat.protocol.errors import UsageError
from geventchat.store.sqlite_errors import REMEDY, REMEDY_SERVING, InUse, explained
from geventchat.system import private_files

# Marks the file as ours in its header: "gcht".
APPLICATION_ID = 0x67636874
# A file up to this size is checked whole at start, which takes about 0.1 s; of larger ones, only the ends are.
CHECKED_BYTES = 32 << 20

Upgrade = Callable[[sqlite3.Connection], None]


def _create(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(
        """
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,  -- milliseconds since 1970 * 1000000 + sequence
            room_key TEXT NOT NULL,  -- under which all spellings of a room's name are the same
            room TEXT NOT NULL,
            nick TEXT NOT NULL,
            type TEXT NOT NULL,      -- said, acted, joined, left, renamed, topic, or what a moderator has done
            text TEXT,               -- of left the reason, of renamed the new nick, of joined who it is, if anything
            ref TEXT                 -- the speaker's own mark, if there was one
        )
        """
    )
    db.execute("CREATE INDEX events_room ON events (room_key)")  # an index's entries end with the id
    db.execute("CREATE INDEX events_ref ON events (room_key, nick) WHERE ref IS NOT NULL")
    db.execute(
        """
        CREATE VIEW history AS
        SELECT (id / 1000000) || '-' || (id % 1000000) AS id,
               strftime('%Y-%m-%dT%H:%M:%S', id / 1000000000, 'unixepoch')
                   || printf('.%03dZ', (id / 1000000) % 1000) AS time,
               room, nick, type, text
        FROM events
        """
    )


def _keep_topics_and_what_was_removed(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE topics (room_key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID")
    db.execute(
        """
        INSERT INTO topics
        SELECT room_key, text FROM events
        WHERE id IN (SELECT max(id) FROM events WHERE type = 'topic' GROUP BY room_key) AND text != ''
        """
    )
    # One row: the id up to which events have been removed. Nobody knows whether any were removed from older files.
    db.execute("CREATE TABLE removed (id INTEGER NOT NULL)")
    db.execute("INSERT INTO removed SELECT coalesce((SELECT min(id) - 1 FROM events), 0)")
    db.execute("DROP INDEX events_ref")
    db.execute("CREATE INDEX events_talk ON events (room_key) WHERE type IN ('said', 'acted')")


def _keep_records(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE kept (
            kind TEXT NOT NULL,   -- account, and others
            key TEXT NOT NULL,
            value TEXT NOT NULL,  -- JSON
            PRIMARY KEY (kind, key)
        ) WITHOUT ROWID
        """
    )


def _keep_senders(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE events ADD COLUMN sender TEXT")  # to whom the ref belongs; of older ones nobody knows that


# What brings a file of version n to version n + 1, at place n. A change of the schema is one function more here.
UPGRADES: tuple[Upgrade, ...] = (_create, _keep_topics_and_what_was_removed, _keep_records, _keep_senders)


def default_path() -> Path:
    """Return where a server keeps its history when nobody says otherwise."""
    return private_files.state_folder() / "history.sqlite"


def claim(path: Path) -> private_files.FileLock:
    """Take the file for this server alone, making it if need be; return the lock, to be released in the end.

    The folder that it is in has to be there, unless it is the default. Raises UsageError when another server has the
    file, or when it cannot be written.
    """
    with explained(path, REMEDY_SERVING):
        if path == default_path():
            private_files.make_folder(path.parent)
        elif not path.parent.exists():
            raise UsageError(f"the folder of the history {path} is not there: make it first, or {REMEDY_SERVING}")
        if path.exists() and not path.is_file():
            raise UsageError(f"the history {path} is not a file; {REMEDY_SERVING}")
        try:
            lock = private_files.FileLock(beside(path, ".lock"))
        except BlockingIOError:
            raise InUse(
                f"the history {path} is in use by another geventchat-serve; stop that one, or give this one a history "
                "of its own with --history FILE, or none with --history none"
            ) from None
        try:
            private_files.make(path)  # SQLite gives -wal and -shm the mode of the file
            for end in ("", "-wal", "-shm"):
                private_files.close_to_others(beside(path, end))
            if path.stat().st_nlink > 1:  # under the other, another server would neither see the lock nor the -wal
                raise UsageError(
                    f"the history {path} has a second name (a hard link), which another server may use: "
                    f"remove one of the two names, or {REMEDY_SERVING}"
                )
        except BaseException:
            lock.release()
            raise
    return lock


def open_to_write(path: Path, *, full: bool = False, upgrades: Sequence[Upgrade] = UPGRADES) -> sqlite3.Connection:
    """Open a claimed file and bring it up to date; `full` makes each commit safe against power loss as well.

    The connection can be used from any one thread at a time. Raises UsageError.
    """
    with explained(path, REMEDY_SERVING):
        db = sqlite3.connect(path.absolute(), isolation_level=None, check_same_thread=False)
        try:
            _check(db, path, len(upgrades))
            if path.stat().st_size <= CHECKED_BYTES:
                (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
                if found != "ok":
                    raise sqlite3.DatabaseError(found)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
            db.execute("PRAGMA secure_delete = ON")  # what is trimmed is not found in the file again
            with db:
                db.execute("BEGIN IMMEDIATE")
                (version,) = db.execute("PRAGMA user_version").fetchone()
                for upgrade in upgrades[version:]:
                    upgrade(db)
                # Written though it may be so already: a full disk is to be seen now, not when somebody speaks.
                db.execute(f"PRAGMA user_version = {len(upgrades)}")
        except BaseException:
            db.close()
            raise
    return db


def open_beside_server(path: Path) -> sqlite3.Connection:
    """Open a file that a server has, to write something between its batches. Raises UsageError."""
    with explained(path):
        db = sqlite3.connect(path.absolute(), isolation_level=None)
        try:
            if _check(db, path, len(UPGRADES)) < len(UPGRADES):
                raise UsageError(f"the server that has the history {path} is of an older version: start it again first")
            db.execute("PRAGMA secure_delete = ON")
        except BaseException:
            db.close()
            raise
    return db


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that a server may be writing. Raises UsageError when it is not there or not of our version."""
    with explained(path):
        path.stat()  # SQLite would not say why it cannot be opened
        uri = f"{path.absolute().as_uri()}?mode=ro"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            version = _check(db, path, len(UPGRADES))
            if version < len(UPGRADES):
                raise UsageError(
                    f"the history {path} is of an older version; geventchat-serve --history {path} brings it up to date"
                )
        except BaseException:
            db.close()
            raise
    return db


def _check(db: sqlite3.Connection, path: Path, newest: int) -> int:
    """Return the version of the file. Raises UsageError, or sqlite3.Error when it is damaged."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise UsageError(f"{path} is a database of another program; {REMEDY}")
    if version > newest:
        raise UsageError(
            f"the history {path} is of version {version}, and this geventchat knows versions up to {newest} only; "
            f"install a newer one, or {REMEDY}"
        )
    return int(version)


def beside(path: Path, end: str) -> Path:
    """Return the file beside the history that has its name and this end."""
    return Path(os.path.realpath(path) + end)
