"""A way to a server that can be made to break: to go silent, or to reset."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import gevent
from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

from tests.raw import Address


class Proxy:
    """Passes bytes on in both directions, between whoever connects and `target`."""

    def __init__(self, target: Address) -> None:
        self.target = target
        self._flows = _flowing()
        self._sockets: list[socket.socket] = []
        self._passing: list[gevent.Greenlet[..., None]] = []
        self._listener = StreamServer(("127.0.0.1", 0), self._serve)
        self._listener.start()
        self.address: Address = self._listener.socket.getsockname()[:2]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.stop(timeout=1)
        self.reset()

    def silence(self, *, there: bool = True, back: bool = True) -> Callable[[], None]:
        """Let nothing through, to the target or back from it, on the connections that stand; new ones work.

        What is returned lets it all through, late, and waits until whoever has connected has ended these connections.
        """
        flows, passing = self._flows, self._passing
        for flow, is_silent in zip(flows, (there, back), strict=True):
            if is_silent:
                flow.clear()
        self._flows, self._passing = _flowing(), []

        def let_through() -> None:
            for flow in flows:
                flow.set()
            gevent.joinall(passing)

        return let_through

    def reset(self) -> None:
        """Break all connections at once."""
        for sock in self._sockets:
            if sock.fileno() < 0:  # closed already
                continue
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        self._sockets.clear()

    @contextmanager
    def cut(self, *, silently: bool) -> Iterator[None]:
        """Let nothing through until the block ends: break it all, or stay silent, also to those who connect."""
        if silently:
            for flow in self._flows:
                flow.clear()
        else:
            self._listener.set_handle(lambda sock, _: sock.close())
            self.reset()
        yield
        self._listener.set_handle(self._serve)
        for flow in self._flows:
            flow.set()

    def serve_with(self, handle: Callable[[socket.socket, Address], None]) -> None:
        """Let `handle` deal with new connections."""
        self._listener.set_handle(handle)

    def _serve(self, near: socket.socket, _: Address) -> None:
        try:
            far = socket.create_connection(self.target)
        except OSError:
            return
        self._sockets += [near, far]
        there, back = self._flows
        passing = [gevent.spawn(_pass_on, *way) for way in ((near, far, there), (far, near, back))]
        self._passing += passing
        gevent.joinall(passing)


def _flowing() -> tuple[Event, Event]:
    """Return what says whether bytes go through, to the target and back: they do."""
    there, back = Event(), Event()
    there.set()
    back.set()
    return there, back


def _pass_on(source: socket.socket, target: socket.socket, flows: Event) -> None:
    try:
        while data := source.recv(65536):
            flows.wait()
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
