"""A server with a password: nobody comes in without it, in any dialect, and nobody else ever sees it."""

import getpass
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gevent import socket

from geventchat import ChatClient, ChatServer
from geventchat.protocol.errors import Refused
from geventchat.server.access import Access
from geventchat.system.passwords import ask
from tests.processes import run, serving
from tests.raw import Address, Raw, programmed
from tests.terminal_fixtures import at_terminal
from tests.test_irc_on_sockets import settled
from tests.websocket_client import WebSocket

PASSWORD = "correct horse"  # noqa: S105 - it is a test's
VARIABLE = "GEVENTCHAT_PASSWORD"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(access=Access(password=PASSWORD)) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return str(tmp_path / "password")


# Each dialect.


def test_nc_is_asked_for_the_password_before_the_name(server: ChatServer) -> None:
    with Raw(server.address) as nc:
        assert nc.until(b": ") == b"Server password: "
        nc.send(b"battery staple\n")
        assert nc.until(b": ") == b"* that is not the server's password\nServer password: "
        nc.send(f"{PASSWORD}\n".encode())
        assert nc.until(b": ") == b"Enter your name: "
        nc.send(b"alice\n")
        assert nc.line() == "Hi, alice! To exit the chat enter 'exit'."


def test_a_pipe_says_password_and_name_at_once(server: ChatServer) -> None:
    with Raw(server.address, f"{PASSWORD}\r\nalice\r\nhello\r\n".encode()) as nc:
        assert b"alice: hello\n" in nc.until(b"alice: hello\n")


def test_who_is_asked_for_the_password_can_leave(server: ChatServer) -> None:
    with Raw(server.address, b"exit\n") as nc:
        assert nc.rest() == b"Server password: exit\n"


def test_a_client_for_which_a_packet_is_a_message_is_asked_too(server: ChatServer) -> None:
    with Raw(server.address) as task:
        assert task.until(b": ") == b"Server password: "
        task.send(PASSWORD.encode())
        assert task.until(b": ") == b"Enter your name: "
        task.send(b"alice")
        assert task.until(b"'exit'.") == b"Hi, alice! To exit the chat enter 'exit'."


def test_programs_say_it_in_their_hello(server: ChatServer) -> None:
    with Raw(server.address, b'{"type":"hello","nick":"bob"}\n') as program:
        assert program.message()["code"] == "password-needed"
        for wrong in ('"battery staple"', '""', '"correct horse "', '"\\ud800"', '"Correct horse"'):
            program.send(f'{{"type":"hello","nick":"bob","password":{wrong}}}\n'.encode())
            assert program.message()["code"] in ("wrong-password", "bad-json"), wrong
        program.send(b'{"type":"who","room":"lobby"}\n')
        assert program.message()["code"] == "hello-first"
        program.send(f'{{"type":"hello","nick":"bob","password":"{PASSWORD}"}}\n'.encode())
        assert program.message()["type"] == "welcome"


def test_so_does_a_page(server: ChatServer) -> None:
    with WebSocket(server.address) as page:
        page.send(type="hello", nick="carol")
        assert page.message()["code"] == "password-needed"
        page.send(type="hello", nick="carol", password=PASSWORD)
        assert page.message()["type"] == "welcome"


def test_irc_has_pass_and_464(server: ChatServer) -> None:
    with Raw(server.address, b"NICK dave\r\nUSER d 0 * :Dave\r\n") as client:
        assert client.line() == ":chat.geventchat 464 * :this server asks for a password\r"
        client.send(b"PASS staple\r\n")
        assert client.line() == ":chat.geventchat 464 * :that is not the server's password\r"
        client.send(f"PASS :{PASSWORD}\r\n".encode())
        assert client.line().startswith(":chat.geventchat 001 dave ")
    with Raw(server.address, f"PASS :{PASSWORD}\r\nNICK erin\r\nUSER e 0 * :Erin\r\n".encode()) as client:
        assert settled(client)[0].startswith(":chat.geventchat 001 erin ")


def test_a_name_that_is_taken_needs_no_second_password(server: ChatServer) -> None:
    raw, _ = programmed(server.address, "alice", password=PASSWORD)
    with raw, Raw(server.address, f"{PASSWORD}\nalice\n".encode()) as nc:
        assert nc.until(b"taken\n").endswith(b"* the name alice is taken\n")
        assert nc.until(b": ") == b"Enter your name: "
        nc.send(b"bob\n")
        assert nc.line() == "Hi, bob! To exit the chat enter 'exit'."


def test_a_token_opens_no_door(server: ChatServer) -> None:
    raw, welcome = programmed(server.address, "alice", password=PASSWORD)
    with raw, Raw(server.address) as other:
        other.send(f'{{"type":"hello","nick":"alice","token":"{welcome["token"]}"}}\n'.encode())
        assert other.message()["code"] == "password-needed"


# Guessing.


@pytest.mark.slow
def test_who_guesses_waits_and_nobody_else_does(server: ChatServer) -> None:
    guesses = b'{"type":"hello","nick":"mallory","password":"guess"}\n' * 6
    with Raw(server.address, guesses) as mallory, elsewhere(server.address) as alice:
        for _ in range(5):
            assert mallory.message()["code"] == "wrong-password"
        for _ in range(50):  # while the sixth waits
            alice.send(b'{"type":"ping"}\n')
            assert alice.message()["type"] == "pong"
            assert mallory.received == b""
        assert mallory.message()["code"] == "wrong-password"
        mallory.send(f'{{"type":"hello","nick":"mallory","password":"{PASSWORD}"}}\n'.encode())
        assert mallory.message()["type"] == "welcome"  # in the end


def test_a_guess_whose_turn_would_not_come_soon_is_refused_and_the_connection_closed(server: ChatServer) -> None:
    for _ in range(20):
        server.chat.door.tries.was_wrong("127.0.0.1", time.monotonic())
    with Raw(server.address, b'{"type":"hello","nick":"mallory","password":"guess"}\n') as mallory:
        closing = mallory.message()
        assert (closing["type"], closing["code"]) == ("closing", "wrong-password")
        assert mallory.rest() == b""


def elsewhere(address: Address) -> Raw:
    """Return a connection from another address that has come in."""
    raw = Raw.__new__(Raw)
    raw.socket = socket.create_connection(address, timeout=10, source_address=("127.0.0.2", 0))
    raw.received = b""
    raw.send(f'{{"type":"hello","nick":"alice","password":"{PASSWORD}"}}\n'.encode())
    assert raw.message()["type"] == "welcome"
    return raw


# Commands.


def test_it_comes_from_a_file_and_is_in_no_log_nor_in_the_history(file: str, tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite"
    with serving("--password-file", file, "--log-level", "debug", "--history", str(history)) as server:
        raw, _ = programmed(server.address, "alice", password=PASSWORD)
        with raw, Raw(server.address, b"battery staple\n") as wrong:
            assert b"not the server" in wrong.until(b"password\n")
            wrong.send(f"{PASSWORD}\nbob\nhi\n".encode())
            wrong.until(b"bob: hi\n")
            command = Path(f"/proc/{server.process.pid}/cmdline")
            assert not command.exists() or PASSWORD.encode() not in command.read_bytes()
        with WebSocket(server.address) as page:
            page.send(type="hello", nick="carol", password="staple of a page")
            page.send(type="hello", nick="carol", password=PASSWORD)
            page.send(type="register", password="staple of carol")
            page.send(type="whisper", to="carol", text="a staple, psst")
            assert page.until("whispered")["text"] == "a staple, psst"
        server.end()
    assert PASSWORD not in server.introduction + server.errors
    assert "staple" not in server.errors
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("history*"))
    assert b"hi" in kept
    assert PASSWORD.encode() not in kept


def test_it_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with serving() as server, Raw(server.address) as nc:
        assert nc.until(b": ") == b"Server password: "


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty: write the password into it"),
        (b" \n", "is empty: write the password into it"),
        (b"two\nlines\n", "a password is one line without control characters, and not the word exit"),
        (b"exit", "a password is one line without control characters, and not the word exit"),
        (b"\xff", "a password is written in UTF-8"),
        (b"x" * 401, "a password has at most 400 bytes"),
    ],
)
def test_a_password_that_cannot_be_is_one_line_and_status_2(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(content)
    ran = run("geventchat.cli.serve", "--password-file", str(tmp_path / "password"))
    assert (ran.status, ran.out) == (2, "")
    assert ran.errors.endswith(f"{why}\n")
    assert ran.errors.count("\n") == 1


def test_a_password_file_that_is_not_there_is_one_line_and_status_2(tmp_path: Path) -> None:
    for command in ("geventchat.cli.serve", "geventchat.cli.client"):
        ran = run(command, "--password-file", str(tmp_path / "none"))
        assert (ran.status, ran.errors.count("\n")) == (2, 1)
        assert "cannot be read: no such file" in ran.errors


def test_the_client_takes_it_from_a_file_or_the_environment_and_else_says_how_to_give_it(file: str) -> None:
    def client(*options: str, **environment: str) -> tuple[int, str]:
        at = "{}:{}".format(*serve.address)
        ran = run("geventchat.cli.client", at, "--name", "me", *options, given="hi\n", environment=environment)
        assert ("me: hi" in ran.out) == (ran.status == 0)
        return ran.status, ran.errors

    with serving("--password-file", file) as serve:
        assert client("--password-file", file) == (0, "")
        assert client(**{VARIABLE: PASSWORD}) == (0, "")
        assert client(**{VARIABLE: "wrong"}) == (1, "geventchat-client: that is not the server's password\n")
        how = "give it in a file, with --password-file FILE, or in GEVENTCHAT_PASSWORD"
        assert client() == (1, f"geventchat-client: this server asks for a password: {how}\n")


def test_at_a_terminal_the_client_asks_for_it_and_shows_nothing_of_it(server: ChatServer, tmp_path: Path) -> None:
    with at_terminal(server.address, "ann", tmp_path) as ann:
        ann.until("Server password:")
        ann.type("wrong\r")
        ann.until("that is not the server's password")
        ann.until(lambda: ann.typing == "Server password:")
        ann.type(f"{PASSWORD}\r")
        ann.until("lobby (1 here)")
        ann.type("hello\r")
        ann.until("ann: hello")
        assert PASSWORD.encode() not in ann.raw
        ann.type("exit\r")
        assert ann.ended() == 0


def test_at_a_terminal_the_client_asks_for_it_twice_and_then_no_more(server: ChatServer, tmp_path: Path) -> None:
    with at_terminal(server.address, "ann", tmp_path) as ann:
        for _ in range(2):
            ann.until(lambda: ann.typing == "Server password:")
            ann.type("wrong\r")
            ann.until("that is not the server's password")
        assert ann.ended() == 1


@pytest.mark.parametrize(("key", "status", "told"), [("\x04", 2, "no password was given"), ("\x03", 130, "")])
def test_who_gives_no_password_at_a_terminal_gets_it_back_as_it_was(
    server: ChatServer, tmp_path: Path, key: str, status: int, told: str
) -> None:
    with at_terminal(server.address, "ann", tmp_path) as ann:
        ann.until("Server password:")
        assert not ann.has_modes_restored()
        ann.type(key)
        assert ann.ended() == status
        assert ann.has_modes_restored()
        assert any(line == (told and f"geventchat-client: {told}") for line in ann.lines)


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler])
def test_ctrl_c_does_after_the_question_what_it_did_before(monkeypatch: pytest.MonkeyPatch, handler: Any) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: "given")
    before = signal.signal(signal.SIGINT, handler)
    try:
        assert ask("Password: ") == "given"
        assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_a_client_at_a_terminal_does_not_go_on_guessing_once_the_password_is_another(tmp_path: Path) -> None:
    variables = {VARIABLE: PASSWORD}
    with ChatServer(access=Access(password=PASSWORD)) as server:
        address = server.address
        with at_terminal(address, "ann", tmp_path, columns=120, environment=variables) as ann:
            ann.until("lobby (1 here)")
            server.stop()
            with ChatServer(address, access=Access(password="another")):
                ann.until("cannot come back: that is not the server's password; leave and start again")
                ann.until("Enter tries again")
                ann.type("exit\r")
                assert ann.ended() == 0


def test_the_library_gives_it(server: ChatServer) -> None:
    with ChatClient(server.address, name="alice", password=PASSWORD) as alice:
        assert alice.welcome.nick == "alice"
    with pytest.raises(Refused) as refused:
        ChatClient(server.address, name="alice", password="x")
    assert refused.value.code == "wrong-password"
