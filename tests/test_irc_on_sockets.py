"""A client of IRC against a real server, beside nc and json: registration, talk, what was said before, and the end."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from geventchat import ChatServer, Limits
from geventchat.protocol.events import number_of
from geventchat.store.sqlite import SqliteLog
from tests.raw import Address, Raw, plain, programmed
from tests.several import ONE_AND_THREE, Server, one_or_three
from tests.talking import cheap_hashes

__all__ = ["cheap_hashes"]

S = b":chat.geventchat "


@pytest.fixture(params=ONE_AND_THREE)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with one_or_three(request) as server:
        yield server


def on_irc(address: Address, nick: str, *channels: str, caps: str = "") -> Raw:
    """Return a client that has come in and joined."""
    raw = Raw(address, f"CAP REQ :{caps}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r\n".encode())
    raw.until(S + f"422 {nick} :There is no message of the day\r\n".encode())
    for channel in channels:
        raw.send(f"JOIN {channel}\r\n".encode())
        raw.until(S + f"366 {nick} {channel} :End of /NAMES list\r\n".encode())
    return raw


def settled(raw: Raw) -> list[str]:
    """Return the lines up to now, hosts left out."""
    raw.send(b"PING settled\r\n")
    return _without_hosts(raw.until(S + b"PONG chat.geventchat :settled\r\n"))[:-1]


def _without_hosts(lines: bytes) -> list[str]:
    return [re.sub(r"!user@[0-9a-f]+\.geventchat", "", line) for line in lines.decode().split("\r\n")[:-1]]


def test_who_registers_is_told_all_that_clients_wait_for(server: Server) -> None:
    with Raw(server.address, b"NICK bob\r\nUSER b 0 * :Bob\r\n") as raw:
        lines = raw.until(b" 422 bob :There is no message of the day\r\n").decode().split("\r\n")
        numbers = [line.split()[1] for line in lines if line]
        assert numbers[:5] == ["001", "002", "003", "004", "005"]
        assert numbers[-1] == "422"
        (tokens,) = [" ".join(line.split()[3:]) for line in lines if " 005 bob AWAYLEN" in line]
        assert " CHANTYPES=# " in tokens


def test_a_taken_nick_is_refused_and_another_is_taken(server: Server) -> None:
    with plain(server.address, "bob"), Raw(server.address, b"NICK Bob\r\nUSER b 0 * :Bob\r\n") as raw:
        assert raw.until(b"\r\n") == S + b"433 * Bob :the name Bob is taken\r\n"
        raw.send(b"NICK ben\r\n")
        assert raw.until(b"\r\n").startswith(S + b"001 ben :")


def test_who_types_a_registration_by_hand_is_a_person(server: Server) -> None:
    with Raw(server.address, b"nick smith\n") as person:
        assert b"Hi, nick smith!" in person.until(b"'exit'.\n")


def test_irc_nc_and_json_talk_with_each_other(server: Server) -> None:
    with plain(server.address, "Ivan P") as nc, on_irc(server.address, "bob", "#lobby") as bob:
        json, _ = programmed(server.address, "json")
        with json:
            nc.until(b"* json joined\n")
            bob.send(b"PRIVMSG #lobby :hi\r\nPRIVMSG #lobby :\x01ACTION waves\x01\r\nTOPIC #lobby :tea\r\n")
            nc.until(b"bob: hi\nbob: *waves*\n* bob set the topic: tea\n")
            nc.send("привет\n/me nods\n/msg bob psst\n/nick Ivan Petrov\n".encode())
            json.messages_until("renamed")
            json.send(b'{"type":"say","text":"from json"}\n{"type":"whisper","to":"bob","text":"psst too"}\n')
            json.messages_until("whispered")
            assert settled(bob) == [
                ":json JOIN #lobby",
                ":bob TOPIC #lobby :tea",
                ":Ivan\u00a0P PRIVMSG #lobby :привет",
                ":Ivan\u00a0P PRIVMSG #lobby :\x01ACTION nods\x01",
                ":Ivan\u00a0P PRIVMSG bob :psst",
                ":Ivan\u00a0P NICK Ivan\u00a0Petrov",
                ":json PRIVMSG #lobby :from json",
                ":json PRIVMSG bob :psst too",
            ]
            bob.send("PRIVMSG Ivan\u00a0Petrov :yes?\r\nQUIT :bye all\r\n".encode())
            nc.until(b"* bob whispers to Ivan Petrov: yes?\n* bob left: Quit: bye all\n")
            assert bob.rest().endswith(b"ERROR :Closing Link: bob (bye)\r\n")


def test_a_pong_comes_after_all_that_came_before(server: Server) -> None:
    with on_irc(server.address, "bob", "#a", caps="echo-message") as bob:
        bob.send(b"".join(b"PRIVMSG #a :%d\r\n" % number for number in range(30)))
        assert settled(bob) == [f":bob PRIVMSG #a :{number}" for number in range(30)]


@pytest.mark.usefixtures("cheap_hashes")
def test_whatever_is_done_by_who_is_logged_in_names_the_account_to_who_asks_for_that(server: Server) -> None:
    watching = "account-tag away-notify setname extended-monitor"
    with (
        on_irc(server.address, "bob", "#a", caps=watching) as bob,
        on_irc(server.address, "ben", "#a", caps="away-notify") as ben,
        on_irc(server.address, "alice", "#a", caps="account-tag echo-message") as alice,
    ):
        alice.send(b"PRIVMSG #a :who am I?\r\nREGISTER * * :correct horse\r\n")
        alice.until(b" REGISTER SUCCESS alice ")
        alice.send(b"JOIN #b\r\n")
        alice.until(b" 366 ")
        ben.send(b"JOIN #b\r\n")
        alice.until(b" JOIN #b\r\n")
        alice.send(b"PRIVMSG #a :hi\r\nPRIVMSG #a :\x01ACTION nods\x01\r\nNOTICE bob :psst\r\nINVITE bob #b\r\n")
        alice.send(b"TOPIC #a :tea\r\nAWAY :lunch\r\nSETNAME :A\r\nNICK alicia\r\nMODE #b +m\r\nKICK #b ben\r\n")
        own = _without_hosts(alice.until(b" KICK #b ben :alicia\r\n"))
        alice.send(b"PART #a :that is all\r\n")
        (*heard, last) = _without_hosts(bob.until(b":that is all\r\n"))
        assert last == "@account=alice :alicia PART #a :that is all"
        assert sorted(heard[heard.index(":alice PRIVMSG #a :who am I?") :]) == sorted(
            [
                ":alice PRIVMSG #a :who am I?",
                "@account=alice :alice PRIVMSG #a :hi",
                "@account=alice :alice PRIVMSG #a :\x01ACTION nods\x01",
                "@account=alice :alice NOTICE bob :psst",
                "@account=alice :alice INVITE bob #b",
                "@account=alice :alice TOPIC #a :tea",
                "@account=alice :alice AWAY :lunch",
                "@account=alice :alice SETNAME :A",
                "@account=alice :alice NICK alicia",
            ]
        )
        assert not any("account" in line for line in _without_hosts(ben.until(b":that is all\r\n")))
        assert "@account=alice :alice PRIVMSG #a :hi" in own
        assert "@account=alice :alicia MODE #b +m" in own
        assert own[-1] == "@account=alice :alicia KICK #b ben :alicia"
        alice.send(b"NICK alice\r\nLOGOUT\r\nJOIN #a\r\n")
        assert _without_hosts(bob.until(b" JOIN #a\r\n"))[-1] == ":guest1 JOIN #a"


def test_bytes_one_at_a_time_mean_the_same(server: Server) -> None:
    with on_irc(server.address, "bob", "#a") as bob:
        for byte in "WHO #a\r\nTOPIC #a :чай\r\n".encode():
            bob.send(bytes([byte]))
        assert settled(bob)[-1] == ":bob TOPIC #a :чай"


def test_who_falls_behind_is_told_what_it_missed_in_the_room() -> None:
    with (
        ChatServer(limits=Limits(feed_window=4_096, rate=None)) as server,
        on_irc(server.address, "bob", "#a") as bob,
        on_irc(server.address, "ben", "#a") as ben,
    ):
        for _ in range(3_000):  # until bob's kernel and the window are full
            ben.send(b"PRIVMSG #a :" + b"x" * 400 + b"\r\n")
        settled(ben)
        assert bob.until(b":you missed ").endswith(S + b"NOTICE #a :you missed ")


# What was said before.


def said(lines: list[str]) -> list[str]:
    return [line.rpartition(":")[2] for line in lines if " PRIVMSG " in line]


def test_a_newcomer_who_can_tell_times_is_shown_what_was_said_and_nobody_else(server: Server) -> None:
    with plain(server.address, "nc") as nc:
        nc.send(b"one\ntwo\n")
        nc.until(b"nc: two\n")
        with Raw(server.address, b"CAP REQ :server-time batch\r\nNICK bob\r\nUSER b 0 * :B\r\nCAP END\r\n") as bob:
            bob.send(b"JOIN #lobby\r\n")
            lines = settled(bob)
            assert said(lines) == ["one", "two"]
            assert lines[-4] == ":chat.geventchat BATCH +H chathistory #lobby"
            assert re.match(r"@time=\S+;batch=H :nc PRIVMSG #lobby :one", lines[-3])
        for number, caps in enumerate(("", "batch", "server-time batch message-tags draft/chathistory")):
            with on_irc(server.address, f"ben{number}", caps=caps) as ben:
                ben.send(b"JOIN #lobby\r\n")
                assert said(settled(ben)) == []


def test_who_comes_back_is_shown_what_was_said_since_once(server: Server) -> None:
    with plain(server.address, "nc") as nc:
        nc.send(b"before\n")
        with on_irc(server.address, "bob", "#lobby", caps="server-time") as bob:
            nc.send(b"heard\n")
            bob.until(b":heard\r\n")
        nc.until(b"* bob left")
        nc.send(b"missed\n/me waves\n")
        nc.until(b"nc: *waves*\n")
        with on_irc(server.address, "bob", "#lobby", caps="server-time") as bob:
            assert said(settled(bob)) == ["missed", "\x01ACTION waves\x01"]
            nc.send(b"now\n")
            bob.until(b":now\r\n")


@pytest.mark.parametrize(("topics", "lines"), [(0, 600), (490, 30)])
def test_who_comes_back_to_more_than_is_looked_through_is_shown_it_or_told_that_there_was_more(
    topics: int, lines: int
) -> None:
    with ChatServer(limits=Limits(rate=None)) as server, plain(server.address, "nc") as nc:
        with on_irc(server.address, "bob", "#lobby", caps="server-time"):
            nc.until(b"* bob joined\n")
        nc.until(b"* bob left")
        nc.send(b"".join(b"/topic %d\n" % number for number in range(topics)))
        nc.send(b"".join(b"missed %d\n" % number for number in range(lines)))
        nc.until(b"nc: missed %d\n" % (lines - 1))
        with on_irc(server.address, "bob", "#lobby", caps="server-time") as bob:
            shown = settled(bob)
            assert said(shown) == [f"missed {number}" for number in range(lines)][-500:]
            told = [line for line in shown if " NOTICE #lobby :lines of lobby may be missing here" in line]
            assert told == (shown[:1] if lines > 500 else [])


def test_who_comes_back_after_a_crash_is_shown_only_what_was_said_since_the_server_is_up(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "history.sqlite")
    with ChatServer(log=log) as server, plain(server.address, "nc") as nc:
        bob = on_irc(server.address, "bob", "#lobby", caps="server-time")
        nc.send(b"heard\n")
        bob.until(b":heard\r\n")
        heard = log.latest("lobby", 1)[0].id
    bob.close()
    log.close()
    forget_after(tmp_path / "history.sqlite", heard)
    time.sleep(0.002)  # the next server has a start of its own
    log = SqliteLog(tmp_path / "history.sqlite")
    with ChatServer(log=log) as server, plain(server.address, "nc") as nc:
        nc.send(b"missed\n")
        nc.until(b"nc: missed\n")
        with on_irc(server.address, "bob", "#lobby", caps="server-time") as bob:
            assert said(settled(bob)) == ["missed"]
    log.close()


def forget_after(path: Path, event_id: str) -> None:
    """Leave the file as it would be had the server been killed: nobody has left."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM events WHERE id > ?", (number_of(event_id),))


def history(raw: Raw, asked: str) -> list[str]:
    raw.send(f"CHATHISTORY {asked}\r\n".encode())
    return settled(raw)


def test_the_past_can_be_paged_through_both_ways(server: Server) -> None:
    caps = "server-time message-tags batch draft/chathistory standard-replies"
    with on_irc(server.address, "bob", "#a", caps=caps) as bob, on_irc(server.address, "ben", "#a", caps=caps) as ben:
        for number in range(10):
            ben.send(b"PRIVMSG #a :%d\r\n" % number)
        heard = [line for line in (settled(ben), settled(bob))[1] if "PRIVMSG" in line]
        ids = [re.search(r"msgid=([^; ]+)", line)[1] for line in heard]  # type: ignore[index]
        for asked, texts in (
            ("LATEST #a * 3", "789"),
            (f"LATEST #a msgid={ids[6]} 50", "789"),
            (f"BEFORE #a msgid={ids[3]} 2", "12"),
            (f"AFTER #a msgid={ids[3]} 2", "45"),
            (f"AROUND #a msgid={ids[5]} 4", "3456"),
            (f"BETWEEN #a msgid={ids[2]} msgid={ids[6]} 50", "345"),
            (f"BETWEEN #a msgid={ids[6]} msgid={ids[2]} 2", "45"),
            ("AFTER #a timestamp=2000-01-01T00:00:00.000Z 2", "01"),
            ("BEFORE #a timestamp=2999-01-01T00:00:00.000Z 2", "89"),
        ):
            lines = history(bob, asked)
            assert lines[0] == ":chat.geventchat BATCH +H chathistory #a"
            assert said(lines) == list(texts), asked
        for asked, code in (
            ("NONSENSE #a * 3", "INVALID_PARAMS"),
            ("LATEST #a *", "NEED_MORE_PARAMS"),
            ("LATEST bob * 3", "INVALID_TARGET"),
            ("BEFORE #a msgid=x 3", "INVALID_PARAMS"),
            ("LATEST #a * x", "INVALID_PARAMS"),
        ):
            (fail,) = history(bob, asked)
            assert fail.startswith(f":chat.geventchat FAIL CHATHISTORY {code} ")


def test_which_rooms_have_something_new_can_be_asked(server: Server) -> None:
    caps = "server-time message-tags batch draft/chathistory standard-replies"
    with on_irc(server.address, "bob", "#a", "#b", "#c", caps=caps) as bob:
        bob.send(b"PRIVMSG #b :first\r\nPRIVMSG #a :then\r\n")
        always = "timestamp=2000-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z"
        for asked, rooms in (
            (f"TARGETS {always} 10", ["#b", "#a"]),
            (f"TARGETS {' '.join(reversed(always.split()))} 10", ["#b", "#a"]),
            (f"TARGETS {always} 1", ["#a"]),
            (f"TARGETS timestamp=2998-01-01T00:00:00.000Z {always.split()[1]} 10", []),
        ):
            begins, *lines, ends = history(bob, asked)
            assert (begins, ends) == (
                ":chat.geventchat BATCH +H draft/chathistory-targets",
                ":chat.geventchat BATCH -H",
            )
            assert [line.split()[4] for line in lines] == rooms
            assert all(re.fullmatch(r"20\d\d-\S+T\S+Z", line.split()[5]) for line in lines)
        for asked, code in (("TARGETS", "NEED_MORE_PARAMS"), ("TARGETS now then 3", "INVALID_PARAMS")):
            (fail,) = history(bob, asked)
            assert fail.startswith(f":chat.geventchat FAIL CHATHISTORY {code} ")


def test_events_are_played_back_to_who_has_asked_for_them(server: Server) -> None:
    caps = "server-time message-tags batch draft/chathistory draft/event-playback"
    with on_irc(server.address, "bob", "#a", caps=caps) as bob:
        bob.send(b"TOPIC #a :tea\r\nPRIVMSG #a :hi\r\n")
        kinds = [line.split()[2] for line in history(bob, "LATEST #a * 10") if "batch=H" in line]
        assert kinds == ["JOIN", "TOPIC", "PRIVMSG"]


def test_what_is_said_while_the_past_is_shown_comes_behind_it(server: Server) -> None:
    with plain(server.address, "nc") as nc:
        for round_ in range(5):
            nc.send(b"%d\n" % round_)
            with on_irc(server.address, f"bob{round_}", caps="server-time") as bob:
                bob.send(b"JOIN #lobby\r\n")
                speaking = gevent.spawn(nc.send, b"new %d\n" % round_)
                bob.until(b":new %d\r\n" % round_)
                speaking.get()
