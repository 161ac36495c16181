"""A proxy that does one thing wrong on the way from a chat server to its users, whatever they speak with it."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import gevent
from gevent import socket

from bots.protocols.framing import Lines
from tests.faulty_proxy import listening, pass_on
from tests.raw import Address

FAULTS = {
    "none": "nothing is wrong",
    "drop": "one message does not come to one user",
    "double": "one message comes twice to one user",
    "swap": "two messages come to one user the other way round",
    "alter": "a letter of a text is another one, for one user",
    "nick": "a message comes to one user under another nick",
    "delay": "a message, and what follows, comes late to one user",
    "stall": "from some time on, nothing comes to one user",
    "forget": "from some time on, one user hears nobody any more, but is answered",
    "leak": "a message comes also to somebody who is in another room",
    "echo": "a message does not come to its own sender",
    "tail": "the last messages come to nobody: the server has died",
    "shuffle": "each user hears what is said at the same time in an order of its own",
}
DELAY_S = 0.7
# So many messages are held back, and no longer than this, where users hear them in an order of their own.
_SHUFFLED = 4
_HELD_S = 0.3


@dataclass(frozen=True)
class Wire:
    """How the server's half of a connection is read: where frames end, which tell what somebody said, and of whom."""

    end: Callable[[bytes, int], int]
    said: re.Pattern[bytes]  # with the group nick
    welcome: re.Pattern[bytes]  # with the group nick, of whoever it welcomes


def _frame_end(data: bytes, start: int) -> int:
    """Return the place behind the answer to the handshake, or behind a WebSocket's frame without a mask."""
    if data.startswith(b"HTTP/", start):
        return data.find(b"\r\n\r\n", start) + 4 if b"\r\n\r\n" in data else 0
    if len(data) < start + 4:
        return 0
    short = data[start + 1] & 0x7F
    begin, length = (
        (start + 4, int.from_bytes(data[start + 2 : start + 4], "big")) if short == 126 else (start + 2, short)
    )
    return begin + length if len(data) >= begin + length else 0


_JSON = re.compile(rb'"type":"said".*"nick":"(?P<nick>\w+)"'), re.compile(rb'"type":"welcome","nick":"(?P<nick>\w+)"')
WIRES = {
    "json": Wire(Lines().end, *_JSON),
    "ws": Wire(_frame_end, *_JSON),
    "plain": Wire(Lines().end, re.compile(rb"(?P<nick>\w+): "), re.compile(rb".*Hi, (?P<nick>\w+)!")),
    "irc": Wire(Lines().end, re.compile(rb":(?P<nick>\w+)!\S+ PRIVMSG #"), re.compile(rb":\S+ 001 (?P<nick>\w+) ")),
}


@dataclass(eq=False)
class User:
    """A connection that is passed on: who speaks there, and what is held back for it."""

    near: socket.socket
    nick: str = ""
    held: list[bytes] = field(default_factory=list)

    def send(self, data: bytes) -> None:
        """Send this, if the user is still there."""
        with suppress(OSError):
            self.near.sendall(data)


@dataclass(eq=False)
class FaultyWay:
    """Passes everything on between users and the server at `target`, and commits its `fault` once.

    All chance comes from the seed. The victim is among those whose nicks begin with `user`; to a nick that begins with
    `den`, what is said in the lobby is leaked.
    """

    target: Address
    wire: Wire
    fault: str
    seed: int
    guilty: set[str] = field(default_factory=set)  # nicks of those who heard something wrong
    _users: list[User] = field(default_factory=list)
    _is_committed: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}/{self.fault}")
        self._victim = f"user{self._chance.randrange(1, 5)}"
        self._wait = self._chance.randrange(2, 10)  # messages to the victim before the fault

    def serve(self, near: socket.socket, _: Address) -> None:
        """Serve one user."""
        far = socket.create_connection(self.target)
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        user = User(near)
        self._users.append(user)
        upwards = gevent.spawn(pass_on, near, far)
        data = b""
        with suppress(OSError):
            while more := far.recv(1 << 16):
                data += more
                while end := self.wire.end(data, 0):
                    self._pass(user, data[:end])
                    data = data[end:]
        self._users.remove(user)
        upwards.kill()
        near.close()
        far.close()

    def _pass(self, user: User, frame: bytes) -> None:
        """Pass a frame on to a user, or do it wrong."""
        if not user.nick and (welcome := self.wire.welcome.search(frame)):
            user.nick = welcome["nick"].decode()
        said = self.wire.said.search(frame)
        speaker = said["nick"].decode() if said else ""
        if self.fault == "stall" and self._is_committed and user.nick == self._victim:
            return
        if not speaker.startswith("user"):
            self._release(user)
            user.send(frame)
        elif self.fault == "shuffle" and user.nick.startswith("user"):
            self.guilty.add(user.nick)
            if not user.held:
                gevent.spawn_later(_HELD_S, self._release, user)
            user.held.append(frame)
            if len(user.held) == _SHUFFLED:
                self._release(user)
        elif user.held:
            user.send(frame)
            self._release(user)
        elif not self._is_victim(user, speaker):
            user.send(frame)
        else:
            self._do_wrong(user, frame, speaker)

    def _release(self, user: User) -> None:
        """Send what was held back for a user, if that is not done yet."""
        if self.fault == "shuffle":
            self._chance.shuffle(user.held)
        user.send(b"".join(user.held))
        user.held.clear()

    def _is_victim(self, user: User, speaker: str) -> bool:
        """Whether this frame is one that is to come to a user wrongly."""
        if user.nick != self._victim or self.fault in ("none", "shuffle"):
            return False
        if self.fault == "echo" and speaker != user.nick:
            return False
        self._wait -= 1
        lasts = self.fault in ("stall", "forget")
        return self._wait <= 0 and (lasts or not self._is_committed)

    def _do_wrong(self, user: User, frame: bytes, speaker: str) -> None:
        self._is_committed = True
        self.guilty.add(user.nick)
        match self.fault:
            case "double":
                user.send(frame * 2)
            case "swap":
                user.held.append(frame)
            case "alter":
                user.send(frame.replace(b"tea ", b"tee "))
            case "nick":
                other = "user1" if speaker != "user1" else "user2"
                user.send(frame.replace(speaker.encode(), other.encode()))
            case "delay":
                gevent.sleep(DELAY_S)
                user.send(frame)
            case "leak":
                user.send(frame)
                outsider = next(one for one in self._users if one.nick.startswith("den"))
                self.guilty = {outsider.nick}
                outsider.send(frame)
            case "tail":
                self.guilty = {one.nick for one in self._users}
                for one in self._users:
                    one.near.shutdown(socket.SHUT_RDWR)


@contextmanager
def faulty_way(target: Address, wire: Wire, fault: str, seed: int) -> Iterator[tuple[Address, FaultyWay]]:
    """Run one on a free port."""
    assert fault in FAULTS
    way = FaultyWay(target, wire, fault, seed)
    with listening(way.serve) as address:
        yield address, way
