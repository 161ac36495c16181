"""The log in a file: what anyone has been shown survives the server.

Two threads work for it, so that the disk never holds the loop: one writes, one reads, and no read delays a commit.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeVar

import gevent
from gevent.lock import Semaphore
from gevent.threadpool import ThreadPool

from geventchat.core.kept import Change, Kept, Record
from geventchat.core.log import Entry
from geventchat.protocol.errors import NotStored, Refused, UsageError
from geventchat.protocol.events import LARGEST, SEQUENCES, AnyEvent, Deleted, IdClock, TopicSet, number_of
from geventchat.store import sqlite_file, sqlite_rows
from geventchat.store.outage import Outage
from geventchat.store.sqlite_errors import explained, reason
from geventchat.store.sqlite_rows import row_of, select
from geventchat.store.sqlite_watch import FileWatch

# Events that one step of trimming removes: a few milliseconds, for which a commit may have to wait.
TRIM_EVENTS = 50
# How long others have the disk for themselves between two steps, and when there is nothing more to trim.
_TRIM_PAUSE_S = 0.02
_TRIM_EVERY_S = 10.0
# How long a write waits for another program that has the file locked, before speakers are told; then, no longer at all.
_BUSY_MS = 1_000
_TALK = "AND type IN ('said', 'acted')"
# How often it is looked whether the file is still there, and can be written again, while nobody speaks; what is said is
# not stored before a look.
_WATCH_S = 0.5

_Result = TypeVar("_Result")


class SqliteLog:
    """A log in the file `path`, which is made if it is not there.

    Each `append` is one transaction, safe once it returns: against the end of the process, and with `full` against
    power loss too. Events older than `keep_s` seconds, and all but the last `keep_messages`, are removed as time goes.

    Raises UsageError when the file cannot be had.
    """

    shared = None
    gathers_s = 0.003  # a transaction takes 0.1 ms and more, of a thread and of the disk

    def __init__(
        self, path: Path, *, full: bool = False, keep_s: float | None = None, keep_messages: int | None = None
    ) -> None:
        self.location = str(path)
        self._path = path
        self._keep_s = keep_s
        self._keep_messages = keep_messages
        self._count: int | None = None  # events in the file, once they have been counted
        self._counting = Semaphore()
        self.kept = Kept()
        self._records = _Records()
        self._in_order = Semaphore()  # what the file has of records is taken in the order in which it was read
        self._writing, self._reading, self._trimming = (
            Outage(f"history cannot be {done}", f"history can be {done} again")
            for done in ("written", "read", "trimmed")
        )
        with ExitStack() as opened:
            self._lock = sqlite_file.claim(path)
            opened.callback(self._lock.release)
            writer = opened.enter_context(closing(sqlite_file.open_to_write(path, full=full)))
            reader = opened.enter_context(closing(sqlite_file.open_to_read(path)))
            with explained(path):
                last = sqlite_rows.last_id(reader)
                self.kept.load(self._records.read(writer) or [])
            opened.pop_all()
        self._clock = IdClock(last or "0-0")
        self._is_new = last is None
        self._is_wiped = True  # whether nothing of what was deleted is left in the -wal
        self._writer = _Worker(writer)
        self._reader = _Worker(reader)
        self._file_watch = FileWatch(path)
        self._tasks = [gevent.spawn(self._watch)]
        if keep_s or keep_messages:
            self._tasks.append(gevent.spawn(self._trim_on))

    @property
    def trouble(self) -> str:
        """Return why nothing can be written at present; an empty string while all is well."""
        return self._writing.reason

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        """Give each event its id and time, and return once all of them are in the file. Raises NotStored."""
        for entry in entries:
            self._clock.stamp(entry.event, now)
        rows = [row_of(entry) for entry in entries]
        topics = [(entry.room, entry.event.text) for entry in entries if isinstance(entry.event, TopicSet)]
        deleted = [(number_of(entry.event.target), entry.room) for entry in entries if isinstance(entry.event, Deleted)]
        patience_ms = 0 if self._writing.is_on else _BUSY_MS
        # What an earlier server may have said is not here.
        before_all = rows[0][0] - 1 if self._is_new and rows else None

        def insert(db: sqlite3.Connection) -> list[Record] | None:
            self._file_watch.check()
            db.execute(f"PRAGMA busy_timeout = {patience_ms}")
            with db:
                db.execute("BEGIN IMMEDIATE")
                changed_elsewhere = self._records.read(db)
                stored = self.kept
                if changed_elsewhere is not None:
                    stored = Kept()
                    stored.load(changed_elsewhere)
                sqlite_rows.keep(db, stored.to_store(changes))
                db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
                db.executemany("INSERT OR REPLACE INTO topics VALUES (?, ?)", topics)
                gone = db.executemany("DELETE FROM events WHERE id = ? AND room_key = ?", deleted).rowcount
                if before_all is not None:
                    db.execute("UPDATE removed SET id = ?", (before_all,))
            if self._count is not None:
                self._count += len(rows) - max(0, gone)
            return changed_elsewhere

        try:
            with self._in_order:
                self._take(self._writer.run(insert))
                self.kept.settle(changes)
        except sqlite3.Error as error:
            self._records.forget()
            self._writing.begin(error)
            raise NotStored(f"{reason(error)}, where the server keeps its history") from None
        self._is_new = self._is_new and not rows
        self._is_wiped = self._is_wiped and not deleted
        self._writing.end()

    def refresh_records(self) -> None:
        """Take in what another program has changed of the records; if they cannot be read, they stay as they are."""
        try:
            with self._in_order:
                self._take(self._writer.run(self._records.read))
        except sqlite3.Error as error:
            self._writing.begin(error)

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first; with `talk`, only what was said."""
        only = _TALK if talk else ""
        where, values = f"WHERE room_key = ? {only} AND id > ? ORDER BY id LIMIT ?", (room, number_of(after), limit)
        return self._read(lambda db: select(db, where, values))

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""
        only = _TALK if talk else ""
        end = LARGEST if before is None else number_of(before)
        where, values = f"WHERE room_key = ? {only} AND id < ? ORDER BY id DESC LIMIT ?", (room, end, limit)
        return [entry.event for entry in self._read(lambda db: select(db, where, values))][::-1]

    def topics(self, rooms: Sequence[str]) -> dict[str, str]:
        """Return the topics of rooms that have one; others wait for this, so it does not wait behind other reads."""
        return self._read(lambda db: sqlite_rows.topics_of(db, rooms), self._writer)

    def trimmed_up_to(self) -> str:
        """Return the id up to which events have been removed, or were before this file began; 0-0 while it is empty."""
        return self._read(sqlite_rows.trimmed_up_to)

    def trim(self, now: float) -> int:
        """Remove some of what need not be kept any longer, and return how many events; `now` is in seconds since 1970.

        Raises sqlite3.Error.
        """
        if self._keep_messages is not None and self._count is None:
            self._count_events()

        def remove(db: sqlite3.Connection) -> int:
            removed = 0
            with db:
                db.execute("BEGIN IMMEDIATE")
                if self._keep_messages is not None and self._count is not None:
                    spare = min(TRIM_EVENTS, max(0, self._count - self._keep_messages))
                    removed += _remove_oldest(db, spare, LARGEST)
                if self._keep_s is not None:
                    removed += _remove_oldest(db, TRIM_EVENTS, max(0, int((now - self._keep_s) * 1000)) * SEQUENCES)
            if self._count is not None:
                self._count -= removed
            return removed

        return self._writer.run(remove)

    def _wipe(self) -> bool:
        """Leave nothing of what was removed in the -wal either, where pages of the file are kept for a while.

        Return whether that could be done now: not while another program is reading the file.
        """

        def checkpoint(db: sqlite3.Connection) -> bool:
            db.execute("PRAGMA busy_timeout = 0")  # nobody waits for this
            self._file_watch.check()
            (is_busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._file_watch.accept_sizes()
            return not is_busy

        try:
            return self._writer.run(checkpoint)
        except sqlite3.Error:
            return False

    def close(self) -> None:
        """Put the file away, once what was appended is in it."""
        with self._counting:  # a count is let end: its connection must not be the last to go
            gevent.killall(self._tasks)
        self._look()
        self._reader.close()
        self._writer.close()  # the last to go, for it takes the -wal along
        self._lock.release()

    def _read(self, job: Callable[[sqlite3.Connection], _Result], worker: "_Worker | None" = None) -> _Result:
        try:
            result = (worker or self._reader).run(job)
        except sqlite3.Error as error:
            self._reading.begin(error)
            raise Refused("unreadable", f"the history cannot be read: {reason(error)}") from None
        self._reading.end()
        return result

    def _watch(self) -> None:
        while True:
            gevent.sleep(_WATCH_S)
            self._look()
            if not self._is_wiped:
                self._is_wiped = self._wipe()

    def _look(self) -> None:
        """Say it in the log if the file is not what it was, or can be written again; take in what others changed."""

        def look(db: sqlite3.Connection) -> list[Record] | None:
            self._file_watch.check()
            if self._writing.is_on:
                sqlite_rows.try_out(db)
            return self._records.read(db)

        try:
            with self._in_order:
                self._take(self._writer.run(look))
        except sqlite3.Error as error:
            self._writing.begin(error)
        else:
            self._writing.end()

    def _take(self, changed_elsewhere: list[Record] | None) -> None:
        """Take what others have written to the file's records, if anything."""
        if changed_elsewhere is not None:
            self.kept.load(changed_elsewhere)
            self.kept.on_elsewhere()

    def _count_events(self) -> None:
        """Count the events in the file: all of them in a thread for that alone, what came meanwhile in the writer's."""
        sql = "SELECT (SELECT max(id) FROM events), (SELECT count(*) FROM events)"
        with self._counting:
            counter = _Worker(sqlite_file.open_to_read(self._path))
            try:
                last, count = counter.run(lambda db: db.execute(sql).fetchone())
            finally:
                counter.close()

        def add(db: sqlite3.Connection) -> None:
            (later,) = db.execute("SELECT count(*) FROM events WHERE id > ?", (last or 0,)).fetchone()
            if self._count is None:  # else another trim was faster, and may have removed some of those counted
                self._count = count + later

        self._writer.run(add)

    def _trim_on(self) -> None:
        is_begun = False  # whether something was removed since all that could be was
        while True:
            removed = 0
            try:
                removed = self.trim(time.time())
            except (sqlite3.Error, UsageError) as error:
                self._trimming.begin(error)
            else:
                self._trimming.end()
            is_begun = is_begun or removed > 0
            if is_begun and removed < TRIM_EVENTS:
                is_begun = self._is_wiped = False  # once, in the end: a commit has to wait while that is done
            gevent.sleep(_TRIM_PAUSE_S if removed >= TRIM_EVENTS else _TRIM_EVERY_S)


def _remove_oldest(db: sqlite3.Connection, limit: int, end: int) -> int:
    """Remove up to `limit` of the oldest events before `end`; never the last event, from which ids go on."""
    oldest = "SELECT id FROM events WHERE id < min(?, (SELECT max(id) FROM events)) ORDER BY id LIMIT ?"
    (last,) = db.execute(f"SELECT max(id) FROM ({oldest})", (end, limit)).fetchone()  # noqa: S608 - our own words
    if last is None:
        return 0
    db.execute("UPDATE removed SET id = ?", (last,))
    return db.execute("DELETE FROM events WHERE id <= ?", (last,)).rowcount


class _Records:
    """Reads the records when another program has changed the file since the last time."""

    def __init__(self) -> None:
        self._version: int | None = None  # SQLite's own count of what others have written

    def read(self, db: sqlite3.Connection) -> list[Record] | None:
        """Return all records; None if nobody else has written anything. Raises sqlite3.Error."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return None
        records = sqlite_rows.kept(db)
        self._version = version
        return records

    def forget(self) -> None:
        """Read all of them again the next time: what was read last has not arrived."""
        self._version = None


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
