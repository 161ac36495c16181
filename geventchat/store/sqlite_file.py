"""The file that history is kept in: its schema and versions, its rows, and words for what can be wrong with it.

It is SQLite's, in WAL mode, so that it can be read with plain SQL while a server writes it. A second file beside it,
`.lock`, is held by the server that writes, for as long as it lives.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import msgspec

from geventchat.core import records
from geventchat.core.kept import Change, Record
from geventchat.core.log import Entry
from geventchat.protocol.errors import UsageError
from geventchat.protocol.events import (
    SEQUENCES,
    AnyEvent,
    Moderation,
    details_of,
    id_of,
    iso_time,
    number_of,
    with_details,
)
from geventchat.system import private_files

# Marks the file as ours in its header: "gcht".
APPLICATION_ID = 0x67636874
# A file up to this size is checked whole at start, which takes about 0.1 s; of larger ones, only the ends are.
CHECKED_BYTES = 32 << 20
# What to do about a file that cannot be used, for all, and for a server.
_REMEDY = "give another with --history FILE"
_REMEDY_SERVING = f"{_REMEDY}, or serve without a file with --history none"

# Ids of the year 2200 and later were given by no server: the file is damaged, and ids after them could not be kept.
_TOO_LATE = 7_258_118_400_000 * SEQUENCES

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
    # One row: the id up to which events have been removed. Of older files nobody knows whether any were.
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


# What brings a file of version n to version n + 1, at place n. A change of the schema is one function more here.
UPGRADES: tuple[Upgrade, ...] = (_create, _keep_topics_and_what_was_removed, _keep_records)


def default_path() -> Path:
    """Return where a server keeps its history when nobody says otherwise."""
    return private_files.state_folder() / "history.sqlite"


# Rows.


def row_of(entry: Entry) -> tuple[Any, ...]:
    """Return an entry as a row of `events`."""
    event_id, _, room, nick, *text = msgspec.structs.astuple(entry.event)
    kind = entry.event.__struct_config__.tag
    if isinstance(entry.event, Moderation):
        text = [details_of(entry.event)]
    words = text[0] if text and (text[0] or kind != "joined") else None  # as most say nothing of themselves
    return number_of(event_id), entry.room, room, nick, kind, words, entry.ref


_KINDS: dict[object, type[AnyEvent]] = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}


def select(db: sqlite3.Connection, where: str, values: Sequence[object] = ()) -> list[Entry]:
    """Return entries; `where` is what follows FROM events in SQL, with a ? for each of the values.

    Raises sqlite3.Error, also for a row that is no event: another program may have written it.
    """
    columns = "id, room_key, room, nick, type, text, ref"
    rows = db.execute(f"SELECT {columns} FROM events {where}", values)  # noqa: S608 - from our code
    return [_entry_of(*row) for row in rows]


def _entry_of(number: int, room_key: Any, room: Any, nick: Any, kind: Any, text: Any, ref: Any) -> Entry:
    fields = (id_of(number), _time_of(number), room, nick, *(() if text is None else (text,)))
    if not all(isinstance(one, str) for one in fields) or not isinstance(ref, str | None):
        raise _damaged(number)
    try:
        made = _KINDS[kind]
        if issubclass(made, Moderation):
            return Entry(room_key, with_details(made, *fields), ref)
        return Entry(room_key, made(*fields), ref)
    except (
        KeyError,
        TypeError,
        IndexError,
        msgspec.MsgspecError,
    ):  # a wrong type, or number of texts
        raise _damaged(number) from None


def _time_of(number: int) -> str:
    if not 0 <= number < _TOO_LATE:
        raise _damaged(number)
    return iso_time(number // SEQUENCES)


def _damaged(number: int) -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError(f"the event {id_of(number)} is damaged")


def last_id(db: sqlite3.Connection) -> str | None:
    """Return the newest event's id; None when there is no event. Raises sqlite3.Error."""
    (last,) = db.execute("SELECT max(id) FROM events").fetchone()
    if last is None:
        return None
    _time_of(last)
    return id_of(last)


def topics_of(db: sqlite3.Connection, rooms: Sequence[str]) -> dict[str, str]:
    """Return the topics of rooms that have one. Raises sqlite3.Error."""
    sql = "SELECT room_key, text FROM topics WHERE room_key = ? AND text != '' AND typeof(text) = 'text'"
    return dict(row for room in rooms for row in db.execute(sql, (room,)))


def trimmed_up_to(db: sqlite3.Connection) -> str:
    """Return the id up to which events have been removed. Raises sqlite3.Error."""
    row = db.execute("SELECT id FROM removed WHERE typeof(id) = 'integer'").fetchone()
    if row is None:
        raise sqlite3.DatabaseError("the table removed is damaged")
    return id_of(*row)


def kept(db: sqlite3.Connection) -> list[Record]:
    """Return all records that are kept. Raises sqlite3.Error."""
    return [_record_of(*row) for row in db.execute("SELECT kind, key, value FROM kept")]


def _record_of(kind: Any, key: Any, value: Any) -> Record:
    try:
        return records.decode(value)
    except (msgspec.MsgspecError, UnicodeError, TypeError):
        raise sqlite3.DatabaseError(f"the {kind} {key} is damaged") from None


def keep(db: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Change records, within a transaction. Raises sqlite3.Error."""
    for kind, key, value in map(records.row_of, changes):
        if value is None:
            db.execute("DELETE FROM kept WHERE kind = ? AND key = ?", (kind, key))
        else:
            db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (kind, key, value))


# Opening.


def claim(path: Path) -> private_files.FileLock:
    """Take the file for this server alone, making it if need be; return the lock, to be released in the end.

    The folder that it is in has to be there, unless it is the default. Raises UsageError when another server has the
    file, or when it cannot be written.
    """
    with explained(path, _REMEDY_SERVING):
        if path == default_path():
            private_files.make_folder(path.parent)
        elif not path.parent.exists():
            raise UsageError(f"the folder of the history {path} is not there: make it first, or {_REMEDY_SERVING}")
        if path.exists() and not path.is_file():
            raise UsageError(f"the history {path} is not a file; {_REMEDY_SERVING}")
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
                    f"remove one of the two names, or {_REMEDY_SERVING}"
                )
        except BaseException:
            lock.release()
            raise
    return lock


def open_to_write(path: Path, *, full: bool = False, upgrades: Sequence[Upgrade] = UPGRADES) -> sqlite3.Connection:
    """Open a claimed file and bring it up to date; `full` makes each commit safe against power loss as well.

    The connection can be used from any one thread at a time. Raises UsageError.
    """
    with explained(path, _REMEDY_SERVING):
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
        raise UsageError(f"{path} is a database of another program; {_REMEDY}")
    if version > newest:
        raise UsageError(
            f"the history {path} is of version {version}, and this geventchat knows versions up to {newest} only; "
            f"install a newer one, or {_REMEDY}"
        )
    return int(version)


def beside(path: Path, end: str) -> Path:
    """Return the file beside the history that has its name and this end."""
    return Path(os.path.realpath(path) + end)


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
