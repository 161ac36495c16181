"""The server: a listener, a session for each connection, and the pump that serves them all."""

import errno
import logging
import os
import socket as std_socket
import time
from collections.abc import Callable
from typing import Any, Self

import gevent
from gevent.event import Event
from gevent.server import StreamServer
from gevent.socket import socket

from geventchat import __version__
from geventchat.core.chat import Chat
from geventchat.core.log import Log
from geventchat.protocol.errors import Refused, UsageError
from geventchat.protocol.limits import Limits
from geventchat.protocol.replies import Closing
from geventchat.server.handshake import Newcomer
from geventchat.server.pump import Pump
from geventchat.server.session import FAREWELL_S, Session
from geventchat.server.throttle import Admission
from geventchat.server.transport import Connection
from geventchat.store.memory import MemoryLog

logger = logging.getLogger("geventchat")

# What people who come in are shown of the talk before: a screenful.
GREET_WITH = 20

_BACKLOG = 4_096  # newcomers that the kernel keeps for us while we are busy: a whole storm of them
# What the kernel buffers for one reader: little, so that one that does not read is noticed and costs little.
_SEND_BUFFER_BYTES = 128 << 10
# Probes of TCP's keepalive, once a quarter of the limit has passed in silence.
_KEEPALIVE_PROBES = 3
_LONGEST_KEEPALIVE_S = 32_767  # more is an error to Linux: tcp(7)
# How long a stopping server waits for clients to hang up too.
_HANG_UP_S = 0.5
# How long accepting pauses when no file descriptor is left.
_EXHAUSTED_PAUSE_S = 0.5
# How long that is not said again.
_EXHAUSTED_AGAIN_S = 60.0


class _Listener(StreamServer):
    """A StreamServer that pauses, and says so once, when the process has no file descriptor left."""

    _said = float("-inf")  # when that was said last

    def do_read(self) -> Any:
        try:
            return super().do_read()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            if time.monotonic() > self._said + _EXHAUSTED_AGAIN_S:
                self._said = time.monotonic()
                logger.error(
                    "no file descriptors left (%s): newcomers wait; raise the limit with ulimit -n", error.strerror
                )
            self.stop_accepting()
            gevent.spawn_later(_EXHAUSTED_PAUSE_S, self._resume)
            return None

    def _resume(self) -> None:
        if self.started:
            self.start_accepting()


class ChatServer:
    """A chat server on `address`, a (host, port) pair; port 0 takes a free one.

    It keeps its events in `log`, which stays open when it stops, or in memory where none is given, and shows people who
    are new the last `greet_with` lines of the room.

    Use it as a context manager, or call `start` and `stop`. Raises UsageError when the address cannot be had.
    """

    def __init__(
        self,
        address: tuple[str, int] = ("127.0.0.1", 0),
        *,
        limits: Limits | None = None,
        log: Log | None = None,
        greet_with: int = GREET_WITH,
    ) -> None:
        self.limits = limits or Limits()
        self.chat = Chat(self.limits, f"geventchat {__version__}")
        self._log = log or MemoryLog()
        self._pump = Pump(self.chat, self._log, self.limits.stall_timeout)
        self._asked = address
        self._greet_with = greet_with
        self._listener: _Listener | None = None
        self._connections: dict[Connection, Session | None] = {}  # None while it is not known how it speaks
        self._admission = Admission(self.limits)
        self._all_gone = Event()
        self._workers: list[gevent.Greenlet[..., None]] = []
        self.failed = Event()  # set when a bug has ended a greenlet that serves everyone: nothing works any more

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens: host and port."""
        assert self._listener is not None
        host, port, *_ = self._listener.socket.getsockname()
        return host, port

    @property
    def connections(self) -> int:
        """How many are connected."""
        return len(self._connections)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. Returns when newcomers are answered."""
        host, port = self._asked
        listener = _Listener((host, port), self._serve, backlog=_BACKLOG)
        try:
            listener.start()
        except std_socket.gaierror as error:
            raise UsageError(
                f"{host} is not an address to listen on ({error.strerror}); try 127.0.0.1 or ::1"
            ) from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                why = "is taken, perhaps by another geventchat-serve; --listen HOST:0 takes a free one"
            else:
                why = f"cannot be used ({os.strerror(error.errno or 0).lower()})"
            raise UsageError(f"port {port} of {host} {why}") from None
        self._listener = listener
        self._workers = [gevent.spawn(self._work, work) for work in (self._pump.run, self._pump.watch_stalls)]

    def stop(self) -> None:
        """Tell everyone, send what was said, for at most 5 s, and close."""
        if self._listener is None:
            return
        self._listener.stop_accepting()
        if not self.failed.is_set():
            self._part()
        for connection in list(self._connections):
            connection.cut()
        self._listener.stop(timeout=_HANG_UP_S)
        self._listener = None
        gevent.killall(self._workers, timeout=1)

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            logger.critical("an error in the server: it cannot go on", exc_info=True)
            self.failed.set()

    def _part(self) -> None:
        """Give everyone what was said and the last word, and let them hang up."""
        sessions = []
        for connection, session in list(self._connections.items()):
            if session is None:
                connection.cut()
            else:
                sessions.append(session)
        for session in sessions:
            session.stop(Closing(code="server-stopping", message="the server is stopping"))
        self._pump.wake()
        deadline = time.monotonic() + FAREWELL_S
        for session in sessions:
            session.drain(deadline - time.monotonic())
        for session in sessions:
            session.hang_up()
        self._all_gone.clear()
        if self._connections:
            self._all_gone.wait(_HANG_UP_S)

    def _serve(self, sock: socket, address: tuple[Any, ...]) -> None:
        host = str(address[0])
        connection = Connection(sock, host, self.limits.max_line)
        self._connections[connection] = None
        refused = self._refusal(host)
        try:
            _prepare(sock, self.limits.keepalive)
            deadline = time.monotonic() + self.limits.name_timeout
            met = Newcomer(connection, deadline, refused).meet()
            if met is not None:
                dialect, first = met
                session = Session(self.chat, self._pump, self._log, connection, dialect, greet_with=self._greet_with)
                self._connections[connection] = session
                session.run(first, deadline, refused)
        finally:
            del self._connections[connection]
            if refused is None:
                self._admission.go(host)
            if not self._connections:
                self._all_gone.set()

    def _refusal(self, host: str) -> Refused | None:
        try:
            self._admission.come(host)
        except Refused as refused:
            logger.warning("turning %s away: %s", host, refused)
            return refused
        return None


def _prepare(sock: socket, keepalive: float) -> None:
    """Set what the kernel does for one connection."""
    sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_NODELAY, 1)
    sock.setsockopt(std_socket.SOL_SOCKET, std_socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    sock.setsockopt(std_socket.SOL_SOCKET, std_socket.SO_KEEPALIVE, 1)
    step = min(max(1, int(keepalive / (_KEEPALIVE_PROBES + 1))), _LONGEST_KEEPALIVE_S)
    if hasattr(std_socket, "TCP_KEEPIDLE"):  # Linux; elsewhere the system's own times hold
        sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_KEEPIDLE, step)
        sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_KEEPINTVL, step)
        sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
