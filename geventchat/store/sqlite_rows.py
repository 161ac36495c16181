"""Events, topics and records as rows of the file that history is kept in."""

import sqlite3
from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from geventchat.core import records
from geventchat.core.kept import Change, Record
from geventchat.core.log import Entry
from geventchat.protocol.events import (
    LARGEST,
    SEQUENCES,
    AnyEvent,
    Moderation,
    content_of,
    id_of,
    iso_time,
    number_of,
    with_details,
)

# As much as a large batch takes: on a full disk, there is room for a little now and then.
_TRIAL_BYTES = 64 << 10
# Ids of the year 2200 and later were given by no server: the file is damaged, and ids after them could not be kept.
_TOO_LATE = 7_258_118_400_000 * SEQUENCES


def row_of(entry: Entry) -> tuple[Any, ...]:
    """Return an entry as a row of `events`."""
    event = entry.event
    kind, text = event.__struct_config__.tag, content_of(event)
    words = text if text or kind != "joined" else None  # as most say nothing of themselves
    return number_of(event.id), entry.room, event.room, event.nick, kind, words, entry.ref, entry.sender or None


_KINDS: dict[object, type[AnyEvent]] = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}


def select(db: sqlite3.Connection, where: str, values: Sequence[object] = ()) -> list[Entry]:
    """Return entries; `where` is what follows FROM events in SQL, with a ? for each of the values.

    Raises sqlite3.Error, also for a row that is no event: another program may have written it.
    """
    columns = "id, room_key, room, nick, type, text, ref, sender"
    rows = db.execute(f"SELECT {columns} FROM events {where}", values)  # noqa: S608 - from our code
    return [_entry_of(*row) for row in rows]


def _entry_of(number: int, room_key: Any, room: Any, nick: Any, kind: Any, text: Any, ref: Any, sender: Any) -> Entry:
    fields = (id_of(number), _time_of(number), room, nick, *(() if text is None else (text,)))
    if not all(isinstance(one, str) for one in (*fields, sender or "")) or not isinstance(ref, str | None):
        raise _damaged(number)
    try:
        made = _KINDS[kind]
        if issubclass(made, Moderation):
            return Entry(room_key, with_details(made, *fields), ref, sender or "")
        return Entry(room_key, made(*fields), ref, sender or "")
    except (KeyError, TypeError, IndexError, msgspec.MsgspecError):
        # A wrong type, or number of texts.
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


def try_out(db: sqlite3.Connection) -> None:
    """Write a large event and take it back, in one transaction, so that nobody sees it. Raises sqlite3.Error."""
    db.execute("PRAGMA busy_timeout = 0")
    with db:
        db.execute("BEGIN IMMEDIATE")
        trial = (LARGEST, "", "", "", "said", bytes(_TRIAL_BYTES), None, None)
        db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", trial)
        db.execute("DELETE FROM events WHERE id = ?", (LARGEST,))
