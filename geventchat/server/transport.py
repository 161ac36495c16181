"""One client's connection: what is received, and one `write` for all that is sent."""

import socket as std_socket
import time
from typing import Any

from gevent import get_hub
from gevent.socket import SHUT_RDWR, SHUT_WR, socket, wait

from geventchat.delivery.feed import Write
from geventchat.protocol.limits import MAX_UNENDED_BYTES
from geventchat.system import sockets

# The most that is received at once; reading the lines in it must not hold the loop for long.
_RECV_BYTES = 8 << 10
# What the kernel buffers for one reader: little, so that one that does not read is noticed and costs little.
_SEND_BUFFER_BYTES = 128 << 10
# How long we listen on after our last word: closing at once would make the kernel throw that word away.
_LINGER_S = 1.0
# How long a client may take for what it is told before the pump serves it: a few lines, so any that reads is faster.
SAY_S = 10.0


class Transport:
    """A connection over TCP, and its peer's address; a packet of `max_line` bytes is received in one piece.

    `write` sends without waiting, and returns how many bytes the kernel took. Raises BlockingIOError when it takes
    none now, and another OSError when the connection is lost. `socket` is for waiting until it can send.
    """

    __slots__ = ("_below", "_readable", "_recv_bytes", "_unread", "address", "socket", "write")
    is_secure = False  # whether nobody on the way can read it

    def __init__(self, sock: socket, address: str, max_line: int) -> None:
        self.socket = sock
        self.address = address
        # The socket below gevent's, whose own `send` would wait, and costs twice the time; and whose own `recv` lets
        # nobody run where something has arrived, and else costs an exception first.
        self._below: std_socket.socket = sock._sock  # type: ignore[attr-defined]
        self._readable: Any = sock._read_event  # type: ignore[attr-defined]
        self.write: Write = self._below.send
        self._unread = b""
        self._recv_bytes = max(_RECV_BYTES, min(max_line, MAX_UNENDED_BYTES))

    def prepare(self, keepalive: float) -> None:
        """Tell the kernel to send at once, to buffer little, and to notice within `keepalive` seconds who is gone."""
        sock = self.socket
        sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_NODELAY, 1)
        sock.setsockopt(std_socket.SOL_SOCKET, std_socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        sockets.keep_alive(sock, keepalive)

    def receive(self, timeout: float | None) -> bytes | None:
        """Return what arrives: empty at the end of the connection, None when nothing does in `timeout` seconds.

        Others have their turn before, also where something has arrived already. Raises OSError when the connection is
        lost.
        """
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        while True:
            try:
                if timeout is None:
                    get_hub().wait(self._readable)  # as `wait` does, with less of the stack for each who waits
                else:
                    wait(self._readable, max(timeout, 0.001), TimeoutError)
            except TimeoutError:
                return None
            try:
                return self._below.recv(self._recv_bytes)
            except BlockingIOError:
                continue  # it only seemed ready, as may happen (select(2), BUGS)

    def unread(self, data: bytes) -> None:
        """Have something that has arrived received once more."""
        self._unread = data

    def say(self, words: bytes, timeout: float = SAY_S) -> None:
        """Send something to a client that the pump does not serve yet. Raises OSError, also when it takes too long."""
        self.socket.settimeout(timeout)
        self.socket.sendall(words)

    def cork(self, *, on: bool) -> None:
        """Hold back what is written until it is off again, so that it arrives in one packet where it fits."""
        sockets.cork(self.socket, on=on)

    def close_write(self) -> None:
        """Tell the other side that nothing more is coming."""
        self._shut(SHUT_WR)

    def drain_read(self) -> None:
        """Close for writing, and wait a moment for the other side to do so. Raises OSError."""
        self.close_write()
        deadline, heard = time.monotonic() + _LINGER_S, 0
        while (left := deadline - time.monotonic()) > 0 and heard < MAX_UNENDED_BYTES:
            if not (data := Transport.receive(self, left)):  # as it comes: nobody reads it
                return
            heard += len(data)

    def abort(self) -> None:
        """End the connection now; the greenlet that reads it notices."""
        self._shut(SHUT_RDWR)

    def _shut(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError:
            return  # it is down already
