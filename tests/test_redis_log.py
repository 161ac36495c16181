"""What servers that write one log in Redis can rely on: whose a nick is, what is taken of whom, and only once."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing

import gevent
import pytest

from geventchat.core.accounts import Account
from geventchat.core.log import Entry
from geventchat.core.member import proof_of
from geventchat.core.moderation.room_rules import RoomRules
from geventchat.core.shared_log import Arrived, Gone, Happened, News, Person
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import Departed, Joined, Left, Noticed, Renamed, Said, number_of
from geventchat.protocol.roles import Role
from geventchat.store.redis import items
from geventchat.store.redis.link import PREFIX
from geventchat.store.redis.log import RedisLog
from tests.proxy import Proxy
from tests.redis_server import RedisServer

NOW = 1_000.0


@pytest.fixture
def logs(redis_server: RedisServer) -> Iterator[tuple[RedisLog, RedisLog]]:
    """Two servers' logs, which are one."""
    url = redis_server.url
    with ExitStack() as opened:
        yield opened.enter_context(closing(RedisLog(url))), opened.enter_context(closing(RedisLog(url)))


def arrived(nick: str, uid: str = "", token: str = "") -> Arrived:
    person = Person("", "", None, 0, Role.USER, None, NOW)
    return Arrived(uid or nick, nick, names.key(nick), proof_of(token or nick), person)


def joined(uid: str, room: str = "lobby") -> Happened:
    return Happened(uid, Entry(room, Joined("", "", room, uid), None))


def said(uid: str, text: str) -> Happened:
    return Happened(uid, Entry("lobby", Said("", "", "lobby", uid, text), None))


def texts(log: RedisLog) -> list[str]:
    return [entry.event.text for entry in log.since("lobby", "0-0", 99) if isinstance(entry.event, Said)]


def news(log: RedisLog) -> list[News]:
    """Return all that the others have written so far."""
    before, after = log.write([], NOW)
    return [*before, *after]


def why_not(log: RedisLog, claimed: Arrived, earlier: str = "") -> str:
    with pytest.raises(Refused) as caught:
        log.claim(claimed, earlier)
    assert caught.value.code == "nick-taken"
    return caught.value.message


def test_a_nick_is_given_once_and_so_is_what_looks_like_it(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice"))
    assert "is taken" in why_not(other, arrived("Alice", "second"))
    assert "looks like that of alice" in why_not(other, arrived("a1ice", "third"))
    one.release("alice")
    other.claim(arrived("a1ice", "third"))
    assert "looks like" in why_not(one, arrived("alice", "fourth"))


def test_an_old_nick_is_free_only_when_its_rooms_have_heard_of_the_new_one(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice", "m"))
    one.write([joined("m")], NOW)
    one.claim(arrived("carol", "m"))
    assert "is taken" in why_not(other, arrived("alice", "second"))
    one.write([Happened("m", Entry("lobby", Renamed("", "", "lobby", "alice", "carol"), None))], NOW)
    other.claim(arrived("alice", "second"))
    assert "is taken" in why_not(other, arrived("carol", "third"))


def test_an_old_nick_of_who_is_in_no_room_is_free_at_once(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice", "m"))
    one.claim(arrived("carol", "m"))
    other.claim(arrived("alice", "second"))
    assert "is taken" in why_not(other, arrived("carol", "third"))


def test_a_new_nick_that_is_given_back_is_free_at_once(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice", "m"))
    one.write([joined("m")], NOW)
    for nick in ("carol", "alice"):
        one.claim(arrived(nick, "m"))
    other.claim(arrived("carol", "second"))
    assert "is taken" in why_not(other, arrived("alice", "third"))


def test_nothing_is_taken_of_who_has_gone_to_another_server(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice", "m", "secret"))
    one.write([joined("m"), said("m", "before")], NOW)
    assert "is taken" in why_not(other, arrived("alice", "n"), proof_of("guessed"))
    other.claim(arrived("alice", "n", "secret"), proof_of("secret"))
    late, mine = said("m", "too late"), said("n", "in time")
    before, after = one.write([late], NOW)
    other.write([joined("n"), mine], NOW)
    assert (late.entry.event.id, bool(mine.entry.event.id)) == ("", True)
    assert texts(other) == ["before", "in time"]
    left, gone = (one_news for one_news in [*before, *after] if one_news.by == "m")
    assert isinstance(left, Happened)
    assert isinstance(left.entry.event, Departed)
    assert gone == Gone("m", "replaced")


@pytest.mark.slow
def test_all_rooms_of_many_users_are_left_at_once(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice", "m"))
    for first in range(0, 9_000, 1_000):  # as many as 300 users are in, who are sent away by one call
        one.write([joined("m", f"room{number}") for number in range(first, first + 1_000)], NOW)
    news(other)
    one.release("m")
    assert len(news(other)) == 9_001
    assert one._keeper.call("SCARD", f"{PREFIX}rooms") == 9_000


def test_a_batch_that_is_sent_again_is_written_once(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    one.claim(arrived("alice", "m"))
    words = items.words_of([joined("m"), said("m", "once")], ())
    following = items.words_of([said("m", "then")], ())

    def append(number: str, words: list[str | bytes]) -> bytes:
        return bytes(one._writer.function("append", one._lease.server, number, int(NOW * 1000), *words))

    answers = {append("9", words) for _ in range(3)}
    assert len(answers) == 1
    append("10", following)
    append("9", words)  # it was on its way all the time
    assert texts(other) == ["once", "then"]
    assert [type(one_news) for one_news in news(other)] == [Arrived, Happened, Happened, Happened]


def test_what_was_sent_on_a_connection_that_was_lost_is_done_once_however_late_it_comes(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.redis.link.ANSWER_S", 0.3)
    url = redis_server.url
    with Proxy(redis_server.address) as way, ExitStack() as opened:
        other = opened.enter_context(closing(RedisLog(url)))
        way_url = url.replace(str(redis_server.port), str(way.address[1]))
        one = opened.enter_context(closing(RedisLog(way_url, lease_s=2)))
        one.claim(arrived("bob", "m"))
        one.write([joined("m")], NOW)
        let_through = way.silence()
        writing = gevent.spawn(one.write, [said("m", "first")], NOW)
        one.claim(arrived("alice", "late"))
        writing.get()
        one.write([said("m", "second")], NOW)
        one.release("late")
        let_through()
        assert texts(other) == ["first", "second"]
        other.claim(arrived("alice", "n"))


def test_no_server_is_taken_for_dead_where_the_clock_of_redis_was_set_forward(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    other.claim(arrived("alice", "m"))
    other.write([joined("m")], NOW)
    servers = [log._lease.server for log in logs]
    one._keeper.call("ZADD", f"{PREFIX}servers", *(word for server in servers for word in (1, server)))
    assert one._keeper.function("renew", servers[0]) == 0
    other.write([said("m", "still here")], NOW)
    assert texts(one) == ["still here"]
    assert [log._lease.server for log in logs] == servers


def test_who_begins_knows_who_is_where(redis_server: RedisServer) -> None:
    url = redis_server.url
    with closing(RedisLog(url)) as first:
        first.claim(arrived("alice", "m"))
        first.write([joined("m"), joined("m", "den")], NOW)
        with closing(RedisLog(url)) as second:
            here, *rooms = news(second)
            assert here == arrived("alice", "m")
            assert {one.entry.room for one in rooms if isinstance(one, Happened)} == {"lobby", "den"}


def test_whatever_the_clock_of_a_server_says_it_removes_what_is_old_and_all_servers_know_that_it_did(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_server.url
    with closing(RedisLog(url, keep_s=3600)) as one, closing(RedisLog(url)) as other:
        old, new = (Entry("lobby", Said("", "", "lobby", "alice", text), None) for text in ("old", "new"))
        one.append([Entry("lobby", Joined("", "", "lobby", "alice"), None), old], NOW)
        one.append([new], time.time())
        week_later = time.time() + 604_800
        monkeypatch.setattr(time, "time", lambda: week_later)
        one.trim()
        assert texts(other) == ["new"]
        assert number_of(old.event.id) <= number_of(other.trimmed_up_to()) < number_of(new.event.id)


@pytest.mark.parametrize("read", [lambda log: log.since("lobby", "0-0", 9), lambda log: log.latest("lobby", 9)])
def test_who_reads_while_something_happens_misses_nothing_that_is_before_the_last_that_it_is_given(
    logs: tuple[RedisLog, RedisLog], monkeypatch: pytest.MonkeyPatch, read: Callable[[RedisLog], Sequence[object]]
) -> None:
    one, other = logs
    one.append([Entry("lobby", Joined("", "", "lobby", "alice"), None)], NOW)
    ask = one._reader.read

    def and_then_something_happens(*words: str | bytes | int) -> object:
        answer = ask(*words)
        if words[0] in ("XRANGE", "XREVRANGE") and len(texts(other)) == 0:
            other.append([Entry("lobby", Said("", "", "lobby", "alice", "hello"), None)], NOW)
            other.append([Entry("lobby", Left("", "", "lobby", "alice"), None)], NOW)
        return answer

    monkeypatch.setattr(one._reader, "read", and_then_something_happens)
    assert len(read(one)) in (1, 3)


def rooms_of(log: RedisLog) -> set[bytes]:
    """Return all keys that are there for rooms, and what stands in the list of rooms."""
    talk, moves = (log._keeper.call("KEYS", f"{PREFIX}{kind}:*") for kind in ("talk", "moves"))
    return {*talk, *moves, *log._keeper.call("SMEMBERS", f"{PREFIX}rooms")}


def test_a_room_of_which_nothing_is_kept_is_no_room_until_something_is_said_there(redis_server: RedisServer) -> None:
    with closing(RedisLog(redis_server.url, keep_s=3600)) as log:
        log.append([Entry("den", Joined("", "", "den", "alice"), None)], NOW)
        log.append([Entry("den", Said("", "", "den", "alice", "old"), None)], NOW)
        log.trim()
        assert rooms_of(log) == set()
        log.append([Entry("den", Said("", "", "den", "alice", "new"), None)], time.time())
        assert rooms_of(log) == {b"geventchat:talk:den", b"den"}


def test_one_of_all_servers_removes_what_is_too_much(redis_server: RedisServer) -> None:
    url = redis_server.url
    with closing(RedisLog(url)) as one:
        assert one.reserve("trimming")
        one.append([Entry("lobby", Joined("", "", "lobby", "alice"), None)], NOW)
        one.append([Entry("lobby", Said("", "", "lobby", "alice", str(number)), None) for number in range(9)], NOW)
        with closing(RedisLog(url, keep_messages=3)) as other:
            other.trim()
            assert len(texts(other)) == 9
            one._keeper.call("DEL", f"{PREFIX}reserved:trimming")  # as time does
            other.trim()
            assert texts(other) == ["6", "7", "8"]


def test_what_servers_follow_holds_nothing_for_longer_than_some_minutes(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    for text, minute in (("old", 0), ("new", 9), ("last", 11)):
        one.append([Entry("lobby", Said("", "", "lobby", "alice", text), None)], NOW + minute * 60)
    one._keeper.function("renew", one._lease.server)
    parts = b"".join(part for _, (_, part) in one._keeper.call("XRANGE", f"{PREFIX}feed", "-", "+"))
    assert [text in parts for text in (b"old", b"new", b"last")] == [False, True, True]
    assert texts(other) == ["old", "new", "last"]


def test_the_last_events_of_all_rooms_together_are_kept_and_what_is_removed_is_told(redis_server: RedisServer) -> None:
    with closing(RedisLog(redis_server.url, keep_messages=3)) as log:
        told = [
            Entry(room, Said("", "", room, "alice", f"{room} {number}"), None) for number in range(3) for room in "ab"
        ]
        log.append([Entry(room, Joined("", "", room, "alice"), None) for room in "ab"], NOW)
        log.append(told, NOW)
        log.trim()
        kept = [entry.event for room in "ab" for entry in log.since(room, "0-0", 9)]
        assert sorted(event.text for event in kept if isinstance(event, Said)) == ["a 2", "b 1", "b 2"]
        assert log.trimmed_up_to() == told[2].event.id
        log.trim()
        assert log.trimmed_up_to() == told[2].event.id


def both_know(logs: tuple[RedisLog, RedisLog], account: Account) -> None:
    one, other = logs
    one.write([], NOW, [one.kept.put(account)])
    while not other.kept.of(Account):
        gevent.sleep(0.01)


def test_a_role_given_on_one_server_and_a_password_set_on_another_at_the_same_moment_both_stay(
    logs: tuple[RedisLog, RedisLog],
) -> None:
    one, other = logs
    both_know(logs, old := Account(name="alice", password="old", era=1))
    with other._stream.one_takes:  # it hears of the role only when it has written the password, or tried to
        one.write([], NOW, [one.kept.change(old, {"role": Role.MODERATOR})])
        writing = gevent.spawn(other.write, [], NOW, [other.kept.change(old, {"password": "new", "era": 2})])
        gevent.sleep(0.2)
    writing.get()
    both = Account(name="alice", role=Role.MODERATOR, password="new", era=2)
    with closing(RedisLog(one.location)) as third:
        assert [log.kept.of(Account) for log in (*logs, third)] == [[both]] * 3


def test_a_password_set_while_a_server_begins_anew_leaves_a_role_that_was_given_before(
    logs: tuple[RedisLog, RedisLog],
) -> None:
    one, other = logs
    both_know(logs, old := Account(name="alice", password="old", era=1))
    left = other._lease.server

    def write_at_once() -> None:
        other._stream.wait_for("9999999999999-0", lambda: other._lease.server == left, 5)  # until it begins
        other.write([], NOW, [other.kept.change(old, {"password": "new", "era": 2})])

    with other._stream.one_takes:  # it has not heard of the role
        one.write([], NOW, [one.kept.change(old, {"role": Role.MODERATOR})])
        writing = gevent.spawn(write_at_once)
        gevent.sleep(0)
        other._lease.begin_anew(left)
    writing.get()
    both = Account(name="alice", role=Role.MODERATOR, password="new", era=2)
    with closing(RedisLog(one.location)) as third:
        assert [log.kept.of(Account) for log in (other, third)] == [[both]] * 2


def test_of_two_changes_at_the_same_time_the_later_one_counts_on_all_servers(logs: tuple[RedisLog, RedisLog]) -> None:
    one, other = logs
    first = one.kept.put(RoomRules(room="den", locked=True))
    with one._stream.one_takes:  # it hears of both at once
        writing = gevent.spawn(one.write, [], NOW, [first])
        while not one._keeper.call("HGET", f"{PREFIX}kept", "room den"):
            gevent.sleep(0.01)
        later = RoomRules(room="den", owner="alice")
        other.write([], NOW, [other.kept.put(later)])
        one._stream._catch_up()
    writing.get()
    news(one)
    assert [log.kept.get(RoomRules, "den") for log in logs] == [later, later]


def kept(event: Joined | Noticed) -> Entry:
    """Return an event as whoever reads the past gets it, of what one server has written."""
    *_, written = items.words_of([Entry("lobby", event, "7", "ann's")], ())
    assert isinstance(written, bytes)
    return items.stored_entry("5-0", written)


def test_who_moderates_a_room_is_known_from_what_is_kept_of_its_coming_in() -> None:
    for moderates in (True, False):
        entry = kept(Joined("", "", "lobby", "ann", "Ann A", moderates))
        assert isinstance(entry.event, Joined)
        assert (entry.event.moderates, entry.event.about, entry.ref, entry.sender) == (moderates, "Ann A", "7", "ann's")


def test_a_notice_is_kept_as_something_said() -> None:
    assert type(kept(Noticed("", "", "lobby", "ann", "done")).event) is Said
