"""The records of a chat that several servers share, read and changed by another program; the servers notice at once."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from geventchat.core.kept import Kept
from geventchat.protocol.errors import NotStored, UsageError
from geventchat.store.redis.log import RedisLog


@contextmanager
def reading(url: str) -> Iterator[Kept]:
    """Yield the records as they are, in the Redis at `url`. Raises UsageError."""
    with closing(RedisLog(url)) as log:
        yield log.kept


@contextmanager
def changing(url: str) -> Iterator[Kept]:
    """Yield the records to be changed; all changes are stored in the end, unless an error is raised.

    Raises UsageError.
    """
    with closing(RedisLog(url)) as log:
        yield log.kept
        try:
            log.append([], time.time(), log.kept.unstored)
        except NotStored as error:
            raise UsageError(f"nothing was changed: {error}") from None
