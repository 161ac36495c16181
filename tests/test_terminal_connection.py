"""How often a lost connection is tried again."""

import json
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import repeat

import gevent
import pytest
from gevent import socket

from geventchat import ChatClient, ChatServer
from geventchat.client import reconnect
from geventchat.client.reconnect import Connection
from geventchat.commands import commands
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from tests.proxy import Proxy


class _Ann:
    """A user who only wants to be there."""

    came = 0

    def hello(self) -> commands.Hello:
        return commands.Hello(nick="ann")

    def welcomed(self, welcome: replies.Welcome) -> None:
        assert welcome.nick == "ann"
        self.came += 1

    def heard(self, message: replies.Message) -> None:
        pass

    def measured(self) -> None:
        pass

    def lost(self, why: str) -> None:
        pass

    def turned_away(self, refusal: Refused) -> None:
        pass


@contextmanager
def kept_up(user: _Ann) -> Iterator[tuple[Connection, Proxy]]:
    """Yield a connection of a user's that is kept up, and what it goes through."""
    with ChatServer() as server, Proxy(server.address) as proxy:
        connection = Connection(partial(ChatClient, proxy.address), user)
        connection.connect()
        keeping = gevent.spawn(connection.keep)
        yield connection, proxy
        assert not keeping.dead
        keeping.kill()


def test_a_server_that_hangs_up_on_newcomers_is_tried_again_after_each_pause_and_not_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnect, "pauses", lambda _: iter([0.01, 0.01, 0.01, *repeat(1000.0, 50)]))
    tries = 0
    with kept_up(_Ann()) as (_, proxy):

        def hang_up(newcomer: socket.socket, _: object) -> None:
            nonlocal tries
            tries += 1
            newcomer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            newcomer.close()

        proxy.serve_with(hang_up)
        proxy.reset()
        while tries < 3:
            gevent.sleep(0.01)
        gevent.sleep(0.2)  # a busy loop would have tried hundreds of times
        assert tries == 3


def test_the_pauses_begin_anew_after_a_connection_that_lasted_and_go_on_after_one_that_did_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnect, "pauses", lambda _: iter([0.01, *repeat(1000.0, 50)]))
    monkeypatch.setattr(reconnect, "_STEADY_S", 0.0)
    ann = _Ann()
    with kept_up(ann) as (connection, proxy):
        for times in (2, 3):
            proxy.reset()
            while ann.came < times:
                gevent.sleep(0.01)
        monkeypatch.setattr(reconnect, "_STEADY_S", 1000.0)
        proxy.reset()
        while connection.next_try_in_s is None:
            gevent.sleep(0.01)
        assert connection.next_try_in_s > 900


@pytest.mark.parametrize("code", ["wrong-password", "login-failed"])
def test_a_password_that_is_not_taken_is_not_tried_again_before_somebody_wants_it(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(reconnect, "pauses", lambda _: repeat(0.01, 50))
    tries = 0
    with kept_up(_Ann()) as (ann, proxy):

        def refuse(newcomer: socket.socket, _: object) -> None:
            nonlocal tries
            tries += 1
            newcomer.recv(1000)
            newcomer.sendall(json.dumps({"type": "error", "code": code, "message": "no"}).encode() + b"\n")
            newcomer.close()

        proxy.serve_with(refuse)
        proxy.reset()
        for times in (1, 2):
            while ann.next_try_in_s != math.inf:
                assert tries <= times
                gevent.sleep(0.01)
            assert tries == times
            ann.retry_now()
            while ann.next_try_in_s == math.inf:
                gevent.sleep(0)


@pytest.mark.slow
def test_enter_is_not_needed_to_come_back_but_does_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "pauses", lambda _: repeat(1000.0, 50))
    with kept_up(_Ann()) as (ann, proxy):
        assert ann.next_try_in_s is None
        proxy.reset()
        while ann.next_try_in_s is None:
            gevent.sleep(0.01)
        assert 900 < ann.next_try_in_s <= 1000
        ann.retry_now()
        while ann.round_trip_s is None:
            gevent.sleep(0.01)
        assert ann.next_try_in_s is None
