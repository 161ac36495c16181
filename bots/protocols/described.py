"""A protocol that a file describes, spoken: see `bots.protocols.description`, and docs/protocols.md for authors."""

from collections import deque
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import quote

from bots.protocols.base import ClientDialect, Heard, Notice, Saying, shown
from bots.protocols.description import Await, Description, Named, Send
from bots.protocols.framing import NotReadable
from bots.protocols.patterns import Names, filled
from bots.protocols.websocket import WebSocket
from bots.scenario.abilities import Ability
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.text import decode

# So much of a frame that nobody expected is shown.
_MAX_SHOWN = 300
# Packets are kept apart by so much.
_PACKET_PAUSE_S = 0.1


class Described(ClientDialect):
    """One connection, spoken as a file says."""

    def __init__(self, description: Description, host: str = "") -> None:
        super().__init__(host)
        self._description = description
        self.framed = description.framing.framed
        self.answers_pings = description.ping is not None
        self.several_rooms = description.rooms
        self.gives_ids = description.names.get("id") is False
        self.echoes = description.echo
        self.tells_refusals = description.refused is not None
        self.greets = any(isinstance(step, Await) for step in description.steps)
        self.quiet_s = description.quiet_s
        self.pause_s = 0.0 if self.framed else _PACKET_PAUSE_S
        self.doubt = f"is it as {description.file} says? geventchat-bots try shows every frame."
        self.cannot = cannot(description)
        self._socket: WebSocket | None = None
        self._steps = list(description.steps)
        self._names: Names = {}
        self._is_in = False
        self._answers = b""
        self._number = 0  # of what was sent last
        self._asked: deque[str] = deque()  # tokens of pings, where pongs do not come with them
        self._refs: dict[str, str | None] = {}  # of what asks to enter rooms, by the room

    @property
    def awaited(self) -> Named | None:
        """What has to come before anything else is done; None if one is in, or does not wait for anything."""
        step = self._steps[0] if self._steps else None
        return step.pattern if isinstance(step, Await) else None

    @property
    def is_connected(self) -> bool:
        """Whether frames can be sent: not before a WebSocket's handshake is done."""
        return self._socket is None or self._socket.is_open

    @property
    def why_closed(self) -> str:
        """Why the server has closed the WebSocket; empty if it has not."""
        return self._socket.why_closed if self._socket is not None else ""

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first: the handshake of a WebSocket, and the first steps of joining."""
        del after, token
        self._names = {"nick": nick, "room": room}
        request = b""
        if self._description.is_websocket:
            quoted = {name: quote(value, safe="") for name, value in self._names.items()}
            headers = {name: filled(value, quoted) for name, value in self._description.headers.items()}
            path = filled(self._description.path, quoted)
            self._socket = WebSocket(self.host, path, headers, self._description.subprotocol)
            request = self._socket.connect()
        self._go_on()
        return request + self.data_to_send()

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as bytes. Raises TypeError for what the protocol cannot do, and ProtocolError."""
        description, names = self._description, self._names
        match command:
            case commands.Say(text=text, room=room):
                return self._frame(description.say, names | {"text": text, "room": room or names["room"]})
            case commands.Ping(token=token):
                if not self.answers_pings:
                    return b""
                self._asked.append(token)
                return self._frame(description.ping, names | {"token": token})
            case commands.Join(room=room, ref=ref):
                self._refs[room] = ref
                sent = [step.message for step in description.steps if isinstance(step, Send)]
                return b"".join(self._frame(one, names | {"room": room}) for one in sent if _names_a_room(one))
            case commands.Leave(room=room):
                return self._frame(description.leave, names | {"room": room or names["room"]})
            case commands.Bye():
                goodbye = self._frame(description.leave, names) if description.leave is not None else b""
                return goodbye + (self._socket.close() if self._socket is not None else b"")
        raise TypeError(f"{command!r} has no message in {description.file}")

    def line_end(self, data: bytes, start: int) -> int:
        """Return the place behind the frame that begins at `start`; 0 while it is not whole."""
        if self._socket is not None:
            return self._socket.message_end(data, start)
        return self._description.framing.end(data, start)

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what a frame means; with no data, what is known before anything has come."""
        for content in self.contents(data):
            yield from self._understand(content)
        if self.is_connected and not self._steps and not self._is_in:
            self._is_in = True
            yield _welcome(self._names)

    def contents(self, data: bytes) -> Iterator[bytes]:
        """Yield what is in the frames that these bytes are."""
        framing = self._description.framing
        if self._socket is None:
            yield from (framing.content(data),) if data else ()
            return
        for message in self._socket.receive(data):
            start, end = 0, -1
            while end != len(message):
                end = framing.end(message, start) or len(message)
                yield framing.content(message[start:end])
                start = end

    def data_to_send(self) -> bytes:
        """Return the next steps of joining, and what the server has asked for."""
        answers, self._answers = self._answers, b""
        return answers + (self._socket.data_to_send() if self._socket is not None else b"")

    def cannot_say(self, words: Saying) -> str:
        """Return why something cannot be said; empty when it can."""
        try:
            content = self._description.content.write(filled(self._description.say, {"text": words.text}))
            self._description.framing.frame(content)
        except ValueError as error:
            return str(error)
        return ""

    def _go_on(self) -> None:
        """Send the steps up to the next answer that has to come first."""
        while self._steps and isinstance(step := self._steps[0], Send):
            self._steps.pop(0)
            self._answers += self._frame(step.message, self._names)

    def _understand(self, content: bytes) -> Iterator[Heard]:
        """Yield what the content of one frame means; nothing for what is for this connection alone."""
        description = self._description
        try:
            value = description.content.read(content)
        except NotReadable as error:
            yield _not_understood(content, str(error))
            return
        for to, message in description.answers:
            if to.pattern.match(value, names := dict(self._names)):
                self._answers += self._frame(message, names)
                return
        if self._steps and isinstance(step := self._steps[0], Await):
            names = dict(self._names)
            if step.pattern.pattern.match(value, names):
                self._names = names
                self._steps.pop(0)
                self._go_on()
                return
        if description.pong is not None and description.pong.pattern.match(value, names := {}):
            asked = self._asked.popleft() if self._asked else ""
            yield replies.Pong(token=names.get("token", asked))
        elif description.refused is not None and description.refused.pattern.match(value, names := {}):
            why, ref = names.get("why"), self._refs.pop(names.get("room", ""), None)
            yield replies.Error(code="refused", message=_show(content) if why is None else shown(why), ref=ref)
        elif description.heard.pattern.match(value, names := {}):
            room = names.get("room", self._names["room"])
            yield events.Said(names.get("id", ""), "", room, names.get("nick", ""), names.get("text", ""))
        elif not any(one.pattern.match(value, {}) for one in (*description.ignore, *self._on_the_way_in())):
            yield _not_understood(content, _nearest(self._awaited(), value, self._names))
        elif self._is_in:  # others may get the same
            yield Notice(_show(content))

    def _on_the_way_in(self) -> Iterator[Named]:
        """Yield what shows that somebody is in, once this user is: it may be another one, or another room."""
        yield from (step.pattern for step in self._description.steps if isinstance(step, Await) and self._is_in)

    def _awaited(self) -> Iterator[Named]:
        """Yield all patterns that a frame can be held against now."""
        description = self._description
        if self._steps and isinstance(step := self._steps[0], Await):
            yield step.pattern
        yield description.heard
        if description.refused is not None:
            yield description.refused
        yield from (to for to, _ in description.answers)
        yield from description.ignore
        if description.pong is not None:
            yield description.pong

    def _frame(self, message: Any, names: Names) -> bytes:
        """Return a message as a frame. Raises ProtocolError if what is filled in, as a nick, does not fit into one."""
        content = self._content(message, names)
        try:
            frame = self._description.framing.frame(content)
        except ValueError as error:
            raise ProtocolError("unsendable", f"{_show(content)} cannot be sent: {error}", fatal=True) from None
        return self._socket.send(frame) if self._socket is not None else frame

    def _content(self, message: Any, names: Names) -> bytes:
        """Return a message with its names filled in; it is the next one that is sent."""
        self._number += 1
        return self._description.content.write(filled(message, {"number": self._number, **names}))


def cannot(description: Description) -> frozenset[Ability]:
    """Return what nobody can do in a protocol."""
    always: set[Ability] = {"act", "whisper", "rename", "greet", "catch up"}
    rooms: set[Ability] = set() if description.rooms else {"rooms"}
    pings: set[Ability] = set() if description.ping is not None else {"ping"}
    return frozenset(always | rooms | pings)


def _names_a_room(message: Any) -> bool:
    return bool(filled(message, {"room": "x"}) != filled(message, {}))


def _welcome(names: Names) -> replies.Welcome:
    nick, room = names["nick"], names["room"]
    return replies.Welcome(nick=nick, room=room, members=[], count=0, topic="", id="", token="", server="", limits={})


def _show(content: bytes) -> str:
    text = shown(decode(content))
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _not_understood(content: bytes, why: str) -> replies.Error:
    return replies.Error(code="not-understood", message=f"{_show(content)} fits no pattern: {why}")


def _nearest(patterns: Iterator[Named], value: Any, known: Names) -> str:
    """Return which pattern came nearest to a value, and what was missing, or is another than is known."""
    best, least, alike = "", 2.0, 0.0
    for one in patterns:
        differences = list(one.pattern.differences(value, ""))
        share = min(1.0, len(differences) / one.pattern.parts())
        likeness = SequenceMatcher(None, one.source, str(value)[:_MAX_SHOWN]).ratio()
        if (share, -likeness) < (least, -alike):
            what = "; ".join(list(dict.fromkeys(differences))[:3]) or of_another(one, value, known)
            best, least, alike = f"nearest is {one.name}: {one.source}, but {what}", share, likeness
    return best


def of_another(pattern: Named, value: Any, known: Names) -> str:
    """Return in words which names stand for something else than they do for this user."""
    names: Names = {}
    pattern.pattern.match(value, names)
    return "; ".join(
        f"{name} is {names[name]}, not {known[name]}" for name in names if known.get(name, names[name]) != names[name]
    )
