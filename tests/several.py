"""One server, or several that share one chat."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle
from typing import Protocol

import pytest

from geventchat import ChatServer, Limits
from geventchat.store.redis.log import RedisLog
from tests.raw import Address
from tests.redis_server import RedisServer

# For a fixture that is to be a `Server`: the same tests run on each.
ONE_AND_THREE = ("one server", "three servers")


class Server(Protocol):
    """Where a client can connect: with several servers, each time to another."""

    @property
    def address(self) -> Address: ...


class Several:
    """Servers that share one chat."""

    def __init__(self, servers: list[ChatServer], logs: list[RedisLog]) -> None:
        self.servers = servers
        self.logs = logs
        self._turns = cycle(servers)

    @property
    def address(self) -> Address:
        return next(self._turns).address


@contextmanager
def several(url: str, count: int = 3, limits: Limits | None = None, lease_s: float = 5.0) -> Iterator[Several]:
    """Run so many servers on the Redis at `url` until the block ends."""
    with ExitStack() as opened:
        logs = [opened.enter_context(closing(RedisLog(url, lease_s=lease_s))) for _ in range(count)]
        servers = [opened.enter_context(ChatServer(log=log, limits=limits)) for log in logs]
        yield Several(servers, logs)


@contextmanager
def one_or_three(request: pytest.FixtureRequest, limits: Limits | None = None) -> Iterator[Server]:
    """Run what the parameter of a fixture says."""
    if request.param == "one server":
        with ChatServer(limits=limits) as server:
            yield server
    else:
        redis_server: RedisServer = request.getfixturevalue("redis_server")
        with several(redis_server.url, limits=limits) as servers:
            yield servers
