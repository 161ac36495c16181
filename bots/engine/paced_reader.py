"""Reading from a connection at a pace. The loop calls, and nothing here waits: there is no greenlet per user."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import gevent.socket

from geventchat.tls.engine import TlsEngine

FULL_PACE = float("inf")
_RECV_BYTES = 64 << 10
# At a pace of its own, a user reads so much at a time.
_SLOW_RECV_BYTES = 1 << 10
_READ = 1  # libev's EV_READ, as gevent's loop.io takes it


class PacedReader:
    """Reads from one connection after another.

    `take` is called with what has come, and the time; `ended` when the connection has, with the reason.
    """

    def __init__(self, take: Callable[[bytes, float], None], ended: Callable[[str], None]) -> None:
        self.pace = FULL_PACE  # in bytes a second; 0 for not at all
        self._hurries = 0  # for how many all is to be read meanwhile
        self.last_at = 0.0  # when bytes came last
        self._take = take
        self._ended = ended
        # The connection's own socket waits for what has not come, which the loop must not do: this one does not wait.
        self._socket: socket.socket | None = None
        self._watcher: Any = None
        self._tls: TlsEngine | None = None

    def begin(self, connection: gevent.socket.socket, tls: TlsEngine | None = None) -> None:
        """Read from a connection, inside TLS if that has begun on it."""
        self._tls = tls
        self._socket = socket.socket(fileno=connection.fileno())
        self._socket.setblocking(False)
        self._watcher = gevent.get_hub().loop.io(connection.fileno(), _READ)
        self._watcher.start(self._read)

    def end(self) -> None:
        """Read no more from this connection, which is about to be closed."""
        self._tls = None
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None
        if self._socket is not None:
            self._socket.detach()
            self._socket = None

    def set_pace(self, bytes_per_s: float) -> None:
        """Read at this pace from now on."""
        self.pace = bytes_per_s
        self._go_on()

    @contextmanager
    def reading_all(self) -> Iterator[None]:
        """Read at full pace for a while: what ends the waiting must be seen."""
        self._hurries += 1
        self._go_on()
        try:
            yield
        finally:
            self._hurries -= 1
            self._go_on()

    @property
    def _pace_now(self) -> float:
        return FULL_PACE if self._hurries else self.pace

    def _go_on(self) -> None:
        """Read on at the pace that it is now, or no more."""
        if self._watcher is not None and self._pace_now:
            self._watcher.start(self._read)
        elif self._watcher is not None:
            self._watcher.stop()

    def _read(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(_RECV_BYTES if self._pace_now == FULL_PACE else _SLOW_RECV_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._ended(f"the connection broke ({error.strerror})")
            return
        if not data:
            self._ended("the server closed the connection")
            return
        now = self.last_at = time.monotonic()
        if self._tls is None:
            self._take(data, now)
        else:
            self._tls.receive(data)
            self.take_decrypted()
        if self._pace_now < FULL_PACE and self._watcher is not None:
            self._watcher.stop()
            gevent.spawn_later(len(data) / self.pace, self._resume, self._watcher)

    def take_decrypted(self) -> None:
        """Take what has come inside TLS: some of it may have come with the handshake."""
        while (tls := self._tls) is not None:
            try:
                text = tls.decrypt(_RECV_BYTES)
            except OSError as error:
                self._ended(f"the connection broke ({error.strerror})")
                return
            if text is None:
                return
            if not text:
                self._ended("the server closed the connection")
                return
            self._take(text, self.last_at)

    def _resume(self, watcher: Any) -> None:
        if watcher is self._watcher:
            self._go_on()
