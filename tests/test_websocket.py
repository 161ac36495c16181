"""The json dialect in WebSocket frames: what is read, what is refused, and with which code it is closed."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from geventchat import ChatServer, Limits
from geventchat.commands.commands import Ping, Say
from geventchat.dialects.base import EmptyLine
from geventchat.dialects.websocket import ENCODER, WebSocketReader, encode
from geventchat.protocol import events, replies
from geventchat.protocol.questions import Question
from tests import fuzz
from tests.raw import Raw, plain, programmed
from tests.websocket_client import WebSocket, joined

MAX_TEXT = 200
SAID = events.Said("1-0", "2024-11-23T12:00:00.123Z", "lobby", "alice", "hi")


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def read(*pieces: bytes) -> list[Any]:
    return list(fuzz.read(WebSocketReader(MAX_TEXT), pieces))


PING = masked(Opcode.TEXT, b'{"type":"ping","token":"1"}')


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1_000])
def test_however_the_bytes_come_each_text_frame_is_one_command(size: int) -> None:
    data = PING + masked(Opcode.TEXT, b'{"type":"say","text":"\xd0\xb0"}') + PING
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    assert read(*pieces) == [Ping(token="1"), Say(text="\u0430"), Ping(token="1")]


def test_a_message_in_several_frames_is_one_also_with_control_frames_between() -> None:
    data = (
        masked(Opcode.TEXT, b'{"type":"pi', fin=False)
        + masked(Opcode.PING, b"x")
        + masked(Opcode.CONT, b'ng"', fin=False)
        + masked(Opcode.CONT, b"}")
    )
    reader = WebSocketReader(MAX_TEXT)
    reader.receive(data)
    assert [reader.next_command() for _ in range(5)] == [*[EmptyLine()] * 3, Ping(), None]
    assert reader.data_to_send() == Frame(Opcode.PONG, b"x").serialize(mask=False)
    assert reader.data_to_send() == b""


@pytest.mark.parametrize(  # the masks are random, so each case needs a name of its own
    ("frame", "code"),
    [
        (masked(Opcode.BINARY, b"x"), "binary"),
        (masked(Opcode.TEXT, b"\xff"), "not-utf8"),
        (masked(Opcode.TEXT, b"x" * 20_000), "line-too-long"),
        (masked(Opcode.TEXT, b"x" * 2_000, fin=False) + masked(Opcode.CONT, b"x" * 2_000), "line-too-long"),
        (Frame(Opcode.TEXT, b"{}").serialize(mask=False), "bad-frame"),
        (masked(Opcode.CONT, b"x"), "bad-frame"),
        (b"\xf1\x80", "bad-frame"),
        (b"\x83\x80", "bad-frame"),
        (masked(Opcode.PING, b"", fin=True).replace(b"\x89", b"\x09"), "bad-frame"),
        (masked(Opcode.CLOSE, b"\x03"), "bad-frame"),
        (masked(Opcode.CLOSE, Close(1000, "").serialize()[:2] + b"\xff"), "not-utf8"),
    ],
    ids=range(11),
)
def test_what_breaks_the_rules_ends_the_connection_once_what_came_before_is_done(frame: bytes, code: str) -> None:
    for pieces in ((PING, frame, PING), (PING + frame + PING,)):
        found = [one for one in read(*pieces) if one != EmptyLine()]
        assert found == [Ping(token="1"), (code, True)]


def test_a_text_that_is_no_command_is_refused_and_the_connection_goes_on() -> None:
    found = read(masked(Opcode.TEXT, b"hi"), masked(Opcode.TEXT, b'{"type":"say","text":"%s"}' % (b"x" * 201)), PING)
    assert found == [("bad-json", False), ("line-too-long", False), Ping(token="1")]


def test_our_own_close_comes_when_all_that_was_asked_before_is_answered() -> None:
    reader = WebSocketReader(MAX_TEXT)
    close = Close(4_321, "enough").serialize()
    reader.receive(PING + masked(Opcode.CLOSE, close))
    assert reader.next_command() == Ping(token="1")
    assert reader.data_to_send() == b""
    assert reader.next_command() is None
    assert reader.ended
    reader.end()
    assert reader.data_to_send() == Frame(Opcode.CLOSE, close).serialize(mask=False)


def test_fragments_of_no_bytes_cost_no_memory() -> None:
    reader = WebSocketReader(MAX_TEXT)
    reader.receive(masked(Opcode.TEXT, b"", fin=False))
    fragments = masked(Opcode.CONT, b"", fin=False) * 1_000
    tracemalloc.start()
    try:
        for _ in range(20):
            reader.receive(fragments)
            while reader.next_command() is not None:
                pass
        assert tracemalloc.get_traced_memory()[0] < 64_000
    finally:
        tracemalloc.stop()


def test_an_event_is_one_text_frame_with_one_object() -> None:
    frame = encode(SAID)
    assert (frame[0], frame[1]) == (0x81, len(frame) - 2)
    assert json.loads(frame[2:])["text"] == "hi"
    assert ENCODER.event(SAID) == frame
    assert ENCODER.crowd("lobby", "3 joined") == b""


def reply(message: replies.AnyReply) -> bytes:
    return ENCODER.reply(None, message)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "close"),
    [
        ("bye", 1000),
        ("server-stopping", 1012),
        ("not-stored", 1013),
        ("binary", 1003),
        ("not-utf8", 1007),
        ("replaced", 1008),
    ],
)
def test_behind_the_last_word_comes_the_close_with_its_code(code: str, close: int) -> None:
    data = reply(replies.Closing(code=code, message="why"))
    end = Frame(Opcode.CLOSE, Close(close, code).serialize()).serialize(mask=False)
    assert data.endswith(end)
    assert json.loads(data[2 : -len(end)])["code"] == code


def test_nothing_is_said_to_a_client_that_has_closed_and_no_name_is_asked_for() -> None:
    assert reply(replies.Closing(code="gone", message="")) == b""
    assert reply(replies.Prompt(question=Question.NAME)) == b""


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_commands_or_refused_and_little_of_them_is_kept(pieces: list[bytes]) -> None:
    fuzz.read(WebSocketReader(MAX_TEXT), pieces)


# On sockets.


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server


def test_a_browser_a_program_and_nc_are_in_one_room(server: ChatServer) -> None:
    bob, _ = programmed(server.address, "bob")
    ann, welcome = joined(server.address, "ann")
    with bob, ann, plain(server.address, "carl") as carl:
        assert welcome["members"] == ["bob", "ann"]
        ann.send(type="say", text="hi", ref="7")
        assert ann.until("ack")["ref"] == "7"
        assert ann.until("said")["text"] == "hi"
        assert bob.messages_until("said")[-1]["nick"] == "ann"
        carl.until(b"ann: hi\n")
        carl.send(b"/msg ann psst\n")
        assert ann.until("whispered")["text"] == "psst"


def test_who_closes_is_answered_with_the_same_code_and_the_others_hear_it(server: ChatServer) -> None:
    with plain(server.address, "bob") as bob:
        ann, _ = joined(server.address, "ann")
        ann.protocol.send_close(4_000, "enough")
        ann.flush()
        assert ann.close_code() == 4_000
        bob.until(b"* ann left\n")


def test_who_says_bye_hears_the_last_word_and_a_normal_close(server: ChatServer) -> None:
    ann, _ = joined(server.address, "ann")
    ann.send(type="bye")
    assert ann.close_code() == 1000
    assert ann.until("closing")["code"] == "bye"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (Frame(Opcode.TEXT, b"{}").serialize(mask=False), 1002),
        (masked(Opcode.BINARY, b"x"), 1003),
        (masked(Opcode.TEXT, b"\xff"), 1007),
        (masked(Opcode.TEXT, b"x" * 60_000), 1009),
    ],
    ids=["not masked", "binary", "not utf-8", "too large"],
)
def test_what_breaks_the_rules_is_closed_with_the_right_code(server: ChatServer, data: bytes, code: int) -> None:
    ann, _ = joined(server.address, "ann")
    ann.socket.sendall(data)
    assert ann.close_code() == code
    with plain(server.address, "ann"):
        pass


def test_who_closes_is_first_told_of_what_was_said_before(server: ChatServer) -> None:
    ann, _ = joined(server.address, "ann")
    say = masked(Opcode.TEXT, b'{"type":"say","text":"last"}')
    ann.socket.sendall(say + masked(Opcode.PING, b"x") + masked(Opcode.CLOSE, Close(1000, "").serialize()))
    with ann:
        kinds = [ann.frame().opcode for _ in range(3)]
    assert kinds == [Opcode.TEXT, Opcode.PONG, Opcode.CLOSE]


@pytest.mark.parametrize(
    "flood",
    [masked(Opcode.PING, b""), masked(Opcode.PONG, b""), masked(Opcode.CONT, b"", fin=False)],
    ids=["pings", "pongs", "fragments"],
)
def test_frames_that_say_nothing_are_read_no_faster_than_talk(flood: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="geventchat")
    with ChatServer(limits=Limits(rate=0.01, burst=10)) as server:
        ann, _ = joined(server.address, "ann")
        with ann:
            ann.socket.sendall(masked(Opcode.TEXT, b"", fin=False) + flood * 20)
            while "ann is over the rate" not in caplog.text:
                gevent.sleep(0.01)


def test_a_stopping_server_says_so_and_that_it_comes_back() -> None:
    with ChatServer() as server:
        ann, _ = joined(server.address, "ann")
        stopping = gevent.spawn(server.stop)
        assert ann.close_code() == 1012
        assert ann.until("closing")["code"] == "server-stopping"
        stopping.join()


def test_who_comes_back_with_its_token_misses_nothing(server: ChatServer) -> None:
    with plain(server.address, "bob") as bob:
        ann, welcome = joined(server.address, "ann")
        ann.socket.close()
        bob.until(b"* ann left")
        bob.send(b"while you were away\n")
        bob.until(b"away\n")
        back, _ = joined(server.address, "ann", after=welcome["id"], token=welcome["token"])
        with back:
            assert back.until("said")["text"] == "while you were away"


def test_a_client_that_gives_no_sign_of_life_is_asked_and_then_closed() -> None:
    with ChatServer(limits=Limits(keepalive=0.2)) as server, plain(server.address, "bob") as bob:
        ann, _ = joined(server.address, "ann")
        while ann.frame().opcode is not Opcode.PING:
            pass
        bob.until(b"* ann left: no sign of life\n")
        ann.socket.close()


def test_a_client_that_answers_pings_stays() -> None:
    with ChatServer(limits=Limits(keepalive=0.2)) as server:
        ann, _ = joined(server.address, "ann")
        pings = 0
        while pings < 4:
            pings += ann.frame().opcode is Opcode.PING
            ann.flush()
        ann.send(type="ping", token="here")
        assert ann.until("pong") == {"type": "pong", "token": "here"}
        ann.socket.close()


def test_a_connection_that_never_says_who_it_is_is_closed() -> None:
    with ChatServer(limits=Limits(name_timeout=0.2)) as server, WebSocket(server.address) as silent:
        assert silent.close_code() == 1008


def test_a_page_that_is_older_than_the_time_for_a_name_has_that_time_once_it_opens_the_chat() -> None:
    asked = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ChatServer(limits=Limits(name_timeout=1.0)) as server, Raw(server.address, asked) as page:
        page.until(b"Not Found\n")
        with Raw(server.address) as silent:  # it has come later, and its time ends
            assert b"no name was given in time" in silent.rest()
        ann = WebSocket(server.address, page.socket)
        ann.send(type="hello", nick="ann")
        assert ann.until("welcome")["nick"] == "ann"
