"""How often a lost connection is tried again."""

import random
import struct
from itertools import islice, repeat

import gevent
import pytest
from gevent import socket

from geventchat import ChatServer
from geventchat.client import reconnect
from geventchat.client.reconnect import Connection, pauses
from geventchat.commands import commands
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from tests.proxy import Proxy


class _Ann:
    """A user who only wants to be there."""

    def hello(self) -> commands.Hello:
        return commands.Hello(nick="ann")

    def welcomed(self, welcome: replies.Welcome) -> None:
        pass

    def heard(self, message: replies.Message) -> None:
        pass

    def measured(self) -> None:
        pass

    def lost(self, why: str) -> None:
        pass

    def turned_away(self, refusal: Refused) -> None:
        pass


def test_a_server_that_hangs_up_on_newcomers_is_tried_again_after_each_pause_and_not_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnect, "pauses", lambda _: iter([0.01, 0.01, 0.01, *repeat(1000.0, 50)]))
    tries = 0
    with ChatServer() as server, Proxy(server.address) as proxy:
        ann = Connection(proxy.address, _Ann())
        ann.connect()
        keeping = gevent.spawn(ann.keep)

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
        assert not keeping.dead
        assert tries == 3
        keeping.kill()


def test_pauses_grow_to_half_a_minute_and_differ_between_clients() -> None:
    first, second = (list(islice(pauses(random.Random(seed)), 12)) for seed in (1, 2))
    assert first != second
    for number, pause in enumerate(first):
        whole = min(0.5 * 2**number, 30)
        assert whole / 2 <= pause <= whole
