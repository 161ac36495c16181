"""Redis that is away, hung or dead: what newcomers are told, in each dialect, and that nothing stays of it."""

import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import gevent
import pytest

from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import NEWCOMER_S
from geventchat.store.redis.link import ANSWER_S, PREFIX
from geventchat.store.redis.log import RedisLog
from tests.raw import Address, Raw, does, programmed, programmed_once_free
from tests.redis_server import RedisServer, running_redis
from tests.several import several
from tests.test_redis_log import arrived
from tests.websocket_client import WebSocket

_NOT_NOW = b"nobody can come in at the moment, as nothing can be stored: try again soon"
# What is the first that a newcomer sends, in each dialect; "irc" asks first what the server can, as clients do.
_FIRST = {
    "json": b'{"type":"hello","nick":"carol"}\n',
    "plain": b"carol\n",
    "unframed": b"carol",
    "irc": b"CAP LS 302\r\n",
    "irc at once": b"NICK carol\r\nUSER carol 0 * :carol\r\n",
}


def stopped(redis: RedisServer) -> None:
    redis.process.send_signal(signal.SIGSTOP)


def goes_on(redis: RedisServer) -> None:
    redis.process.send_signal(signal.SIGCONT)


def killed(redis: RedisServer) -> None:
    redis.kill()


def started(redis: RedisServer) -> None:
    redis.start()


Harm = Callable[[RedisServer], None]
AWAY_AND_BACK = pytest.mark.parametrize(
    ("away", "back"), [(stopped, goes_on), (killed, started)], ids=["stopped", "killed"]
)


def told_on_websocket(address: Address) -> bytes:
    with WebSocket(address) as client:
        client.send(type="hello", nick="carol")
        message = client.message()
        assert (message["type"], message["code"]) == ("closing", "not-stored")
        return str(message["message"]).encode()


@pytest.mark.slow
@AWAY_AND_BACK
def test_a_newcomer_is_told_in_one_line_that_nobody_can_come_in_while_redis_is_away(
    tmp_path: Path, away: Harm, back: Harm
) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        alice, _ = programmed(servers.address, "alice")
        away(redis)
        alice.send(b'{"type":"say","text":"meanwhile","ref":"1"}\n')  # all that is told from here on waits for this
        began = time.monotonic()
        connected = {name: Raw(servers.address, first) for name, first in _FIRST.items()}
        on_websocket = gevent.spawn(told_on_websocket, servers.address)
        told = {name: raw.rest() for name, raw in connected.items()}
        assert on_websocket.get(timeout=20) == _NOT_NOW
        assert time.monotonic() - began > NEWCOMER_S / 2  # a short while is waited out
        assert all(words.count(_NOT_NOW) == 1 for words in told.values()), told
        assert told["plain"].endswith(b"* " + _NOT_NOW + b"\n")
        back(redis)
        assert alice.messages_until("said")[-1]["text"] == "meanwhile"
        carol, welcome = programmed_once_free(servers.address, "carol")
        assert sorted(welcome["members"]) == ["alice", "carol"]
        alice.close()
        carol.close()


@pytest.mark.slow
@AWAY_AND_BACK
def test_however_many_want_to_come_in_while_redis_is_away_each_is_told_soon(
    tmp_path: Path, away: Harm, back: Harm
) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        alice, _ = programmed(servers.address, "alice")
        away(redis)
        newcomers = [Raw(servers.address, b'{"type":"hello","nick":"user%d"}\n' % number) for number in range(40)]
        for raw in newcomers:
            assert raw.message()["code"] == "not-stored"
            raw.close()
        back(redis)
        assert does(alice, type="say", text="again")["type"] == "ack"
        for number in range(40):  # none of the names was given away in vain
            raw, _ = programmed_once_free(servers.address, f"user{number}")
            raw.close()
        alice.close()


@pytest.mark.slow
def test_who_comes_in_while_redis_is_away_for_a_moment_waits_for_that(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        redis.kill()
        bob = Raw(servers.address, b'{"type":"hello","nick":"bob"}\n')
        gevent.sleep(0.2)
        redis.start()
        assert bob.messages_until("welcome")[-1]["nick"] == "bob"
        bob.close()


@pytest.mark.slow
def test_a_name_that_was_asked_for_in_vain_is_free_once_redis_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.redis.log.NEWCOMER_S", 0.1)
    with running_redis(tmp_path) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        log.claim(arrived("alice"))
        stopped(redis)
        with pytest.raises(Refused, match="at the moment"):
            log.claim(arrived("bob", "in vain"))  # Redis will do what it was told, once it goes on
        log.release("in vain")
        goes_on(redis)
        with gevent.Timeout(20):
            while log._keeper.call("HGET", f"{PREFIX}nicks", "bob") != b"later":
                with suppress(Refused):
                    log.claim(arrived("bob", "later"))
                gevent.sleep(0.05)


@pytest.mark.slow
def test_while_redis_is_known_to_be_away_a_newcomer_is_told_without_waiting_for_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.redis.log.NEWCOMER_S", 0.1)
    with running_redis(tmp_path) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        stopped(redis)
        with gevent.Timeout(20):
            while not log.trouble:
                gevent.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(Refused, match="at the moment"):
            log.claim(arrived("alice"))
        assert time.monotonic() - began < ANSWER_S / 2
        goes_on(redis)
