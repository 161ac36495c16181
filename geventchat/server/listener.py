"""Listening on an address; while the process has no file descriptor left for newcomers, they wait."""

import errno
import logging
import os
import socket as std_socket
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.server import StreamServer
from gevent.socket import getaddrinfo, socket

from geventchat.protocol.errors import UsageError
from geventchat.system.sockets import take_over_port

logger = logging.getLogger("geventchat")

# Newcomers that the kernel keeps for us while we are busy: a whole storm of them.
_LISTEN_BACKLOG = 4_096
# How long accepting pauses when no file descriptor is left.
_EXHAUSTED_PAUSE_S = 0.5
# How long it is not logged again that none is left.
_EXHAUSTED_AGAIN_S = 60.0


class Listener(StreamServer):
    """A StreamServer that pauses, and says so once, when the process has no file descriptor left."""

    max_accept = 8  # newcomers at a time: a storm of them must not hold up those who are in
    _logged_at = float("-inf")  # when it logged that last

    def do_read(self) -> Any:
        """Accept a newcomer, as gevent asks for it; None when none can be."""
        try:
            return super().do_read()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            if time.monotonic() > self._logged_at + _EXHAUSTED_AGAIN_S:
                self._logged_at = time.monotonic()
                logger.error(
                    "no file descriptors left (%s): newcomers wait; raise the limit with ulimit -n", error.strerror
                )
            self.stop_accepting()
            gevent.spawn_later(_EXHAUSTED_PAUSE_S, self._resume)
            return None

    def do_handle(self, sock: socket, address: tuple[Any, ...]) -> None:
        """Have a newcomer served in a greenlet, as gevent asks for it: in a bare one, as there may be thousands.

        What nobody asks of it (to join it, to be told of its end) and the calls for that would cost 1.6 KB for each.
        """
        gevent.spawn_raw(self.handle, sock, str(address[0]))

    def _resume(self) -> None:
        if self.started:
            self.start_accepting()


def listen(host: str, port: int, serve: Callable[[socket, str], None]) -> Listener:
    """Have who comes to an address served from now on, each in a greenlet. Raises UsageError.

    `serve` is given the socket, which it closes, and where the newcomer comes from.
    """
    try:
        listener = Listener(_bound(host, port), serve)
        listener.start()
    except std_socket.gaierror as error:
        raise UsageError(f"{host} is not an address to listen on ({error.strerror}); try 127.0.0.1 or ::1") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = "is taken, perhaps by another geventchat-serve; --listen HOST:0 takes a free one"
        else:
            why = f"cannot be used ({os.strerror(error.errno or 0).lower()})"
        raise UsageError(f"port {port} of {host} {why}") from None
    return listener


def listen_on(descriptor: int, serve: Callable[[socket, str], None]) -> Listener:
    """Do as `listen` does on a socket that listens already. Raises UsageError."""
    try:
        os.set_inheritable(descriptor, False)
        sock = socket(fileno=descriptor)
        is_tcp = sock.family in (std_socket.AF_INET, std_socket.AF_INET6) and sock.type == std_socket.SOCK_STREAM
        if not (is_tcp and sock.getsockopt(std_socket.SOL_SOCKET, std_socket.SO_ACCEPTCONN)):
            raise OSError(errno.EINVAL, "it does not listen")
        listener = Listener(sock, serve)
        listener.start()
    except OSError:
        raise UsageError(f"descriptor {descriptor}, which the service manager gives, does not listen for TCP") from None
    return listener


def _bound(host: str, port: int) -> socket:
    """Return a socket that listens. Raises OSError."""
    family, kind, protocol, _, address = getaddrinfo(host, port, type=std_socket.SOCK_STREAM)[0]
    sock = socket(family, kind, protocol)
    try:
        take_over_port(sock)
        sock.bind(address)
        sock.listen(_LISTEN_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
