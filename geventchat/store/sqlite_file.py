"""The file that history is kept in: its schema and versions, its rows, and words for what can be wrong with it.

It is SQLite's, in WAL mode, so that it can be read with plain SQL while a server writes it. A second file beside it,
`.lock`, is held by the server that writes, for as long as it lives.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import msgspec

from geventchat.core.log import Entry
from geventchat.protocol.errors import UsageError
from geventchat.protocol.events import SEQUENCES, AnyEvent, id_of, iso_time, number_of

# Marks the file as ours in its header: "gcht".
APPLICATION_ID = 0x67636874
# A file up to this size is checked whole at start, which takes about 0.1 s; of larger ones, only the ends are.
CHECKED_BYTES = 32 << 20
# What to do about a file that cannot be used, for all, and for a server.
_REMEDY = "give another with --history FILE"
_REMEDY_SERVING = f"{_REMEDY}, or serve without a file with --history none"

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
            type TEXT NOT NULL,      -- said, acted, joined, left, renamed, topic
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
    # One row: the id up to which events have been removed. Of older files nobody knows whether any were.
    db.execute("CREATE TABLE removed (id INTEGER NOT NULL)")
    db.execute("INSERT INTO removed SELECT coalesce((SELECT min(id) - 1 FROM events), 0)")
    db.execute("DROP INDEX events_ref")
    db.execute("CREATE INDEX events_talk ON events (room_key) WHERE type IN ('said', 'acted')")


# What brings a file of version n to version n + 1, at place n. A change of the schema is one function more here.
UPGRADES: tuple[Upgrade, ...] = (_create, _keep_topics_and_what_was_removed)


def default_path() -> Path:
    """Return where a server keeps its history when nobody says otherwise."""
    from platformdirs import user_state_path

    return user_state_path("geventchat", appauthor=False) / "history.sqlite"


# Rows.


def row_of(entry: Entry) -> tuple[Any, ...]:
    """Return an entry as a row of `events`."""
    event_id, _, room, nick, *text = msgspec.structs.astuple(entry.event)
    kind = entry.event.__struct_config__.tag
    words = text[0] if text and (text[0] or kind != "joined") else None  # as most say nothing of themselves
    return number_of(event_id), entry.room, room, nick, kind, words, entry.ref


_KINDS: dict[object, Callable[..., AnyEvent]] = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}


def select(db: sqlite3.Connection, where: str, values: Sequence[object] = ()) -> list[Entry]:
    """Return entries; `where` is what follows FROM events in SQL, with a ? for each of the values.

    Raises sqlite3.Error for a row that is no event.
    """
    columns = "room_key, ref, id, room, nick, type, text"
    rows = db.execute(f"SELECT {columns} FROM events {where}", values)  # noqa: S608 - from our code
    return [Entry(room_key, _event_of(*event), ref) for room_key, ref, *event in rows]


def _event_of(number: int, room: str, nick: str, kind: str, text: str | None) -> AnyEvent:
    if kind not in _KINDS:
        raise sqlite3.DatabaseError(f"event {id_of(number)} is of the unknown type {kind}")
    fields = (id_of(number), iso_time(number // SEQUENCES), room, nick)
    return _KINDS[kind](*fields) if text is None else _KINDS[kind](*fields, text)


# Opening.


def claim(path: Path) -> int:
    """Take the file for this server alone, making it if need be; return the lock, to be held by not closing it.

    Raises UsageError when another server has it, or when it cannot be written.
    """
    with explained(path, _REMEDY_SERVING):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(_beside(path, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives -wal and -shm the mode of the file
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.chmod(_beside(path, end), 0o600)
        except BlockingIOError:
            os.close(lock)
            raise UsageError(
                f"the history {path} is in use by another geventchat-serve; stop that one, or give this one a history "
                "of its own with --history FILE, or none with --history none"
            ) from None
        except BaseException:
            os.close(lock)
            raise
    return lock


def open_to_write(path: Path, *, full: bool = False, upgrades: Sequence[Upgrade] = UPGRADES) -> sqlite3.Connection:
    """Open a claimed file and bring it up to date; `full` makes each commit safe against power loss as well.

    The connection can be used from any one thread at a time. Raises UsageError.
    """
    with explained(path, _REMEDY_SERVING):
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
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


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that a server may be writing. Raises UsageError when it is not there or not of our version."""
    with explained(path):
        path.stat()  # SQLite would not say why it cannot be opened
        db = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
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
        raise UsageError(f"{path} is a database of another program; {_REMEDY}")
    if version > newest:
        raise UsageError(
            f"the history {path} is of version {version}, and this geventchat knows versions up to {newest} only; "
            f"install a newer one, or {_REMEDY}"
        )
    return int(version)


def _beside(path: Path, end: str) -> str:
    return os.path.realpath(path) + end


# What is wrong.


@contextmanager
def explained(path: Path, remedy: str = _REMEDY) -> Iterator[None]:
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


def reason(error: sqlite3.Error) -> str:
    """Return what is wrong in words for people."""
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
