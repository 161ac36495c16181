"""A Redis that was killed and has forgotten the end of what it was told: what servers read, and what they do then."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import gevent
import pytest

from geventchat.core.shared_log import Arrived, Gone, Happened, Lost, News, Told
from geventchat.protocol import replies
from geventchat.protocol.events import Said, number_of
from geventchat.store.redis import items
from geventchat.store.redis.link import FUNCTIONS, PREFIX, Address, Away, Link, Subscription
from geventchat.store.redis.log import RedisLog
from tests.proxy import Proxy
from tests.redis_server import RedisServer, running_redis
from tests.test_redis_log import NOW, arrived, joined, news, said, texts

# Nothing waits to be written to the file, which tests cut where they want.
ALWAYS = ("--appendfsync", "always")


def functions_with(name: str, value: int) -> str:
    """Return what Redis is given, with another value for one of its numbers."""
    changed, count = re.subn(rf"^local {name} = \d+", f"local {name} = {value}", FUNCTIONS, flags=re.MULTILINE)
    assert count == 1
    return changed


def back_without_its_end(redis: RedisServer, size: int) -> None:
    """Kill Redis, and run it again without what it has written since it had this size."""
    redis.kill(cut=redis.size() - size)
    redis.start()


@contextmanager
def two_servers(tmp_path: Path, lease_s: float = 60) -> Iterator[tuple[RedisServer, RedisLog, RedisLog]]:
    """Yield a Redis that writes all to its file at once, and the logs of two servers there."""
    with running_redis(tmp_path, *ALWAYS) as redis, ExitStack() as opened:
        url = redis.url  # of one database, for both
        one, other = (opened.enter_context(closing(RedisLog(url, lease_s=lease_s))) for _ in range(2))
        yield redis, one, other


def test_who_reads_what_was_missed_waits_until_what_redis_has_forgotten_is_there_again(tmp_path: Path) -> None:
    with two_servers(tmp_path) as (redis, one, other):
        one.claim(arrived("alice", "m"))
        one.write([joined("m"), said("m", "first")], NOW)
        size = redis.size()
        for number in range(5):
            one.write([said("m", str(number))], NOW)
        news(other)
        back_without_its_end(redis, size)
        assert texts(other) == ["first", "0", "1", "2", "3", "4"]
        assert one.topics(["lobby"]) == {}


def test_what_was_written_and_forgotten_before_anybody_heard_it_is_written_again(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        log.claim(arrived("alice", "m"))
        log.write([joined("m")], NOW)
        size = redis.size()
        written = said("m", "once")
        with log._stream.one_takes:  # nothing is heard meanwhile
            writing = gevent.spawn(log.write, [written], NOW)
            while redis.size() == size:
                gevent.sleep(0.01)
            gevent.sleep(0.1)  # the answer comes
            back_without_its_end(redis, size)
        writing.get(timeout=20)
        assert texts(log) == ["once"]
        assert written.entry.event.id == log.since("lobby", "0-0", 9)[-1].event.id


def test_servers_whose_users_are_silent_give_back_what_they_heard(tmp_path: Path) -> None:
    with two_servers(tmp_path, lease_s=2) as (redis, one, other):
        one.claim(arrived("alice", "m"))
        one.write([joined("m")], NOW)
        size = redis.size()
        one.write([said("m", "only-servers-have-this")], NOW)
        news(other)
        back_without_its_end(redis, size)
        with gevent.Timeout(10):
            while b"only-servers-have-this" not in b"".join(file.read_bytes() for file in redis.files()):
                gevent.sleep(0.05)


def test_whispers_are_in_no_file_of_redis_though_a_server_gives_them_back(tmp_path: Path) -> None:
    with two_servers(tmp_path) as (redis, one, other):
        one.claim(arrived("alice", "m"))
        one.write([joined("m")], NOW)
        size = redis.size()
        one.write([whisper("only-for-alice")], NOW)
        one.write([said("m", "heard")], NOW)
        news(other)
        back_without_its_end(redis, size)
        assert texts(one) == ["heard"]
        assert b"only-for-alice" not in b"".join(file.read_bytes() for file in redis.files())


def next_news(log: RedisLog, kind: type[News]) -> None:
    """Wait until the others have written something, which must be this."""
    with gevent.Timeout(10):
        while not (came := news(log)):
            gevent.sleep(0.01)
    assert [type(one) for one in came] == [kind]


def whisper(text: str) -> Told:
    """Return what tells alice something that bob whispers to her."""
    return Told("m", replies.Whispered(nick="bob", to="alice", text=text, time="2024-11-23T12:00:00.000Z"))


def written_and_forgotten_unheard(redis: RedisServer, log: RedisLog, text: str) -> None:
    """Write something that Redis forgets, and publishes before; `log` has taken none of it when it opens Redis."""
    size = redis.size()
    with log._stream.one_takes:
        words = items.words_of([said("m", text)], ())
        log._writer.function("append", log._lease.server, "99", int(NOW * 1000), *words)
        gevent.sleep(0.2)
        back_without_its_end(redis, size)
        log._lease.open()


def test_what_redis_has_told_and_forgotten_is_not_shown_once_the_log_is_open_again(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        log.claim(arrived("alice", "m"))
        log.write([joined("m")], NOW)
        server = log._lease.server
        written_and_forgotten_unheard(redis, log, "ghost")
        gevent.sleep(0.2)
        assert [one for one in news(log) if isinstance(one, Happened)] == []
        assert texts(log) == []
        assert log._lease.server == server


def test_what_was_lost_long_ago_is_forgotten_with_all_that_was_known_of_it(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        log._keeper.call("DEL", f"{PREFIX}lost", f"{PREFIX}proved")
        log._keeper.call("RPUSH", f"{PREFIX}lost", *(f"{number}-0" for number in range(200)))
        log._keeper.call("SADD", f"{PREFIX}proved", "0-0 1-0", "2-0 3-0")
        back_without_its_end(redis, redis.size())
        with gevent.Timeout(20):
            assert log.topics(["lobby"]) == {}  # which waits until the log is open again
        assert log._keeper.call("LLEN", f"{PREFIX}lost") == 200
        assert log._keeper.call("SMEMBERS", f"{PREFIX}proved") == [b"2-0 3-0"]


@pytest.mark.slow
def test_what_comes_too_late_is_not_shown_by_a_server_without_which_the_log_was_opened(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, Proxy(redis.address) as way, ExitStack() as opened:
        url = redis.url
        one = opened.enter_context(closing(RedisLog(url, lease_s=60)))
        slow = opened.enter_context(closing(RedisLog(url.replace(str(redis.port), str(way.address[1])), lease_s=60)))
        one.claim(arrived("alice", "m"))
        one.write([joined("m"), said("m", "shown")], NOW)
        news(slow)
        with way.cut(silently=True):
            written_and_forgotten_unheard(redis, one, "ghost")  # on its way to the other server
        one.write([said("m", "new")], NOW)
        told = [one.entry.event for one in news(slow) if isinstance(one, Happened)]
        assert [event.text for event in told if isinstance(event, Said)] == ["new"]
        assert texts(slow) == ["shown", "new"]


def test_what_was_said_just_when_somebody_left_is_given_back_whole_and_under_its_ids(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        for nick, uid in (("alice", "m"), ("bob", "n"), ("carol", "o")):
            log.claim(arrived(nick, uid))
        log.write([joined("m")], NOW)
        size = redis.size()
        before, behind, alone = said("m", "before"), said("m", "behind"), said("m", "alone")
        log.write([before, Gone("n", ""), behind, Gone("o", "")], NOW)
        log.write([alone], NOW)
        back_without_its_end(redis, size)
        assert texts(log) == ["before", "behind", "alone"]
        kept = [one.event.id for one in log.since("lobby", "0-0", 99) if isinstance(one.event, Said)]
        assert kept == [one.entry.event.id for one in (before, behind, alone)]


@pytest.mark.slow
def test_a_server_gives_back_also_what_was_written_just_before_it_has_begun(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, ExitStack() as opened:
        url = redis.url
        one = opened.enter_context(closing(RedisLog(url, lease_s=60)))
        one.claim(arrived("alice", "m"))
        one.write([joined("m")], NOW)
        size = redis.size()
        one.write([said("m", "before")], NOW)
        begun = opened.enter_context(closing(RedisLog(url, lease_s=60)))
        gevent.killall(one._tasks)  # it is dead
        back_without_its_end(redis, size)
        assert texts(begun) == ["before"]


def test_what_a_server_gives_back_too_early_is_taken_once_another_has_given_back_what_is_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.redis.lease._READ_BACK", 1)
    with running_redis(tmp_path, *ALWAYS) as redis, Proxy(redis.address) as way, ExitStack() as opened:
        url = redis.url
        way_url = url.replace(str(redis.port), str(way.address[1]))
        slow = opened.enter_context(closing(RedisLog(way_url, lease_s=60)))
        slow.claim(arrived("alice", "m"))
        slow.write([joined("m")], NOW)
        size = redis.size()
        for text in ("first", "second", "third"):
            slow.write([said("m", text)], NOW)
        with way.cut(silently=False):
            begun = opened.enter_context(closing(RedisLog(url, lease_s=60)))  # Redis will have forgotten it, too
            begun.claim(arrived("bob", "n"))
            begun.write([joined("n"), said("n", "fourth")], NOW)
            back_without_its_end(redis, size)
            opening = gevent.spawn(begun._lease.open)
            gevent.sleep(0.2)  # it finds that it has to wait
        opening.get(timeout=20)
        assert texts(begun) == ["first", "second", "third", "fourth"]
        assert [one.value for log in (slow, begun) for one in log.figures() if one.name == "fenced"] == [0, 0]


@pytest.mark.slow
def test_a_server_of_which_redis_has_forgotten_that_it_is_there_gives_back_what_it_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Any server looks within half a second; here it has longer, for the machine may be busy.
    patient = functions_with("UNKNOWN_MS", 3000)
    monkeypatch.setattr("geventchat.store.redis.link._LOAD", ("FUNCTION", "LOAD", "REPLACE", patient))
    with running_redis(tmp_path, *ALWAYS) as redis, Proxy(redis.address) as way, ExitStack() as opened:
        url = redis.url
        way_url = url.replace(str(redis.port), str(way.address[1]))
        known = opened.enter_context(closing(RedisLog(way_url, lease_s=60)))
        size = redis.size()
        with way.cut(silently=False):
            begun = opened.enter_context(closing(RedisLog(url, lease_s=60)))
            begun.claim(arrived("bob", "n"))
            begun.write([joined("n"), said("n", "heard")], NOW)
            gevent.killall(begun._tasks)
            back_without_its_end(redis, size)
        opening = gevent.spawn(known._lease.open)
        gevent.sleep(0.2)  # it would have opened the log, had it known all the others
        assert texts(begun) == ["heard"]
        opening.get(timeout=20)


def test_users_of_a_dead_server_leave_also_where_redis_has_forgotten_that_server(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, ExitStack() as opened:
        url = redis.url
        lives = opened.enter_context(closing(RedisLog(url, lease_s=1)))
        news(lives)
        size = redis.size()
        dead = opened.enter_context(closing(RedisLog(url, lease_s=60)))
        dead.claim(arrived("bob", "n"))
        dead.write([joined("n")], NOW)
        news(lives)
        gevent.killall(dead._tasks)
        back_without_its_end(redis, size)
        came: list[object] = []
        with gevent.Timeout(20):
            while Gone("n", "lost") not in came:
                came += news(lives)
                gevent.sleep(0.05)
        lives.claim(arrived("bob", "m"))


def test_a_new_server_brings_its_own_functions_where_redis_has_kept_those_of_an_earlier_version(
    tmp_path: Path,
) -> None:
    with running_redis(tmp_path) as redis, closing(Link(Address(redis.url))) as link:
        link.call("FUNCTION", "LOAD", functions_with("UNKNOWN_MS", 1))
        with closing(RedisLog(redis.url)):
            assert FUNCTIONS.encode() in link.call("FUNCTION", "LIST", "WITHCODE")[0]


def test_a_server_that_was_taken_for_dead_begins_anew_once_however_many_notice_it(tmp_path: Path) -> None:
    with running_redis(tmp_path, *ALWAYS) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        log._keeper.call("DEL", f"{PREFIX}server:{log._lease.server}")
        gevent.joinall([gevent.spawn(log.claim, arrived(f"user{number}")) for number in range(9)], raise_error=True)
        assert [one.value for one in log.figures() if one.name == "fenced"] == [1]


def test_whispers_reach_a_server_that_was_held_up_for_longer_than_it_trusts_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.redis.stream._TRUSTED_S", 0.0)
    with two_servers(tmp_path) as (_, one, other):
        one.claim(arrived("alice", "m"))
        next_news(other, Arrived)  # so it follows by now: a whisper is in no stream, to be read from later
        one.write([whisper("psst")], NOW)
        next_news(other, Told)


def test_what_a_server_has_not_written_when_it_begins_anew_is_not_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.redis.lease._PAUSE_S", 0.5)  # between two tries
    with running_redis(tmp_path, *ALWAYS) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
        redis.do("CONFIG", "SET", "min-replicas-to-write", "1")  # there is none: nothing can be written
        entry = said("m", "from before").entry
        writing = gevent.spawn(log.append, [entry], NOW)
        while not log.trouble:
            gevent.sleep(0.01)
        redis.do("CONFIG", "SET", "min-replicas-to-write", "0")
        log._lease.begin_anew(log._lease.server)
        writing.get()
        assert texts(log) == []
        assert entry.event.id == ""


def lead(way: Proxy, redis: RedisServer) -> None:
    """Lead a server to this Redis from now on."""
    way.target = redis.address
    way.reset()


@pytest.mark.slow
def test_what_was_shown_by_a_redis_that_another_has_replaced_meanwhile_is_told_to_all_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The others need not wait for long for the server that is cut off.
    impatient = functions_with("OPENING_MS", 0)
    monkeypatch.setattr("geventchat.store.redis.link._LOAD", ("FUNCTION", "LOAD", "REPLACE", impatient))
    with running_redis(tmp_path / "old") as old, ExitStack() as opened:
        new = opened.enter_context(running_redis(tmp_path / "new", "--replicaof", *map(str, old.address)))
        ways = [opened.enter_context(Proxy(old.address)) for _ in range(2)]
        url = old.url
        one, other = (
            opened.enter_context(closing(RedisLog(url.replace(str(old.port), str(way.address[1])), lease_s=60)))
            for way in ways
        )
        one.claim(arrived("alice", "m"))
        common = said("m", "common")
        one.write([joined("m"), common], NOW)
        news(other)
        copy = opened.enter_context(closing(Link(Address(url.replace(str(old.port), str(new.port))))))
        while copy.call("HGET", f"{PREFIX}meta", "last") != one._stream.heard.encode():
            gevent.sleep(0.01)
        new.do("REPLICAOF", "NO", "ONE")
        lead(ways[1], new)
        other.claim(arrived("bob", "n"))
        other.write([joined("n"), said("n", "at the new one")], time.time())
        lost = said("m", "at the old one")
        one.write([lost], time.time())
        lead(ways[0], new)
        told: list[Lost] = []
        with gevent.Timeout(20):
            while not told:
                told += [one_news for one_news in news(other) if isinstance(one_news, Lost)]
                gevent.sleep(0.01)
        ids = [common.entry.event.id, lost.entry.event.id, told[0].first, told[0].last]
        kept, of_lost, first, last = map(number_of, ids)
        assert kept <= first < of_lost < last
        assert one.lost(lost.entry.event.id, "n") == [(told[0].first, told[0].last)]
        assert texts(one) == texts(other) == ["common", "at the new one"]


def test_a_subscription_that_was_ended_while_somebody_asked_for_a_sign_of_life_is_not_taken_for_one(
    redis_server: RedisServer,
) -> None:
    with closing(Subscription(Address(redis_server.url), "anything", 5.0)) as told:
        told.close()
        told.ask()
        with pytest.raises(Away):
            told.next()
