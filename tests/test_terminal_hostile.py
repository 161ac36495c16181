"""geventchat-client with a server that means harm: nothing reaches the terminal but text and our own colours."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from gevent import socket
from gevent.server import StreamServer

from tests.raw import Address
from tests.terminal_fixtures import at_terminal

# A title, a cleared screen, a colour, a bell, a new line, a carriage return, C1 control sequences, a bidi override.
_EVIL = "\x1b]0;EVIL\x07\x1b[2J\x1b[31m\a\n\r\x9b2J\x9d0;EVIL\x9c\u202e\u2028\x00\x7f"


def evil(word: str) -> str:
    return f"{_EVIL}{word}{_EVIL}"


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "id": evil("not an id"),
        "time": evil("not a time"),
        "room": evil("room"),
        "nick": evil("nick"),
        **fields,
    }


_WELCOME = {
    "type": "welcome",
    "nick": evil("me"),
    "room": evil("room"),
    "members": [evil("nick"), evil("name")],
    "count": -5,
    "topic": evil("topic"),
    "id": evil("0-0"),
    "token": evil("token"),
    "server": evil("server"),
    "limits": {evil("line"): None},
}
HOSTILE = [
    event("said", text=evil("says me")),
    event("acted", text=evil("acts")),
    event("joined"),
    event("left", reason=evil("reason")),
    event("renamed", new=evil("new")),
    event("topic", text=evil("topic")),
    {
        "type": "whispered",
        "time": "99999-01-01T00:00:00Z",
        "nick": evil("nick"),
        "to": evil("me"),
        "text": evil("psst"),
    },
    {"type": "members", "room": evil("room"), "members": [evil("nick")], "count": 10**18, "topic": evil("topic")},
    {"type": "rooms", "rooms": {evil("room"): 7}},
    {"type": "topic_is", "room": evil("room"), "text": evil("topic is")},
    {"type": "history", "room": evil("room"), "events": [event("said", text=evil("earlier"))], "more": False},
    {"type": "help", "lines": [evil("help")]},
    {"type": "error", "code": evil("code"), "message": evil("error")},
    {"type": "gap", "room": evil("room"), "from": evil("from"), "to": evil("to"), "count": 3},
    {"type": "pong", "token": evil("pong")},
    {"type": evil("unknown")},
    {"type": "ack", "ref": evil("ref"), "id": evil("id")},
    event("said", text="that was all"),
    {"type": "closing", "code": evil("closing"), "message": evil("closing")},
]


@contextmanager
def serving(first: dict[str, Any], *rest: dict[str, Any]) -> Iterator[Address]:
    """Listen, and answer the first thing that a client says with one message, the second with the others."""

    def serve(sock: socket.socket, _: Any) -> None:
        with suppress(OSError):
            sock.recv(65536)
            sock.sendall(json.dumps(first).encode() + b"\n")
            sock.recv(65536)
            for message in rest:
                sock.sendall(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            sock.sendall(b"no JSON \x1b]0;EVIL\x07\n" * 3)

    listener = StreamServer(("127.0.0.1", 0), serve)
    listener.start()
    yield listener.socket.getsockname()[:2]
    listener.stop(timeout=1)


def is_harmless(raw: bytes) -> bool:
    """Whether nothing is in the bytes that acts on a terminal, but what our own screen is made of."""
    text = raw.decode()
    ours = r"\x1b\[[\d;]*[mABCDHJK]|\x1b\[\?(?:1049|1007|2004|7|12|25|1)[hl]"  # colours, cursor, modes
    text = re.sub(ours, "", text)
    return not re.search("[\x00-\x06\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u202e]", text)


def test_nothing_of_what_it_sends_acts_on_the_terminal(tmp_path: Path) -> None:
    with (
        serving(_WELCOME, *HOSTILE) as hostile,
        at_terminal(hostile, "me", tmp_path, columns=200, rows=50) as terminal,
    ):
        terminal.until("that was all")
        terminal.until("trying to come back")
        for shown in (
            "says me",
            "acts",
            "reason",
            "is now",
            "psst",
            "topic is",
            "earlier",
            "help",
            "error",
            "missed 3",
        ):
            assert any(shown in line for line in terminal.lines), shown
        terminal.type("\t\t/room \t\x15")
        terminal.type("exit\r")
        assert terminal.ended() == 0
        assert is_harmless(terminal.raw)
        assert b"\x1b[2J" not in terminal.raw
        assert b"\x1b[31m" not in terminal.raw
        assert terminal.screen.title == ""


def test_nothing_of_what_it_sends_acts_on_a_dumb_terminal(tmp_path: Path) -> None:
    with (
        serving(_WELCOME, *HOSTILE) as hostile,
        at_terminal(hostile, "me", tmp_path, columns=200, rows=50, environment={"TERM": "dumb"}) as terminal,
    ):
        terminal.type("hello\r")
        terminal.until("that was all")
        terminal.until("trying to come back")
        terminal.type("exit\r")
        assert terminal.ended() == 1  # of hello, nobody knows
        text = terminal.raw.decode().replace("\a", "")  # the bell of a mention is our own
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u202e]", text)


def test_its_last_word_is_harmless(tmp_path: Path) -> None:
    last = {"type": "closing", "code": "replaced", "message": evil("replaced")}
    with serving(_WELCOME, last) as hostile, at_terminal(hostile, "me", tmp_path) as terminal:
        assert terminal.ended() == 1
        terminal.until("geventchat-client: ")
        assert is_harmless(terminal.raw)


def test_an_error_before_the_welcome_is_one_harmless_line(tmp_path: Path) -> None:
    refusal = {"type": "error", "code": "nick-taken", "message": evil("refused")}
    with serving(refusal) as hostile, at_terminal(hostile, "me", tmp_path) as terminal:
        assert terminal.ended() == 1
        assert is_harmless(terminal.raw)
        assert terminal.raw.count(b"\n") == 1


@pytest.mark.slow
def test_what_is_no_geventchat_server_is_one_line(tmp_path: Path) -> None:
    with serving({"type": "SSH-2.0"}) as other, at_terminal(other, "me", tmp_path) as terminal:
        assert terminal.ended() == 1
        terminal.until("geventchat-client: what answers at 127.0.0.1:")
        assert terminal.raw.count(b"\n") == 1
