"""Several servers that share one chat: nobody can tell by anything which of them somebody is connected to."""

import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from geventchat import Limits
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import number_of
from tests.raw import Address, Raw, plain, programmed
from tests.redis_server import RedisServer
from tests.several import Several, several
from tests.test_redis_log import arrived


@pytest.fixture
def servers(redis_server: RedisServer) -> Iterator[Several]:
    with several(redis_server.url, 3, Limits(rate=None)) as servers:
        yield servers


def asks(raw: Raw, **command: object) -> None:
    raw.send(json.dumps(command).encode() + b"\n")


def talk(raw: Raw) -> None:
    for number in range(40):
        asks(raw, type="say", text=str(number))


def settled(raw: Raw) -> list[dict[str, Any]]:
    """Return all that is on its way: also what anybody has been told is stored, on whichever server."""
    asks(raw, type="ping")
    return raw.messages_until("pong")[:-1]


def on_irc(address: Address, nick: str, *channels: str) -> Raw:
    raw = Raw(address, f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
    raw.until(b" 422 ")
    for channel in channels:
        raw.send(f"JOIN {channel}\r\n".encode())
        raw.until(b" 366 ")
    raw.send(b"PING ready\r\n")
    raw.until(b"ready\r\n")
    return raw


def irc_lines(raw: Raw) -> list[str]:
    raw.send(b"PING there\r\n")
    return raw.until(b"there\r\n").decode().splitlines()[:-1]


def test_everyone_hears_everyone_in_one_order_in_every_dialect(servers: Several) -> None:
    users = [programmed(servers.address, f"user{number}")[0] for number in range(3)]
    irc = on_irc(servers.address, "irene", "#lobby")
    with plain(servers.address, "paul") as person:
        speakers = [gevent.spawn(talk, raw) for raw in users]
        person.send(b"".join(b"person %d\n" % number for number in range(40)))
        irc.send(b"".join(b"PRIVMSG #lobby :irc %d\r\n" % number for number in range(40)))
        gevent.joinall(speakers, raise_error=True)
        asks(users[0], type="say", text="the end")
        heard = []
        for raw in users:
            said: list[dict[str, Any]] = []
            while len(said) < 201:
                message = raw.message()
                said += [message] if message["type"] == "said" else []
            heard.append([(one["id"], one["nick"], one["text"]) for one in said])
        assert heard[0] == heard[1] == heard[2]
        assert [number_of(one[0]) for one in heard[0]] == sorted(number_of(one[0]) for one in heard[0])
        shown = [f"{nick}: {text}" for _, nick, text in heard[0]]
        lines: list[str] = []
        while len(lines) < 201:
            line = person.line()
            lines += [] if line.startswith("* ") else [line]
        assert lines == shown
        seen: list[str] = []
        while len(seen) < 161:
            line = irc.until(b"\r\n").decode()
            seen += [line.split("!")[0][1:] + ": " + line.partition(" :")[2].rstrip()] if "PRIVMSG" in line else []
        assert seen == [one for one in shown if not one.startswith("irene")]
    for raw in (*users, irc):
        raw.close()


def test_a_nick_is_one_user_s_on_all_servers_also_when_many_want_it_at_once(servers: Several) -> None:
    raws = [Raw(servers.address) for _ in range(12)]
    for number, raw in enumerate(raws):
        asks(raw, type="hello", nick="Alice" if number % 2 else "alice")
    answers = [raw.message() for raw in raws]
    assert sorted(answer["type"] for answer in answers) == ["error"] * 11 + ["welcome"]
    assert {answer["code"] for answer in answers if answer["type"] == "error"} == {"nick-taken"}
    double = Raw(servers.address)
    asks(double, type="hello", nick="a1ice")  # another letter, which looks the same
    assert "looks like" in double.message()["message"]
    bob, _ = programmed(servers.address, "bob")
    asks(bob, type="rename", nick="ALICE", ref="r")
    assert bob.messages_until("error")[-1]["code"] == "nick-taken"
    asks(bob, type="who")
    assert sorted(bob.messages_until("members")[-1]["members"]) in (["Alice", "bob"], ["alice", "bob"])
    for raw in (*raws, double, bob):
        raw.close()


def test_a_new_nick_frees_the_old_one_and_one_that_is_refused_leaves_all_as_it_was(servers: Several) -> None:
    alice, _ = programmed(servers.address, "alice")
    bob, _ = programmed(servers.address, "bob")
    asks(alice, type="rename", nick="carol", ref="r")
    assert (alice.messages_until("renamed")[-1]["new"], alice.message()["type"]) == ("carol", "ack")
    assert bob.message()["new"] == "carol"
    asks(bob, type="rename", nick="alice", ref="r")
    bob.messages_until("ack")
    asks(bob, type="rename", nick="alice", ref="again")  # it is called so already
    assert bob.message()["code"] == "nick-taken"
    with Raw(servers.address) as other:
        asks(other, type="hello", nick="dave", room="*")
        assert other.message()["code"] == "bad-room"
        fourth, _ = programmed(servers.address, "dave")  # it was not kept for who could not come in
        asks(fourth, type="who")
        assert fourth.messages_until("members")[-1]["members"] == ["carol", "alice", "dave"]
        fourth.close()
    alice.close()
    bob.close()


def test_who_takes_one_name_after_the_other_keeps_each_until_its_rooms_have_heard_of_the_next(
    servers: Several,
) -> None:
    server, log = servers.servers[0], servers.logs[0]
    alice, _ = programmed(server.address, "alice")
    member = server._services.chat.nicks.find("alice")
    assert member is not None
    with log._one_writes:  # what its rooms are to hear is on its way
        for nick in ("bob", "carol"):
            asks(alice, type="rename", nick=nick)
        while not (member.nick == "bob" and server._services.pump._awaited):
            gevent.sleep(0.01)
        with pytest.raises(Refused, match="the name alice is taken"):
            servers.logs[1].claim(arrived("alice", "another"))
    assert [alice.messages_until("renamed")[-1]["new"] for _ in range(2)] == ["bob", "carol"]
    alice.close()


def test_whispers_and_invitations_reach_users_of_other_servers_and_are_never_stored(
    servers: Several, redis_server: RedisServer
) -> None:
    alice, _ = programmed(servers.address, "alice")
    bob, _ = programmed(servers.address, "bob")
    asks(alice, type="say", text="before")
    asks(alice, type="whisper", to="BOB", text="between us", ref="w")
    asks(alice, type="say", text="after")
    assert [one.get("text") for one in alice.messages_until("ack")[-2:]] == ["between us", None]
    assert [(one["type"], one["text"]) for one in (bob.message() for _ in range(3))] == [
        ("said", "before"),
        ("whispered", "between us"),
        ("said", "after"),
    ]
    asks(bob, type="away", text="tea")
    asks(bob, type="reply", text="back to you", ref="r")
    assert bob.messages_until("ack")[-1]["ref"] == "r"
    assert [one["text"] for one in settled(alice) if one["type"] in ("away", "whispered")] == ["tea", "back to you"]
    asks(alice, type="whisper", to="bob", text="are you there")
    assert [one["type"] for one in settled(alice)] == ["whispered", "away_is"]
    asks(alice, type="join", room="den")
    asks(alice, type="invite", nick="bob", room="den")
    assert [one["type"] for one in settled(alice)][-2:] == ["invited", "away_is"]
    assert [one["type"] for one in settled(bob)] == ["whispered", "invited"]
    asks(alice, type="whisper", to="nobody", text="hello")
    assert alice.messages_until("error")[-1]["code"] == "no-such-nick"
    kept = b"".join(file.read_bytes() for file in redis_server.files())
    assert b"before" in kept
    assert b"between us" not in kept
    alice.close()
    bob.close()


def test_what_can_be_asked_about_others_is_the_same_wherever_they_are(servers: Several) -> None:
    alice, _ = programmed(servers.address, "alice", room="den", about="Alice A")
    asks(alice, type="topic", text="tea", ref="t")
    alice.messages_until("topic")
    bob, welcome = programmed(servers.address, "bob")
    assert welcome["members"] == ["bob"]
    asks(bob, type="rooms")
    assert bob.messages_until("rooms")[-1]["rooms"] == {"den": 1, "lobby": 1}
    asks(bob, type="topic", room="den")
    assert bob.messages_until("topic_is")[-1]["text"] == "tea"
    asks(bob, type="whois", nick="alice")
    (found,) = bob.messages_until("profiles")[-1]["users"]
    assert (found["about"], found["rooms"], found["away"]) == ("Alice A", ["den"], None)
    asks(bob, type="status")
    assert bob.messages_until("status")[-1]["users"] == 2
    asks(bob, type="watch", nicks=["alice"])
    assert bob.messages_until("watched")[-1]["here"] == ["alice"]
    asks(alice, type="describe", about="still Alice")
    settled(alice)
    asks(bob, type="find", mask="a*")
    assert bob.messages_until("profiles")[-1]["users"][0]["about"] == "still Alice"
    asks(alice, type="bye")
    assert bob.messages_until("watched")[-1]["gone"] == ["alice"]
    asks(bob, type="whowas", nick="alice")
    assert bob.messages_until("former")[-1]["users"][0]["about"] == "still Alice"
    asks(bob, type="rooms")
    assert bob.messages_until("rooms")[-1]["rooms"] == {"lobby": 1}
    bob.close()
    alice.close()


def test_a_server_that_joins_later_knows_who_is_here(redis_server: RedisServer) -> None:
    url = redis_server.url
    with several(url, 1) as first:
        users = [programmed(first.address, f"user{number}")[0] for number in range(5)]
        asks(users[0], type="join", room="den")
        asks(users[0], type="rename", nick="zero", ref="r")
        asks(users[1], type="away", text="tea")
        for raw in users:
            settled(raw)
        with several(url, 1) as second:
            late, welcome = programmed(second.address, "late")
            assert sorted(welcome["members"]) == ["late", "user1", "user2", "user3", "user4", "zero"]
            asks(late, type="rooms")
            assert late.messages_until("rooms")[-1]["rooms"] == {"lobby": 6, "den": 1}
            asks(late, type="whisper", to="user1", text="hi")
            assert settled(late)[-1] == {"type": "away_is", "nick": "user1", "text": "tea", "ref": None}
            asks(late, type="hello", nick="late")
            users[2].close()
            assert [one["nick"] for one in late.messages_until("left") if one["type"] == "left"] == ["user2"]
            late.close()
        assert users[3].messages_until("left")[-1]["nick"] == "user2"
        for raw in users:
            raw.close()


def test_who_comes_back_to_another_server_takes_its_place_there_and_misses_nothing(servers: Several) -> None:
    alice, welcome = programmed(servers.address, "alice")
    asks(alice, type="join", room="den")
    bob, _ = programmed(servers.address, "bob")
    asks(bob, type="say", text="one", ref="1")
    last = alice.messages_until("said")[-1]["id"]
    asks(bob, type="say", text="two", ref="2")
    settled(bob)
    again, _ = programmed(servers.address, "alice", after=last, token=welcome["token"])
    asks(again, type="say", text="here again", ref="3")
    back = again.messages_until("said")
    assert [(one["type"], one.get("text")) for one in back if one["type"] == "said"] == [("said", "two")]
    assert alice.messages_until("closing")[-1]["code"] == "replaced"
    assert alice.rest() == b""
    heard = bob.messages_until("joined") + bob.messages_until("said")
    assert [(one["type"], one.get("nick")) for one in heard if one.get("nick") == "alice"] == [
        ("left", "alice"),
        ("joined", "alice"),
        ("said", "alice"),
    ]
    asks(bob, type="rooms")
    assert bob.messages_until("rooms")[-1]["rooms"] == {"lobby": 2}
    for raw in (again, bob):
        raw.close()


def test_a_message_sent_again_on_another_server_is_stored_once(servers: Several) -> None:
    alice, welcome = programmed(servers.address, "alice")
    asks(alice, type="say", text="once", ref="r")
    stored = alice.messages_until("ack")[-1]["id"]
    again, _ = programmed(servers.address, "alice", after=welcome["id"], token=welcome["token"])
    asks(again, type="say", text="once", ref="r")
    assert again.messages_until("ack")[-1]["id"] == stored
    again.close()
    alice.close()


def test_somebody_else_s_token_takes_nobody_s_place(servers: Several) -> None:
    alice, _ = programmed(servers.address, "alice")
    bob, other = programmed(servers.address, "bob")
    with Raw(servers.address) as thief:
        asks(thief, type="hello", nick="alice", token=other["token"])
        assert thief.message()["code"] == "nick-taken"
    assert settled(alice)[-1]["type"] == "joined"
    alice.close()
    bob.close()


def test_on_irc_a_departure_from_several_rooms_and_a_new_nick_are_told_once(servers: Several) -> None:
    irene = on_irc(servers.address, "irene", "#tea", "#den")
    alice = on_irc(servers.address, "alice", "#tea", "#den")
    alice.send(b"NICK alicia\r\n")
    alice.until(b"NICK")
    alice.send(b"QUIT :see you\r\n")
    alice.rest()
    lines = [line for line in irc_lines(irene) if "alic" in line]
    assert [line.split()[1] for line in lines] == ["JOIN", "JOIN", "NICK", "QUIT"]
    irene.close()


def test_a_server_that_stops_sends_its_users_to_the_others_without_a_gap(redis_server: RedisServer) -> None:
    url = redis_server.url
    with several(url, 2) as servers:
        bob, _ = programmed(servers.address, "bob")
        with several(url, 1) as stopping:
            alice, welcome = programmed(stopping.address, "alice")
            asks(alice, type="join", room="den")
            settled(alice)
        assert alice.messages_until("closing")[-1]["code"] == "server-stopping"
        asks(bob, type="say", text="missed", ref="1")
        bob.messages_until("ack")
        back, _ = programmed(servers.address, "alice", after=welcome["id"], token=welcome["token"])
        assert [one["text"] for one in settled(back) if one["type"] == "said"] == ["missed"]
        asks(back, type="rooms")
        assert back.messages_until("rooms")[-1]["rooms"] == {"lobby": 2}
        bob.close()
        back.close()
        alice.close()


# Moderation.


def owned_by_alice(servers: Several) -> Raw:
    """Return alice, who has an account, and the room den by that."""
    alice, _ = programmed(servers.address, "alice")
    asks(alice, type="register", password="correct horse battery")
    alice.messages_until("account_is")
    asks(alice, type="join", room="den")
    settled(alice)
    return alice


def test_who_has_a_room_puts_users_of_other_servers_out_of_it_and_keeps_them_out(servers: Several) -> None:
    alice = owned_by_alice(servers)
    bob, _ = programmed(servers.address, "bob", room="den")
    carol, _ = programmed(servers.address, "carol", room="den")
    asks(alice, type="kick", nick="bob", room="den", reason="enough")
    assert [one["who"] for one in (bob.messages_until("kicked")[-1], carol.messages_until("kicked")[-1])] == ["bob"] * 2
    assert alice.messages_until("kicked")[-1]["reason"] == "enough"
    asks(carol, type="who", room="den")
    assert sorted(carol.messages_until("members")[-1]["members"]) == ["alice", "carol"]
    asks(bob, type="join", room="den")
    assert bob.messages_until("members")[-1]["count"] == 3
    asks(alice, type="ban", who="bob", room="den")
    bob.messages_until("kicked")
    carol.messages_until("kicked")
    asks(bob, type="join", room="den")
    assert bob.messages_until("error")[-1]["code"] == "banned"
    asks(alice, type="mute", nick="carol", room="den")
    carol.messages_until("muted")
    asks(carol, type="say", text="but", room="den")
    assert carol.messages_until("error")[-1]["code"] == "muted"
    for raw in (alice, bob, carol):
        raw.close()


def test_what_is_deleted_is_in_nobody_s_history_and_topics_and_accounts_are_the_same_everywhere(
    servers: Several,
) -> None:
    alice = owned_by_alice(servers)
    bob, _ = programmed(servers.address, "bob", room="den")
    asks(bob, type="say", text="take this back", ref="1")
    said = bob.messages_until("said")[-1]["id"]
    asks(alice, type="delete", id=said, room="den")
    assert bob.messages_until("deleted")[-1]["target"] == said
    asks(bob, type="history")
    assert [one for one in bob.messages_until("history")[-1]["events"] if one["type"] == "said"] == []
    thief = Raw(servers.address)
    asks(thief, type="hello", nick="alice")
    assert thief.messages_until("error")[-1]["code"] in ("nick-taken", "nick-registered")
    asks(alice, type="bye")
    alice.rest()
    bob.messages_until("left")
    asks(thief, type="hello", nick="alice")
    assert thief.messages_until("error")[-1]["code"] == "nick-registered"
    asks(thief, type="hello", nick="alice", login={"account": "alice", "password": "correct horse battery"})
    assert thief.messages_until("welcome")[-1]["account"] == "alice"
    for raw in (thief, bob):
        raw.close()
