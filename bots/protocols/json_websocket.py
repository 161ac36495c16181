"""JSON in WebSocket frames at `/chat`, as pages in browsers speak it: see `geventchat.dialects.websocket`."""

from collections.abc import Iterator

from bots.protocols.base import Heard
from bots.protocols.json import Json
from bots.protocols.websocket import WebSocket
from geventchat.commands import commands

_PATH = "/chat"


class JsonWebSocket(Json):
    """The json dialect, an object per text frame, both ways."""

    def __init__(self, host: str = "") -> None:
        super().__init__(host)
        self._socket = WebSocket(host, _PATH)

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return the handshake's request; who comes in is said when it is answered."""
        request = self._socket.connect()
        self._socket.send(super().hello(nick, room, after, token).rstrip(b"\n"))
        return request

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as one frame. Raises ConnectionError when the server has closed."""
        return self._socket.send(super().encode(command).rstrip(b"\n"))

    def line_end(self, data: bytes, start: int) -> int:
        """Return the place behind the frame, or the handshake, that begins at `start`; 0 while it is not whole."""
        return self._socket.message_end(data, start)

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""
        for text in self._socket.receive(data):
            yield from super().receive(text + b"\n")

    def data_to_send(self) -> bytes:
        """Return what WebSocket answers by itself."""
        return self._socket.data_to_send()
