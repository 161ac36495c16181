"""A server, or its Redis, that is gone for good: what becomes of users, and what is told of what is lost."""

import json
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.server import StreamServer

from geventchat import ChatServer, Limits
from geventchat.protocol.errors import UsageError
from geventchat.protocol.events import number_of
from geventchat.store.redis.log import RedisLog
from tests.cluster import LEASE_S, cluster
from tests.processes import Ran, run
from tests.proxy import Proxy
from tests.raw import Address, Raw, does, plain, programmed
from tests.redis_server import RedisServer, running_redis
from tests.several import several


def asks(raw: Raw, **command: object) -> None:
    raw.send(json.dumps(command).encode() + b"\n")


def settled(raw: Raw) -> list[dict[str, Any]]:
    asks(raw, type="ping")
    return raw.messages_until("pong")[:-1]


def once_begun_anew(address: Address, nick: str) -> Raw:
    """Return a connection that has come in at a server which may still have to find out that it was taken for dead.

    Whoever is about to come in at that moment is sent away, too.
    """
    hello = json.dumps({"type": "hello", "nick": nick}).encode() + b"\n"
    while (raw := Raw(address, hello)).message()["type"] == "closing":
        raw.close()
    return raw


def beside(*arguments: str) -> Ran:
    """Run the command while the servers of this process go on."""
    ran: Ran = gevent.get_hub().threadpool.apply(run, ("geventchat.cli.serve", *arguments))
    return ran


@pytest.mark.slow
def test_users_of_a_dead_server_leave_within_its_lease_and_their_nicks_are_free(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:
        bob, _ = programmed(servers.addresses[0], "bob")
        users = [programmed(servers.addresses[1], f"user{number}")[0] for number in range(700)]
        for raw in users[:3]:
            asks(raw, type="join", room="den")
        settled(users[2])
        settled(bob)
        began = time.time()
        servers.signal(1, signal.SIGKILL)
        left = [bob.messages_until("left")[-1] for _ in users]
        at = max(datetime.fromisoformat(one["time"]).timestamp() for one in left)
        assert at - began < LEASE_S  # by the stamps, for who reads them here may be slow
        assert {one["nick"] for one in left} == {f"user{number}" for number in range(700)}
        assert {one["reason"] for one in left} == {"connection lost"}
        asks(bob, type="rooms")
        assert bob.messages_until("rooms")[-1]["rooms"] == {"lobby": 1}
        again, _ = programmed(servers.addresses[2], "user5")
        for raw in (bob, again, *users):
            raw.close()


@pytest.mark.slow
def test_nothing_of_a_server_that_was_stopped_comes_after_its_users_have_left(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:
        bob, _ = programmed(servers.addresses[0], "bob")
        alice, welcome = programmed(servers.addresses[1], "alice")
        asks(alice, type="say", text="before", ref="1")
        bob.messages_until("said")
        servers.signal(1, signal.SIGSTOP)
        asks(alice, type="say", text="too late", ref="2")
        assert bob.messages_until("left")[-1]["nick"] == "alice"
        servers.signal(1, signal.SIGCONT)
        heard = alice.messages_until("closing")
        assert heard[-1]["code"] == "server-stopping"
        assert all(one["type"] != "ack" or one["ref"] == "1" for one in heard)
        assert settled(bob) == []
        back, _ = programmed(servers.addresses[2], "alice", after=welcome["id"], token=welcome["token"])
        asks(back, type="say", text="too late", ref="2")
        assert [one["text"] for one in settled(back) if one["type"] == "said"] == ["before", "too late"]
        third = once_begun_anew(servers.addresses[1], "carol")
        asks(third, type="who")
        assert sorted(third.messages_until("members")[-1]["members"]) == ["alice", "bob", "carol"]
        for raw in (bob, alice, back, third):
            raw.close()


@pytest.mark.slow
def test_a_server_that_was_stopped_as_it_asked_for_its_lease_begins_anew_at_once_when_it_goes_on(
    tmp_path: Path,
) -> None:
    with cluster(tmp_path) as servers:
        bob, _ = programmed(servers.addresses[0], "bob")
        alice, _ = programmed(servers.addresses[1], "alice")
        bob.messages_until("joined")
        servers.redis.process.send_signal(signal.SIGSTOP)
        gevent.sleep(LEASE_S / 4)  # it asks more often than that
        servers.signal(1, signal.SIGSTOP)
        servers.redis.process.send_signal(signal.SIGCONT)  # the answer is there when it goes on, and means nothing then
        assert bob.messages_until("left")[-1]["nick"] == "alice"
        servers.signal(1, signal.SIGCONT)
        assert alice.messages_until("closing")[-1]["code"] == "server-stopping"
        gevent.sleep(0.05)  # well before it would ask again
        carol, _ = programmed(servers.addresses[1], "carol")
        for raw in (bob, alice, carol):
            raw.close()


@pytest.mark.slow
def test_what_redis_and_all_who_heard_it_have_lost_is_told_as_a_gap_and_never_shown_again(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:
        alice, welcome = programmed(servers.addresses[0], "alice")
        asks(alice, type="say", text="kept", ref="1")
        kept = alice.messages_until("said")[-1]["id"]
        for number in range(1, 3):  # who hears nothing more
            servers.signal(number, signal.SIGKILL)
        size = servers.redis.size()
        asks(alice, type="say", text="lost", ref="2")
        lost = alice.messages_until("said")[-1]["id"]
        servers.redis.kill(cut=servers.redis.size() - size)
        servers.signal(0, signal.SIGKILL)
        servers.redis.start()
        for number in range(3):
            servers.start(number)
        bob, _ = programmed(servers.addresses[1], "bob")
        asks(bob, type="say", text="new", ref="3")
        back, again = programmed(servers.addresses[2], "alice", after=lost, token=welcome["token"])
        gap, *heard = settled(back)
        assert (gap["type"], gap["count"]) == ("gap", None)
        assert number_of(kept) <= number_of(gap["from"]) < number_of(lost) < number_of(gap["to"])
        assert [one["text"] for one in heard if one["type"] == "said"] == ["new"]
        assert number_of(gap["to"]) < number_of(again["id"])
        bob.close()
        back.close()
        alice.close()


@pytest.mark.slow
def test_what_is_lost_is_told_as_a_gap_also_to_those_who_have_never_heard_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.cluster.LEASE_S", 60)
    with Proxy(("127.0.0.1", 1)) as one, Proxy(("127.0.0.1", 1)) as other, cluster(tmp_path, [one, other]) as servers:
        alice, welcome = programmed(servers.addresses[0], "alice")
        bob, _ = programmed(servers.addresses[1], "bob")
        carol, _ = programmed(servers.addresses[1], "carol")
        asks(alice, type="say", text="kept", ref="1")
        (kept,) = {raw.messages_until("said")[-1]["id"] for raw in (alice, bob, carol)}
        carol.close()
        assert bob.messages_until("left")[-1]["nick"] == "carol"
        size = servers.redis.size()
        with other.cut(silently=False):
            asks(alice, type="say", text="lost", ref="2")
            lost = alice.messages_until("said")[-1]["id"]
            servers.redis.kill(cut=servers.redis.size() - size)
            servers.signal(0, signal.SIGKILL)
            servers.redis.start()
        assert does(bob, type="say", text="open again")["type"] == "ack"  # nobody can come in for so long
        back, _ = programmed(servers.addresses[1], "alice", after=lost, token=welcome["token"])
        away, _ = programmed(servers.addresses[1], "carol", after=kept)
        for raw in (back, bob, away):
            gap = raw.messages_until("gap")[-1]
            assert number_of(kept) <= number_of(gap["from"]) < number_of(lost) < number_of(gap["to"])
        for raw in (back, bob, away):
            assert [one for one in settled(raw) if one["type"] == "gap"] == []  # nobody is told twice
        for raw in (alice, back, bob, away):
            raw.close()


@pytest.mark.slow
def test_a_copy_of_redis_is_put_back_as_the_page_says_and_what_came_later_is_told_as_a_gap(tmp_path: Path) -> None:
    with running_redis(tmp_path / "one") as redis:
        database = redis.url.rpartition("/")[2]
        with several(f"redis://127.0.0.1:{redis.port}/{database}", 1) as servers:
            alice, welcome = programmed(servers.address, "alice")
            assert does(alice, type="say", text="kept")["type"] == "ack"
            redis.do("SAVE")  # writes the same file as `redis-cli --rdb`
            later = does(alice, type="say", text="later")["id"]
            alice.close()
    (tmp_path / "other").mkdir()
    (tmp_path / "one/dump.rdb").rename(tmp_path / "other/dump.rdb")
    with running_redis(tmp_path / "other", "--appendonly", "no") as redis:
        assert redis.do("CONFIG", "SET", "appendonly", "yes") == b"+OK\r\n"
        while b"aof_rewrite_in_progress:1" in redis.do("INFO", "persistence"):
            gevent.sleep(0.01)
        with several(f"redis://127.0.0.1:{redis.port}/{database}", 1) as servers:
            back, _ = programmed(servers.address, "alice", after=later, token=welcome["token"])
            assert "gap" in {heard["type"] for heard in settled(back)}
            asks(back, type="history")
            assert "kept" in str(back.messages_until("history")[-1])
            back.close()


def test_a_redis_that_was_emptied_is_begun_anew_by_all(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, lease_s=1) as servers:
        alice, _ = programmed(servers.address, "alice")
        bob, _ = programmed(servers.address, "bob")
        redis.do("FLUSHALL")
        for raw in (alice, bob):
            assert raw.messages_until("closing")[-1]["code"] == "server-stopping"
            raw.close()
        alice, _ = programmed(servers.address, "alice")
        bob, _ = programmed(servers.address, "bob")
        asks(alice, type="say", text="anew", ref="1")
        assert bob.messages_until("said")[-1]["text"] == "anew"
        alice.close()
        bob.close()


def test_who_was_about_to_come_in_when_its_server_had_lost_the_others_is_sent_back_and_that_goes_on(
    tmp_path: Path,
) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        (log,) = servers.logs
        with log._one_writes:  # it has its name, and its coming in is on its way
            alice = Raw(servers.address, b'{"type":"hello","nick":"alice"}\n')
            nicks = servers.servers[0]._services.chat.nicks
            while not ((member := nicks.find("alice")) and member.unpublished):
                gevent.sleep(0.01)
            log._keeper.call("DEL", f"geventchat:server:{log._lease.server}")
            gevent.sleep(0.05)
        assert alice.messages_until("closing")[-1]["code"] == "server-stopping"
        alice.close()
        bob, _ = programmed(servers.address, "bob")
        asks(bob, type="say", text="all is well", ref="1")
        assert bob.messages_until("said")[-1]["text"] == "all is well"
        bob.close()


def test_who_is_sent_away_is_told_what_of_its_words_was_not_stored_unless_its_client_sends_them_again(
    tmp_path: Path,
) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        alice, _ = programmed(servers.address, "alice")
        person = plain(servers.address, "bob")
        (log,) = servers.logs
        members = servers.servers[0]._services.chat.nicks.members()
        with log._one_writes:  # the first is on its way, and what follows waits behind it
            for waiting, (raw, line) in enumerate(
                ((person, b"first\n"), (person, b"second\n"), (alice, b'{"type":"say","text":"third","ref":"1"}\n'))
            ):
                raw.send(line)
                while sum(member.unpublished for member in members) <= waiting:
                    gevent.sleep(0.01)
            log._keeper.call("DEL", f"geventchat:server:{log._lease.server}")
        told = person.rest().decode().splitlines()
        assert told == ["* not stored and not sent"] * 2 + ["* the server had lost the others: please connect again"]
        assert {one["type"] for one in alice.messages_until("closing")} == {"joined", "closing"}
        alice.close()
        person.close()


def test_who_is_sent_away_is_not_told_that_what_all_others_were_shown_was_not_stored(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, lease_s=60) as servers:
        one, other = (server.address for server in servers.servers)
        alice, _ = programmed(one, "alice")
        bob, _ = programmed(other, "bob")
        log = servers.logs[0]
        with log._stream.one_takes:  # what it has written has not come back when it finds that it has lost the others
            asks(alice, type="say", text="one", ref="1")
            bob.messages_until("said")
            log._lease.begin_anew(log._lease.server)
        assert [heard["ref"] for heard in alice.messages_until("closing") if heard["type"] == "ack"] == ["1"]
        person = plain(one, "carol")
        with log._stream.one_takes:
            person.send(b"two\n")
            bob.messages_until("said")
            log._lease.begin_anew(log._lease.server)
        assert "not stored" not in person.rest().decode()
        person = plain(one, "dave")
        with log._stream.one_takes:
            person.send(b"three\n")
            bob.messages_until("said")
            redis.do("CLIENT", "KILL", "TYPE", "normal")  # as when a machine that slept wakes up
            log._lease.begin_anew(log._lease.server)
        assert "not stored" not in person.rest().decode()
        for raw in (alice, bob):
            raw.close()


def test_who_is_sent_away_by_another_server_is_told_what_of_its_words_was_not_stored(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, lease_s=60) as servers:
        person = plain(servers.servers[0].address, "carol")
        bob, _ = programmed(servers.servers[1].address, "bob")
        log = servers.logs[0]
        (carol,) = (one for one in servers.servers[0]._services.chat.nicks.members() if not one.is_remote)
        with log._stream.one_takes:  # as if it was stopped
            person.send(b"one\n")
            bob.messages_until("said")
            person.send(b"two\n")
            while carol.unpublished < 2:
                gevent.sleep(0.01)
            log._lease.resign()
            assert bob.messages_until("left")[-1]["nick"] == "carol"
            log._stream.take_rest()  # it hears of all at once
        told = person.rest().decode()
        assert (told.count("carol: one\n"), told.count("* not stored and not sent\n")) == (1, 1)
        bob.close()


def test_who_is_sent_away_is_told_that_what_waited_for_its_turn_was_not_said(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        person = plain(servers.address, "carol")
        person.send(b"".join(b"%d\n" % number for number in range(100)))
        person.until(b"carol: 30\n")
        servers.logs[0]._keeper.call("DEL", f"geventchat:server:{servers.logs[0]._lease.server}")
        *_, unsaid, last = person.rest().decode().splitlines()
        assert unsaid == "* not all that you sent was said: it was waiting for its turn"
        assert last == "* the server had lost the others: please connect again"


def test_who_is_sent_away_is_not_told_that_what_its_client_says_again_elsewhere_was_not_said(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        for nick, last, unsaid in ("alice", {"ref": "last"}, 0), ("bob", {}, 1):
            alice, _ = programmed(servers.address, nick)
            for ref in range(60):
                asks(alice, type="say", text="hi", ref=str(ref))
            asks(alice, type="say", text="hi", **last)  # without a ref, it is not said again
            while alice.message().get("ref") != "30":
                continue
            log = servers.logs[0]
            log._keeper.call("DEL", f"geventchat:server:{log._lease.server}")
            told = alice.messages_until("closing")
            assert [one["code"] for one in told if one["type"] == "error"] == ["not-stored"] * unsaid
            alice.close()


def test_without_memory_in_redis_nothing_is_said_but_people_can_leave(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, Limits(rate=None)) as servers:
        alice, _ = programmed(servers.address, "alice")
        bob, _ = programmed(servers.address, "bob")
        settled(alice)
        redis.do("CONFIG", "SET", "maxmemory", "1")
        asks(alice, type="say", text="no room", ref="1")
        error = alice.message()
        assert (error["code"], error["ref"]) == ("not-stored", "1")
        assert "no memory" in error["message"]
        late = Raw(servers.address, b'{"type":"hello","nick":"carol"}\n')
        assert late.message()["code"] == "not-stored"
        asks(bob, type="bye")
        assert alice.message()["type"] == "left"
        with gevent.Timeout(5):
            while "no memory" not in servers.servers[0].trouble:  # it should be given no users
                gevent.sleep(0.01)
        redis.do("CONFIG", "SET", "maxmemory", "0")
        with gevent.Timeout(5):
            while servers.servers[0].trouble:
                gevent.sleep(0.01)
        asks(alice, type="say", text="room again", ref="2")
        assert [one["type"] for one in (alice.message(), alice.message())] == ["ack", "said"]
        for raw in (alice, bob, late):
            raw.close()


@pytest.mark.parametrize("command", [{"type": "kick", "nick": "bob"}, {"type": "ban", "who": "bob"}])
def test_without_memory_in_redis_nobody_is_put_out_of_another_server(tmp_path: Path, command: dict[str, str]) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, Limits(rate=None)) as servers:
        servers.servers[0]._services.chat.moderation.links.offer("secret")
        mod, _ = programmed(servers.servers[0].address, "mod", link="secret")
        bob, _ = programmed(servers.servers[1].address, "bob")
        mod.messages_until("joined")
        redis.do("CONFIG", "SET", "maxmemory", "1")
        assert does(mod, **command)["code"] == "not-stored"
        redis.do("CONFIG", "SET", "maxmemory", "0")
        for text in ("still", "here"):  # what was on its way from the other server is here with the first
            assert does(bob, type="say", text=text)["type"] == "ack"
            bob.messages_until("said")
        does(mod, **command)
        bob.messages_until("kicked" if command["type"] == "kick" else "closing")
        for raw in (mod, bob):
            raw.close()


def test_who_gets_another_name_while_redis_has_no_memory_has_it_on_all_servers(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, Limits(rate=None)) as servers:
        alice, _ = programmed(servers.servers[0].address, "alice")
        bob, _ = programmed(servers.servers[1].address, "bob")
        assert does(alice, type="register", password="correct horse")["account"] == "alice"
        redis.do("CONFIG", "SET", "maxmemory", "1")
        asks(alice, type="logout")
        assert alice.messages_until("renamed")[-1]["new"] == "guest1"
        redis.do("CONFIG", "SET", "maxmemory", "0")
        assert bob.messages_until("renamed")[-1]["new"] == "guest1"
        assert does(bob, type="whisper", to="guest1", text="hello")["type"] == "whispered"
        assert alice.messages_until("whispered")[-1]["text"] == "hello"
        again, _ = programmed(servers.address, "alice", login={"account": "alice", "password": "correct horse"})
        for raw in (alice, bob, again):
            raw.close()


def test_a_new_name_that_redis_has_no_memory_for_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, Limits(rate=None)) as servers:
        alice, _ = programmed(servers.servers[0].address, "alice")
        bob, _ = programmed(servers.servers[1].address, "bob")
        alice.messages_until("joined")
        redis.do("CONFIG", "SET", "maxmemory", "1")
        assert does(alice, type="rename", nick="carol")["code"] == "not-stored"
        redis.do("CONFIG", "SET", "maxmemory", "0")
        assert does(alice, type="say", text="still here")["type"] == "ack"
        assert bob.messages_until("said")[-1]["nick"] == "alice"
        assert does(bob, type="whisper", to="alice", text="hello")["type"] == "whispered"
        for raw in (alice, bob):
            raw.close()


def test_a_redis_that_takes_nothing_for_a_while_keeps_everybody_waiting_and_loses_nothing(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 2, Limits(rate=None), lease_s=30) as servers:
        alice, _ = programmed(servers.address, "alice")
        bob, _ = programmed(servers.address, "bob")
        settled(alice)
        redis.do("CONFIG", "SET", "min-replicas-to-write", "1")  # there is none: nothing can be written
        for number in range(3):
            asks(alice, type="say", text=str(number), ref=str(number))
        gevent.sleep(0.3)
        with suppress(gevent.Timeout), gevent.Timeout(0.2):
            raise AssertionError(bob.message())
        redis.do("CONFIG", "SET", "min-replicas-to-write", "0")
        assert [bob.messages_until("said")[-1]["text"] for _ in range(3)] == ["0", "1", "2"]
        assert [alice.messages_until("ack")[-1]["ref"] for _ in range(3)] == ["0", "1", "2"]
        alice.close()
        bob.close()


@pytest.mark.slow
def test_servers_go_on_with_the_replica_that_was_put_in_the_place_of_their_redis(tmp_path: Path) -> None:
    with running_redis(tmp_path / "one") as redis, Proxy(redis.address) as name, ExitStack() as opened:
        replica = opened.enter_context(running_redis(tmp_path / "other", "--replicaof", "127.0.0.1", str(redis.port)))
        while b"state=online" not in redis.do("INFO", "replication"):
            gevent.sleep(0.05)
        url = f"redis://127.0.0.1:{name.address[1]}/0"
        servers = opened.enter_context(several(url, 1, Limits(rate=None), lease_s=60))
        alice, _ = programmed(servers.address, "alice")
        redis.do("FAILOVER", "TO", *map(str, replica.address))
        while b"role:master" not in replica.do("INFO", "replication"):
            gevent.sleep(0.05)
        name.target = replica.address
        asks(alice, type="say", text="at the other", ref="1")
        assert alice.messages_until("said")[-1]["text"] == "at the other"
        alice.close()


def test_a_server_ends_by_a_bug_in_what_follows_the_others(
    redis_server: RedisServer, unnoticed_errors: list[str]
) -> None:
    with several(redis_server.url, 1) as servers:
        (log,) = servers.logs
        log._keeper.call("PUBLISH", f"geventchat:{log._stream._name}", "what no server writes")
        assert servers.servers[0].failed.wait(timeout=10)
    assert any("an error in the server: it cannot go on" in error for error in unnoticed_errors)
    unnoticed_errors.clear()


# At the start.


def why_not(url: str, **options: Any) -> str:
    """Return why a server cannot be started so: in one line."""
    with pytest.raises(UsageError) as caught:
        RedisLog(url, **options)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_each_reason_why_a_server_cannot_start_is_one_clear_line(tmp_path: Path) -> None:
    assert "cannot be reached" in why_not("redis://127.0.0.1:1/0")
    assert "redis://HOST:PORT/DB" in why_not("http://127.0.0.1:1/0")
    assert "redis://HOST:PORT/DB" in why_not("redis://127.0.0.1:port/0")
    assert "without TLS" in why_not("rediss://127.0.0.1:1/0")
    assert "the number of a database" in why_not("redis://127.0.0.1:1/0?socket_timeout=5")
    assert "the number of a database" in why_not("redis://127.0.0.1:1/chat")
    with running_redis(tmp_path) as redis:
        redis.do("SET", "geventchat:meta", "mine")
        at = f"127.0.0.1:{redis.port}"
        assert "another program's" in why_not(f"redis://{at}/0")
        redis.do("DEL", "geventchat:meta")
        redis.do("HSET", "geventchat:meta", "format", "99")
        assert "another version (99)" in why_not(f"redis://{at}/0")
        redis.do("DEL", "geventchat:meta")
        redis.do("HSET", "geventchat:meta", "theirs", "99")
        assert "another program's" in why_not(f"redis://{at}/0")
        redis.do("DEL", "geventchat:meta")
        redis.do("SET", "geventchat:rooms", "theirs")
        assert "another program's" in why_not(f"redis://{at}/0")
        assert redis.do("EXISTS", "geventchat:meta") == b":0\r\n"  # and nothing was written
        redis.do("DEL", "geventchat:rooms")
        redis.do("CONFIG", "SET", "maxmemory", "1")
        assert "no memory" in why_not(f"redis://{at}/0")
        redis.do("CONFIG", "SET", "maxmemory", "0")
        redis.do("REPLICAOF", "127.0.0.1", "1")
        assert "replica" in why_not(f"redis://{at}/0")
        redis.do("REPLICAOF", "NO", "ONE")
        redis.do("ACL", "SETUSER", "weak", "on", "nopass", "~*", "&*", "+@all", "-client|kill")
        assert "'client|kill'" in why_not(f"redis://weak:any@{at}/0")
        redis.do("CONFIG", "SET", "requirepass", "secret")
        for given in ("", ":wrong@"):
            line = why_not(f"redis://{given}{at}/0")
            assert "password" in line.lower() or "authentication" in line.lower()
            assert "wrong@" not in line
        with closing(RedisLog(f"redis://:secret@{at}/0")) as log:
            assert "secret" not in log.location


@pytest.mark.parametrize("rest", ["@127.0.0.1:port/0", "@127.0.0.1:1/chat", "/secret@127.0.0.1:1/0", "#@127.0.0.1:1/0"])
def test_a_password_of_redis_is_not_said_where_the_rest_of_its_url_is_wrong(rest: str) -> None:
    assert "secret" not in why_not(f"redis://:secret{rest}")


@pytest.mark.parametrize(
    ("version", "mode", "why"),
    [
        (b"6.2.14", b"standalone", "of version 6.2.14, and 7.0 is needed"),
        (b"7.0.15", b"cluster", "in cluster mode, and one that stands alone is needed"),
        (b"7.0.15", b"sentinel", "in sentinel mode, and one that stands alone is needed"),
    ],
)
def test_a_redis_that_is_too_old_or_does_not_stand_alone_is_refused(version: bytes, mode: bytes, why: str) -> None:
    facts = b"# Server\r\nredis_version:%b\r\nredis_mode:%b\r\nrun_id:1234\r\n" % (version, mode)

    def answer(sock: socket.socket, _: object) -> None:
        while asked := sock.recv(4096):
            known = b"+OK\r\n" if b"SELECT" not in asked else b"-ERR unknown command 'SELECT'\r\n"
            sock.sendall(b"$%d\r\n%b\r\n" % (len(facts), facts) if b"INFO" in asked else known)

    listener = StreamServer(("127.0.0.1", 0), answer)
    listener.start()
    for database in range(2):
        assert why in why_not(f"redis://127.0.0.1:{listener.server_port}/{database}")
    listener.stop()


def test_a_server_waits_while_an_older_redis_is_in_the_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_redis(tmp_path) as redis, several(redis.url, 1, lease_s=60) as servers:
        alice, _ = programmed(servers.address, "alice")
        monkeypatch.setattr("geventchat.store.redis.link._OLDEST", (99, 0))
        redis.kill()
        redis.start()
        asks(alice, type="say", text="later", ref="1")
        while not servers.logs[0].trouble:
            gevent.sleep(0.01)
        gevent.sleep(0.3)  # it tries, and finds that other one
        monkeypatch.undo()
        assert alice.messages_until("said")[-1]["text"] == "later"
        alice.close()


@pytest.mark.slow
def test_the_command_says_what_is_wrong_with_its_options() -> None:
    for given, why in (
        (["--redis", "redis://127.0.0.1:1/0"], "cannot be reached"),
        (["--redis", "redis://h/0", "--history", "none"], "--history is not for --redis"),
        (["--redis", "redis://h/0", "--lease", "0s"], "--lease 0s"),
        (["--redis", "redis://h/0", "--durability", "full"], "appendfsync"),
    ):
        ran = run("geventchat.cli.serve", *given, "--listen", "127.0.0.1:0")
        assert (ran.status, len(ran.errors.splitlines())) == (2, 1)
        assert why in ran.errors


@pytest.mark.slow
def test_accounts_are_made_and_changed_beside_servers_that_share_a_chat(redis_server: RedisServer) -> None:
    url = redis_server.url
    with several(url, 2) as servers:
        made = beside("account", "add", "robot", "--token", "--redis", url)
        assert (made.status, made.errors) == (0, "")
        for address in (servers.address, servers.address):
            login = {"account": "robot", "password": made.out.strip()}
            robot, welcome = programmed(address, "robot", login=login)
            assert welcome["account"] == "robot"
            asks(robot, type="bye")
            robot.rest()
        assert "robot" in beside("account", "list", "--redis", url).out
        nobody = beside("account", "remove", "nobody", "--redis", url)
        assert (nobody.status, len(nobody.errors.splitlines())) == (2, 1)


def test_without_other_servers_redis_is_not_imported() -> None:
    program = "import geventchat.server.process, geventchat.store.registry, sys; print('redis' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )
    with ChatServer() as server:
        assert server._services.claims is None
