"""Servers as processes that share one chat, on a Redis of their own; each can be killed, stopped and run again."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import gevent

from tests.ports import free_port
from tests.processes import fail_at_traceback, start_server
from tests.proxy import Proxy
from tests.raw import Address
from tests.redis_server import RedisServer, running_redis

LEASE_S = 2.0


class Cluster:
    """Servers, of which `ways` says where each finds Redis; log lines go into a file for each."""

    def __init__(self, folder: Path, redis: RedisServer, database: str, ways: list[Address]) -> None:
        self.redis = redis
        self._folder = folder
        self._urls = [f"redis://{host}:{port}{database}" for host, port in ways]
        self.url = f"redis://{redis.address[0]}:{redis.address[1]}{database}"  # without any of these ways
        self.addresses: list[Address] = [("127.0.0.1", free_port()) for _ in ways]
        self.options: list[tuple[str, ...]] = [()] * len(ways)  # further ones of each
        self._processes: dict[int, subprocess.Popen[str]] = {}

    def start(self, number: int) -> None:
        """Run a server, and wait until newcomers are answered."""
        host, port = self.addresses[number]
        given = ("--listen", f"{host}:{port}", "--redis", self._urls[number], "--lease", f"{LEASE_S:g}s")
        with self.log_file(number).open("a") as errors:
            process = start_server(
                *given, "--rate", "off", *self.options[number], "--log-level", "warning", stderr=errors.fileno()
            )
        self._processes[number] = process
        assert process.stdout is not None
        first = gevent.get_hub().threadpool.apply(process.stdout.readline)  # bots go on meanwhile
        assert first, self.log_file(number).read_text()

    def log_file(self, number: int) -> Path:
        """Return the file with the log lines of a server."""
        return self._folder / f"server{number}.log"

    def signal(self, number: int, what: int) -> None:
        """Send a server a signal, and wait for its end where that ends it."""
        self._processes[number].send_signal(what)
        if what in (signal.SIGKILL, signal.SIGTERM):
            while self._processes[number].poll() is None:
                gevent.sleep(0.01)
            self._close(number)

    def stop(self) -> None:
        """End all that is still running."""
        for number in list(self._processes):
            self.signal(number, signal.SIGKILL)

    def _close(self, number: int) -> None:
        process = self._processes.pop(number)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def cluster(folder: Path, ways: Sequence[Proxy] = ()) -> Iterator[Cluster]:
    """Run three servers until the block ends, each with a way to Redis of its own if there are any."""
    with running_redis(folder / "redis") as redis:
        for way in ways:
            way.target = redis.address
        addresses = [way.address for way in ways] or [redis.address] * 3
        servers = Cluster(folder, redis, redis.url[redis.url.rindex("/") :], addresses)
        try:
            for number in range(len(addresses)):
                servers.start(number)
            yield servers
        finally:
            servers.stop()
            for number in range(len(addresses)):
                fail_at_traceback(servers.log_file(number).read_text())
