"""Looks at passwords away from the loop, a few at a time, so that a flood of logins delays no talk."""

import base64
import secrets
from collections.abc import Callable
from typing import TypeVar

from gevent.threadpool import ThreadPool

from geventchat.protocol.errors import Refused
from geventchat.system import password_hash
from geventchat.system.priority import give_way

# Each takes 19 MiB and a core for some 50 ms; two are a fair share of a machine that others talk on.
AT_ONCE = 2
# How many more may wait: for the last of them, that is one or two seconds.
MAX_WAITING = 64

_Result = TypeVar("_Result")


class Passwords:
    """Makes and compares hashes; `made` counts them. Its threads begin when they are needed first."""

    def __init__(self) -> None:
        self.made = 0
        self._pool: ThreadPool | None = None
        self._waiting = 0

    def make(self, password: str) -> str:
        """Return a hash of a password; other greenlets run meanwhile. Raises Refused when too many wait for one."""
        return self._apart(lambda: password_hash.make(password))

    def fits(self, stored: str, password: str) -> bool:
        """Return whether this is the password of a hash, an empty one being of none. Raises Refused as `make` does."""
        return self._apart(lambda: password_hash.fits(stored, password))

    def _apart(self, work: Callable[[], _Result]) -> _Result:
        if self._waiting >= AT_ONCE + MAX_WAITING:
            raise Refused("slow-down", "too many are logging in at the moment: try again in some seconds")
        if self._pool is None:
            self._pool = ThreadPool(AT_ONCE)
        self.made += 1
        self._waiting += 1
        try:
            result: _Result = self._pool.apply(_give_way_and, (work,))
        finally:
            self._waiting -= 1
        return result

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.kill()


def random_word() -> str:
    """Return a word that nobody can guess, and that can be passed on: 16 letters and digits, 80 bits."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def _give_way_and(work: Callable[[], _Result]) -> _Result:
    """Do some work behind all others."""
    give_way()
    return work()
