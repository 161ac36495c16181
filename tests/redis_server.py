"""A Redis of our own, in its own folder and on a free port; it can be killed, and come back without its last words."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import gevent
from gevent import socket

from tests.needs import needs
from tests.ports import free_port
from tests.raw import Address

_databases = count()
DATABASES = 4096


class RedisServer:
    """One redis-server, which writes all that it is told to its file; `options` are further ones of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._options = options
        self._program = needs("redis-server")
        self.port = free_port()
        self.start()

    @property
    def address(self) -> Address:
        return "127.0.0.1", self.port

    @property
    def url(self) -> str:
        """The address of a database that nobody has used."""
        return f"redis://127.0.0.1:{self.port}/{next(_databases) % DATABASES}"

    def start(self) -> None:
        """Run it, and wait until it answers."""
        own = f"--port {self.port} --bind 127.0.0.1 --databases {DATABASES} --dir {self._folder}"
        own += " --appendonly yes --repl-diskless-sync-delay 0"
        command = [self._program, *own.split(), "--save", "", "--logfile", "redis.log", *self._options]
        self.process = subprocess.Popen(command)
        while not self._answers():
            assert self.process.poll() is None, (self._folder / "redis.log").read_text()
            gevent.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with closing(socket.create_connection(self.address, timeout=1)) as sock:
                sock.sendall(b"PING\r\n")
                answer: bytes = sock.recv(100)
                return answer.startswith((b"+", b"-NOAUTH"))
        except OSError:
            return False

    def do(self, *words: str) -> bytes:
        """Return what it answers to a command."""
        with closing(socket.create_connection(self.address, timeout=5)) as sock:
            sock.sendall((" ".join(words) + "\r\n").encode())
            answer: bytes = sock.recv(65536)
            return answer

    def files(self) -> list[Path]:
        """Return the files that it writes."""
        return [file for file in self._folder.rglob("*") if file.is_file()]

    def kill(self, *, cut: int = 0) -> None:
        """Kill it at once; and cut so many bytes off the end of its file."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if cut:
            with self._written().open("rb+") as opened:
                opened.truncate(max(0, self.size() - cut))

    def size(self) -> int:
        """Return how many bytes it has written."""
        return self._written().stat().st_size

    def _written(self) -> Path:
        return max((self._folder / "appendonlydir").glob("*.incr.aof"))

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run a Redis until the block ends."""
    server = RedisServer(folder, *options)
    try:
        yield server
    finally:
        server.stop()
