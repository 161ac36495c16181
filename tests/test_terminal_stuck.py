"""geventchat-client when a server floods or the terminal takes nothing: it can be left, and gives the terminal back."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

from tests.raw import Address
from tests.terminal_fixtures import at_terminal

pytestmark = pytest.mark.slow  # each of these takes seconds

_CALM = {"TERM": "dumb"}


def line(**message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


def said(number: int, text: str) -> bytes:
    return line(type="said", id=f"{number}-0", time="", room="lobby", nick="bob", text=text)


@contextmanager
def flooding(room: str = "lobby", text: str = "") -> Iterator[tuple[Address, list[int], Event]]:
    """Serve one client that is told numbers without a pause once the event is set; the list holds the last one sent."""
    sent, go = [0], Event()
    welcome = line(
        type="welcome", nick="ann", room=room, members=[], count=1, topic="", id="0-0", token="", server="", limits={}
    )

    def serve(connection: socket.socket, _: Address) -> None:
        with suppress(OSError):
            connection.sendall(welcome)
            go.wait()
            while True:
                numbers = range(sent[0] + 1, sent[0] + 101)
                connection.sendall(b"".join(said(number, f"{number} {text}") for number in numbers))
                sent[0] += 100

    listener = StreamServer(("127.0.0.1", 0), serve)
    listener.start()
    yield listener.socket.getsockname()[:2], sent, go
    listener.stop(timeout=0)


@pytest.mark.parametrize("environment", [{}, _CALM])
def test_a_server_that_floods_can_be_left(tmp_path: Path, environment: dict[str, str]) -> None:
    with (
        flooding() as (address, _, go),
        at_terminal(address, "ann", tmp_path, environment=environment) as ann,
    ):
        ann.until("here)")
        go.set()
        ann.until("bob: ")
        ann.type("\x04")
        assert ann.ended() == 0
        assert ann.has_modes_restored()


@pytest.mark.parametrize("environment", [{}, _CALM])
def test_a_terminal_that_takes_nothing_is_restored_and_fills_no_memory(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with (
        flooding(text="x" * 1000) as (address, sent, go),
        at_terminal(address, "ann", tmp_path, environment=environment) as ann,
    ):
        ann.until("here)")
        go.set()
        earlier = 0
        while sent[0] == 0 or sent[0] != earlier:
            assert sent[0] < 200_000
            earlier = sent[0]
            gevent.sleep(0.5)
        ann.send_signal(signal.SIGTERM)
        while ann.process.poll() is None:
            gevent.sleep(0.05)
        assert ann.process.returncode == 0
        assert ann.has_modes_restored()


def test_a_room_whose_name_has_no_end_holds_nobody_up(tmp_path: Path) -> None:
    with flooding("字" * 100_000) as (address, _, _), at_terminal(address, "ann", tmp_path) as ann:
        ann.until(lambda: "字字>" in "".join(ann.typing.split()))
        ann.type("\x04")
        assert ann.ended() == 0
        assert ann.is_restored()
