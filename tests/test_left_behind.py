"""What a connection has taken is given back when it ends, without the collector, which would hold the loop."""

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from gevent import socket

from geventchat.protocol.limits import Limits
from geventchat.server.access import Access
from geventchat.server.server import ChatServer
from tests.tls import hello, keys, trusting
from tests.websocket_cases import frame

_HELLO = b'{"type":"hello","nick":"json"}\n'
_REGISTER = b"NICK irk\r\nUSER irk 0 * :Irk\r\n"
_UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_ALL_SORTS = {
    "nothing": b"",
    "a browser": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "a browser that is wrong": b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
    "a form": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\nhi",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a binary protocol": b"\x01\x02\x03\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a name": b"alice\nhello\n/me waves\n/who\nexit\n",
    "a name that is none": b"\xff\xfe\n*\n\n17\nalice\nhi\nexit\n",
    "commands that are none": b"alice\n/nobody\n/msg nobody hi\n/nick *\n/join\n /who\n/topic\n/kick alice\nexit\n",
    "a line without end": b"alice\n" + b"x" * 100_000,
    "json": _HELLO + b'{"type":"say","text":"hi","ref":"1"}\n{"type":"bye"}\n',
    "json that is none": _HELLO
    + b'{"type":"say"\n[]\n{"type":1}\n{"type":"nothing"}\n\xff\n{"type":"say"}\n{"type":"bye"}\n',
    "json that goes on": _HELLO + b'{"type":"say","text":"' + b"x" * 100_000 + b'"}\n{"type":"bye"}\n',
    "json under a name that is none": b'{"type":"hello","nick":"*"}\n{"type":"hello"}\n{"type":"say","text":"x"}\n',
    "IRC": _REGISTER + b"JOIN #lobby\r\nPRIVMSG #lobby :hi\r\nWHO #lobby\r\nQUIT :bye\r\n",
    "IRC that is none": _REGISTER
    + b"NICK\r\nJOIN\r\nPRIVMSG\r\nNO SUCH\r\n:\r\n@\r\nCAP END\r\nKICK #lobby a\r\nQUIT\r\n",
    "a WebSocket": _UPGRADE + frame(1, b'{"type":"hello","nick":"web"}') + frame(8, b"\x03\xe8"),
    "a frame that is none": _UPGRADE + frame(1, b'{"type":"hello","nick":"web"}') + b"\xc1\x80\0\0\0\0",
    "text that is none": _UPGRADE + frame(1, b"\xff\xfe"),
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # what was there before need not be gone through again
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()
    gc.unfreeze()


def left_behind() -> Counter[str]:
    """Return what only the collector could give back."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    return Counter(type(one).__qualname__ for one in gc.garbage)


def visit(server: ChatServer, data: bytes, *, reset: bool, tls: bool = False) -> None:
    """Send something, take what comes until nothing more does, and hang up."""
    plain = socket.create_connection(server.address)
    with trusting().wrap_socket(plain) if tls else plain as sock:
        sock.sendall(data)
        sock.settimeout(0.1)
        try:
            while sock.recv(65536):
                pass
        except OSError:
            pass
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("reset", [False, True], ids=["hangs up", "breaks off"])
@pytest.mark.parametrize("data", _ALL_SORTS.values(), ids=_ALL_SORTS.keys())
def test_nothing_is_left_of_who_has_gone(data: bytes, reset: bool) -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        visit(server, b"first\nexit\n", reset=False)  # what is made once, and kept
        gone(server)
        gc.collect()
        visit(server, data, reset=reset)
        gone(server)
        assert left_behind() == Counter()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("inside", [b"alice\nhello\nexit\n", b"\x01\x02\n", b"GET / HTTP/1.1\r\n\r\n", b'{"type":1}\n'])
@pytest.mark.parametrize("reset", [False, True], ids=["hangs up", "breaks off"])
def test_nothing_is_left_of_who_was_inside_tls(inside: bytes, reset: bool, tmp_path: Path) -> None:
    with ChatServer(access=Access(keys=keys(tmp_path))) as server:
        for data in (inside, inside):
            gc.collect()
            visit(server, data, reset=reset, tls=True)
            gone(server)
        assert left_behind() == Counter()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("data", [hello()[:50], hello(), hello() + b"x" * 500], ids=["half", "whole", "broken"])
def test_nothing_is_left_of_who_did_not_come_through_tls(data: bytes, tmp_path: Path) -> None:
    with ChatServer(access=Access(keys=keys(tmp_path), tls_only=True)) as server:
        for _ in range(2):
            gc.collect()
            visit(server, data, reset=False)
            visit(server, b"alice\n", reset=False)
            gone(server)
        assert left_behind() == Counter()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "data",
    [
        b"wrong\n",
        b"sesame\nalice\n/register correct horse\n/logout\n/login wrong\nexit\n",
        b'{"type":"hello","nick":"json","password":"wrong"}\n{"type":"bye"}\n',
        b"PASS wrong\r\n" + _REGISTER,
    ],
)
def test_nothing_is_left_of_who_was_asked_for_a_password(data: bytes) -> None:
    with ChatServer(access=Access(password="sesame")) as server:
        for _ in range(2):
            gc.collect()
            visit(server, data, reset=False)
            gone(server)
        assert left_behind() == Counter()


def gone(server: ChatServer) -> None:
    """Wait until nobody is connected."""
    while server._connections:
        gevent.sleep(0.01)
    gevent.idle()
