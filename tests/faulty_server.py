"""A small chat server in the plain dialect that does one delivery in so many wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from gevent import spawn_later
from gevent.server import StreamServer
from gevent.socket import socket

from tests.raw import Address

FAULTS = ("none", "drop", "double", "swap", "alter")
# With one fault more, "late", a delivery comes so much later, after others.
LATE_S = 0.2


class FaultyServer:
    """Sends all to all, and commits its `fault` at every `every`-th delivery. Knows /ping and exit."""

    def __init__(self, fault: str, every: int) -> None:
        self._fault = fault
        self._every = every
        self._deliveries = 0
        self._users: dict[str, socket] = {}
        self._late: dict[str, bytes] = {}
        self.committed: list[tuple[str, str]] = []  # reader and line

    def serve(self, sock: socket, _: Address) -> None:
        """Serve one user."""
        lines = sock.makefile("rb")
        name = lines.readline().decode().strip()
        self._users[name] = sock  # first: who is greeted hears everything from then on
        sock.sendall(f"Enter your name: Hi, {name}! To exit the chat enter 'exit'.\n".encode())
        for raw in lines:
            line = raw.decode().rstrip("\n")
            if line == "exit":
                sock.sendall(b"exit\n")
                break
            if line.startswith("/ping "):
                sock.sendall(f"* pong {line[6:]}\n".encode())
            else:
                for reader in list(self._users):
                    self._deliver(reader, f"{name}: {line}\n")
        del self._users[name]
        lines.close()

    def _deliver(self, reader: str, line: str) -> None:
        self._deliveries += 1
        faulty = self._fault != "none" and not self._deliveries % self._every
        data = line.encode()
        if faulty:
            self.committed.append((reader, line.rstrip("\n")))
            if self._fault == "swap":
                self._late[reader] = data
            if self._fault == "late":
                spawn_later(LATE_S, self._users[reader].sendall, data)
                return
            data = {"drop": b"", "swap": b"", "double": data * 2, "alter": data[:-2] + b"#\n"}[self._fault]
        elif reader in self._late:
            data += self._late.pop(reader)
        if data:
            self._users[reader].sendall(data)


@contextmanager
def faulty_server(fault: str, every: int) -> Iterator[tuple[Address, FaultyServer]]:
    """Run one on a free port."""
    faulty = FaultyServer(fault, every)
    listener = StreamServer(("127.0.0.1", 0), faulty.serve)
    listener.start()
    try:
        yield listener.socket.getsockname()[:2], faulty
    finally:
        listener.stop()
