"""Everything that hurts a chat server, all at once and for long, beside two users who only want to talk.

    python -m tests.soak [--minutes 60] [--log FILE]

One process is the server, whose log lines nobody reads if they do not go to a file; one attacks it; this one talks.
Every ten seconds a line says how many messages the two have heard, how late they were, and how much memory the server
holds. The status is 1 if any came late, twice, not at all or in another order, or if the memory has grown.
"""

import argparse
import contextlib
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import gevent
import psutil
from gevent import socket

from geventchat import ChatClient
from geventchat.protocol.events import Said
from tests.processes import serving

LATEST_MS = 250.0  # the latest that a message may come
_MAX_GROWTH_MB = 40  # from the second tenth of the time on: what buffers and caches may still take
_EVERY_S = 0.5
_REPORT_S = 10.0


# What the attackers do: each function is one of them, from the beginning to the end of a connection or of many.


def _connect(port: int, first: bytes = b"") -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(first)
    return sock


def _hello(nick: str, room: str = "lobby") -> bytes:
    return b'{"type":"hello","nick":"%s","room":"%s"}\n' % (nick.encode(), room.encode())


def talk_in_a_den(port: int, name: str) -> None:
    """Say something in another room as fast as may be, and hear what others say."""
    with _connect(port, _hello(name, "den")) as sock:
        reading = gevent.spawn(_read_all, sock)
        while not reading.ready():
            sock.sendall(b'{"type":"say","text":"%s"}\n' % (b"x" * 900))
            gevent.sleep(0.2)


def _read_all(sock: socket.socket) -> None:
    while sock.recv(1 << 16):
        pass


def read_slowly_and_come_and_go(port: int, name: str) -> None:
    """Take a few kilobytes a second, and leave and join the den again and again."""
    with _connect(port, _hello(name, "den")) as sock:
        for _ in itertools.count():
            for _ in range(10):
                sock.recv(400)
                gevent.sleep(0.2)
            sock.sendall(b'{"type":"leave","room":"den"}\n{"type":"join","room":"den"}\n')


def come_in_crowds(port: int, name: str) -> None:
    """Come in two hundred at a time, and leave at once."""
    crowd = [_connect(port, _hello(f"{name}-{number}") + b'{"type":"bye"}\n') for number in range(200)]
    for sock in crowd:
        with contextlib.suppress(OSError):
            _read_all(sock)
        sock.close()
    gevent.sleep(5)


def send_what_nobody_knows(port: int, name: str) -> None:
    """Send arbitrary bytes."""
    del name
    beginnings = (b"", b"{", b"\x16\x03\x01", b"GET /", b"NICK ", b"alice\n", b'{"type":"hello","nick":"')
    with _connect(port, random.choice(beginnings) + os.urandom(random.randrange(3000))) as sock:
        gevent.sleep(random.random())
        sock.sendall(os.urandom(random.randrange(3000)))


def begin_and_stop(port: int, name: str) -> None:
    """Send half of something, and then nothing."""
    del name
    halves = (b"", b"al", b"GET / HTTP/1.1\r\nHost: 127.0.0.1", b"\x16\x03\x01\x02\x00\x01", b"CAP LS 302\r\n")
    with _connect(port, random.choice(halves)) as sock:
        gevent.sleep(20)
        sock.sendall(b"x")


def ask_for_pages(port: int, name: str) -> None:
    """Ask for the page, and for what is none."""
    del name
    with _connect(port) as sock:
        for path in ("/", "/main.js", "/../../etc/passwd", "/" + "a" * 9000, "/style.css"):
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            sock.recv(1 << 16)


def flood_and_never_read(port: int, name: str) -> None:
    """Ask for the past again and again, and take no answer."""
    with _connect(port, _hello(name)) as sock:
        while True:
            sock.sendall(b'{"type":"history","room":"lobby","limit":500}\n' * 50)
            gevent.sleep(0.05)


def take_names(port: int, name: str) -> None:
    """Take other names as fast as may be, some of which are none."""
    with _connect(port, _hello(name)) as sock:
        reading = gevent.spawn(_read_all, sock)
        for number in itertools.count():
            if reading.ready():
                return
            nick = random.choice((f"{name}-{number}", "honest", "h\u043enest", "* x", "\u202e", "a" * 5000))
            sock.sendall(b'{"type":"rename","nick":"%s"}\n' % nick.encode())
            gevent.sleep(0.05)


def enter_many_rooms(port: int, name: str) -> None:
    """Enter and leave rooms as IRC has them."""
    with _connect(port, f"NICK {name}\r\nUSER x 0 * :x\r\n".encode()) as sock:
        reading = gevent.spawn(_read_all, sock)
        for number in itertools.count():
            if reading.ready():
                return
            room = f"#{name}-{number % 300}"
            sock.sendall(f"JOIN {room}\r\nNAMES {room}\r\nTOPIC {room} :x\r\nPART {room}\r\n".encode())
            gevent.sleep(0.05)


def break_frames(port: int, name: str) -> None:
    """Open a WebSocket, and break its rules."""
    del name
    head = f"GET /chat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    keys = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with _connect(port, (head + keys).encode()) as sock:
        sock.recv(4096)
        sock.sendall(random.choice((b"\x81\x05hello", b"\x81\xff" + b"\xff" * 8, b"\xc1\x80\0\0\0\0", os.urandom(40))))
        _read_all(sock)


def guess_passwords(port: int, name: str) -> None:
    """Log in to accounts of others, and register as many as may be."""
    with _connect(port, _hello(name) + b'{"type":"register","password":"correct horse"}\n') as sock:
        reading = gevent.spawn(_read_all, sock)
        while not reading.ready():
            sock.sendall(b'{"type":"login","account":"honest","password":"%d"}\n' % random.randrange(1000))
            gevent.sleep(0.1)


# Each with how many do it at a time.
ATTACKS: dict[Callable[[int, str], None], int] = {
    talk_in_a_den: 50,
    read_slowly_and_come_and_go: 10,
    come_in_crowds: 2,
    send_what_nobody_knows: 30,
    begin_and_stop: 100,
    ask_for_pages: 4,
    flood_and_never_read: 10,
    take_names: 10,
    enter_many_rooms: 10,
    break_frames: 10,
    guess_passwords: 6,
}


def attack(port: int) -> None:
    """Do all of it at once, until killed."""
    numbers = itertools.count()

    def again_and_again(one: Callable[[int, str], None]) -> None:
        while True:
            with contextlib.suppress(OSError):
                one(port, f"bad{next(numbers)}")
            gevent.sleep(0.1)

    gevent.joinall([gevent.spawn(again_and_again, one) for one, count in ATTACKS.items() for _ in range(count)])


# The two who talk.


class Talk:
    """What two users say to each other, and how it arrived: `late` has milliseconds, one for each message heard."""

    def __init__(self, first: ChatClient, second: ChatClient) -> None:
        self._said: dict[str, float] = {}
        self._numbers = itertools.count()
        self._heard: dict[str, list[int]] = {}
        self.late: list[float] = []
        self.wrong: list[str] = []
        self._clients = {"honest": first, "frank": second}
        self.said = 0

    def run(self, seconds: float) -> None:
        """Talk for so long."""
        readers = [gevent.spawn(self._hear, name, client) for name, client in self._clients.items()]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for client in self._clients.values():
                number = next(self._numbers)
                self._said[f"message {number}"] = time.monotonic()
                self.said += 1
                gevent.spawn(client.say, f"message {number}")
            gevent.sleep(_EVERY_S)
        gevent.sleep(2)
        gevent.killall(readers)
        for name in self._clients:
            heard = self._heard.get(name, [])
            if sorted(heard) != list(range(self.said)):
                twice = len(heard) - len(set(heard))
                self.wrong.append(f"{name} heard {len(heard)} of {self.said}, {twice} of them twice")
        if len({tuple(heard) for heard in self._heard.values()}) > 1:
            self.wrong.append("the two heard it in another order")

    def _hear(self, name: str, client: ChatClient) -> None:
        for message in client:
            if isinstance(message, Said) and message.text in self._said:
                self.late.append((time.monotonic() - self._said[message.text]) * 1000)
                self._heard.setdefault(name, []).append(int(message.text.split()[1]))


def main() -> int:
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--log", type=Path, metavar="FILE")
    parser.add_argument("--attack", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack:
        attack(options.attack)
    with ExitStack() as stack:
        errors = subprocess.PIPE if options.log is None else stack.enter_context(options.log.open("wb")).fileno()
        server = stack.enter_context(serving("--history", "soak.sqlite", stderr=errors))
        attacking = subprocess.Popen([sys.executable, "-m", "tests.soak", "--attack", str(server.address[1])])
        try:
            return _watch(server.process.pid, server.address, options.minutes * 60)
        finally:
            attacking.kill()
            attacking.wait()


def _watch(pid: int, address: tuple[str, int], seconds: float) -> int:
    process = psutil.Process(pid)
    megabytes: list[float] = []
    with ChatClient(address, name="honest") as first, ChatClient(address, name="frank") as second:
        talk = Talk(first, second)
        talking = gevent.spawn(talk.run, seconds)
        while not talking.ready():
            talking.join(timeout=_REPORT_S)
            megabytes.append(process.memory_info().rss / 1e6)
            late = sorted(talk.late) or [0.0]
            figures = (late[len(late) // 2], late[len(late) * 99 // 100], late[-1])
            print(
                f"{len(talk.late):,} heard, {'p50 {:.1f}, p99 {:.1f}, max {:.1f} ms'.format(*figures)}; server "
                f"{megabytes[-1]:.0f} MB, {process.cpu_percent():.0f} % of a core, {process.num_fds():,} files",
                flush=True,
            )
        talking.get()
    if max(talk.late) > LATEST_MS:
        count = sum(late > LATEST_MS for late in talk.late)
        talk.wrong.append(f"{count} of {len(talk.late)} came later than {LATEST_MS:.0f} ms")
    early = megabytes[len(megabytes) // 10 : len(megabytes) // 5 + 1]
    if megabytes[-1] > max(early) + _MAX_GROWTH_MB:
        talk.wrong.append(f"the server grew from {max(early):.0f} to {megabytes[-1]:.0f} MB")
    print("\n".join(talk.wrong) or "every message came once, in order and in time, and the memory is flat")
    return 1 if talk.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
