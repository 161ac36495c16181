"""Some hundreds of cases of frames, right and wrong, each on a connection of its own to a running server."""

from collections.abc import Iterator
from itertools import count

import gevent
import pytest
from websockets.frames import Close, Opcode

from geventchat import ChatServer, Limits
from geventchat.dialects.json import longest_line
from geventchat.protocol.text import clean
from tests.pages import PAGES, found
from tests.websocket_cases import Case, Told, sections
from tests.websocket_client import WebSocket, joined

_MAX_LINE = 12_000
SECTIONS = sections(longest_line(_MAX_LINE))
_names = (f"ann{number}x" for number in count())


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None, max_line=_MAX_LINE)) as server:
        yield server


def outcome(connection: WebSocket) -> tuple[list[Told], int]:
    """Return all that is told, and the code with which the connection ends, which it must."""
    told: list[Told] = []
    while (frame := connection.frame()).opcode is not Opcode.CLOSE:
        if frame.opcode is Opcode.PONG:
            told.append(("pong", bytes(frame.data)))
            continue
        connection.frames.insert(0, frame)
        message = connection.message()
        if message["type"] == "pong":
            told.append(("text", message["token"]))
        elif message["type"] == "error":
            told.append(("error", message["code"]))
    connection.close_code()
    return by_kind(told), int(Close.parse(bytes(frame.data)).code)


def expected(case: Case) -> tuple[list[Told], int]:
    return by_kind([(kind, clean(what) if isinstance(what, str) else what) for kind, what in case.told]), case.ends


def by_kind(told: list[Told]) -> list[Told]:
    """Return what is told with pongs in front, for these may overtake what is said."""
    return sorted(told, key=lambda one: one[0] != "pong")


def play(server: ChatServer, case: Case, size: int) -> tuple[list[Told], int]:
    """Send a case in pieces of so many bytes."""
    connection, _ = joined(server.address, next(_names))
    with connection:
        for place in range(0, len(case.sent), size):
            connection.socket.sendall(case.sent[place : place + size])
            gevent.sleep(0)  # the server reads each piece by itself
        return outcome(connection)


@pytest.mark.parametrize("section", SECTIONS)
def test_all_cases_of(server: ChatServer, section: str) -> None:
    wrong = []
    for number, case in enumerate(SECTIONS[section], 1):
        ended = play(server, case, len(case.sent))
        if ended != expected(case):
            wrong.append((number, case.sent[:60], expected(case), ended))
    assert not wrong


def test_the_page_says_how_many_cases_there_are() -> None:
    (told,) = found(r"\((\d+) cases in .*?tests/websocket_cases\.py", PAGES["protocol.md"])
    assert int(told) == sum(map(len, SECTIONS.values()))


@pytest.mark.slow
@pytest.mark.parametrize("section", [one for one in SECTIONS if one != "limits"])
def test_all_cases_a_byte_at_a_time_of(server: ChatServer, section: str) -> None:
    for case in SECTIONS[section]:
        if len(case.sent) < 2_000:
            assert play(server, case, 1) == expected(case)
