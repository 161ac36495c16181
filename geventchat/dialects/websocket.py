"""The json dialect in WebSocket frames (RFC 6455), for browsers: one object per text frame, both ways.

The library `websockets` reads the frames, checks them and answers pings; the handshake is in `server.web`. What the
server sends is not masked, so a frame is made once for all readers of a room, as a line is.
"""

from collections import deque

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from geventchat.commands.commands import AnyCommand
from geventchat.core.encoder import Encoder
from geventchat.dialects import json
from geventchat.dialects.base import Dialect, EmptyLine
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.questions import Question
from geventchat.protocol.replies import AnyReply, Closing, Message

# Why the connection is closed, as WebSocket says it (RFC 6455, section 7.4); anything else is a policy of ours.
_CLOSE_CODES = {
    "bye": CloseCode.NORMAL_CLOSURE,
    "server-stopping": CloseCode.SERVICE_RESTART,
    "not-stored": CloseCode.TRY_AGAIN_LATER,
    "bad-frame": CloseCode.PROTOCOL_ERROR,
    "binary": CloseCode.UNSUPPORTED_DATA,
    "not-utf8": CloseCode.INVALID_DATA,
    "line-too-long": CloseCode.MESSAGE_TOO_BIG,
}
# How much is read at a time: frames of no bytes are some 80 in this, and take a millisecond.
_PIECE_BYTES = 512
_ERRORS: dict[int, tuple[str, str]] = {
    CloseCode.PROTOCOL_ERROR: ("bad-frame", "that is no valid WebSocket frame"),
    CloseCode.INVALID_DATA: ("not-utf8", "a text frame must be UTF-8"),
    CloseCode.MESSAGE_TOO_BIG: ("line-too-long", "that message is too large"),
}


class WebSocketReader:
    """Reads frames once the handshake is done; a text in them can have at most `max_text` bytes of UTF-8.

    A frame that completes no message, a ping or a fragment, counts as an empty line.
    """

    __slots__ = ("_arrived", "_error", "_farewell", "_json", "_out", "_protocol", "_text", "_texts", "ended")

    def __init__(self, max_text: int) -> None:
        self._json = json.JsonReader(max_text)
        self._protocol = ServerProtocol(state=State.OPEN, max_size=json.longest_line(max_text))
        self._arrived = bytearray()  # what is not read yet
        self._text = bytearray()  # of a message whose last frame is still to come
        self._texts: deque[bytes | None] = deque()  # the messages; None for a frame that completes none
        self._error: ProtocolError | None = None
        self._out = b""
        self._farewell = b""  # our answer to the client's Close: the last frame of all
        self.ended = False

    def __del__(self) -> None:
        """Part what in the library knows each other, and would stay until the collector comes."""
        self._protocol.parser.close()
        self._protocol.parser_exc = None

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""
        self._arrived += data

    def _read_frames(self) -> None:
        """Read some of what has arrived."""
        piece = bytes(self._arrived[:_PIECE_BYTES])
        del self._arrived[:_PIECE_BYTES]
        self._protocol.receive_data(piece)
        for frame in self._protocol.events_received():
            assert isinstance(frame, Frame)
            self._take(frame)
        answers = b"".join(self._protocol.data_to_send())
        if self._protocol.state is State.OPEN:
            self._out += answers
        elif self.ended:
            self._farewell = answers
        elif self._error is None:  # how the connection is closed, the encoder says
            self._error = self._violation()

    def _take(self, frame: Frame) -> None:
        if self._error is not None:
            return
        if frame.opcode is Opcode.CLOSE:
            self.ended = True
        elif frame.opcode is Opcode.BINARY:
            self._error = ProtocolError("binary", "binary frames say nothing here", fatal=True)
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._text += frame.data
            self._texts.append(bytes(self._text) if frame.fin else None)
            if frame.fin:
                self._text.clear()
        else:
            self._texts.append(None)

    def _violation(self) -> ProtocolError:
        sent = self._protocol.close_sent
        code, message = _ERRORS.get(sent.code if sent else 0, _ERRORS[CloseCode.PROTOCOL_ERROR])
        return ProtocolError(code, message, fatal=True)

    def end(self) -> None:
        """Take in the end of the connection: our own Close goes out. A message that is not whole is none."""
        self._out += self._farewell
        self._farewell = b""

    def next_command(self) -> AnyCommand | EmptyLine | None:
        """Return what the next message asks for; None when more must arrive first. Raises ProtocolError."""
        while self._arrived and not self._texts and not self.ended and self._error is None:
            self._read_frames()
        if self._texts:
            text = self._texts.popleft()
            if text is None:
                return EmptyLine()
            try:
                text.decode()
            except UnicodeDecodeError:
                raise ProtocolError(*_ERRORS[CloseCode.INVALID_DATA], fatal=True) from None
            return self._json.read(text)
        if self._error is not None:
            raise self._error
        return None

    def data_to_send(self) -> bytes:
        """Return pongs to send."""
        data, self._out = self._out, b""
        return data

    def ping(self) -> bytes:
        """Return a frame that a living client answers."""
        return Frame(Opcode.PING, b"").serialize(mask=False)

    def asked(self, question: Question | None) -> None:
        """Do nothing: programs are asked nothing."""


def encode(message: Message) -> bytes:
    """Return an event or a reply as one text frame."""
    return Frame(Opcode.TEXT, json.encode(message).rstrip(b"\n")).serialize(mask=False)


def encode_reply(reply: AnyReply) -> bytes:
    """Return a reply as one text frame; behind the last word comes the frame that closes the connection."""
    if not json.encode_reply(reply):
        return b""
    if not isinstance(reply, Closing):
        return encode(reply)
    if reply.code == "gone":  # the client has closed: nothing but our own Close may follow
        return b""
    code = _CLOSE_CODES.get(reply.code, CloseCode.POLICY_VIOLATION)
    return encode(reply) + Frame(Opcode.CLOSE, Close(code, reply.code).serialize()).serialize(mask=False)


ENCODER = Encoder(
    name="ws",
    event=encode,
    gap=encode,
    crowd=lambda _room, _words: b"",
    reply=lambda _, reply: encode_reply(reply),
)
WEBSOCKET = Dialect(name="ws", reader=WebSocketReader, encoder=ENCODER, can=json.PROGRAMS, prompted=False)
