"""How the users of a simulated chat speak with its server: as bots do, and as a server of each kind sends."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from bots.protocols.base import ClientDialect
from bots.protocols.described import Described
from bots.protocols.irc import Irc
from bots.protocols.json import Json
from bots.protocols.json_websocket import JsonWebSocket
from bots.protocols.load import parse
from bots.protocols.plain import Plain
from geventchat.dialects import json_client
from geventchat.protocol import events

_FILE = parse(
    b"""
protocol: tcp
frame: json-line
join: {op: join, room: "{room}"}
say: {op: say, room: "{room}", what: "{text}"}
heard: {op: said, room: "{room}", by: "{nick}", what: "{text}", id: "{id?}"}
leave: {op: leave, room: "{room}"}
rooms: true
""",
    "simulated.yaml",
)
# Several messages in one frame of a WebSocket, as hubs of SignalR send them.
HUB = parse(
    rb"""
protocol: websocket
frame: {end: "\x1e"}
say: {what: "{text}"}
heard: {by: "{nick}", what: "{text}", id: "{id?}"}
answers: [{to: {type: alive?}, with: {type: alive}}]
ignore: [{type: 6}]
""",
    "hub.yaml",
)


class Speaking(NamedTuple):
    """How users speak: `come_in` makes a dialect that is in a room, under a nick.

    `line` is what the server sends a user when somebody has said something: nick, room, text, and an id or nothing.
    """

    come_in: Callable[[str, str], ClientDialect]
    line: Callable[[str, str, str, str], bytes]


def _json(nick: str, room: str) -> ClientDialect:
    del nick, room
    return Json()


def _json_line(nick: str, room: str, text: str, event_id: str) -> bytes:
    return json_client.encode(events.Said(id=event_id, time="", room=room, nick=nick, text=text))  # type: ignore[arg-type]


def _plain(nick: str, room: str) -> ClientDialect:
    del nick
    dialect = Plain()
    list(dialect.receive(f"* 2 in {room}: of course\n".encode()))  # where this user is
    return dialect


def _web_socket(nick: str, room: str) -> ClientDialect:
    return _connected(JsonWebSocket("localhost"), nick, room)


def _hub(nick: str, room: str) -> ClientDialect:
    return _connected(Described(HUB, "localhost"), nick, room)


def _connected(dialect: ClientDialect, nick: str, room: str) -> ClientDialect:
    server = ServerProtocol()
    server.receive_data(dialect.hello(nick, room, None, None))
    (request,) = server.events_received()
    server.send_response(server.accept(request))  # type: ignore[arg-type]
    list(dialect.receive(b"".join(server.data_to_send())))
    return dialect


def _frame(nick: str, room: str, text: str, event_id: str) -> bytes:
    line = _json_line(nick, room, text, event_id).rstrip(b"\n")
    return Frame(Opcode.TEXT, line).serialize(mask=False)


def hub_frame(*values: Mapping[str, str | int]) -> bytes:
    """Return one frame with several values of JSON."""
    records = "".join(f"{json.dumps(value)}\x1e" for value in values)
    return Frame(Opcode.TEXT, records.encode()).serialize(mask=False)


def _hub_frame(nick: str, room: str, text: str, event_id: str) -> bytes:
    del room
    has_id = {"id": event_id} if event_id else {}
    return hub_frame({"by": nick, "what": text} | has_id, {"type": 6})


def _irc(nick: str, room: str) -> ClientDialect:
    dialect = Irc()
    dialect.hello(nick, room, None, None)
    for line in (f":irc 001 {nick} :hello", f":{nick}!u@h JOIN #{room}", f":irc 366 {nick} #{room} :end"):
        list(dialect.receive(f"{line}\r\n".encode()))
    return dialect


def _file(nick: str, room: str) -> ClientDialect:
    dialect = Described(_FILE)
    dialect.hello(nick, room, None, None)
    return dialect


def _file_line(nick: str, room: str, text: str, event_id: str) -> bytes:
    has_id = f', "id": "{event_id}"' if event_id else ""
    return f'{{"op": "said", "room": "{room}", "by": "{nick}", "what": "{text}"{has_id}}}\n'.encode()


SPEAKING = {
    "json": Speaking(_json, _json_line),
    "plain": Speaking(_plain, lambda nick, _, text, __: f"{nick}: {text}\n".encode()),
    "ws": Speaking(_web_socket, _frame),
    "irc": Speaking(_irc, lambda nick, room, text, _: f":{nick}!u@h PRIVMSG #{room} :{text}\r\n".encode()),
    "file": Speaking(_file, _file_line),
    "hub": Speaking(_hub, _hub_frame),
}
