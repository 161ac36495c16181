"""A client's socket inside TLS: it is used as one without."""

import ssl

from gevent.socket import SHUT_WR, socket

from geventchat.tls.engine import TlsEngine
from geventchat.tls.trust import Trust, not_trusted

_RECV_BYTES = 64 << 10


def shake_hands(sock: socket, address: tuple[str, int], trust: Trust) -> TlsEngine:
    """Begin TLS on a socket that is connected to `address`; return the client's side.

    Raises NotTrusted if that is not the server that it should be, ServerUnavailable if it speaks no TLS, and OSError.
    """
    engine = trust.engine(address[0])
    try:
        _exchange(sock, engine)
    except ssl.SSLError as error:
        raise not_trusted(address, error) from None
    trust.check(address, engine)
    return engine


class SecureSocket:
    """Sends and receives inside TLS, on a socket on which it has begun."""

    def __init__(self, sock: socket, engine: TlsEngine) -> None:
        self._socket = sock
        self._engine = engine

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

    def shutdown(self, how: int) -> None:
        """Announce that nothing more comes from here. Raises OSError."""
        assert how == SHUT_WR
        self._engine.close()
        self._socket.sendall(self._engine.records())
        self._socket.shutdown(how)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def _exchange(sock: socket, engine: TlsEngine) -> None:
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
