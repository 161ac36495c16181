"""A small chat server in the json dialect that does something wrong, so many times."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gevent import sleep
from gevent.event import Event
from gevent.server import StreamServer
from gevent.socket import SHUT_RDWR, socket

from tests.raw import Address

FAULTS = {
    "none": "nothing is wrong",
    "nick": "a message comes under another nick",
    "outsider": "a message comes also to somebody who is in another room",
    "other room": "a message comes also to somebody in another room, as if it were said there",
    "lost": "a message comes to nobody",
    "lost whisper": "a whisper comes to nobody but its sender",
    "refused whisper": "a whisper is refused",
    "leaked whisper": "a whisper comes to everybody",
    "no pong": "a ping is not answered",
    "lazy": "a message comes to each other user only before its second pong from then on, as it may",
    "slow welcome": "half a second passes before somebody is let in",
}


class FaultyJsonServer:
    """Knows hello, say, whisper, join, rename, ping and bye; commits its `fault` the first `times` that it can.

    `endings` says of each user how it went: bye, close or reset. `committed` is set with the first fault.
    """

    def __init__(self, fault: str, times: int) -> None:
        self.endings: dict[str, str] = {}
        self.committed = Event()
        self._fault = fault
        self._left = times
        self._users: dict[str, socket] = {}
        self._rooms: dict[str, str] = {}
        self._last = 0
        self._coming: dict[str, list[dict[str, Any]]] = {}  # to whom, behind its next pong
        self._due: dict[str, list[dict[str, Any]]] = {}  # before it

    def close_all(self) -> None:
        """End all connections."""
        for sock in self._users.values():
            sock.shutdown(SHUT_RDWR)

    def serve(self, sock: socket, _: Address) -> None:
        """Serve one user."""
        lines = sock.makefile("rb")
        nick = ""
        ending = "close"
        try:
            for raw in lines:
                asked = json.loads(raw)
                if asked["type"] == "hello":
                    nick = asked["nick"]
                    self._users[nick], self._rooms[nick] = sock, asked["room"]
                    if self._is_to_fail("slow welcome"):
                        sleep(0.5)
                    self._welcome(nick)
                elif asked["type"] == "bye":
                    self._tell(nick, type="closing", code="bye", message="bye")
                    ending = "bye"
                    break
                else:
                    self._do(nick, asked)
        except ConnectionResetError:
            ending = "reset"
        except OSError:
            ending = "closed from here"
        self.endings[nick] = ending
        del self._users[nick], self._rooms[nick]
        lines.close()

    def _do(self, nick: str, asked: dict[str, Any]) -> None:
        match asked["type"]:
            case "say" if not self._is_to_fail("lost"):
                self._say(nick, asked["text"])
            case "whisper" if self._is_to_fail("refused whisper"):
                self._tell(nick, type="error", code="no", message="not now", ref=asked.get("ref"))
            case "whisper":
                self._whisper(nick, asked["to"], asked["text"])
            case "join":
                self._rooms[nick] = asked["room"]
                self._tell(nick, type="members", room=asked["room"], members=[], count=1, topic="", id=self._id())
            case "ping":
                if not self._is_to_fail("no pong"):
                    self._pong(nick, asked["token"])

    def _welcome(self, nick: str) -> None:
        room = {"room": self._rooms[nick], "members": [], "count": 1, "topic": "", "id": self._id()}
        self._tell(nick, type="welcome", nick=nick, token="", server="faulty", limits={}, **room)

    def _pong(self, nick: str, token: str) -> None:
        for message in self._due.pop(nick, []):
            self._tell(nick, **message)
        self._tell(nick, type="pong", token=token)
        self._due[nick] = self._coming.pop(nick, [])

    def _say(self, nick: str, text: str) -> None:
        said = {"type": "said", "id": self._id(), "time": "", "room": self._rooms[nick], "nick": nick, "text": text}
        if self._is_to_fail("lazy"):
            self._tell(nick, **said)
            for reader in self._users.keys() - {nick}:
                self._coming.setdefault(reader, []).append(said)
            return
        here = [reader for reader, room in self._rooms.items() if room == self._rooms[nick]]
        elsewhere = [reader for reader in self._users if reader not in here]
        wrong = here[-1] if self._is_to_fail("nick") else ""
        for reader in here:
            self._tell(reader, **(said | {"nick": "nobody"} if reader == wrong else said))
        for reader in elsewhere:
            if self._is_to_fail("outsider"):
                self._tell(reader, **said)
            elif self._is_to_fail("other room"):
                self._tell(reader, **(said | {"room": self._rooms[reader]}))

    def _whisper(self, nick: str, to: str, text: str) -> None:
        hearers = {nick} if self._is_to_fail("lost whisper") else {nick, to}
        if self._is_to_fail("leaked whisper"):
            hearers = set(self._users)
        for reader in hearers:
            self._tell(reader, type="whispered", time="", nick=nick, to=to, text=text)

    def _is_to_fail(self, fault: str) -> bool:
        fails = fault == self._fault and self._left > 0
        self._left -= fails
        if fails:
            self.committed.set()
        return fails

    def _id(self) -> str:
        self._last += 1
        return f"{self._last}-0"

    def _tell(self, reader: str, **message: Any) -> None:
        with suppress(OSError):  # it has gone meanwhile
            self._users[reader].sendall(json.dumps(message).encode() + b"\n")


@contextmanager
def faulty_json_server(fault: str = "none", times: int = 1 << 30) -> Iterator[tuple[Address, FaultyJsonServer]]:
    """Run one on a free port."""
    assert fault in FAULTS
    faulty = FaultyJsonServer(fault, times)
    listener = StreamServer(("127.0.0.1", 0), faulty.serve)
    listener.start()
    try:
        yield listener.socket.getsockname()[:2], faulty
    finally:
        listener.stop()
