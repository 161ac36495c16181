"""Bots in WebSockets: the json dialect in frames, each of which is the same bytes for all who are in a room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from bots.protocols.json_websocket import JsonWebSocket
from bots.protocols.websocket import WebSocket
from geventchat import ChatServer, Limits
from geventchat.protocol.errors import ProtocolError
from tests.play import passed, play

_TALK = """\
cast: {user: 10}
script:
  - user: {say: "{words 3}", times: 20, every: 20ms, jitter: 20ms}
  - user1: {rename: eve}
  - user2: {whisper: psst, to: user3}
  - user4: {drop: reset}
  - user4: {reconnect}
  - user: {say: "again {n}", times: 5, every: 20ms}
  - user5: {join: den}
  - user5: {say: alone, room: den}
  - user6: {leave}
"""


def frame(text: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, text, fin=fin).serialize(mask=False)


def opened() -> tuple[WebSocket, ServerProtocol]:
    """Return both ends of a WebSocket whose handshake is done."""
    client, server = WebSocket("host:1", "/chat"), ServerProtocol()
    server.receive_data(client.connect())
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    answer = b"".join(server.data_to_send())
    assert client.message_end(answer, 0) == len(answer)
    assert list(client.receive(answer)) == []
    return client, server


def test_a_scenario_is_played_in_websockets_and_frames_are_shared() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(_TALK, server.address, "ws"))
    assert outcome.settled
    assert outcome.timeline.delivered > 2000


def test_who_came_back_in_a_websocket_is_told_what_it_missed() -> None:
    scenario = """\
    cast: {ann: 1, bob: {reconnect: true}}
    script:
      - together:
        - ann: {say: "{words 2}", times: 40, every: 10ms}
        - bob: {drop: reset, every: 100ms, times: 3}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(scenario, server.address, "ws"))
    assert outcome.timeline.delivered == 80


def test_what_is_no_websocket_is_told_with_the_answer_of_the_server() -> None:
    spoken = JsonWebSocket("host:1")
    spoken.hello("ann", "lobby", None, None)
    answer = b"HTTP/1.1 404 Not \x1b[1mFound\r\nContent-Length: 5\r\n\r\nnope!"
    with pytest.raises(ProtocolError, match=r"answers 404 Not \\u001b\[1mFound to a WebSocket at /chat"):
        list(spoken.receive(answer[: spoken.line_end(answer, 0)]))


@given(data=st.data(), sizes=st.lists(st.sampled_from([0, 1, 10, 125, 126, 127, 2570, 65535, 65536]), max_size=5))
def test_messages_end_where_their_last_frame_does(data: st.DataObject, sizes: list[int]) -> None:
    client, _ = opened()
    texts = [b"\n" * size for size in sizes]
    messages = []
    for text in texts:
        if data.draw(st.booleans()):
            pieces = [frame(text[:1], fin=False), frame(b"", Opcode.PING), frame(text[1:], Opcode.CONT)]
            messages.append(b"".join(pieces))
        else:
            messages.append(frame(text))
    read: list[bytes] = []
    stream, start = b"".join(messages), 0
    for message in messages:
        for stop in {start, start + 1, start + len(message) - 1}:
            assert client.message_end(stream[:stop], start) == 0
        end = client.message_end(stream, start)
        assert end == start + len(message)
        read += client.receive(stream[start:end])
        start = end
    assert read == texts


def test_pings_and_a_close_are_answered() -> None:
    client, server = opened()
    for sent in (frame(b"7", Opcode.PING), frame(Close(1001, "").serialize(), Opcode.CLOSE)):
        list(client.receive(sent))
    server.receive_data(client.data_to_send())
    answers = [one for one in server.events_received() if isinstance(one, Frame)]
    assert [one.opcode for one in answers] == [Opcode.PONG, Opcode.CLOSE]
    with pytest.raises(ConnectionError, match="has closed"):
        client.send(b"hello?")


def test_who_has_closed_is_said_only_of_the_one_who_did_it_first() -> None:
    client, server = opened()
    server.receive_data(client.close())
    list(client.receive(b"".join(server.data_to_send())))
    assert client.why_closed == ""
    client, server = opened()
    server.send_close(1001, "so long")
    list(client.receive(b"".join(server.data_to_send())))
    assert client.why_closed == "the server closed the WebSocket: 1001 (going away) so long"


def test_what_waited_for_the_handshake_is_sent_once() -> None:
    client, server = WebSocket("host:1", "/chat"), ServerProtocol()
    server.receive_data(client.connect())
    assert client.send(b"hello") == b""
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    list(client.receive(b"".join(server.data_to_send())))
    list(client.receive(frame(b"welcome")))
    server.receive_data(client.data_to_send())
    assert [event.data for event in server.events_received() if isinstance(event, Frame)] == [b"hello"]


@pytest.mark.parametrize(
    "wrong", [b"\xff\x00", frame(b"x", Opcode.CONT), b"\x81\xff" + b"\x00" * 20, b"\x81\x7f" + b"\x01" * 20]
)
def test_broken_frames_end_the_connection_and_nothing_else(wrong: bytes) -> None:
    client, _ = opened()
    end = client.message_end(wrong, 0)
    with pytest.raises(ProtocolError, match="breaks WebSocket's rules"):
        list(client.receive(wrong[: end or len(wrong)]))


def test_what_is_sent_before_the_handshake_is_done_is_sent_in_order_afterwards() -> None:
    client, server = WebSocket("host:1", "/chat"), ServerProtocol()
    server.receive_data(client.connect())
    assert client.send(b"first") == client.send(b"second") == b""
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    list(client.receive(b"".join(server.data_to_send())))
    server.receive_data(client.data_to_send())
    assert [bytes(one.data) for one in server.events_received() if isinstance(one, Frame)] == [b"first", b"second"]
