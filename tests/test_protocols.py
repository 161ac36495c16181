"""What bots make of bytes from any server: never anything that acts on a terminal, and never nothing at all."""

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.protocols.base import ClientDialect, Heard, Notice
from bots.protocols.registry import DIALECTS, by_name, with_password
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.text import clean

_ESCAPES = "\x1b]0;owned\x07\x9b31m\u202e"


def heard(dialect: str, *pieces: bytes) -> list[Heard]:
    spoken = DIALECTS[dialect]("")
    return [one for piece in pieces for one in spoken.receive(piece)]


def texts(thing: object) -> list[str]:
    """Return all texts in something that was heard."""
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, msgspec.Struct):
        return [text for name in thing.__struct_fields__ for text in texts(getattr(thing, name))]
    if isinstance(thing, list | tuple):
        return [text for one in thing for text in texts(one)]
    return [text for one in thing.items() for text in texts(one)] if isinstance(thing, dict) else []


@pytest.mark.parametrize("dialect", ["plain", "unframed"])
@pytest.mark.parametrize("line", ["ann: {}", "* {}", "{}", "Hi, {}!", "* ann whispers to ben: {}", "* ann is now {}"])
def test_nothing_of_a_line_acts_on_a_terminal(dialect: str, line: str) -> None:
    (one,) = heard(dialect, (line.format(_ESCAPES) + "\n").encode())
    assert [text for text in texts(one) if text != clean(text)] == []
    assert any("\\u001b]0;owned\\u0007\\u009b31m" in text for text in texts(one))


def test_a_name_that_cannot_be_had_is_not_given_again_where_a_packet_is_a_message() -> None:
    unframed = with_password(by_name("unframed"), "tea").make("")
    assert unframed.hello("ann", "lobby", None, None) == b"tea"
    for answer in (b"ann", b""):
        assert list(unframed.receive(b"Enter your name: ")) == []
        assert unframed.data_to_send() == answer


@pytest.mark.parametrize(
    "message",
    [
        {"type": "said", "id": "1-0", "time": "", "room": _ESCAPES, "nick": _ESCAPES, "text": _ESCAPES},
        {"type": "error", "code": _ESCAPES, "message": _ESCAPES},
        {"type": "closing", "code": "x", "message": _ESCAPES},
        {"type": "members", "room": "den", "members": [_ESCAPES], "count": 1, "topic": _ESCAPES},
        {"type": "rooms", "rooms": {_ESCAPES: 1}},
        {
            "type": "history",
            "room": "den",
            "more": False,
            "events": [{"type": "said", "id": "1-0", "time": "", "room": "den", "nick": "ann", "text": _ESCAPES}],
        },
    ],
    ids=lambda message: message["type"],
)
def test_nothing_of_a_json_message_acts_on_a_terminal(message: dict[str, object]) -> None:
    (one,) = heard("json", json.dumps(message).encode() + b"\n")
    assert [text for text in texts(one) if text != clean(text)] == []
    assert any("\\u001b" in text for text in texts(one))


@given(line=st.text().filter(lambda text: "\n" not in text and text.isprintable() and text.strip()))
def test_what_a_user_says_in_plain_comes_back_as_it_was_said(line: str) -> None:
    assert heard("plain", f"ann: {line}\n".encode()) == [events.Said("", "", "lobby", "ann", line)]


@given(data=st.binary(max_size=200), dialect=st.sampled_from(["json", "plain", "unframed"]))
def test_any_bytes_are_read_and_what_comes_of_them_is_safe(data: bytes, dialect: str) -> None:
    for one in heard(dialect, data, b"\n"):
        assert all(unicodedata.category(char) != "Cc" or char == "\t" for text in texts(one) for char in text)


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("* eve joined", events.Joined("", "", "lobby", "eve")),
        ("* 37 joined", Notice("37 joined")),
        ("* ann left: she joined", events.Left("", "", "lobby", "ann", "she joined")),
        ("* ann is now anna", events.Renamed("", "", "lobby", "ann", "anna")),
        ("* ann set the topic: it is now tea", Notice("ann set the topic: it is now tea")),
        ("* pong 7", replies.Pong(token="7")),
        ("* you missed 7 lines", Notice("you missed 7 lines")),
    ],
)
def test_notices_in_plain(line: str, means: Heard) -> None:
    assert heard("plain", line.encode() + b"\n") == [means]


@pytest.mark.parametrize("dialect", ["json", "plain", "unframed"])
@pytest.mark.parametrize(
    "command",
    [
        commands.Say(text="hi"),
        commands.Act(text="waves"),
        commands.Whisper(to="a b", text="psst"),
        commands.WhisperBack(text="yes"),
        commands.Rename(nick="eve"),
        commands.Join(room="den"),
        commands.Leave(room="den"),
        commands.Who(),
        commands.Rooms(),
        commands.History(),
        commands.Topic(text="tea"),
        commands.Topic(),
        commands.Ping(token="7"),
        commands.Help(),
        commands.Bye(),
    ],
    ids=lambda command: type(command).__name__,
)
def test_every_command_can_be_sent(dialect: str, command: commands.AnyCommand) -> None:
    spoken: ClientDialect = DIALECTS[dialect]("")
    assert spoken.encode(command).strip()
