"""What sockets can do on one system and not on another: writing by a number, keepalive, packets that stay whole."""

import os
import socket as std_socket
from collections.abc import Callable

from gevent.socket import socket

# Probes of TCP's keepalive, once a quarter of the time has passed in silence.
_KEEPALIVE_PROBES = 3
_LONGEST_KEEPALIVE_S = 32_767  # more is an error to Linux: tcp(7)
# Holds back what is written until it is let go: Linux's tcp(7). Elsewhere a packet may come apart.
_TCP_CORK: int | None = getattr(std_socket, "TCP_CORK", None)

# What `write` takes for a socket: its file descriptor where the system writes to that, or else the socket itself.
Handle = int | socket


def _descriptor(sock: socket) -> Handle:
    return sock.fileno()


def _itself(sock: socket) -> Handle:
    return sock


def _send(sock: socket, data: bytes) -> int:
    return sock.send(data, timeout=0.0)  # type: ignore[call-arg]  # gevent's own argument: do not wait


def _can_write_to_descriptors() -> bool:
    """Whether `os.write` takes a socket's file descriptor; Windows numbers sockets apart from files."""
    one, other = std_socket.socketpair()
    with one, other:
        try:
            return os.write(one.fileno(), b"x") == 1
        except OSError:
            return False


def _choose() -> tuple[Callable[[socket], Handle], Callable[[Handle, bytes], int]]:
    # The system call alone takes a third less than the call of a gevent socket, which is what a delivery consists of.
    return (_descriptor, os.write) if _can_write_to_descriptors() else (_itself, _send)  # type: ignore[return-value]


# `handle(socket)` returns what to give to `write`. `write(handle, data)` returns how many bytes the system has taken,
# without waiting for it to take more; it raises BlockingIOError when it takes none, and OSError when the connection is
# lost.
handle, write = _choose()


def send_at_once(sock: socket) -> None:
    """Let the system send what is written without waiting for more to fill a packet."""
    sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_NODELAY, 1)


def keep_alive(sock: socket, seconds: float) -> None:
    """Let the system notice within about so many seconds that the other side has vanished, if it can be told to."""
    sock.setsockopt(std_socket.SOL_SOCKET, std_socket.SO_KEEPALIVE, 1)
    step = min(max(1, int(seconds / (_KEEPALIVE_PROBES + 1))), _LONGEST_KEEPALIVE_S)
    # The time of silence has another name on macOS. Where an option is missing, the system's own times hold.
    options = {"TCP_KEEPIDLE": step, "TCP_KEEPALIVE": step, "TCP_KEEPINTVL": step, "TCP_KEEPCNT": _KEEPALIVE_PROBES}
    for name, value in options.items():
        if hasattr(std_socket, name):
            sock.setsockopt(std_socket.IPPROTO_TCP, getattr(std_socket, name), value)


def cork(sock: socket, *, on: bool) -> None:
    """Hold back what is written until the cork is taken out, so that it leaves as one packet where the system can."""
    if _TCP_CORK is not None:
        sock.setsockopt(std_socket.IPPROTO_TCP, _TCP_CORK, int(on))
