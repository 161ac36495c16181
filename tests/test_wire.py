"""The client's half of the json dialect."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands import commands
from geventchat.dialects import json as server_side
from geventchat.dialects import json_client
from geventchat.dialects.json_client import MAX_SERVER_LINE, MessageReader
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.replies import Message
from tests import fuzz

SAID = events.Said("1-0", "2024-11-23T12:00:00.123Z", "lobby", "alice", "привет")
MESSAGES: list[Message] = [
    SAID,
    events.Left("1-1", "2024-11-23T12:00:00.123Z", "lobby", "bob", "late"),
    replies.Ack(ref="7", id=None),
    replies.HistoryPage(room="lobby", events=[SAID], more=False),
    replies.Gap(room="lobby", first="1-0", last="1-6", count=None),
    replies.Closing(code="bye", message="bye"),
]


def read(*pieces: bytes) -> list[Message]:
    """Return the messages found."""
    reader = MessageReader()
    found = []
    for piece in pieces:
        reader.receive(piece)
        while (message := reader.next_message()) is not None:
            found.append(message)
    return found


def test_a_client_understands_what_the_server_says() -> None:
    stream = b"".join(map(server_side.encode, MESSAGES))
    assert read(stream) == MESSAGES
    assert read(*(bytes([byte]) for byte in stream)) == MESSAGES


COMMANDS: list[commands.AnyCommand] = [
    commands.Hello(nick="alice", after="1-0", token="t"),
    commands.Say(text="привет\n", ref="7"),
    commands.History(limit=5),
    commands.Bye(),
]


def test_the_server_understands_what_a_client_says() -> None:
    reader = server_side.JsonReader(1_000)
    reader.receive(b"".join(map(json_client.encode, COMMANDS)))
    assert [reader.next_command() for _ in COMMANDS] == [
        COMMANDS[0],
        commands.Say(text="привет", ref="7"),
        *COMMANDS[2:],
    ]


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"hello", b"\xff", b"{}", b'{"type":"sung"}', b'{"type":"ack"}'),
        b'{"type":"pong","token":"7","deep":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
    ids=["empty", "text", "no utf-8", "no type", "unknown type", "no ref", "deep"],
)
def test_what_a_newer_server_may_say_is_skipped(line: bytes) -> None:
    assert read(line + b"\n" + server_side.encode(SAID)) == [SAID]


def test_fields_that_are_not_known_are_ignored() -> None:
    assert read(b'{"type":"pong","token":"7","new":[1]}\n') == [replies.Pong(token="7")]


def test_a_server_that_ends_no_line_is_not_listened_to_for_ever() -> None:
    reader = MessageReader()
    reader.receive(b"x" * (MAX_SERVER_LINE + 2))
    with pytest.raises(ProtocolError, match="line without end") as refused:
        reader.next_message()
    assert refused.value.fatal


@given(fuzz.cut(st.lists(st.sampled_from([*map(server_side.encode, MESSAGES), b"\n", b"x", b"{"])).map(b"".join)))
def test_any_bytes_in_any_pieces_are_the_same_messages(pieces: Sequence[bytes]) -> None:
    assert read(*pieces) == read(b"".join(pieces))
