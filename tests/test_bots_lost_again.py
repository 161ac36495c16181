"""Bots that come back by themselves, and lose the connection again, or do not get where they were."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gevent
import pytest
from gevent.event import Event
from gevent.server import StreamServer
from gevent.socket import SHUT_RDWR, socket

from geventchat import ChatServer
from tests.play import passed, play
from tests.raw import Address

_SCRIPT = """
cast: {bob: {reconnect: true}, alice: }
script:
  - alice: hello
  - bob: {join: kitchen}
  - bob: {drop: close}
  - bob: {ping}
  - bob: {say: back again, room: kitchen}
  - alice: bye
"""


class Flapping:
    """A plain server that fails who comes into the room for a second time: it closes the connection, or is silent."""

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self._users: dict[socket, str] = {}
        self._came: Counter[str] = Counter()
        self.joined: list[tuple[str, int]] = []  # who asked for a room, on which connection of theirs

    def serve(self, sock: socket, _: Address) -> None:
        with suppress(OSError), sock.makefile("rb") as lines:
            nick = next(lines).decode().strip()
            self._came[nick] += 1
            turn = self._came[nick]
            sock.sendall(f"Hi, {nick}! To exit the chat enter 'exit'.\n".encode())
            self._users[sock] = "lobby"
            for line in lines:
                word, rest = line.decode().rstrip("\n").partition(" ")[::2]
                if word == "/ping":
                    sock.sendall(f"* pong {rest}\n".encode())
                elif word == "/join":
                    self.joined.append((nick, turn))
                    if turn == 2 and self._fault == "close":
                        break
                    if turn == 2:
                        next(lines)  # the ping that asks whether it is there
                        continue
                    self._users[sock] = rest
                    sock.sendall(f"* 1 in {rest}: {nick}\n".encode())
                else:
                    for reader, room in list(self._users.items()):
                        if room == self._users[sock]:
                            reader.sendall(f"{nick}: {line.decode()}".encode())
        self._users.pop(sock, None)
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)


@contextmanager
def flapping(fault: str) -> Iterator[tuple[Address, Flapping]]:
    server = Flapping(fault)
    listener = StreamServer(("127.0.0.1", 0), server.serve)
    listener.start()
    try:
        yield listener.socket.getsockname()[:2], server
    finally:
        listener.stop()


def test_who_loses_the_connection_again_on_the_way_back_tries_again_and_gets_where_it_was() -> None:
    with flapping("close") as (address, server):
        outcome = play(_SCRIPT, address, "plain")
    assert (outcome.failures, outcome.anomalies) == ([], {})
    assert server.joined == [("bob", 1), ("bob", 2), ("bob", 3)]
    assert [message.text for message in outcome.rooms["kitchen"].messages] == ["back again"]


def test_a_server_that_lets_a_user_in_each_time_and_never_answers_does_not_keep_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hang_up(sock: socket, _: Address) -> None:
        with suppress(OSError), sock.makefile("rb") as lines:
            sock.sendall(f"Hi, {next(lines).decode().strip()}! To exit the chat enter 'exit'.\n".encode())
            next(lines)
            sock.shutdown(SHUT_RDWR)

    monkeypatch.setattr("bots.engine.bot.MAX_PATIENCE_S", 0.5)
    monkeypatch.setattr("bots.engine.quiescence.MAX_PATIENCE_S", 0.5)
    listener = StreamServer(("127.0.0.1", 0), hang_up)
    listener.start()
    outcome = play("cast: {bob: {reconnect: true}}\nscript:\n  - bob: hi\n", listener.socket.getsockname(), "plain")
    listener.stop()
    assert outcome.failures == ["bob got no answer at the end within 0.5 s"]


@pytest.mark.slow
def test_a_server_that_lets_users_in_and_throws_them_out_again_and_again_does_not_keep_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    something_is_said = Event()

    def throw_out(sock: socket, _: Address) -> None:
        with suppress(OSError, StopIteration), sock.makefile("rb") as lines:
            nick = next(lines).decode().strip()
            sock.sendall(f"Hi, {nick}! To exit the chat enter 'exit'.\n".encode())
            if not something_is_said.is_set() and nick == "bob1":
                next(lines)
                something_is_said.set()
            something_is_said.wait()
            gevent.sleep(0.01)
            sock.shutdown(SHUT_RDWR)

    for module in ("bot", "quiescence", "reconnecting"):
        monkeypatch.setattr(f"bots.engine.{module}.MAX_PATIENCE_S", 0.5, raising=False)
    listener = StreamServer(("127.0.0.1", 0), throw_out)
    listener.start()
    scenario = "cast: {bob: {count: 20, reconnect: 100ms}}\nscript:\n  - bob1: hi\n  - wait: 500ms\n"
    outcome = play(scenario, listener.socket.getsockname(), "plain")
    listener.stop()
    assert any("was not back 0.5 s after the script had ended" in one for one in outcome.failures)


@pytest.mark.slow
def test_a_server_that_stops_reading_does_not_keep_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()

    def never_read(sock: socket, _: Address) -> None:
        with sock.makefile("rb") as lines:
            sock.sendall(f"Hi, {next(lines).decode().strip()}! To exit the chat enter 'exit'.\n".encode())
            ended.wait()

    for module in ("bot", "quiescence"):
        monkeypatch.setattr(f"bots.engine.{module}.MAX_PATIENCE_S", 0.5)
    monkeypatch.setattr("bots.engine.quiescence._PATIENCE_S", 0.5)
    listener = StreamServer(("127.0.0.1", 0), never_read)
    listener.start()
    scenario = 'cast: {ann: , bob: }\nscript:\n  - ann: {say: "{words 6000}", times: 400}\n'
    outcome = play(scenario, listener.socket.getsockname(), "plain")
    ended.set()
    listener.stop()
    assert "ann lost the connection: the server did not take what was sent within 0.5 s" in outcome.failures


def test_who_is_back_and_gets_no_answer_to_its_way_into_the_room_is_a_failure_and_the_run_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bots.engine.joining.PATIENCE_S", 0.2)
    with flapping("silent") as (address, server):
        outcome = play(_SCRIPT.replace(", room: kitchen", ""), address, "plain")
    assert "bob got no answer to its way into kitchen within 0.2 s" in outcome.failures
    assert server.joined == [("bob", 1), ("bob", 2)]


@pytest.mark.parametrize("dialect", ["json", "irc"])
@pytest.mark.parametrize("reconnects", ["true", "false"])
def test_who_was_in_several_rooms_comes_back_into_all_of_them(dialect: str, reconnects: str) -> None:
    script = f"""
        cast: {{bob: {{reconnect: {reconnects}}}, alice: }}
        script:
          - everyone: hello
          - everyone: {{join: kitchen}}
          - bob: {{drop: reset}}
          {"" if reconnects == "true" else "- bob: {reconnect}"}
          - bob: {{ping}}
          - bob: {{say: to the lobby, room: lobby}}
          - bob: {{say: to the kitchen, room: kitchen}}
          - alice: {{say: back again?, room: kitchen}}
        """
    with ChatServer() as server:
        outcome = passed(play(script, server.address, dialect))
    assert len(outcome.rooms["kitchen"].messages) == 2
