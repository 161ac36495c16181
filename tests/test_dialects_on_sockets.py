"""Each kind of client against a real server, byte for byte as the README promises."""

from collections.abc import Iterator

import gevent
import pytest

from geventchat import ChatServer
from geventchat.protocol.limits import SNIFF_S, TYPING_S
from tests.raw import Raw, plain, programmed
from tests.several import ONE_AND_THREE, Server, one_or_three


@pytest.fixture(params=ONE_AND_THREE)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with one_or_three(request) as server:
        yield server


GREETING = b"Hi, alice! To exit the chat enter 'exit'.\n"
HINT = b"* /help lists the commands\n"


def test_who_waits_is_asked_for_a_name_and_greeted(server: Server) -> None:
    with Raw(server.address) as nc:
        assert nc.until(b": ") == b"Enter your name: "
        nc.send(b"alice\n")
        assert nc.until(HINT) == GREETING + HINT
        nc.send(b"hello\n")
        assert nc.until(b"\n") == b"alice: hello\n"
        nc.send(b"exit\n")
        assert nc.rest() == b"exit\n"


def test_who_is_shown_nothing_of_what_was_said_before_hears_all_that_is_said_from_now_on() -> None:
    with ChatServer(greet_with=0) as server, plain(server.address, "alice") as alice:
        alice.send(b"before\n")
        alice.until(b"alice: before\n")
        with plain(server.address, "bob") as bob, Raw(server.address) as irc:
            irc.send(b"CAP REQ server-time\r\nCAP END\r\nNICK carol\r\nUSER c 0 * :Carol\r\nJOIN #lobby\r\n")
            irc.until(b" 366 carol #lobby ")
            alice.send(b"now\n")
            assert b"before" not in bob.until(b"alice: now\n")
            assert b"before" not in irc.until(b" PRIVMSG #lobby :now\r\n")


def test_a_name_typed_in_pieces_is_one_name(server: Server) -> None:
    with Raw(server.address) as telnet:
        telnet.until(b"Enter your name: ")
        for byte in b"alice\r\n":
            telnet.send(bytes([byte]))
        assert telnet.until(b"\n") == GREETING


@pytest.mark.slow
def test_who_thinks_about_a_name_for_long_and_then_types_it_a_key_at_a_time_is_not_called_by_its_first_letter(
    server: Server,
) -> None:
    with Raw(server.address) as telnet:
        telnet.until(b"Enter your name: ")
        gevent.sleep(TYPING_S + 0.2)
        telnet.send(b"a")
        gevent.sleep(2 * SNIFF_S)  # so that the server has looked at the one key
        for byte in b"lice\r\n":
            telnet.send(bytes([byte]))
        assert telnet.until(b"\n") == GREETING


def test_what_a_pipe_sent_before_its_end_is_said(server: Server) -> None:
    with plain(server.address, "bob") as bob:
        pipe = Raw(server.address, b"alice\nhello\nbye")
        pipe.socket.shutdown(1)
        assert pipe.rest() == b"Enter your name: " + GREETING + HINT + b"alice: hello\nalice: bye\n"
        assert bob.until(b"left\n") == b"* alice joined\nalice: hello\nalice: bye\n* alice left\n"


def test_a_pipe_that_ends_without_an_end_of_line_still_has_a_name(server: Server) -> None:
    pipe = Raw(server.address, b"alice")
    pipe.socket.shutdown(1)
    assert pipe.rest() == b"Enter your name: " + GREETING + HINT


def test_everyone_hears_what_one_says_and_the_speaker_too(server: Server) -> None:
    with plain(server.address, "alice") as alice, plain(server.address, "bob") as bob:
        bob.send("привет\n".encode())
        assert alice.until(b"\n") == b"* bob joined\n"
        assert alice.line() == "bob: привет"
        assert bob.line() == "bob: привет"


def test_a_taken_name_is_asked_for_again(server: Server) -> None:
    with plain(server.address, "alice"), Raw(server.address, b"ALICE\n") as other:
        assert other.until(b"* the name ALICE is taken\nEnter your name: ")
        other.send(b"a:b\n")
        assert b"colon" in other.until(b"Enter your name: ")
        other.send(b"carol\n")
        assert b"Hi, carol!" in other.until(b"\n")


def test_a_new_nick_is_announced_to_everyone(server: Server) -> None:
    with plain(server.address, "alice") as alice, plain(server.address, "bob") as bob:
        bob.send(b"/nick robert\n")
        assert bob.line() == "* bob is now robert"
        alice.until(b"* bob is now robert\n")


def test_a_whisper_reaches_only_the_one_named_who_can_reply(server: Server) -> None:
    with (
        plain(server.address, "alice") as alice,
        plain(server.address, "bob") as bob,
        plain(server.address, "eve") as eve,
    ):
        bob.until(b"* eve joined\n")
        alice.send(b"/msg bob psst\n")
        assert bob.line() == "* alice whispers to bob: psst"
        bob.send(b"/reply yes?\n")
        alice.until(b"* bob whispers to alice: yes?\n")
        alice.send(b"loud\n")
        assert eve.line() == "alice: loud"


def test_a_reply_never_reaches_who_has_taken_the_name_of_the_one_who_whispered(server: Server) -> None:
    with plain(server.address, "alice") as alice:
        with plain(server.address, "bob") as bob:
            bob.send(b"/msg alice psst\n")
            alice.until(b"* bob whispers to alice: psst\n")
        alice.until(b"* bob left")
        with plain(server.address, "bob"):
            alice.until(b"* bob joined\n")
            alice.send(b"/reply secret\n")
            assert alice.line() == "* the user who whispered to you last has left"


def test_rooms_are_entered_listed_and_left_in_plain(server: Server) -> None:
    with plain(server.address, "alice") as alice, plain(server.address, "bob") as bob:
        bob.send(b"/join den\n")
        assert bob.line() == "* 1 in den: bob"
        alice.until(b"* bob left\n")
        bob.send(b"/topic tea\n/topic\n/rooms\nalone\n/leave\n")
        assert bob.line() == "* bob set the topic: tea"
        assert bob.line() == "* topic: tea"
        assert bob.line() == "* rooms: lobby (1), den (1)"
        assert bob.line() == "bob: alone"
        assert bob.line() == "* 2 in lobby: alice, bob"
        bob.send(b"back\n")
        assert alice.until(b"\n") == b"* bob joined\n"
        assert alice.line() == "bob: back"


def test_commands_of_plain_answer(server: Server) -> None:
    with plain(server.address, "alice") as alice:
        alice.send(b"//slash\n/me waves\n/who\n/ping x\n/history 2\n/nonsense\n/msg\n/help\n")
        assert alice.line() == "alice: /slash"
        assert alice.line() == "alice: *waves*"
        assert alice.line() == "* 1 in lobby: alice"
        assert alice.line() == "* pong x"
        assert alice.line().startswith("* earlier in lobby")
        assert alice.line().endswith(" alice: /slash")
        assert alice.line().endswith(" alice: *waves*")
        assert alice.line() == "* that was earlier; there is more before it"
        assert alice.line().startswith("* /nonsense is not a command")
        assert alice.line() == "* like this: /msg NAME TEXT"
        assert alice.line().startswith("* /help")
        alice.send(b"/exit\n")
        assert alice.rest().endswith(b"exit\n")


def test_an_unframed_client_that_speaks_and_leaves_at_once_hears_itself_and_then_exit_alone(server: Server) -> None:
    with Raw(server.address, b"alice") as task:
        task.until(b"'exit'.")
        gevent.sleep(0.2)  # until what comes is not held back any more, for the client to take the greeting first
        task.send(b"hello\nexit")
        assert [task.socket.recv(1024) for _ in range(2)] == [b"alice: hello", b"exit"]


def test_the_unframed_client_gets_one_message_a_packet_and_exit_alone(server: Server) -> None:
    with Raw(server.address) as task, plain(server.address, "bob") as bob:
        task.until(b"Enter your name: ")
        task.send(b"alice")
        assert task.until(b"'exit'.") == GREETING.rstrip()
        assert bob.line() == "* alice joined"
        bob.send(b"hi\n")
        assert task.socket.recv(1024) == b"bob: hi"
        task.send("ответ".encode())
        assert bob.until("alice: ответ\n".encode())
        assert task.socket.recv(1024) == "alice: ответ".encode()
        task.send(b"exit")
        assert task.socket.recv(1024) == b"exit"
        assert task.socket.recv(1024) == b""


def test_several_events_at_once_are_one_packet_with_ends_of_line_between(server: Server) -> None:
    with Raw(server.address, b"alice") as task, plain(server.address, "bob") as bob:
        bob.until(b"* alice joined\n")
        task.until(b"'exit'.")
        bob.send(b"one\ntwo\nthree\n")
        assert task.socket.recv(1024) == b"bob: one\nbob: two\nbob: three"


def test_a_program_says_hello_and_gets_events_and_acks(server: Server) -> None:
    raw, welcome = programmed(server.address, "alice")
    with raw, plain(server.address, "bob") as bob:
        assert (welcome["nick"], welcome["room"], welcome["members"]) == ("alice", "lobby", ["alice"])
        assert welcome["limits"] == {"line": 4096, "nick": 32, "rate": 10, "burst": 40}
        assert welcome["server"].startswith("geventchat ")
        assert raw.message()["type"] == "joined"
        raw.send(b'{"type":"say","text":"hi","ref":"7","unknown":[1]}\n')
        ack, said = raw.message(), raw.message()
        assert ack == {"type": "ack", "ref": "7", "id": said["id"]}
        assert list(said) == ["type", "id", "time", "room", "nick", "text"]
        assert (said["room"], said["nick"], said["text"]) == ("lobby", "alice", "hi")
        assert bob.line() == "alice: hi"
        bob.send(b"/me nods\n")
        assert raw.message()["type"] == "acted"


def test_a_pong_comes_after_all_that_came_before(server: Server) -> None:
    raw, _ = programmed(server.address, "alice")
    with raw:
        raw.send(b"".join(b'{"type":"say","text":"%d"}\n' % n for n in range(30)) + b'{"type":"ping","token":"t"}\n')
        messages = raw.messages_until("pong")
        assert [message.get("text") for message in messages[:-1]] == [str(n) for n in range(30)]
        assert messages[-1] == {"type": "pong", "token": "t"}


def test_a_program_is_in_several_rooms_and_says_which(server: Server) -> None:
    alice, _ = programmed(server.address, "alice")
    bob, _ = programmed(server.address, "bob", room="den")
    with alice, bob:
        alice.send(b'{"type":"join","room":"den","ref":"1"}\n')
        assert alice.message()["members"] == ["bob", "alice"]
        alice.send(b'{"type":"say","text":"hm"}\n')
        assert alice.message()["code"] == "room-needed"
        alice.send(b'{"type":"say","text":"hm","room":"DEN"}\n')
        assert alice.message()["room"] == "den"
        assert bob.messages_until("said")[-1]["text"] == "hm"
        alice.send(b'{"type":"leave","room":"den","reason":"tea"}\n')
        assert alice.message()["type"] == "left"
        assert bob.messages_until("left")[-1]["reason"] == "tea"
        alice.send(b'{"type":"say","text":"lobby again"}\n{"type":"rooms"}\n{"type":"topic","text":"t"}\n')
        assert alice.message()["room"] == "lobby"
        assert alice.message()["rooms"] == {"lobby": 1, "den": 1}
        assert alice.message()["type"] == "topic"


def test_programs_are_told_codes(server: Server) -> None:
    alice, _ = programmed(server.address, "alice")
    with alice, Raw(server.address, b'{"type":"say","text":"x"}\n') as other:
        assert other.message()["code"] == "hello-first"
        other.send(b'{"type":"hello","nick":"Alice"}\n')
        assert other.message()["code"] == "nick-taken"
        other.send(b'{"type":"hello","nick":"*"}\n')
        assert other.message()["code"] == "bad-nick"
        other.send(b'{"type":"hello","nick":"bob","room":"{"}\n')
        assert other.message()["code"] == "bad-room"
        other.send(b'{"type":"hello","nick":"bob"}\n')
        assert other.message()["type"] == "welcome"
        for line, code in (
            (b'{"type":"whisper","to":"nobody","text":"x","ref":"9"}', "no-such-nick"),
            (b'{"type":"rename","nick":"ALICE"}', "nick-taken"),
            (b'{"type":"leave","room":"nowhere"}', "no-such-room"),
            (b'{"type":"say","text":" "}', "empty"),
            (b'{"type":"hello","nick":"again"}', "already-here"),
            (b'{"type":"history","after":"x"}', "bad-id"),
        ):
            other.send(line + b"\n")
            assert other.message()["code"] == code
        other.send(b'{"type":"bye"}\n')
        assert other.message()["code"] == "bye"
        assert other.rest() == b""


def test_a_program_that_is_late_is_still_one(server: Server) -> None:
    with Raw(server.address) as late:
        late.until(b"Enter your name: ")
        late.send(b'{"type":"hello","nick":"alice"}\n')
        assert late.until(b"\n") == b"\n"
        assert late.message()["type"] == "welcome"


def test_a_history_holds_what_was_said(server: Server) -> None:
    raw, welcome = programmed(server.address, "alice")
    with raw:
        raw.send(b'{"type":"say","text":"one"}\n{"type":"say","text":"two"}\n{"type":"history","limit":1}\n')
        page = raw.messages_until("history")[-1]
        assert [event["text"] for event in page["events"]] == ["two"]
        assert page["more"] is True
        raw.send(b'{"type":"history","after":"%s","ref":"h"}\n' % welcome["id"].encode())
        page = raw.message()
        assert [event["text"] for event in page["events"]] == ["one", "two"]
        assert (page["more"], page["ref"]) == (False, "h")
        raw.send(b'{"type":"history","before":"%s"}\n' % page["events"][0]["id"].encode())
        assert [event["type"] for event in raw.message()["events"]] == ["joined"]
