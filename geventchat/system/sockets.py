"""What TCP can do on one system and not on another; what is missing is left out, and costs a little comfort."""

import socket as std_socket

from gevent.socket import socket

# Probes of keepalive, once a quarter of the time has passed in silence.
_KEEPALIVE_PROBES = 3
_LONGEST_KEEPALIVE_S = 32_767  # more is an error to Linux: tcp(7)
# Holds back what is written until the packet is complete: Linux's tcp(7). Elsewhere a packet may come apart.
_TCP_CORK: int | None = getattr(std_socket, "TCP_CORK", None)


def keep_alive(sock: socket, seconds: float) -> None:
    """Tell the system to notice within about so many seconds that the other side has vanished."""
    sock.setsockopt(std_socket.SOL_SOCKET, std_socket.SO_KEEPALIVE, 1)
    step = min(max(1, int(seconds / (_KEEPALIVE_PROBES + 1))), _LONGEST_KEEPALIVE_S)
    # The time of silence goes by TCP_KEEPALIVE on macOS. Where none of them is known, the system's own times hold.
    options = {"TCP_KEEPIDLE": step, "TCP_KEEPALIVE": step, "TCP_KEEPINTVL": step, "TCP_KEEPCNT": _KEEPALIVE_PROBES}
    for name, value in options.items():
        if hasattr(std_socket, name):
            sock.setsockopt(std_socket.IPPROTO_TCP, getattr(std_socket, name), value)


def cork(sock: socket, *, on: bool) -> None:
    """Hold back what is written until it is off again, so that it arrives in one packet where it fits."""
    if _TCP_CORK is not None:
        sock.setsockopt(std_socket.IPPROTO_TCP, _TCP_CORK, int(on))
