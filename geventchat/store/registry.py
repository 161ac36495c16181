"""The stores that a server can keep its log in, and what `--history` or `--redis` says for each.

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


class StoreOptions(NamedTuple):
    """What a store is asked for; `lease_s` is that of a server among others, in seconds."""

    retention: Retention = Retention()
    lease_s: float = 5.0


class Store(NamedTuple):
    """One kind of store.

    `written` is what stands behind its option in the help, and `is_meant` tells whether a text there means this store.
    `prepare` returns what opens the log, or raises UsageError for what this store cannot do; opening it may raise
    UsageError too. Its module loads only then.
    """

    written: str
    is_meant: Callable[[str], bool]
    prepare: Callable[[str, StoreOptions], Opener]
    option: str = "--history"


def opener(given: str | None, options: StoreOptions, option: str = "--history") -> Opener:
    """Return what opens the log that is given with an option, or the default one for None. Raises UsageError."""
    if given == "":
        raise UsageError(f"{option} is empty: give {written(option)}")
    store = next(store for store in STORES if store.option == option and store.is_meant(given or ""))
    return store.prepare(given or "", options)


def written(option: str) -> str:
    """Return what stands behind an option in the help."""
    return "|".join(store.written for store in reversed(STORES) if store.option == option)


def redis_records() -> ModuleType:
    """Return the module that reads and changes the records of servers that share one chat. Raises UsageError."""
    try:
        from geventchat.store.redis import kept_records
    except ImportError as error:
        if error.name not in ("redis", "hiredis"):
            raise
        raise UsageError("--redis needs redis-py; install it with pip install 'geventchat[redis]'") from None
    return kept_records


def _redis(url: str, options: StoreOptions) -> Opener:
    redis_records()
    from geventchat.store.redis.log import RedisLog

    retention = options.retention
    if retention.full or retention.messages is not None:
        what = "--durability full" if retention.full else "--keep-messages"
        remedy = "set appendfsync in Redis' own configuration" if retention.full else "give an age with --keep"
        raise UsageError(f"{what} is not for --redis: {remedy}")
    return partial(RedisLog, url, lease_s=options.lease_s, keep_s=retention.age)


def _memory(_: str, options: StoreOptions) -> Opener:
    from geventchat.store.memory import MemoryLog

    if options.retention != Retention():
        raise UsageError("--history none keeps no file; --keep, --keep-messages and --durability full need one")
    return MemoryLog


def _sqlite(file: str, options: StoreOptions) -> Opener:
    from geventchat.store.sqlite import SqliteLog
    from geventchat.store.sqlite_file import default_path

    path = Path(file) if file else default_path()
    retention = options.retention
    return partial(SqliteLog, path, full=retention.full, keep_s=retention.age, keep_messages=retention.messages)


STORES = (
    Store("none", lambda text: text == "none", _memory),
    Store("FILE", lambda _: True, _sqlite),  # the last, because any text may be the name of a file
    Store("URL", lambda _: True, _redis, "--redis"),
)
