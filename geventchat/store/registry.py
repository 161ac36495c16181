"""The stores that a server can keep its log in, and what `--history` says for each.

A new store is a module here with a class that has the methods of `Log`, one more `Store` in STORES, and one more line
in `tests/test_log.py`, where all stores pass the same tests.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from geventchat.core.log import Log
from geventchat.protocol.errors import UsageError

Opener = Callable[[], Log]


class Retention(NamedTuple):
    """How well and how long a log keeps what is said; the age is in seconds, None for ever or for all."""

    full: bool = False  # against power loss, too
    age: float | None = None
    messages: int | None = None


class Store(NamedTuple):
    """One kind of store.

    `written` is what stands behind --history in the help, and `is_meant` tells whether a text there means this store.
    `prepare` returns what opens the log, or raises UsageError for what this store cannot do; opening it may raise
    UsageError too. Its module loads only then.
    """

    written: str
    is_meant: Callable[[str], bool]
    prepare: Callable[[str, Retention], Opener]


def opener(history: str | None, retention: Retention) -> Opener:
    """Return what opens the log that `--history` names, or the default one for None. Raises UsageError."""
    if history == "":
        raise UsageError(f"--history is empty: give {WRITTEN}")
    store = next(store for store in STORES if store.is_meant(history or ""))
    return store.prepare(history or "", retention)


def redis_records() -> ModuleType:
    """Return the module that reads and changes the records of servers that share one chat. Raises UsageError."""
    try:
        from geventchat.store.redis import kept_records
    except ImportError as error:
        if error.name not in ("redis", "hiredis"):
            raise
        raise UsageError("--redis needs redis-py; install it with pip install 'geventchat[redis]'") from None
    return kept_records


def redis_opener(url: str, lease_s: float, retention: Retention) -> Opener:
    """Return what opens the log that several servers write, in the Redis at `url`. Raises UsageError."""
    redis_records()
    from geventchat.store.redis.log import RedisLog

    if retention.full or retention.messages is not None:
        what = "--durability full" if retention.full else "--keep-messages"
        remedy = "set appendfsync in Redis' own configuration" if retention.full else "give an age with --keep"
        raise UsageError(f"{what} is not for --redis: {remedy}")
    return partial(RedisLog, url, lease_s=lease_s, keep_s=retention.age)


def _memory(_: str, retention: Retention) -> Opener:
    from geventchat.store.memory import MemoryLog

    if retention != Retention():
        raise UsageError("--history none keeps no file; --keep, --keep-messages and --durability full need one")
    return MemoryLog


def _sqlite(file: str, retention: Retention) -> Opener:
    from geventchat.store.sqlite import SqliteLog
    from geventchat.store.sqlite_file import default_path

    path = Path(file) if file else default_path()
    return partial(SqliteLog, path, full=retention.full, keep_s=retention.age, keep_messages=retention.messages)


STORES = (
    Store("none", lambda text: text == "none", _memory),
    Store("FILE", lambda _: True, _sqlite),  # the last, because any text may be the name of a file
)
WRITTEN = "|".join(store.written for store in reversed(STORES))
