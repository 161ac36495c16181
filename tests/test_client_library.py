"""The library: a server and clients from a program."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
import msgspec
import pytest

from geventchat import ChatClient, ChatServer
from geventchat.client import client
from geventchat.client.client import MAX_UNREAD
from geventchat.commands.commands import Credentials, Say
from geventchat.protocol.errors import ConnectionLost, NoAnswer, Refused, ServerUnavailable
from geventchat.protocol.events import Joined, Said
from geventchat.protocol.replies import Ack, Closing, Error, Message, Pong, Welcome
from tests.raw import Address

_WELCOME = Welcome(nick="alice", room="lobby", members=[], count=1, topic="", id="1-0", token="", server="", limits={})


def silent(connection: socket.socket) -> None:
    """Welcome alice, and answer nothing more."""
    connection.sendall(line(_WELCOME))
    while connection.recv(1000):
        continue


def test_two_clients_talk_through_a_server_on_a_free_port() -> None:
    with (
        ChatServer() as server,
        ChatClient(server.address, name="alice") as alice,
        ChatClient(server.address, name="bob") as bob,
    ):
        said_id = alice.say("hello")
        heard = bob.receive(timeout=20)
        assert isinstance(heard, Said)
        assert (heard.id, heard.nick, heard.text) == (said_id, "alice", "hello")
        assert isinstance(alice.receive(timeout=20), Joined)
        assert alice.who().members == ["alice", "bob"]
        assert alice.join("den").count == 1
        assert [event.id for event in bob.history(limit=1)] == [said_id]


def test_a_request_that_is_refused_raises_with_its_code() -> None:
    with ChatServer() as server, ChatClient(server.address, name="alice") as alice:
        with pytest.raises(Refused) as refused:
            alice.whisper("nobody", "psst")
        assert refused.value.code == "no-such-nick"
        with pytest.raises(Refused) as refused:
            ChatClient(server.address, name="ALICE")
        assert refused.value.code == "nick-taken"


def test_what_comes_together_with_the_welcome_is_heard_too() -> None:
    with gevent.socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(b"".join(msgspec.json.encode(one) + b"\n" for one in (_WELCOME, Pong(token="now"))))
                connection.recv(1000)

        answering = gevent.spawn(answer)
        client = ChatClient(listener.getsockname(), name="alice")
        assert client.receive(timeout=20) == Pong(token="now")
        client.drop()
        answering.get()


def test_half_a_character_is_refused_and_a_host_that_is_no_name_unavailable() -> None:
    with ChatServer() as server, ChatClient(server.address, name="alice") as alice:
        with pytest.raises(Refused, match="lone surrogate"):
            alice.say("\ud800")
        assert alice.say("whole")
    with pytest.raises(ServerUnavailable, match="there is no host"):
        ChatClient(("127..0.0.1", 2003), name="alice")


def test_a_message_that_is_sent_again_under_its_ref_is_stored_once() -> None:
    with ChatServer() as server:
        with ChatClient(server.address, name="alice") as alice:
            after, token = alice.welcome.id, alice.welcome.token
            first = alice.request(Say(text="once", ref="mine"))
        with ChatClient(server.address, name="alice", after=after, token=token) as alice:
            assert alice.request(Say(text="once", ref="mine")) == first


def test_nobody_there_is_said_in_one_line() -> None:
    with gevent.socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ServerUnavailable, match="no server answers at"):
            ChatClient(closed.getsockname()[:2], name="alice")
    with pytest.raises(ServerUnavailable, match="no host"):
        ChatClient(("no.such.host.invalid", 2003), name="alice")


def test_the_end_of_the_server_ends_the_iteration() -> None:
    with ChatServer() as server:
        alice = ChatClient(server.address, name="alice")
        server.stop()
        assert isinstance(list(alice)[-1], Closing)
        with pytest.raises(ConnectionLost):
            alice.receive()
        with pytest.raises(ConnectionLost):
            alice.say("anybody?")
        alice.close()


def test_what_a_client_says_after_coming_back_is_new_also_when_it_counts_from_one_again() -> None:
    with ChatServer() as server:
        first = ChatClient(server.address, name="alice")
        first.say("one")
        token = first.welcome.token
        with ChatClient(server.address, name="alice", after=first.welcome.id, token=token) as again:
            again.say("two")
            assert [event.text for event in again.history() if isinstance(event, Said)] == ["one", "two"]
        first.close()


def test_a_line_that_is_too_long_is_refused_at_once_and_the_next_one_said() -> None:
    with ChatServer() as server, ChatClient(server.address, name="alice", timeout=1.0) as alice:
        for text in ("x" * 4097, "я" * 2049):
            with pytest.raises(Refused, match="at most 4096 bytes") as refused:
                alice.say(text)
            assert refused.value.code == "line-too-long"
        for text in ("short", "x" * 4096, '"' * 4096):  # whatever becomes of it on the wire
            assert alice.say(text)


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[Address]:
    """Listen, and let `talk` deal with a client: in a thread, which sends also while the loop of greenlets is held."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                with listener.accept()[0] as connection, suppress(OSError):
                    talk(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)  # a test that fails may leave it waiting
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    while thread.is_alive():
        gevent.sleep(0.01)


def line(message: Message) -> bytes:
    return msgspec.json.encode(message) + b"\n"


@pytest.mark.slow
def test_a_server_that_says_anything_but_welcome_is_not_waited_for_any_longer() -> None:
    def now_and_then(connection: socket.socket) -> None:
        while True:
            connection.sendall(line(Pong(token="not yet")))
            time.sleep(0.02)

    def without_a_pause(connection: socket.socket) -> None:
        while True:
            connection.sendall(line(Pong(token="not yet")) * 5000)

    for talk in (now_and_then, without_a_pause):
        with answering(talk) as address, pytest.raises(ServerUnavailable, match=r"within 0\.3 s"):
            ChatClient(address, name="alice", timeout=0.3)


@pytest.mark.parametrize("secret", [{"password": "x"}, {"login": Credentials(account="alice", password="x")}])
def test_a_server_that_lets_a_password_wait_is_waited_for_longer(
    monkeypatch: pytest.MonkeyPatch, secret: dict[str, Any]
) -> None:
    def silent(connection: socket.socket) -> None:
        while connection.recv(1000):
            continue

    monkeypatch.setattr(client, "_PASSWORD_S", 0.2)
    with answering(silent) as address, pytest.raises(ServerUnavailable, match=r"over passwords: .* within 0\.2 s"):
        ChatClient(address, name="alice", timeout=0.1, **secret)


def test_a_server_that_hangs_up_at_once_is_unavailable() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with answering(reset) as address:
        for _ in range(20):  # it may come before or after our hello
            with pytest.raises(ServerUnavailable):
                ChatClient(address, name="alice")


def test_a_connection_that_breaks_before_the_first_word_is_a_server_that_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    near, far = gevent.socket.socketpair()
    far.close()
    monkeypatch.setattr(client, "_connect", lambda _: near)
    with pytest.raises(ServerUnavailable, match="is not a geventchat server"):
        ChatClient(name="alice")


@pytest.mark.slow
def test_a_server_that_sends_without_a_pause_holds_nobody_up_and_fills_no_memory() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(line(_WELCOME))
        while True:
            connection.sendall(line(Pong(token="x" * 1000)) * 100)
            sent += 100

    with answering(flood) as address:
        client = ChatClient(address, name="alice", timeout=0.5)
        earlier = -1
        while earlier != sent:
            assert sent < 10 * MAX_UNREAD
            earlier = sent
            gevent.sleep(0.3)
        assert client.receive(timeout=20) == Pong(token="x" * 1000)
        client.close()


@pytest.mark.slow
def test_an_answer_is_heard_however_much_is_unread_before_it() -> None:
    def flood(connection: socket.socket) -> None:
        requests = connection.makefile("rb")
        requests.readline()
        connection.sendall(line(_WELCOME) + line(Pong(token="x")) * 3 * MAX_UNREAD)
        ref = msgspec.json.decode(requests.readline())["ref"]
        connection.sendall(line(Ack(ref=ref, id="7-0")))
        requests.readline()

    with answering(flood) as address, ChatClient(address, name="alice") as client:
        with gevent.Timeout(20):
            while client._messages.qsize() < MAX_UNREAD:
                gevent.sleep(0.01)
        gevent.idle()  # by now it reads no further by itself
        assert client.say("hello") == "7-0"


def test_a_server_that_takes_nothing_does_not_keep_a_client_from_leaving() -> None:
    over = threading.Event()

    def deaf(connection: socket.socket) -> None:
        connection.sendall(line(_WELCOME))
        over.wait()

    with answering(deaf) as address:
        client = ChatClient(address, name="alice", timeout=0.3)

        def talk() -> None:
            with suppress(ConnectionLost):
                while True:
                    client.send(Say(text="x" * 100_000))

        talking = gevent.spawn(talk)
        gevent.sleep(0.1)
        client.close()
        talking.get()
        over.set()


def test_whoever_waits_on_a_connection_that_is_dropped_is_told() -> None:
    with answering(silent) as address:
        alice = ChatClient(address, name="alice")

        def told(ask: Callable[[], object]) -> None:
            with pytest.raises(ConnectionLost, match="the connection is closed"):
                ask()

        waiting = [gevent.spawn(told, alice.receive), gevent.spawn(told, lambda: alice.say("hello"))]
        gevent.idle()
        alice.drop()
        assert len(gevent.joinall(waiting, timeout=5)) == len(waiting)
        told(lambda: alice.say("still there?"))


def test_a_request_that_is_not_answered_in_time_is_no_lost_connection() -> None:
    def late(connection: socket.socket) -> None:
        requests = connection.makefile("rb")
        requests.readline()
        connection.sendall(line(_WELCOME))
        requests.readline()  # which is never answered
        ref = msgspec.json.decode(requests.readline())["ref"]
        connection.sendall(line(Ack(ref=ref, id="8-0")))
        requests.readline()

    with answering(late) as address, ChatClient(address, name="alice", timeout=0.5) as alice:
        with pytest.raises(NoAnswer, match="did not answer within"):
            alice.say("hello")
        assert alice.say("again") == "8-0"


def test_a_server_that_takes_nothing_does_not_keep_a_request_for_longer_than_the_timeout() -> None:
    over = threading.Event()

    def deaf(connection: socket.socket) -> None:
        connection.sendall(line(_WELCOME))
        over.wait()

    with answering(deaf) as address, ChatClient(address, name="alice", timeout=0.3) as alice:
        for _ in range(2):  # what is sent after half a line would be taken for the rest of it
            with pytest.raises(ConnectionLost, match="could not be sent whole"):
                alice.say("x" * 8_000_000)
        over.set()


def test_a_timeout_of_the_caller_s_own_stays_its_own() -> None:
    with answering(silent) as address, ChatClient(address, name="alice", timeout=0.5) as alice:
        with pytest.raises(gevent.Timeout) as raised, gevent.Timeout(0.05) as own:
            alice.say("hello")
        assert raised.value is own


def test_what_a_server_says_is_cleaned_where_it_comes_in() -> None:
    evil = "\x1b[2J\x9b\u202e"
    welcome = msgspec.structs.replace(_WELCOME, nick=f"al{evil}ice", members=[evil])

    def harm(connection: socket.socket) -> None:
        requests = connection.makefile("rb")
        requests.readline()
        connection.sendall(line(welcome) + line(Pong(token=evil)))
        requests.readline()
        connection.sendall(line(Error(code="x", message=f"no{evil}")))

    with answering(harm) as address, ChatClient(address, name="alice") as alice:
        assert (alice.welcome.nick, alice.welcome.members) == ("al[2Jice", ["[2J"])
        assert alice.receive(timeout=20) == Pong(token="[2J")
        alice.send(Say(text="hello"))
        assert alice.receive(timeout=20) == Error(code="x", message="no[2J")
