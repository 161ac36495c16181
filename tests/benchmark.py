"""What a delivery costs: geventchat-serve beside the least that a Python server can do, under the same load.

    python -m tests.benchmark [--seconds S] [WORDS OF A CASE …]

Each server runs alone on one core, the load on another, in turn. A row of figures is what one server spent and how late
it was; below the two, their ratio, which holds from machine to machine. Needs Linux and two cores.
"""

import argparse
import os
import platform
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from geventchat.tls.self_signed import own_keys
from tests.ports import free_port
from tests.redis_server import running_redis


@dataclass(frozen=True)
class Case:
    """One load: `rooms` of `users` each, `rate` messages a second over all, of `size` bytes; `stalled` never read.

    With `shared`, three servers that share one chat carry it too, each with a third of the users of every room; with
    `tls`, the users are outside TLS, then every second one inside, then all.
    """

    name: str
    users: int
    rate: float
    size: int = 100
    rooms: int = 1
    stalled: int = 0
    shared: bool = False
    tls: bool = False


CASES = (
    Case("1,000 users, 50 messages/s", 1000, 50),
    Case("1,000 users, 500 messages/s", 1000, 500),
    Case("1,000 users, 2,000 messages/s", 1000, 2000),
    Case("500 users, 500 messages/s", 500, 500),
    Case("500 users and 100 who never read, 500 messages/s", 500, 500, stalled=100),
    Case("1,000 users, 50 messages/s of 4,000 bytes", 1000, 50, size=4000),
    Case("1,000 rooms of 10, each a message a second", 10, 1000, rooms=1000),
    Case("10,000 users, 5 messages/s", 10_000, 5),
    Case("TLS: 500 users, 50 messages/s of 120 bytes", 500, 50, size=120, tls=True),
    Case("TLS: 500 users, 500 messages/s of 120 bytes", 500, 500, size=120, tls=True),
    Case("three servers: 100 rooms of 3, 1,000 messages/s", 3, 1000, rooms=100, shared=True),
    Case("three servers: 100 rooms of 3, 5,000 messages/s", 3, 5000, rooms=100, shared=True),
)
_SERVE = [sys.executable, "-m", "geventchat.cli.serve", "--rate", "off"]
BARE, OURS, WITH_HISTORY, THREE = "bare", "geventchat", "with history", "three, Redis"
HALF_TLS, ALL_TLS = "half in TLS", "all in TLS"
# Of how many users one is inside TLS, where any are.
_INSIDE_TLS = {HALF_TLS: 2, ALL_TLS: 1}
# Readers whose every line is looked at; of the others, lines are counted.
_WATCHED = 20
# How long to wait for what is still missing after the last message.
_PATIENCE_S = 10.0
_MARK = b"@"
_CORES = os.sched_getaffinity(0)
# What a client needs that takes any server for the right one.
_ANY_KEY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_ANY_KEY.check_hostname = False
_ANY_KEY.verify_mode = ssl.CERT_NONE


class Load:
    """The users of one case, all in one thread; with `every_in_tls`, every so manyth is inside TLS."""

    def __init__(self, ports: Sequence[int], case: Case, every_in_tls: int = 0) -> None:
        self.case = case
        self.misplaced = 0
        self._marks = 0  # each delivery has three
        self.latencies_ms: list[float] = []
        self._poll = select.epoll()
        self._readers: dict[int, socket.socket] = {}
        self._speakers: list[list[socket.socket]] = []
        self._stalled: list[socket.socket] = []
        for room in range(case.rooms):
            here = [
                _enter(
                    ports[number % len(ports)],
                    f"user{room}.{number}",
                    room if case.rooms > 1 else None,
                    in_tls=every_in_tls > 0 and number % every_in_tls == 0,
                )
                for number in range(case.users)
            ]
            self._speakers.append(here)
            self._readers |= {user.fileno(): user for user in here}
        for number in range(case.stalled):
            self._stalled.append(_enter(ports[0], f"stalled{number}", None, receive_buffer=4096))
        for fd in self._readers:
            self._poll.register(fd, select.EPOLLIN)
        every = max(1, len(self._readers) // _WATCHED)
        self._watched = dict.fromkeys(list(self._readers)[::every], b"")
        self._last: dict[tuple[int, bytes], int] = {}
        self._take_until(time.monotonic() + 2)  # what is said of the joining

    @property
    def heard(self) -> int:
        """How many deliveries have come."""
        return self._marks // 3

    def talk(self, seconds: float) -> int:
        """Have the users talk; return how many deliveries never came."""
        case, sent = self.case, 0
        begin = time.monotonic()
        while (now := time.monotonic()) < begin + seconds:
            while sent < int((now - begin) * case.rate):
                sent += 1
                here = self._speakers[sent % case.rooms]
                text = b"@%d@%.6f@" % (sent, begin + sent / case.rate)
                here[sent // case.rooms * 97 % case.users].sendall(text.ljust(case.size - 1, b"x") + b"\n")
            self._take(0.001)
        expected = sent * case.users
        self._take_until(time.monotonic() + _PATIENCE_S, lambda: self.heard >= expected)
        return expected - self.heard

    def close(self) -> None:
        """Let everyone go."""
        for user in [*self._readers.values(), *self._stalled]:
            user.close()

    def _take_until(self, deadline: float, done: Callable[[], bool] = lambda: False) -> None:
        while time.monotonic() < deadline and not done():
            self._take(0.01)

    def _take(self, timeout: float) -> None:
        for fd, _ in self._poll.poll(timeout):
            data = _received(self._readers[fd])
            self._marks += data.count(_MARK)
            if fd in self._watched:
                self._watch(fd, data)

    def _watch(self, fd: int, data: bytes) -> None:
        now = time.monotonic()
        *lines, self._watched[fd] = (self._watched[fd] + data).split(b"\n")
        for line in lines:
            if _MARK in line:
                nick, number, due, _ = line.split(_MARK)
                self.latencies_ms.append((now - float(due)) * 1000)
                self.misplaced += int(number) <= self._last.get((fd, nick), 0)
                self._last[fd, nick] = int(number)


def _received(user: socket.socket) -> bytes:
    """Return what has come; inside TLS, each call returns one record at most, and what it leaves wakes nobody."""
    if not isinstance(user, ssl.SSLSocket):
        return user.recv(1 << 20)
    data = b""
    with suppress(ssl.SSLWantReadError):
        while record := user.recv(1 << 20):
            data += record
    return data


def _enter(port: int, name: str, room: int | None, receive_buffer: int = 0, *, in_tls: bool = False) -> socket.socket:
    user = socket.socket()
    if receive_buffer:
        user.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    user.connect(("127.0.0.1", port))
    user.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if in_tls:
        user = _ANY_KEY.wrap_socket(user)
    user.sendall(f"{name}\n".encode())
    _hear(user, b"Hi, ")
    if room is not None:
        user.sendall(f"/join room{room}\n".encode())
        _hear(user, f" in room{room}: ".encode())
    user.setblocking(False)
    return user


def _hear(user: socket.socket, words: bytes) -> None:
    heard = b""
    while words not in heard:
        heard += user.recv(65536)


class Measured(NamedTuple):
    """What one server spent on one case: CPU in microseconds, latencies in milliseconds, memory in megabytes."""

    cpu_us: float
    p50_ms: float
    p99_ms: float
    memory_mb: float
    missing: int  # deliveries that never came
    misplaced: int  # those out of their speaker's order


def _command(server: str, port: int, folder: str, redis: int) -> list[str]:
    if server == THREE:
        return [*_SERVE, "--redis", f"redis://127.0.0.1:{redis}/0", "--listen", f"127.0.0.1:{port}"]
    if server == BARE:
        return [sys.executable, "-m", "tests.bare_server", str(port)]
    if server in _INSIDE_TLS:
        own_keys(Path(folder), [])
        files = ["--tls-cert", f"{folder}/tls-certificate.pem", "--tls-key", f"{folder}/tls-key.pem"]
        return [*_SERVE, *files, "--history", "none", "--listen", f"127.0.0.1:{port}"]
    history = f"{folder}/history.sqlite" if server == WITH_HISTORY else "none"
    return [*_SERVE, "--history", history, "--listen", f"127.0.0.1:{port}"]


def measure(server: str, case: Case, seconds: float) -> Measured:
    """Run one server under one load, or three and their Redis."""
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory())
        redis = opened.enter_context(running_redis(Path(folder))) if server == THREE else None
        if redis is not None:
            os.sched_setaffinity(redis.process.pid, _CORES)
        ports = [free_port() for _ in range(3 if redis else 1)]
        processes = []
        for port in ports:
            command = _command(server, port, folder, redis.port if redis else 0)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            opened.callback(process.wait)
            opened.callback(process.kill)
            processes.append(psutil.Process(process.pid))
            os.sched_setaffinity(process.pid, {0} if redis is None else _CORES)
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
        load = Load(ports, case, _INSIDE_TLS.get(server, 0))
        before, redis_before = _cpu_s(processes), _cpu_s([psutil.Process(redis.process.pid)]) if redis else 0.0
        missing = load.talk(seconds)
        spent, memory_mb = _cpu_s(processes) - before, sum(one.memory_info().rss for one in processes) / 1e6
        if redis is not None:
            messages = max(1, load.heard // case.users)
            of_redis = _cpu_s([psutil.Process(redis.process.pid)]) - redis_before
            each = spent / len(ports) / messages * 1e6
            print(f"  CPU per message: {of_redis / messages * 1e6:.0f} us of Redis, {each:.0f} us of each server")
        load.close()
    latencies = sorted(load.latencies_ms) or [float("nan")]
    p50, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return Measured(spent / max(1, load.heard) * 1e6, p50, p99, memory_mb, missing, load.misplaced)


def _cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Return what processes have spent so far, in seconds."""
    times = [process.cpu_times() for process in processes]
    return float(sum(one.user + one.system for one in times))


def _servers(case: Case) -> Iterator[str]:
    if case.tls:
        yield from (OURS, HALF_TLS, ALL_TLS)
        return
    if case.rooms == 1 and not case.stalled:  # it knows no rooms and no patience
        yield BARE
    yield OURS
    if case.rate == 500:
        yield WITH_HISTORY
    if case.shared:
        yield THREE


def main() -> None:
    """Measure all cases, or those whose names hold the words given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    os.sched_setaffinity(0, {1})  # one server has the other core; three and their Redis have what is left of both
    print(f"{_machine()}, Python {platform.python_version()}")
    for case in CASES:
        if not all(word in case.name for word in options.words):
            continue
        heads = ("us/delivery", "p50 ms", "p99 ms", "MB", "missing", "misplaced")
        print("\n{}\n{:14}{:>12}{:>9}{:>9}{:>7}{:>9}{:>11}".format(case.name, "", *heads))
        rows: dict[str, Measured] = {}
        for server in _servers(case):
            row = rows[server] = measure(server, case, options.seconds)
            print("{:14}{:12.2f}{:9.1f}{:9.1f}{:7.0f}{:9,}{:11,}".format(server, *row), flush=True)
        for server, beside in ((OURS, BARE), (WITH_HISTORY, OURS), (HALF_TLS, OURS), (ALL_TLS, OURS), (THREE, OURS)):
            if server in rows and beside in rows:
                ratios = [
                    ours / max(theirs, 1e-9) for ours, theirs in zip(rows[server][:3], rows[beside][:3], strict=True)
                ]
                print(f"  {server} / {beside}".ljust(28) + "{:.2f} CPU, {:.2f} p50, {:.2f} p99".format(*ratios))


def _machine() -> str:
    with open("/proc/cpuinfo") as lines:
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} cores {models[0]}" if models else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
