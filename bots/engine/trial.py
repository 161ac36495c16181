"""Two bots that try a protocol: they join, one says something, and both leave; for its author."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import gevent
from gevent import socket
from gevent.event import Event as Signal

from bots.protocols.base import MAX_FRAME_BYTES, ClientDialect, Heard, shown
from bots.protocols.description import Description
from bots.protocols.framing import Lines
from bots.protocols.registry import MakeDialect
from bots.protocols.traced import Frame, Traced, as_bytes, in_words
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.address import show
from geventchat.protocol.errors import ProtocolError, ServerUnavailable
from geventchat.protocol.names import LOBBY
from geventchat.protocol.text import decode
from geventchat.tls.secure_socket import SecureSocket, shake_hands
from geventchat.tls.trust import Trust

_NAMES = ("ann", "ben")
_TEXT = "hello from ann"
_NAMED = '"{nick}: {text}" in say and heard'
_TOKEN = "bot.0.1"  # noqa: S105 - it is no secret
_PATIENCE_S = 5.0
_GRACE_S = 0.3
# So much of a frame that does not end is shown.
_MAX_SHOWN = 60

# Is told of each frame, by or to whom.
Tell = Callable[[str, Frame], None]


class _Trier:
    """One of the two."""

    def __init__(
        self,
        name: str,
        protocol: Description | MakeDialect,
        address: tuple[str, int],
        tell: Tell,
        trust: Trust | None,
    ) -> None:
        self.name = name
        self.heard: list[Heard] = []
        self.why_ended = ""
        self.was_told = False  # whether a whole frame has come
        self.is_silent = False  # whether nothing has come since something was sent
        self.unread = b""  # the beginning of a frame
        self.is_no_websocket = False  # whether the server answered the handshake with something else
        self._tell = partial(tell, name)
        self.dialect: ClientDialect
        if isinstance(protocol, Description):
            self.dialect = Traced(protocol, show(address), self._tell)
        else:
            self.dialect = protocol(show(address))
        self._changed = Signal()
        try:
            sock = socket.create_connection(address, _PATIENCE_S)
            self._socket: socket.socket | SecureSocket = sock
            if trust is not None:
                self._socket = SecureSocket(sock, shake_hands(sock, address, trust))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise ServerUnavailable(f"no server answers at {show(address)} ({why})") from None
        sock.settimeout(None)
        self._reading = gevent.spawn(self._read)
        self._send(self.dialect.hello(name, LOBBY, None, None), "join")
        self._take(b"")

    def send(self, command: commands.Say | commands.Ping | commands.Bye) -> None:
        """Send a command."""
        self._send(self.dialect.encode(command), type(command).__name__.lower())

    def _send(self, data: bytes, meaning: str) -> None:
        """Send bytes; that the connection is gone, its reader notices."""
        self.is_silent |= bool(data)
        if data and not isinstance(self.dialect, Traced):
            self._tell(Frame(True, as_bytes(data), meaning, True))
        with suppress(OSError):
            self._socket.sendall(data)

    def wait_for(self, wanted: Callable[[Heard], bool]) -> bool:
        """Wait until something has been heard; return whether it has, before the patience or the connection ended."""
        deadline = time.monotonic() + _PATIENCE_S
        while not any(map(wanted, self.heard)):
            self._changed.clear()
            if self.why_ended or not self._changed.wait(max(0.0, deadline - time.monotonic())):
                return any(map(wanted, self.heard))
        return True

    def leave(self) -> bool:
        """Say goodbye; return whether the server ends the connection then."""
        with suppress(OSError):
            self.send(commands.Bye(reason=""))
            if self.dialect.half_closes:
                self._socket.shutdown(socket.SHUT_WR)
        self._reading.join(_PATIENCE_S)
        ended = bool(self._reading.dead)
        self.close()
        return ended

    def close(self) -> None:
        """End the connection."""
        self._reading.kill(timeout=_GRACE_S)
        self._socket.close()

    def _read(self) -> None:
        try:
            while data := self._socket.recv(1 << 16):
                self.is_silent = False
                self._read_frames(self.unread + data)
                gevent.sleep(0)  # who never stops sending must not keep the others from running
            self.why_ended = self.why_ended or "the server closed the connection"
        except (OSError, ProtocolError) as error:
            self.why_ended = self.why_ended or str(error)
            self.is_no_websocket = isinstance(error, ProtocolError) and error.code == "no-websocket"
        self._changed.set()

    def _read_frames(self, data: bytes) -> None:
        if not self.dialect.framed:
            self._take(data)
            return
        start = 0
        while end := self.dialect.line_end(data, start) if start < len(data) else 0:
            self._take(data[start:end])
            start = end
        self.unread = data[start:]
        if len(self.unread) > MAX_FRAME_BYTES:
            raise ProtocolError("line-too-long", "the server sent a frame without end", fatal=True)

    def _take(self, data: bytes) -> None:
        self.was_told |= bool(data)
        heard = list(self.dialect.receive(data))
        self.heard += heard
        if isinstance(self.dialect, Traced):
            self.why_ended = self.why_ended or self.dialect.why_closed
        elif data or heard:
            self._tell(Frame(False, as_bytes(data), in_words(heard), True))
        self._send(self.dialect.data_to_send(), "answers")
        self._changed.set()


def try_out(
    protocol: Description | MakeDialect, address: tuple[str, int], tell: Tell, trust: Trust | None = None
) -> list[str]:
    """Try a protocol, of a file or a class, at a server, with `trust` through TLS; return what did not go well.

    Raises ServerUnavailable, and NotTrusted.
    """
    triers: list[_Trier] = []
    try:
        for name in _NAMES:
            trier = _Trier(name, protocol, address, tell, trust)
            triers.append(trier)
            trier.wait_for(lambda one: isinstance(one, replies.Welcome) or _is_refusal(one))
            if refusals := [one.message for one in trier.heard if isinstance(one, replies.Error) and _is_refusal(one)]:
                return [f"{name} was not let in: {refusals[0]}"]
            if not any(isinstance(one, replies.Welcome) for one in trier.heard):
                return [_not_in(trier, protocol)]
        return _talk(*triers)
    finally:
        for trier in triers:
            trier.close()


def _talk(ann: _Trier, ben: _Trier) -> list[str]:
    if not ann.dialect.greets:
        gevent.sleep(_GRACE_S)
    wrong: list[str] = []
    ann.send(commands.Say(text=_TEXT))
    no_echo = "echo: false" if isinstance(ann.dialect, Traced) else "echoes = False"
    for trier in (ann, ben) if ann.dialect.echoes else (ben,):
        if not trier.wait_for(_is_said):
            hint = _under_another_name(trier) or (
                f"; if a speaker does not hear itself here: {no_echo}" * (trier is ann)
            )
            wrong.append(f"{trier.name} did not hear ann say {_TEXT!r}{_because(trier)}{hint}")
    ids = {one.id for trier in (ann, ben) for one in trier.heard if isinstance(one, events.Said) and _is_said(one)}
    if len(ids) > 1:
        wrong.append(f"ann and ben heard it with different ids, {' and '.join(sorted(ids))}; then it is no {{id}}")
    if ben.dialect.answers_pings:
        ben.send(commands.Ping(token=_TOKEN))
        if not ben.wait_for(lambda one: isinstance(one, replies.Pong) and one.token == _TOKEN):
            wrong.append(f"ben got no pong{_because(ben)}")
    if not ann.dialect.echoes and any(isinstance(one, events.Said) and one.nick == "ann" for one in ann.heard):
        wrong.append(f"ann heard itself, and its protocol says {no_echo}")
    for trier in (ann, ben):
        if not trier.leave():
            wrong.append(f"{trier.name} said goodbye, and the server did not end the connection{_within()}")
            break
    puzzled = [one.name for one in (ann, ben) if any(_fits_nothing(heard) for heard in one.heard)]
    wrong += [f"{name} was sent frames that fit no pattern" for name in puzzled]
    return wrong


def _is_said(heard: Heard) -> bool:
    return isinstance(heard, events.Said) and (heard.nick, heard.text) == ("ann", _TEXT)


def _under_another_name(trier: _Trier) -> str:
    """Return what to do where somebody else was heard to say it."""
    nick = next((one.nick for one in trier.heard if isinstance(one, events.Said) and one.text == _TEXT), None)
    if nick is None:
        return ""
    return f"; it was said by {nick}. If the server names its users itself, put {{nick}} into what is said: {_NAMED}"


def _is_refusal(heard: Heard) -> bool:
    return isinstance(heard, replies.Error) and heard.code != "not-understood"


def _fits_nothing(heard: Heard) -> bool:
    return isinstance(heard, replies.Error) and heard.code == "not-understood"


def _not_in(trier: _Trier, description: Description | MakeDialect) -> str:
    came = f"'{shown(decode(trier.unread[:_MAX_SHOWN]))}' came, and no end of it"
    if not (isinstance(description, Description) and isinstance(trier.dialect, Traced)):
        hint = f"; {came}: does line_end find it?" if trier.unread else ""
        return f"{trier.name} is not in: receive yielded no Welcome{_because(trier)}{hint}"
    asked = "joined" if description.steps else "the handshake"
    if trier.dialect.is_connected and (awaited := trier.dialect.awaited) is not None and awaited.name == "answer":
        asked = f"the answer {awaited.source}"
    may_want_tls = trier.why_ended and not trier.was_told and not description.tls
    hint = "; if it expects TLS: tls: true" if may_want_tls else ""
    if hint and not description.is_websocket:
        hint += ", and if it expects a WebSocket: protocol: websocket"
    if trier.is_no_websocket:
        hint = f"; if its path is not {description.path}: url: /ANOTHER"
    if trier.was_told and trier.is_silent and not trier.why_ended and isinstance(description.framing, Lines):
        hint = '; if its lines have to end with CR LF: frame: {end: "\\r\\n"}'
    if trier.unread:
        hint = f"; {came}: should frame: be another?"
    return f"{trier.name} is not in: what fits {asked} did not come{_because(trier)}{hint}"


def _because(trier: _Trier) -> str:
    return f": {trier.why_ended}" if trier.why_ended else _within()


def _within() -> str:
    return f" within {_PATIENCE_S:g} s"
