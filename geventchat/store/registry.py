"""The stores that a server can keep its log in, and what `--history` or `--redis` says for each.

A new store is a module here with a class that has all that `Log` has, one more `Store` in STORES, and one more line
in `tests/test_log.py`, where all stores pass the same tests.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from geventchat.core.kept import Kept
from geventchat.core.log import Log
from geventchat.protocol.errors import UsageError
from geventchat.protocol.events import AnyEvent

Opener = Callable[[], Log]


class Retention(NamedTuple):
    """How well and how long a log keeps what is said; the age is in seconds, None for ever or for all."""

    full: bool = False  # against power loss, too
    age: float | None = None
    messages: int | None = None


class StoreOptions(NamedTuple):
    """What a store is asked for; `lease_s` is that of a server among others, in seconds."""

    retention: Retention = Retention()
    lease_s: float = 5.0


class Records(NamedTuple):
    """How another program than the server reads or changes the records of a store, also while a server has it.

    The changes are stored when the block ends, unless it raises. Both raise UsageError.
    """

    reading: Callable[[], AbstractContextManager[Kept]]
    changing: Callable[[], AbstractContextManager[Kept]]


class Past(NamedTuple):
    """What a store keeps of what was said, for another program than the server to read; where that is, in words.

    `pages` yields the events, oldest first, so many at once: those later than the id with this number, in the room with
    this key or in all. It raises UsageError.
    """

    location: str
    pages: Callable[[str | None, int, int], Iterator[list[AnyEvent]]]


def _no_past(given: str) -> Past:
    raise UsageError(f"--history {given} keeps nothing; give the file that the server has")


def _no_records(given: str) -> Records:
    raise UsageError(f"--history {given} keeps no accounts in a file; give the file that the server has")


class Store(NamedTuple):
    """One kind of store.

    `written` is what stands behind its option in the help, and `is_meant` tells whether a text there means this store.
    `prepare` returns what opens the log, or raises UsageError for what this store cannot do; opening it may raise
    UsageError too. Its module loads only then. `past` and `records` are for commands beside the server.
    """

    written: str
    is_meant: Callable[[str], bool]
    prepare: Callable[[str, StoreOptions], Opener]
    past: Callable[[str], Past] = _no_past
    records: Callable[[str], Records] = _no_records
    option: str = "--history"


def opener(given: str | None, options: StoreOptions, option: str = "--history") -> Opener:
    """Return what opens the log that is given with an option, or the default one for None. Raises UsageError."""
    return _store(given, option).prepare(given or "", options)


def past(given: str | None, option: str = "--history") -> Past:
    """Return what the store that is given with an option keeps, or the default one for None. Raises UsageError."""
    return _store(given, option).past(given or "")


def records(given: str | None, option: str = "--history") -> Records:
    """Return how the records of the store that is given with an option are changed. Raises UsageError."""
    return _store(given, option).records(given or "")


def _store(given: str | None, option: str) -> Store:
    if given == "":
        raise UsageError(f"{option} is empty: give {written(option)}")
    return next(store for store in STORES if store.option == option and store.is_meant(given or ""))


def written(option: str) -> str:
    """Return what stands behind an option in the help."""
    return "|".join(store.written for store in reversed(STORES) if store.option == option)


def need_redis() -> None:
    """Raise UsageError where what --redis takes is not installed."""
    if find_spec("redis") is None or find_spec("hiredis") is None:
        raise UsageError("--redis needs redis-py; install it with pip install 'geventchat[redis]'")


def _redis_past(url: str) -> Past:
    need_redis()
    from geventchat.store.redis import export

    return Past("that Redis", partial(export.pages, url))


def _redis_records(url: str) -> Records:
    need_redis()
    from geventchat.store.redis import kept_records

    return Records(partial(kept_records.reading, url), partial(kept_records.changing, url))


def _redis(url: str, options: StoreOptions) -> Opener:
    need_redis()
    from geventchat.store.redis.log import RedisLog

    retention = options.retention
    if retention.full:
        raise UsageError("--durability full is not for --redis: set appendfsync in Redis' own configuration")
    return partial(RedisLog, url, lease_s=options.lease_s, keep_s=retention.age, keep_messages=retention.messages)


def _memory(_: str, options: StoreOptions) -> Opener:
    from geventchat.store.memory import MemoryLog

    if options.retention != Retention():
        raise UsageError("--history none keeps no file; --keep, --keep-messages and --durability full need one")
    return MemoryLog


def _sqlite(file: str, options: StoreOptions) -> Opener:
    from geventchat.store.sqlite import SqliteLog

    retention = options.retention
    return partial(SqliteLog, _path(file), full=retention.full, keep_s=retention.age, keep_messages=retention.messages)


def _sqlite_past(file: str) -> Past:
    from geventchat.store import sqlite_export

    path = _path(file)
    return Past(str(path), partial(sqlite_export.pages, path))


def _sqlite_records(file: str) -> Records:
    from geventchat.store import sqlite_records

    path = _path(file)
    return Records(partial(sqlite_records.reading, path), partial(sqlite_records.changing, path))


def _path(file: str) -> Path:
    from geventchat.store.sqlite_file import default_path

    return Path(file) if file else default_path()


STORES = (
    Store("none", lambda text: text == "none", _memory),
    # Behind those that have the same option, because any text may be the name of a file.
    Store("FILE", lambda _: True, _sqlite, _sqlite_past, _sqlite_records),
    Store("URL", lambda _: True, _redis, _redis_past, _redis_records, "--redis"),
)
