"""The log in a file: what anyone has been shown survives the server.

Two threads work for it, so that the disk never holds the loop: one writes, one reads, and no read delays a commit.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import gevent
from gevent.threadpool import ThreadPool

from geventchat import history_file
from geventchat.errors import NotStored, Refused
from geventchat.events import SEQUENCES, AnyEvent, IdClock
from geventchat.history_file import id_of, number_of, row_of, select
from geventchat.log import Entry

log = logging.getLogger("geventchat")

# Events that one step of trimming removes: about 2 ms, for which a commit may have to wait.
TRIM_EVENTS = 250
# How long others have the disk for themselves between two steps, and when there is nothing more to trim.
_TRIM_PAUSE_S = 0.05
_TRIM_EVERY_S = 10.0

_Result = TypeVar("_Result")


class SqliteLog:
    """A log in the file `path`, which is made if it is not there.

    Each `append` is one transaction, safe once it returns: against the end of the process, and with `full` against
    power loss too. Events older than `keep_s` seconds, and all but the last `keep_messages`, are removed as time goes.

    Raises UsageError when the file cannot be had.
    """

    def __init__(
        self, path: Path, *, full: bool = False, keep_s: float | None = None, keep_messages: int | None = None
    ) -> None:
        self._keep_s = keep_s
        self._keep_messages = keep_messages
        self._kept: int | None = None  # events in the file, once they have been counted
        self._failing = False
        self._unreadable = False
        self._lock = history_file.claim(path)
        try:
            writing = history_file.open_to_write(path, full=full)
            reading = history_file.open_to_read(path)
            with history_file.explained(path):
                (last,) = reading.execute("SELECT max(id) FROM events").fetchone()
        except BaseException:
            os.close(self._lock)
            raise
        self._clock = IdClock(id_of(last or 0))
        self._writer = _Worker(writing)
        self._reader = _Worker(reading)
        self._trimmer = gevent.spawn(self._trim_on) if keep_s or keep_messages else None
        self.where = str(path)

    def append(self, entries: Sequence[Entry], now: float) -> None:
        """Give each event its id and time, and return once all of them are in the file. Raises NotStored."""
        for entry in entries:
            self._clock.stamp(entry.event, now)
        rows = [row_of(entry) for entry in entries]

        def insert(db: sqlite3.Connection) -> None:
            with db:
                db.execute("BEGIN IMMEDIATE")
                db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            if self._kept is not None:
                self._kept += len(rows)

        self._write(insert)

    def since(self, room: str, after: str, limit: int) -> list[AnyEvent]:
        """Return up to `limit` events later than the id `after`, oldest first. Raises Refused, as all reads do."""
        where, values = "WHERE room_key = ? AND id > ? ORDER BY id LIMIT ?", (room, number_of(after), limit)
        return self._read(lambda db: select(db, where, values))

    def latest(self, room: str, limit: int, before: str | None = None) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first."""
        end = history_file.LARGEST if before is None else number_of(before)
        where, values = "WHERE room_key = ? AND id < ? ORDER BY id DESC LIMIT ?", (room, end, limit)
        return self._read(lambda db: select(db, where, values))[::-1]

    def refs(self, room: str, nick: str, after: str) -> dict[str, str]:
        """Return what `nick` has had stored later than the id `after`: from the client's marks to ids."""
        sql = "SELECT ref, id FROM events WHERE room_key = ? AND nick = ? AND ref IS NOT NULL AND id > ? ORDER BY id"
        values = (room, nick, number_of(after))
        return self._read(lambda db: {ref: id_of(number) for ref, number in db.execute(sql, values)})

    def oldest(self, room: str) -> str | None:
        """Return the id of the oldest event kept of a room; None when there is none."""
        events = self._read(lambda db: select(db, "WHERE room_key = ? ORDER BY id LIMIT 1", (room,)))
        return events[0].id if events else None

    def trim(self, now: float) -> int:
        """Remove some of what need not be kept any longer, and return how many events; `now` is seconds since 1970."""
        if self._keep_messages is not None and self._kept is None:
            self._count()

        def remove(db: sqlite3.Connection) -> int:
            removed = 0
            with db:
                db.execute("BEGIN IMMEDIATE")
                if self._keep_messages is not None and self._kept is not None:
                    spare = min(TRIM_EVENTS, max(0, self._kept - self._keep_messages))
                    removed += _remove_oldest(db, spare, history_file.LARGEST)
                if self._keep_s is not None:
                    removed += _remove_oldest(db, TRIM_EVENTS, int((now - self._keep_s) * 1000) * SEQUENCES)
            if self._kept is not None:
                self._kept -= removed
            return removed

        return self._write(remove)

    def close(self) -> None:
        """Put the file away, once what was appended is in it."""
        if self._trimmer is not None:
            self._trimmer.kill()
        self._reader.close()
        self._writer.close()  # the last to go, for it takes the -wal along
        os.close(self._lock)

    def _write(self, job: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            result = self._writer.run(job)
        except sqlite3.Error as error:
            why = history_file.reason(error)
            if not self._failing:
                log.error("history cannot be written, so nothing can be said: %s (%s)", why, error)
            self._failing = True
            raise NotStored(f"{why}, where the server keeps its history") from None
        if self._failing:
            log.warning("history can be written again")
        self._failing = False
        return result

    def _read(self, job: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return self._reader.run(job)
        except sqlite3.Error as error:
            if not self._unreadable:
                log.error("history cannot be read: %s (%s)", history_file.reason(error), error)
            self._unreadable = True
            raise Refused("unreadable", "the history cannot be read") from None

    def _count(self) -> None:
        """Count the events in the file, the many in the reader's thread, those that came meanwhile in the writer's."""
        last, count = self._read(
            lambda db: db.execute("SELECT (SELECT max(id) FROM events), (SELECT count(*) FROM events)").fetchone()
        )

        def add(db: sqlite3.Connection) -> None:
            (later,) = db.execute("SELECT count(*) FROM events WHERE id > ?", (last or 0,)).fetchone()
            self._kept = count + later

        self._write(add)

    def _trim_on(self) -> None:
        while True:
            try:
                removed = self.trim(time.time())
            except (NotStored, Refused):  # has been logged
                removed = 0
            gevent.sleep(_TRIM_PAUSE_S if removed >= TRIM_EVENTS else _TRIM_EVERY_S)


def _remove_oldest(db: sqlite3.Connection, limit: int, end: int) -> int:
    """Remove up to `limit` of the oldest events before `end`; never the last event, from which ids go on."""
    return db.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ? ORDER BY id LIMIT ?) "
        "AND id < (SELECT max(id) FROM events)",
        (end, limit),
    ).rowcount


class _Worker:
    """A connection to the file and the one thread that uses it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._pool = ThreadPool(1)

    def run(self, job: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Return what the job returns; other greenlets run meanwhile. Raises sqlite3.Error."""
        result: _Result | sqlite3.Error = self._pool.apply(self._try, (job,))
        if isinstance(result, sqlite3.Error):
            raise result
        return result

    def close(self) -> None:
        self.run(sqlite3.Connection.close)
        self._pool.kill()

    def _try(self, job: Callable[[sqlite3.Connection], _Result]) -> _Result | sqlite3.Error:
        try:
            return job(self._db)
        except sqlite3.Error as error:  # as a result, for gevent would print what a thread raises
            return error
