"""A client's socket inside TLS: it is used as one without."""

import ssl

from gevent.socket import socket

from geventchat.tls.engine import TlsEngine
from geventchat.tls.trust import Trust, not_trusted

_RECV_BYTES = 64 << 10


class SecureSocket:
    """Sends and receives inside TLS, on a socket that is connected to `address`.

    Raises NotTrusted if that is not the server that it should be, ServerUnavailable if it speaks no TLS, and OSError.
    """

    def __init__(self, sock: socket, address: tuple[str, int], trust: Trust) -> None:
        self._socket = sock
        self._engine = trust.engine(address[0])
        try:
            _shake_hands(sock, self._engine)
        except ssl.SSLError as error:
            raise not_trusted(address, error) from None
        trust.check(address, self._engine)

    def recv(self, most: int) -> bytes:
        """Return what arrives; empty at the end. Raises OSError, also when the end was not announced."""
        while (text := self._engine.decrypt(most)) is None:
            data = self._socket.recv(_RECV_BYTES)
            if not data:
                raise ConnectionResetError("the connection was cut")
            self._engine.receive(data)
        return text

    def sendall(self, data: bytes) -> None:
        """Send all of this; for one greenlet at a time. Raises OSError."""
        self._engine.encrypt(data)
        self._socket.sendall(self._engine.records())

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def _shake_hands(sock: socket, engine: TlsEngine) -> None:
    try:
        while not engine.handshake():
            sock.sendall(engine.records())
            data = sock.recv(_RECV_BYTES)
            if not data:
                raise ConnectionResetError("the server ended the handshake")
            engine.receive(data)
    finally:
        if records := engine.records():  # the end of the handshake, or why it has failed
            sock.sendall(records)
