"""A way to a server on which what some users send, or are sent, takes longer; nothing overtakes anything."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import gevent
from gevent import socket
from gevent.queue import Queue
from gevent.server import StreamServer

from tests.raw import Address

_NICK = re.compile(rb'"nick":"(\w+)"')


@contextmanager
def slow_lines(
    target: Address, *, to_server: Mapping[str, float] | None = None, from_server: Mapping[str, float] | None = None
) -> Iterator[Address]:
    """Yield the way's address; the mappings say, by the first nick, by how many seconds a user's bytes are delayed."""
    up_s, down_s = to_server or {}, from_server or {}

    def serve(near: socket.socket, _: Address) -> None:
        hello = near.recv(65536)
        found = _NICK.search(hello)
        nick = found[1].decode() if found else hello.partition(b"\n")[0].decode()
        with socket.create_connection(target) as far:
            ways = (near, far, up_s.get(nick, 0.0), hello), (far, near, down_s.get(nick, 0.0), b"")
            gevent.joinall([gevent.spawn(_pass_on, *way) for way in ways])

    listener = StreamServer(("127.0.0.1", 0), serve)
    listener.start()
    try:
        yield listener.socket.getsockname()[:2]
    finally:
        listener.stop(timeout=1)


def _pass_on(source: socket.socket, target: socket.socket, delay_s: float, first: bytes) -> None:
    pieces: Queue[tuple[float, bytes]] = Queue()
    sending = gevent.spawn(_send, pieces, target)
    loop = gevent.get_hub().loop
    try:
        data = first or source.recv(65536)
        while data:
            loop.update_now()
            pieces.put((loop.now() + delay_s, data))
            data = source.recv(65536)
    except OSError:
        pass
    pieces.put((0.0, b""))
    sending.join()


def _send(pieces: "Queue[tuple[float, bytes]]", target: socket.socket) -> None:
    loop = gevent.get_hub().loop
    try:
        while True:
            due, data = pieces.get()
            loop.update_now()
            gevent.sleep(max(0.0, due - loop.now()))
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
    except OSError:  # it has gone
        return
