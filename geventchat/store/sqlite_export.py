"""What a history file keeps of what was said, read by another program, also while a server writes it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from geventchat.protocol.events import AnyEvent, number_of
from geventchat.store import sqlite_file
from geventchat.store.sqlite_errors import explained
from geventchat.store.sqlite_rows import select


def pages(path: Path, room: str | None, after: int, page: int) -> Iterator[list[AnyEvent]]:
    """Yield what is later than the id with this number, in the room with this key or in all, so many at once.

    Between two pages the file is free, so that a slow reader never lets the server's -wal grow. Raises UsageError.
    """
    in_room, values = ("", []) if room is None else ("room_key = ? AND", [room])
    with closing(sqlite_file.open_to_read(path)) as db:
        while True:
            with explained(path):
                found = select(db, f"WHERE {in_room} id > ? ORDER BY id LIMIT ?", [*values, after, page])
            if not found:
                return
            yield [entry.event for entry in found]
            after = number_of(found[-1].event.id)
