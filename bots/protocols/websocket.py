"""The client's half of a WebSocket (RFC 6455) without I/O: the library `websockets` reads, masks and answers.

A server's frames are not masked, so that one that is for all readers is the same bytes for each of them: where it ends
is found here without reading it.
"""

from collections.abc import Iterator, Mapping

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from bots.protocols.base import MAX_FRAME_BYTES, shown
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.text import decode

_END_OF_HEADERS = b"\r\n\r\n"


class WebSocket:
    """One connection to `path` of the server at `host`, HOST:PORT."""

    def __init__(self, host: str, path: str, headers: Mapping[str, str] | None = None, subprotocol: str = "") -> None:
        self._path = path
        self._headers = headers or {}
        self._protocol = ClientProtocol(
            parse_uri(f"ws://{host or 'localhost'}{path}"),
            subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
            max_size=MAX_FRAME_BYTES,
        )
        self._fragments: list[bytes] = []  # of a message whose last frame is still to come
        self._waiting: list[bytes] = []  # texts that are sent once the handshake is done
        self._answers = b""

    @property
    def is_open(self) -> bool:
        """Whether the handshake is done, and nobody has closed."""
        return self._protocol.state is State.OPEN

    @property
    def why_closed(self) -> str:
        """Why the server has closed it, in words; empty if it has not, or only answered."""
        close = self._protocol.close_rcvd
        if close is None or not self._protocol.close_rcvd_then_sent:
            return ""
        return f"the server closed the WebSocket: {shown(str(close))}"

    def connect(self) -> bytes:
        """Return the handshake's request."""
        request = self._protocol.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        return self._sent()

    def send(self, text: bytes) -> bytes:
        """Return a text as a frame; nothing as long as the handshake is not done. Raises ConnectionError if closed."""
        if self._protocol.state is State.CONNECTING:
            self._waiting.append(text)
            return b""
        if not self.is_open:
            raise ConnectionError("the server has closed the WebSocket")
        self._protocol.send_text(text)
        return self._sent()

    def close(self) -> bytes:
        """Return the frame that says that nothing more comes from here; nothing when that is known already."""
        if not self.is_open:
            return b""
        self._protocol.send_close(1000)
        return self._sent()

    def message_end(self, data: bytes, start: int) -> int:
        """Return the place behind the message that begins at `start`, with all its frames; 0 while it is not whole."""
        if self._protocol.state is State.CONNECTING:
            end = data.find(_END_OF_HEADERS, start)
            return end + len(_END_OF_HEADERS) if end >= 0 else 0
        within = False
        while (end := _frame_end(data, start)) and end <= len(data):
            is_control, is_last = data[start] & 0x08, data[start] & 0x80
            within = within if is_control else not is_last
            if not within:
                return end
            start = end
        return 0

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Yield the texts in bytes from the server. Raises ProtocolError when it breaks the protocol, or closes."""
        if self._protocol.state is State.CONNECTING:
            self._check_status(data)
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._fragments.append(bytes(event.data))
                if event.fin:
                    yield b"".join(self._fragments)
                    self._fragments.clear()
        self._answers += self._sent()
        if self.is_open:
            for text in self._waiting:
                self._answers += self.send(text)
            self._waiting.clear()
        else:
            self._tell_failure()

    def data_to_send(self) -> bytes:
        """Return pongs, the answer to a close, and what waited for the handshake."""
        answers, self._answers = self._answers, b""
        return answers

    def _check_status(self, data: bytes) -> None:
        line = data.partition(b"\r\n")[0]
        if line.startswith(b"HTTP/") and line.split(b" ")[1:2] != [b"101"]:
            said = shown(decode(line.partition(b" ")[2]))
            raise ProtocolError("no-websocket", f"the server answers {said} to a WebSocket at {self._path}", fatal=True)

    def _tell_failure(self) -> None:
        """Raise ProtocolError if the handshake or a frame was wrong."""
        error: Exception | None = self._protocol.handshake_exc or self._protocol.parser_exc
        if isinstance(error, WebSocketException | EOFError | UnicodeDecodeError) and self._protocol.close_rcvd is None:
            raise ProtocolError("bad-frame", f"the server breaks WebSocket's rules: {error}", fatal=True)

    def _sent(self) -> bytes:
        return b"".join(self._protocol.data_to_send())


def _frame_end(data: bytes, start: int) -> int:
    """Return the place behind the frame that begins at `start`, which may be past what has come; 0 if not known yet."""
    head = data[start : start + 2]
    if len(head) < 2:
        return 0
    length, begin = head[1] & 0x7F, start + 2 + (4 if head[1] & 0x80 else 0)
    size = {126: 2, 127: 8}.get(length, 0)
    if len(data) < start + 2 + size:
        return 0
    if size:
        length = int.from_bytes(data[start + 2 : start + 2 + size])
    if length > MAX_FRAME_BYTES:  # the library says so as soon as it is given the head
        return len(data)
    return begin + size + length
