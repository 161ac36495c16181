"""A Redis that was killed and has forgotten the end of what it was told: what servers read, and what they do then."""

from contextlib import ExitStack, closing
from pathlib import Path

import gevent

from geventchat.store.redis.log import RedisLog
from tests.redis_server import RedisServer, running_redis
from tests.test_redis_log import NOW, arrived, joined, news, said, texts


def back_without_its_end(redis: RedisServer, size: int) -> None:
    """Kill Redis, and run it again without what it has written since it had this size."""
    redis.kill(cut=redis.size() - size)
    redis.start()


def test_who_reads_what_was_missed_waits_until_what_redis_has_forgotten_is_there_again(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, ExitStack() as opened:
        url = redis.url
        one, other = (opened.enter_context(closing(RedisLog(url, lease_s=60))) for _ in range(2))
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
    with running_redis(tmp_path) as redis, closing(RedisLog(redis.url, lease_s=60)) as log:
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
    with running_redis(tmp_path) as redis, ExitStack() as opened:
        url = redis.url
        one, other = (opened.enter_context(closing(RedisLog(url, lease_s=2))) for _ in range(2))
        one.claim(arrived("alice", "m"))
        one.write([joined("m")], NOW)
        size = redis.size()
        one.write([said("m", "only-servers-have-this")], NOW)
        news(other)
        back_without_its_end(redis, size)
        with gevent.Timeout(10):
            while b"only-servers-have-this" not in b"".join(file.read_bytes() for file in redis.files()):
                gevent.sleep(0.05)
