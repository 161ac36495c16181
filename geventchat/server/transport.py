"""One client's socket, for the greenlet that reads it. Once a session has begun, the pump does the sending."""

import time

from gevent.socket import SHUT_RDWR, SHUT_WR, socket

from geventchat.protocol.limits import MAX_UNENDED_BYTES
from geventchat.server.cooperate import let_others_run

# The most that is received at once; reading the lines in it must not hold the loop for long.
_RECV_BYTES = 8 << 10
# How long we listen on after our last word: closing at once would make the kernel throw that word away.
_LINGER_S = 1.0


class Connection:
    """A socket and its peer's address; a packet of `max_line` bytes is received in one piece."""

    __slots__ = ("_recv_bytes", "address", "socket")

    def __init__(self, sock: socket, address: str, max_line: int) -> None:
        self.socket = sock
        self.address = address
        self._recv_bytes = max(_RECV_BYTES, min(max_line, MAX_UNENDED_BYTES))

    def receive(self, timeout: float | None) -> bytes | None:
        """Return what arrives: empty at the end of the connection, None when nothing does in `timeout` seconds.

        Raises OSError when the connection is lost.
        """
        self.socket.settimeout(timeout if timeout is None else max(timeout, 0.001))
        try:
            return self.socket.recv(self._recv_bytes)
        except TimeoutError:
            return None

    def say(self, words: bytes) -> None:
        """Send something to a client that the pump does not serve yet. Raises OSError."""
        self.socket.sendall(words)

    def hang_up(self) -> None:
        """Let the other side know that nothing more is coming."""
        self._shut(SHUT_WR)

    def linger(self) -> None:
        """Hang up, and wait a moment for the other side to do so. Raises OSError."""
        self.hang_up()
        deadline, heard = time.monotonic() + _LINGER_S, 0
        while (left := deadline - time.monotonic()) > 0 and heard < MAX_UNENDED_BYTES and (data := self.receive(left)):
            heard += len(data)
            let_others_run()

    def cut(self) -> None:
        """End the connection now; whoever reads it notices."""
        self._shut(SHUT_RDWR)

    def _shut(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError:
            return  # it is down already
