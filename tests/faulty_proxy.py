"""A proxy for IRC that does one delivery in so many wrong, on its way from the server to a user."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import gevent
from gevent import socket
from gevent.server import StreamServer

from tests.raw import Address


class FaultyProxy:
    """Passes lines on; at every `every`-th message to a channel, it commits its `fault`, and notes to whom."""

    def __init__(self, target: Address, fault: str, every: int) -> None:
        self._target = target
        self._fault = fault
        self._every = every
        self._deliveries = 0
        self.committed: list[tuple[str, str]] = []  # reader and line
        self.overtakers: list[str] = []  # of each swap, the line that came first

    def serve(self, near: socket.socket, _: Address) -> None:
        """Serve one user."""
        far = socket.create_connection(self._target)
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upwards = gevent.spawn(pass_on, near, far)
        nick, held = "", b""
        with suppress(OSError), far.makefile("rb") as lines:
            for line in lines:
                if b" 001 " in line:
                    nick = line.split()[2].decode()
                sent, held = self._take(nick, line, held)
                near.sendall(sent)
        upwards.kill()
        near.close()
        far.close()

    def _take(self, nick: str, line: bytes, held: bytes) -> tuple[bytes, bytes]:
        """Return what is passed on now, and what is held back until the next message of the same user."""
        if b" PRIVMSG #" not in line:
            return held + line, b""  # a swap that did not come about
        self._deliveries += 1
        if held:
            self.committed.append((nick, held.decode()))
            self.overtakers.append(line.decode())
            return line + held, b""
        if self._fault == "none" or self._deliveries % self._every:
            return line, b""
        if self._fault == "swap":
            return b"", line
        self.committed.append((nick, line.decode()))
        text = line.rstrip(b"\r\n")
        return {"drop": b"", "double": line * 2, "alter": text[:-1] + b"#" + line[len(text) :]}[self._fault], b""


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on all that comes, and its end."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def listening(serve: Callable[[socket.socket, Address], None]) -> Iterator[Address]:
    """Serve whoever connects to a free port, until the block ends."""
    listener = StreamServer(("127.0.0.1", 0), serve)
    listener.start()
    try:
        yield listener.socket.getsockname()[:2]
    finally:
        listener.stop(timeout=1)


@contextmanager
def faulty_proxy(target: Address, fault: str, every: int) -> Iterator[tuple[Address, FaultyProxy]]:
    """Run one on a free port."""
    proxy = FaultyProxy(target, fault, every)
    with listening(proxy.serve) as address:
        yield address, proxy
