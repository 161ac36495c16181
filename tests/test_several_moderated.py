"""Moderators and their users on different servers that share one chat: all that holds on one holds on all."""

import json
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import socket

from geventchat import Limits
from geventchat.core.accounts import Account
from geventchat.core.moderation.sanctions import Ban
from geventchat.core.moderation.word_filter import Filter
from geventchat.protocol.passwords import quick_hash
from geventchat.protocol.roles import Role
from tests.raw import Address, Raw, does, plain, programmed
from tests.redis_server import RedisServer
from tests.several import Several, several

SECRET = "correct horse battery staple"  # noqa: S105 - it is made up


@pytest.fixture
def servers(redis_server: RedisServer) -> Iterator[Several]:
    with several(redis_server.url, 3, Limits(rate=None)) as servers:
        yield servers


def settled(raw: Raw) -> list[dict[str, Any]]:
    raw.send(b'{"type":"ping"}\n')
    return raw.messages_until("pong")[:-1]


def moderator(servers: Several) -> Raw:
    """Return who moderates all servers, connected to the first of them."""
    server = servers.servers[0]
    server._services.chat.moderation.links.offer("secret")
    mod, _ = programmed(server.address, "mod", link="secret")
    return mod


def two_moderators(servers: Several) -> tuple[Raw, Raw]:
    """Return who moderates all servers, connected to the first of them and to the second."""
    robot = Account(name="robot", role=Role.MODERATOR, token=quick_hash(SECRET), era=1)
    servers.logs[0].append([], time.time(), [servers.logs[0].kept.put(robot)])
    login = {"account": "robot", "password": SECRET}
    one, other = (
        programmed(server.address, f"mod{number}", login=login)[0] for number, server in enumerate(servers.servers[:2])
    )
    return one, other


def from_address(source: str, target: Address, first: bytes) -> Raw:
    """Return a connection from an address of its own."""
    raw = Raw.__new__(Raw)
    raw.socket = socket.create_connection(target, timeout=10, source_address=(source, 0))
    raw.received = b""
    raw.send(first)
    return raw


def far_user(servers: Several, nick: str, room: str = "lobby", source: str = "127.0.0.2") -> Raw:
    """Return a user of the second server."""
    hello = json.dumps({"type": "hello", "nick": nick, "room": room}).encode() + b"\n"
    raw = from_address(source, servers.servers[1].address, hello)
    raw.messages_until("welcome")
    return raw


def test_who_moderates_by_a_link_is_a_moderator_for_users_of_other_servers_too(servers: Several) -> None:
    bob = far_user(servers, "bob")
    mod = moderator(servers)
    bob.messages_until("joined")
    assert does(bob, type="who")["moderators"] == ["mod"]
    does(mod, type="mute", nick="bob")
    bob.messages_until("muted")
    assert does(bob, type="whisper", to="mod", text="sorry")["type"] == "whispered"
    mod.close()
    bob.close()


def test_who_moderates_by_a_link_and_is_banned_on_another_server_does_not_come_back_as_a_moderator(
    servers: Several,
) -> None:
    boss_account = Account(name="boss", role=Role.OWNER, token=quick_hash(SECRET), era=1)
    servers.logs[0].append([], time.time(), [servers.logs[0].kept.put(boss_account)])
    boss, _ = programmed(servers.servers[0].address, "boss", login={"account": "boss", "password": SECRET})
    far = servers.servers[1]
    far._services.chat.moderation.links.offer("secret")
    rogue, welcome = programmed(far.address, "rogue", link="secret")
    boss.messages_until("joined")
    assert does(boss, type="ban", who="rogue")["type"] != "error"
    assert rogue.messages_until("closing")[-1]["code"] == "banned"
    again, _ = programmed(far.address, "again", token=welcome["token"])
    assert does(again, type="unban", who="rogue")["code"] == "forbidden"
    for raw in (boss, rogue, again):
        raw.close()


def test_who_comes_from_a_banned_address_is_sent_away_from_every_server(servers: Several) -> None:
    mod = moderator(servers)
    bob = far_user(servers, "bob")
    assert does(mod, type="ban", who="127.0.0.2/32")["type"] != "error"
    assert bob.messages_until("closing")[-1]["code"] == "banned"
    mod.messages_until("left")
    mod.close()
    bob.close()


def test_a_ban_from_one_room_by_address_puts_out_who_is_there_by_way_of_another_server(servers: Several) -> None:
    mod = moderator(servers)
    does(mod, type="join", room="den")
    bob = far_user(servers, "bob", "den")
    carol = far_user(servers, "carol", "lobby")
    mod.messages_until("joined")
    assert does(mod, type="ban", who="127.0.0.2", room="den")["type"] != "error"
    assert bob.messages_until("kicked")[-1]["who"] == "bob"
    assert mod.messages_until("kicked")[-1]["who"] == "bob"
    assert does(mod, type="who", room="den")["members"] == ["mod"]
    assert does(carol, type="join", room="den")["code"] == "banned"
    for raw in (mod, bob, carol):
        raw.close()


def test_moderators_see_where_users_of_other_servers_come_from_and_ban_and_mute_by_that(servers: Several) -> None:
    mod = moderator(servers)
    bob = far_user(servers, "bob")
    near = from_address("127.0.0.2", servers.servers[0].address, b'{"type":"hello","nick":"near"}\n')
    near.messages_until("welcome")
    origins = {does(mod, type="whois", nick=nick)["users"][0]["origin"] for nick in ("bob", "near")}
    assert len(origins) == 1
    (origin,) = origins
    assert origin
    assert does(mod, type="mute", nick=origin)["type"] != "error"
    assert bob.messages_until("muted")[-1]["type"] == "muted"
    assert does(bob, type="say", text="but")["code"] == "muted"
    assert does(mod, type="ban", who=origin)["type"] != "error"
    for raw in (bob, near):
        assert raw.messages_until("closing")[-1]["code"] == "banned"
        raw.close()
    mod.close()


def test_who_can_be_in_one_room_only_goes_to_the_lobby_when_it_is_put_out_from_afar(servers: Several) -> None:
    mod = moderator(servers)
    does(mod, type="join", room="den")
    with plain(servers.servers[1].address, "paul") as paul:
        paul.send(b"/join den\n")
        while mod.messages_until("joined")[-1]["room"] != "den":
            pass
        does(mod, type="kick", nick="paul", room="den", reason="enough")
        while mod.messages_until("joined")[-1]["room"] != "lobby":
            pass
        paul.send(b"here\n")
        assert mod.messages_until("said")[-1]["room"] == "lobby"
        does(mod, type="kick", nick="paul", room="lobby", reason="enough")
        while mod.messages_until("kicked")[-1]["room"] != "lobby":
            pass
        assert "mod put you out: enough" in paul.rest().decode()
    mod.close()


def test_guests_of_other_servers_are_invited_into_a_locked_room_and_come_back_to_it(servers: Several) -> None:
    mod = moderator(servers)
    does(mod, type="join", room="den")
    bob, carol = far_user(servers, "bob", "den"), far_user(servers, "carol")
    mod.messages_until("joined")
    assert does(mod, type="lock", room="den")["type"] != "error"
    assert does(carol, type="join", room="den")["code"] == "locked"
    does(mod, type="invite", nick="carol", room="den")
    carol.messages_until("invited")
    assert does(carol, type="join", room="den")["type"] == "members"
    does(bob, type="leave", room="den")
    settled(bob)
    assert does(bob, type="join", room="den")["type"] == "members"
    assert does(mod, type="kick", nick="carol", room="den")["type"] != "error"
    carol.messages_until("kicked")
    assert does(carol, type="join", room="den")["code"] == "locked"
    for raw in (mod, bob, carol):
        raw.close()


def test_an_invitation_to_an_open_room_and_one_from_before_it_was_unlocked_open_no_lock(servers: Several) -> None:
    mod = moderator(servers)
    does(mod, type="join", room="den")
    alice, _ = programmed(servers.servers[0].address, "alice")
    assert does(alice, type="join", room="den")["type"] == "members"
    bob, carol = far_user(servers, "bob"), far_user(servers, "carol")
    assert does(alice, type="invite", nick="bob", room="den")["type"] == "invited"
    bob.messages_until("invited")
    assert does(mod, type="lock", room="den")["type"] != "error"
    assert does(bob, type="join", room="den")["code"] == "locked"
    assert does(mod, type="invite", nick="carol", room="den")["type"] == "invited"
    carol.messages_until("invited")
    assert does(mod, type="unlock", room="den")["type"] != "error"
    assert does(mod, type="lock", room="den")["type"] != "error"
    settled(carol)
    assert does(carol, type="join", room="den")["code"] == "locked"
    for raw in (mod, alice, bob, carol):
        raw.close()


def test_what_is_slow_muted_or_announced_is_so_for_users_of_all_servers(servers: Several) -> None:
    mod = moderator(servers)
    bob = far_user(servers, "bob")
    assert does(mod, type="slow", every="1h", room="lobby")["type"] != "error"
    bob.messages_until("slowed")
    assert does(bob, type="say", text="once")["type"] == "ack"
    assert does(bob, type="say", text="twice")["code"] == "slow-down"
    assert does(mod, type="slow", room="lobby")["type"] != "error"
    bob.messages_until("slowed")
    assert does(mod, type="mute", nick="*", room="lobby")["type"] != "error"
    bob.messages_until("muted")
    assert does(bob, type="say", text="but")["code"] == "muted"
    assert does(mod, type="announce", text="lunch")["type"] != "error"
    assert bob.messages_until("announced")[-1]["text"] == "lunch"
    mod.close()
    bob.close()


def test_a_room_that_is_locked_on_one_server_while_it_is_made_slow_on_another_is_both(servers: Several) -> None:
    one, other = two_moderators(servers)
    bob = far_user(servers, "bob", "den")
    for raw in (one, other):
        assert does(raw, type="join", room="den")["type"] == "members"
    with servers.logs[0]._one_writes:  # the lock is on its way meanwhile
        one.send(b'{"type":"lock","room":"den"}\n')
        while not servers.logs[0].kept.unstored:
            gevent.sleep(0.01)
        assert does(other, type="slow", every="1h", room="den")["type"] != "error"
    bob.messages_until("locked")
    assert does(bob, type="say", room="den", text="once")["type"] == "ack"
    assert does(bob, type="say", room="den", text="twice")["code"] == "slow-down"
    carol, _ = programmed(servers.servers[2].address, "carol")
    assert does(carol, type="join", room="den")["code"] == "locked"
    for raw in (one, other, bob, carol):
        raw.close()


@pytest.mark.slow
def test_a_password_that_is_changed_on_one_server_holds_on_all(servers: Several) -> None:
    alice, _ = programmed(servers.servers[0].address, "alice")
    assert does(alice, type="register", password="correct horse battery")["type"] == "account_is"
    bob = far_user(servers, "bob")
    assert does(bob, type="login", account="alice", password="correct horse battery")["type"] == "account_is"
    changed = does(alice, type="password", password="another horse battery")
    assert changed["type"] == "account_is"
    assert [one["account"] for one in settled(bob) if one["type"] == "account_is"] == [None]  # as everywhere else
    assert does(bob, type="login", account="alice", password="correct horse battery")["type"] == "error"
    assert does(bob, type="login", account="alice", password="another horse battery")["type"] == "account_is"
    assert does(alice, type="unregister", password="another horse battery")["type"] == "account_is"
    assert [one["account"] for one in settled(bob) if one["type"] == "account_is"][-1] is None
    alice.close()
    bob.close()


def test_what_two_moderators_of_two_servers_approve_at_once_is_said_once(servers: Several) -> None:
    for server in servers.servers:
        server._services.chat.moderation.filter = Filter("hold money")
    one, other = two_moderators(servers)
    for raw in (one, other):
        assert does(raw, type="join", room="@log")["type"] == "members"
    bob = far_user(servers, "bob")
    assert does(bob, type="say", text="money")["code"] == "held"
    held = one.messages_until("held")[-1]["id"]
    with servers.logs[0]._one_writes:  # what the one wants said is on its way meanwhile
        one.send(json.dumps({"type": "approve", "id": held, "ref": "done"}).encode() + b"\n")
        while not servers.servers[0]._services.chat.moderation.approving:
            gevent.sleep(0.01)
        assert does(other, type="approve", id=held)["code"] == "no-such-message"
    assert one.messages_until("ack")[-1]["ref"] == "done"
    told = bob.messages_until("said")
    assert [message["text"] for message in [*told, *settled(bob)] if message["type"] == "said"] == ["money"]
    for raw in (one, other, bob):
        raw.close()


def test_a_guest_of_a_locked_room_comes_back_to_it_on_another_server(servers: Several) -> None:
    mod = moderator(servers)
    does(mod, type="join", room="den")
    addresses = [server.address for server in servers.servers]
    tokens = {}
    # One is there when it is locked, two are invited, here and on another server, and one knows the password.
    inside, tokens["inside"] = joined_by_token(addresses[1], "inside", "den")
    near, tokens["near"] = joined_by_token(addresses[0], "near", "lobby")
    far, tokens["far"] = joined_by_token(addresses[1], "far", "lobby")
    knows, tokens["knows"] = joined_by_token(addresses[1], "knows", "lobby")
    assert does(mod, type="lock", room="den", password="sesame")["type"] != "error"
    assert does(mod, type="invite", nick="near", room="den")["type"] == "invited"
    assert does(mod, type="invite", nick="far", room="den")["type"] == "invited"
    far.messages_until("invited")
    assert does(knows, type="join", room="den", password="sesame")["type"] == "members"
    for raw in (inside, near, far, knows):
        raw.send(b'{"type":"bye"}\n')
        raw.rest()
    while does(mod, type="whois", nick="knows")["type"] != "error":
        gevent.sleep(0.01)
    again = []
    for nick, token in tokens.items():
        raw, welcome = programmed(addresses[2], nick, room="den", token=token)
        assert welcome["room"] == "den"
        again.append(raw)
    assert does(mod, type="kick", nick="far", room="den")["type"] != "error"
    again[2].messages_until("kicked")
    again[2].send(b'{"type":"bye"}\n')
    again[2].rest()
    stranger = json.dumps({"type": "hello", "nick": "far", "room": "den", "token": tokens["far"]}).encode() + b"\n"
    with Raw(addresses[1], stranger) as raw:
        assert raw.messages_until("error")[-1]["code"] == "key-needed"
    for raw in (mod, *again):
        raw.close()


def joined_by_token(address: Address, nick: str, room: str) -> tuple[Raw, str]:
    """Return a user who is there, and with what it comes back."""
    raw, welcome = programmed(address, nick, room=room)
    return raw, str(welcome["token"])


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_moderator_who_is_sent_away_while_it_bans_somebody_is_told_that_once_and_not_where_the_ban_holds(
    servers: Several, is_lost: bool
) -> None:
    robot = Account(name="robot", role=Role.MODERATOR, token=quick_hash(SECRET), era=1)
    servers.logs[0].append([], time.time(), [servers.logs[0].kept.put(robot)])
    hello = {"login": {"account": "robot", "password": SECRET}, "token": "a token of its own"}
    eve = far_user(servers, "eve")
    mod, _ = programmed(servers.servers[0].address, "mod", **hello)
    log = servers.logs[0]
    (member,) = (one for one in servers.servers[0]._services.chat.nicks.members() if not one.is_remote)
    with log._stream.one_takes:
        mod.send(b'{"type":"say","text":"one","ref":"1"}\n')
        eve.messages_until("said")
        mod.send(b'{"type":"ban","who":"eve","ref":"2"}\n')
        while member.unpublished < 2:
            gevent.sleep(0.01)
        if is_lost:
            log._lease.resign()
            eve.messages_until("left")
        else:  # it comes back elsewhere
            programmed(servers.servers[1].address, "mod", **hello)[0].close()
        log._stream.take_rest()  # it hears of all at once
    told = [one["ref"] for one in mod.messages_until("closing") if one["type"] == "error"]
    assert told == (["2"] if is_lost else [])
    if not is_lost:
        eve.messages_until("closing")
        assert log.kept.of(Ban)
    for raw in (mod, eve):
        raw.close()
