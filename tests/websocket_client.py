"""A WebSocket client for tests: the other half of the same library, on a bare connection."""

import json
from typing import Any, Self

from gevent import socket
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from tests.raw import Address


class WebSocket:
    """A connection whose handshake is done, on a socket if one is given; `frames` came and were not taken yet."""

    def __init__(self, address: Address, sock: socket.socket | None = None) -> None:
        self.socket = sock or socket.create_connection(address, timeout=10)
        self.protocol = ClientProtocol(parse_uri("ws://{}:{}/chat".format(*address)))
        self.frames: list[Frame] = []
        self.protocol.send_request(self.protocol.connect())
        self.flush()
        (response,) = self.receive()
        assert isinstance(response, Response)
        assert response.status_code == 101

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def send(self, **command: Any) -> None:
        """Send an object as one text frame."""
        self.protocol.send_text(json.dumps(command).encode())
        self.flush()

    def flush(self) -> None:
        """Send what the protocol has to say."""
        self.socket.sendall(b"".join(self.protocol.data_to_send()))

    def receive(self) -> list[Any]:
        """Return what comes next."""
        data = self.socket.recv(65536)
        assert data, "the connection ended"
        self.protocol.receive_data(data)
        return self.protocol.events_received()

    def frame(self) -> Frame:
        """Return the next frame."""
        while not self.frames:
            self.frames += self.receive()
        return self.frames.pop(0)

    def message(self) -> dict[str, Any]:
        """Return the next object."""
        frame = self.frame()
        assert frame.opcode is Opcode.TEXT, frame
        message = json.loads(bytes(frame.data))
        assert isinstance(message, dict)
        return message

    def until(self, kind: str) -> dict[str, Any]:
        """Return the next object of this type."""
        while (message := self.message())["type"] != kind:
            pass
        return message

    def close_code(self) -> int | None:
        """Return the code with which the server closes, and check that it closes the connection too."""
        while self.protocol.close_rcvd is None:
            self.frames += self.receive()
        code = self.protocol.close_rcvd.code
        self.socket.shutdown(socket.SHUT_WR)
        assert self.socket.recv(65536) == b""
        self.socket.close()
        return code


def joined(address: Address, nick: str, **hello: Any) -> tuple[WebSocket, dict[str, Any]]:
    """Return a connection that has come in, and its welcome."""
    connection = WebSocket(address)
    connection.send(type="hello", nick=nick, **hello)
    return connection, connection.until("welcome")
