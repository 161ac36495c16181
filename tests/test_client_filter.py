"""geventchat-client in pipelines when something is wrong with the server or the streams, or a signal comes."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

import gevent
import pytest
from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

from tests.processes import serving
from tests.raw import Address
from tests.test_terminal_hostile import HOSTILE, evil

# Runs the client after having set what is named on its command line first, as in `_STORE_S=1000`.
_WITH = """
import sys
from geventchat.cli import client as cli
from geventchat.client import filter
while "=" in sys.argv[1]:
    name, value = sys.argv.pop(1).split("=")
    setattr(filter, name, float(value))
sys.exit(cli.main())
"""


class Filter:
    """The client as a process; what it says is read without holding up the greenlets of the test."""

    def __init__(self, address: Address, *options: str, settings: tuple[str, ...] = (), **streams: Any) -> None:
        command = [sys.executable, "-c", _WITH, *settings, f"{address[0]}:{address[1]}", "--name", "me", *options]
        given = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        self.process = subprocess.Popen(command, **given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self.process.wait()

    def line(self) -> bytes:
        """Return the next line that it writes."""
        assert self.process.stdout is not None
        taken: bytes = gevent.get_hub().threadpool.apply(self.process.stdout.readline)
        return taken

    def given(self, text: str) -> None:
        """Let it read something; its input goes on."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def ended(self, given: bytes | None = None) -> tuple[int, str, str]:
        """Wait for its end; return status, output and errors."""
        out, errors = gevent.get_hub().threadpool.apply(self.process.communicate, (given, 25))
        return self.process.returncode, (out or b"").decode("utf-8", "replace"), (errors or b"").decode()


def filtered(given: bytes | None, address: Address, *options: str, **streams: Any) -> tuple[int, str, str]:
    """Run the client to its end; return status, output and errors."""
    with Filter(address, *options, **streams) as me:
        return me.ended(given)


def line(**message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


_WELCOME = line(
    type="welcome", nick="me", room="lobby", members=["me"], count=1, topic="", id="1-0", token="", server="", limits={}
)


@contextmanager
def pretending(talk: Callable[[socket.socket], None]) -> Iterator[Address]:
    """Pretend to be a server: whoever says hello is welcomed, and is `talk`'s then."""

    def serve(connection: socket.socket, _: Address) -> None:
        with suppress(OSError):
            connection.recv(1000)
            connection.sendall(_WELCOME)
            talk(connection)
            connection.shutdown(socket.SHUT_WR)  # to close with something unread could take back what was said
            takes_all_and_says_nothing(connection)

    listener = StreamServer(("127.0.0.1", 0), serve)
    listener.start()
    yield listener.socket.getsockname()[:2]
    listener.stop(timeout=0)


def takes_all_and_says_nothing(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def takes_nothing(_: socket.socket) -> None:
    Event().wait()


@pytest.mark.slow
def test_a_signal_ends_it_though_more_is_piped_in_than_could_ever_be_said() -> None:
    with (
        serving() as server,
        subprocess.Popen(["/usr/bin/yes", "hello"], stdout=subprocess.PIPE) as yes,
        Filter(server.address, stdin=yes.stdout, settings=("_STORE_S=0.2",)) as me,
    ):
        assert me.line().startswith(b"Hi, me!")
        assert me.line() == b"me: hello\n"
        me.process.send_signal(signal.SIGTERM)
        status, out, errors = me.ended()
        yes.kill()
    assert status == 1
    assert re.fullmatch(r"geventchat-client: \d+ lines are not known to be stored\n", errors)
    assert set(out.splitlines()) <= {"me: hello"}


@pytest.mark.parametrize("takes", [takes_all_and_says_nothing, takes_nothing])
def test_a_second_signal_ends_it_at_once(takes: Callable[[socket.socket], None]) -> None:
    said = Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(1)
        said.set()
        takes(connection)

    with pretending(talk) as address, Filter(address, settings=("_STORE_S=1000", "_GOODBYE_S=0.1")) as me:
        me.given("hello\n" * 10_000)
        said.wait()
        me.process.send_signal(signal.SIGINT)
        while me.process.poll() is None:
            gevent.sleep(0.1)
            me.process.send_signal(signal.SIGTERM)
        assert me.process.returncode == 1


@pytest.mark.parametrize("talk", [takes_all_and_says_nothing, takes_nothing])
def test_a_server_that_falls_silent_is_said_and_status_1(talk: Callable[[socket.socket], None]) -> None:
    with pretending(talk) as address, Filter(address, settings=("_PATIENCE_S=0.1", "_GOODBYE_S=0.1")) as me:
        status, _, errors = me.ended(b"hello\n" * 2_000_000)
    assert status == 1
    assert errors.startswith("geventchat-client: the server has been silent for 0.2 s\n")


@pytest.mark.slow
def test_a_signal_ends_it_while_nobody_reads_what_it_writes() -> None:
    full = Event()

    def flood(connection: socket.socket) -> None:
        with suppress(TimeoutError), gevent.Timeout(1.0, TimeoutError()):  # by then it has all that fits into its pipe
            while True:
                connection.sendall(line(type="pong", token="x" * 1000))
        full.set()
        takes_all_and_says_nothing(connection)

    with pretending(flood) as address, Filter(address, settings=("_STORE_S=0.1",)) as me:
        full.wait()
        me.process.send_signal(signal.SIGTERM)
        while me.process.poll() is None:
            gevent.sleep(0.01)
        assert me.process.returncode == 0
        me.ended()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_that_a_server_says_acts_on_the_terminal_that_shows_it(options: tuple[str, ...]) -> None:
    def harm(connection: socket.socket) -> None:
        for message in HOSTILE:
            connection.sendall(line(**message))
        connection.recv(1000)
        connection.sendall(line(type="error", code="x", message=evil("moved"), ref="to another room"))

    with pretending(harm) as address:
        status, out, errors = filtered(b"/join den\n", address, *options)
    assert status == 1
    for shown in ("says me", "reason", "psst", "topic is", "earlier", "help"):
        assert shown in out
    assert "moved" in errors
    unsafe = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]"
    assert not re.search(unsafe, out + errors)
    assert "[31m2J" in out or options  # in one line, though there was an end of line within


@pytest.mark.slow
def test_what_is_meant_for_a_room_that_cannot_be_entered_is_said_nowhere_else() -> None:
    sent: list[dict[str, Any]] = []

    def talk(connection: socket.socket) -> None:
        for taken in connection.makefile("rb"):
            sent.append(json.loads(taken))
            match sent[-1]:
                case {"type": "join", "room": "tea", "ref": ref}:
                    connection.sendall(
                        line(type="members", room="tea", members=[], count=1, topic="", id="2-0", ref=ref)
                    )
                case {"type": "join", "ref": ref}:
                    connection.sendall(line(type="error", code="locked", message="den is locked", ref=ref))
                case {"type": "say", "ref": ref}:
                    connection.sendall(line(type="ack", id="3-0", ref=ref))
                case {"type": "ping", "token": token}:
                    connection.sendall(line(type="pong", token=token))

    with pretending(talk) as address:
        status, _, errors = filtered(
            b'/join "tea" sesame\nhi\n/who\n/who garden\n/join den\na secret of the den\n', address
        )
    assert (status, errors) == (1, "geventchat-client: den is locked; what follows was not said\n")
    assert [message.get("password") for message in sent if message["type"] == "join"] == ["sesame", None]
    assert [message["room"] for message in sent if message["type"] == "who"] == ["tea", "garden"]
    assert [(message["text"], message["room"]) for message in sent if message["type"] == "say"] == [("hi", "tea")]


@pytest.mark.slow
def test_who_is_put_out_of_the_only_room_is_told_so_with_status_1() -> None:
    def talk(connection: socket.socket) -> None:
        for message in (
            {"type": "renamed", "id": "2-0", "time": "", "room": "lobby", "nick": "me", "new": "moi"},
            {"type": "kicked", "id": "3-0", "time": "", "room": "lobby", "nick": "bob", "who": "moi", "reason": "spam"},
        ):
            connection.sendall(line(**message))
        takes_all_and_says_nothing(connection)

    with pretending(talk) as address, Filter(address) as me:  # whose input goes on
        while b"spam" not in me.line():
            continue
        assert me.process.stderr is not None
        assert gevent.get_hub().threadpool.apply(me.process.stderr.readline) == (
            b"geventchat-client: bob put you out of lobby\n"
        )
        assert me.ended()[0] == 1


def test_all_that_may_be_in_an_input() -> None:
    with serving() as server:
        status, out, errors = filtered(b"x" * 8_000_000 + b"\nhi\r\n\xff\nno end", server.address)
    assert status == 1
    assert out.splitlines()[1:] == ["me: hi", "me: \ufffd", "me: no end"]
    assert re.fullmatch(r"geventchat-client: a line can have at most \d+ bytes; this one was not sent\n", errors)


def test_an_input_that_does_not_block_is_waited_for() -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with serving() as server, Filter(server.address, stdin=theirs.fileno()) as me:
        me.line()
        ours.sendall(b"hi\n")
        assert me.line() == b"me: hi\n"
        ours.close()
        assert me.ended()[0] == 0
    theirs.close()


def test_an_input_that_cannot_be_read_is_status_1() -> None:
    with serving() as server, open(os.devnull, "wb") as write_only:
        status, _, errors = filtered(None, server.address, stdin=write_only)
    assert (status, errors) == (1, "geventchat-client: the input cannot be read: Bad file descriptor\n")


@pytest.mark.slow
def test_a_closed_pipe_is_status_1_when_something_is_not_known_to_be_stored() -> None:
    def talk(connection: socket.socket) -> None:
        while connection.recv(1000):
            connection.sendall(line(type="pong", token="and more"))

    with pretending(talk) as address, Filter(address) as me:
        me.line()
        assert me.process.stdout is not None
        me.process.stdout.close()
        me.process.stdout = None
        me.given("hi\n")
        status, _, errors = me.ended()
    assert (status, errors) == (1, "")


def test_a_locale_without_some_letters_shows_marks_for_them() -> None:
    with serving() as server, Filter(server.address, env={**os.environ, "PYTHONIOENCODING": "latin-1"}) as me:
        status, out, errors = me.ended("день — ou día\n/д\n".encode())
    assert status == 1
    assert out.splitlines()[1:] == ["me: ???? ? ou d\ufffda"]  # the last is one byte, which is no UTF-8
    assert errors.startswith("geventchat-client: /? is not a command")


def test_json_is_printed_without_the_secret_to_come_back_with() -> None:
    with serving() as server:
        _, out, _ = filtered(b"", server.address, "--json")
    welcome = json.loads(out)
    assert welcome["type"] == "welcome"
    assert "token" not in welcome


@pytest.mark.slow
def test_errors_that_nobody_reads_hold_up_neither_the_chat_nor_its_end() -> None:
    def fill() -> None:
        with suppress(OSError):
            os.write(theirs, b"x" * (1 << 20))

    ours, theirs = os.pipe()
    filling = gevent.get_hub().threadpool.spawn(fill)
    while select.select([], [theirs], [], 0)[1]:
        gevent.sleep(0.01)
    with serving() as server, Filter(server.address, stderr=theirs) as me:
        me.line()
        me.given("/no\n" * 12)  # more than there are threads
        me.given("still here\n")
        assert me.line() == b"me: still here\n"
        me.process.send_signal(signal.SIGTERM)
        assert me.ended()[0] == 1
    os.close(ours)
    filling.get()
    os.close(theirs)


@pytest.mark.slow
def test_a_terminal_that_is_closed_ends_it_but_not_where_that_was_to_be_ignored() -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with serving() as server, Filter(server.address, preexec_fn=ignore) as me:
        me.line()
        me.process.send_signal(signal.SIGHUP)
        me.given("still here\n")
        assert me.line() == b"me: still here\n"
        assert me.ended()[0] == 0
    with serving() as server, Filter(server.address) as me:
        me.line()
        me.process.send_signal(signal.SIGHUP)
        assert me.ended()[0] == 0
