"""What TCP can do on one system and not on another; what is missing is left out, and costs a little comfort."""

import os
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


def take_over_port(sock: socket) -> None:
    """Let a socket take the port of a server that has just ended, whose connections may still be closing."""
    if os.name == "posix":  # elsewhere it would take the port from a server that is there
        sock.setsockopt(std_socket.SOL_SOCKET, std_socket.SO_REUSEADDR, 1)


def cork(sock: socket, *, on: bool) -> None:
    """Hold back what is written until it is off again, so that it arrives in one packet where it fits."""
    if _TCP_CORK is not None:
        sock.setsockopt(std_socket.IPPROTO_TCP, _TCP_CORK, int(on))


def own_addresses(version: int) -> list[str]:
    """Return the address that others on the network reach this machine by, for IP version 4 or 6, if there is one."""
    # A datagram socket is only told where it would send: nothing is sent (addresses for documentation, RFC 5737, 3849).
    ip4 = version == 4
    try:
        with std_socket.socket(std_socket.AF_INET if ip4 else std_socket.AF_INET6, std_socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1" if ip4 else "2001:db8::1", 9))
            return [probe.getsockname()[0]]
    except OSError:
        return []
