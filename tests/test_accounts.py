"""Accounts: whose a name is, logging in and out, further connections, what is forgotten, and what it costs."""

import base64
import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.queue import Queue
from msgspec.structs import replace

from geventchat import ChatServer, Limits
from geventchat.commands import actions, commands, moderation
from geventchat.commands.followups import CheckPassword, HashPassword
from geventchat.core.accounts import Account, Accounts
from geventchat.core.kept import Kept
from geventchat.core.moderation import targets
from geventchat.core.moderation.sanctions import Ban
from geventchat.protocol import limits
from geventchat.protocol.errors import Refused
from geventchat.protocol.passwords import MAX_PASSWORD, quick_hash
from geventchat.protocol.roles import Role
from geventchat.server import passwords
from geventchat.server.access import Access
from geventchat.server.throttle import Registrar
from geventchat.store import sqlite_records
from geventchat.store.sqlite import SqliteLog
from geventchat.system import password_hash
from tests.raw import plain
from tests.stage import Stage, User
from tests.talking import Program, Talker, cheap_hashes, hang_up, hanging_up, login

__all__ = ["cheap_hashes", "hanging_up"]
pytestmark = pytest.mark.usefixtures("cheap_hashes", "hanging_up")
SECRET = "correct horse"  # noqa: S105 - of nobody


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server
        hang_up()


def registered(server: ChatServer, nick: str = "alice") -> Program:
    """Return somebody who has come in and registered."""
    program = Program(server.address, nick)
    assert program.asks("register", password=SECRET)["account"] == nick
    return program


def change(server: ChatServer, name: str, **fields: Any) -> None:
    """Change an account as the command would; make it if it is not there."""
    kept = server.chat.kept
    account = kept.get(Account, name) or Account(name=name)
    change = [kept.put(replace(account, **fields))]
    kept.settle(change)
    kept.on_elsewhere()


# Whose a name is.


@pytest.mark.parametrize("nick", ["alice", "ALICE", " alice ", "a1ice", "\u0430lice", "alice^2", "a1ice^7"])
def test_a_registered_name_and_all_that_looks_like_it_are_for_who_logs_in_only(server: ChatServer, nick: str) -> None:
    registered(server).close()
    eve = Program(server.address)
    assert eve.hello(nick)["code"] == "nick-registered"
    assert eve.hello(nick, login=login("alice", "wrong horse"))["code"] == "login-failed"
    assert eve.hello("eve")["nick"] == "eve"
    assert eve.asks("rename", nick=nick)["code"] == "nick-registered"


def test_a_name_with_a_number_is_for_accounts_also_while_nobody_has_registered_it(server: ChatServer) -> None:
    assert Program(server.address).hello("alice^2")["code"] == "bad-nick"


def test_who_logs_in_has_the_name_and_others_are_told(server: ChatServer) -> None:
    registered(server).close()
    bob = Program(server.address, "bob")
    alice = Program(server.address, "alice", login=login("alice", SECRET))
    assert (alice.welcome["account"], alice.welcome["role"]) == ("alice", "user")
    assert bob.until_type("joined")["account"] == "alice"
    (profile,) = bob.asks("whois", nick="alice")["users"]
    assert profile["account"] == "alice"
    assert alice.asks("logout")["account"] is None
    assert bob.until_type("renamed")["new"] == "guest1"
    assert bob.until_type("account") == {"type": "account", "nick": "guest1", "account": None}
    assert alice.asks("login", account="alice", password=SECRET)["account"] == "alice"
    assert alice.asks("rename", nick="Alice")["type"] == "ack"


def test_who_logged_in_to_another_account_than_meant_logs_in_anew_before_coming_in(server: ChatServer) -> None:
    registered(server).close()
    registered(server, "bob").close()
    program = Program(server.address)
    assert program.hello("bob", login=login("alice", SECRET))["code"] == "nick-registered"
    assert program.hello("bob", login=login("bob", "wrong horse"))["code"] == "login-failed"
    assert program.hello("alice")["code"] == "nick-registered"
    assert program.hello("bob", login=login("bob", SECRET))["account"] == "bob"


def test_several_connections_of_one_account_are_told_apart_by_a_number(server: ChatServer) -> None:
    first = registered(server)
    second, third = (Program(server.address, "alice", login=login("alice", SECRET)) for _ in range(2))
    assert (second.welcome["nick"], third.welcome["nick"]) == ("alice^2", "alice^3")
    second.asks("rename", nick="elsewhere")
    fourth = Program(server.address, "alice^2", login=login("alice^2", SECRET))
    assert fourth.welcome["nick"] == "alice^2"
    first.close()
    third.until_type("left")
    assert third.asks("rename", nick="alice")["type"] == "ack"


def test_who_comes_back_with_its_token_is_still_logged_in(server: ChatServer) -> None:
    alice = registered(server)
    again = Program(server.address, "alice", token=alice.welcome["token"])
    assert (again.welcome["nick"], again.welcome["account"]) == ("alice", "alice")
    assert alice.until_type("closing")["code"] == "replaced"


def test_who_goes_by_a_name_that_becomes_somebody_s_is_called_otherwise_and_told_why(server: ChatServer) -> None:
    bob = Program(server.address, "bob")
    with plain(server.address, "a1ice") as eve:
        change(server, "alice")
        assert b"the name a1ice is for who is logged in to its account" in eve.until(b"\n* a1ice is now guest1\n")
    assert bob.until_type("renamed")["new"] == "guest1"


def test_capitals_are_no_way_around_a_name_that_looks_like_an_account_s(server: ChatServer) -> None:
    eve = Program(server.address, "ALICE")
    change(server, "a1ice")
    assert eve.until_type("renamed")["new"] == "guest1"
    assert Program(server.address).hello("ALICE")["code"] == "nick-registered"


def test_who_looks_like_an_account_in_capitals_is_found_though_another_who_did_has_gone() -> None:
    stage = Stage()
    shouting, other = stage.program("IVAN"), stage.program("\u0456van")
    stage.chat.depart(other.member)
    stage.chat.naming.release(other.member, stage.now)
    stage.chat.kept.put(Account(name="\u0456van"))
    stage.carry_out()
    assert shouting.member.nick == "guest1"


def test_a_look_stays_an_account_s_though_another_that_had_it_is_removed() -> None:
    kept = Kept()
    accounts = Accounts(kept)
    for name in ("alice", "a1ice"):
        kept.put(Account(name=name))
    kept.remove(Account, "alice")
    assert accounts.reserving("alice") == Account(name="a1ice")


def test_the_most_members_at_once_are_remembered_when_some_have_gone() -> None:
    stage = Stage()
    for user in [stage.program(nick) for nick in ("alice", "bob", "carol")]:
        stage.chat.naming.release(user.member, stage.now)
    stage.program("dave")
    assert stage.chat.nicks.most == 3


def test_nobody_registers_twice_nor_a_name_for_a_further_connection(server: ChatServer) -> None:
    alice = registered(server)
    assert alice.asks("register", password=SECRET)["code"] == "logged-in"
    assert alice.asks("login", account="alice", password=SECRET)["code"] == "logged-in"
    second = Program(server.address, "alice", login=login("alice", SECRET))
    second.asks("logout")
    second.asks("rename", nick="bob")
    assert second.asks("register", password="12345")["code"] == "bad-password"
    assert second.asks("register", password=SECRET)["account"] == "bob"


@pytest.mark.parametrize("kind", ["logout", "password", "unregister"])
def test_who_is_not_logged_in_is_told_so(server: ChatServer, kind: str) -> None:
    fields = {} if kind == "logout" else {"password": SECRET}
    assert Program(server.address, "bob").asks(kind, **fields)["code"] == "not-logged-in"


# Passwords.


def test_a_password_is_the_same_however_it_is_composed(server: ChatServer) -> None:
    Program(server.address, "alice").asks("register", password="caf\u00e9 au lait")
    other = Program(server.address, "alice", login=login("alice", "cafe\u0301 au lait"))
    assert other.welcome["account"] == "alice"


def test_what_is_longer_than_a_password_is_not_taken_for_how_it_begins(server: ChatServer) -> None:
    longest = "x" * MAX_PASSWORD
    assert Program(server.address, "bob").asks("register", password=longest)["account"] == "bob"
    login = Program(server.address).hello("bob", login={"account": "bob", "password": f"{longest}y"})
    assert login["code"] == "login-failed"


def test_another_password_ends_the_other_logins_and_the_token_but_not_one_s_own(server: ChatServer) -> None:
    alice = registered(server)
    change(server, "alice", token=quick_hash("long random word"))
    other = Program(server.address, "alice", login=login("alice", "long random word"))
    assert alice.asks("password", password="another horse")["account"] == "alice"
    assert other.until_type("renamed")["new"] == "guest1"
    assert alice.until_type("account") == {"type": "account", "nick": "alice^2", "account": None}
    for wrong in (SECRET, "long random word"):
        assert Program(server.address).hello("alice", login=login("alice", wrong))["code"] == "login-failed"
    assert Program(server.address, "alice", login=login("alice", "another horse")).welcome["nick"] == "alice^2"
    assert alice.asks("whois", nick="alice")["users"][0]["account"] == "alice"


def test_who_gives_the_account_up_keeps_the_nick_until_somebody_else_takes_it(server: ChatServer) -> None:
    alice = registered(server)
    other = Program(server.address, "alice", login=login("alice", SECRET))
    assert alice.asks("unregister", password="wrong horse")["code"] == "login-failed"
    assert alice.asks("unregister", password=SECRET)["account"] is None
    assert other.until_type("account_is")["account"] is None
    alice.close()
    other.until_type("left")
    assert Program(server.address, "alice").welcome["account"] is None


def test_a_name_for_a_further_connection_goes_with_its_account(server: ChatServer) -> None:
    first = registered(server)
    second, third = (Program(server.address, "alice", login=login("alice", SECRET)) for _ in range(2))
    second.asks("unregister", password=SECRET)
    assert {first.until_type("renamed")["new"] for _ in range(2)} == {"guest1", "guest2"}
    assert third.until_type("account_is")["account"] is None
    first.asks("register", password=SECRET)
    assert first.asks("who")["members"] == ["alice", "guest1", "guest2"]


def asked(stage: Stage, user: User, command: commands.AnyCommand) -> Any:
    """Return what a command wants to be done with a password."""
    return actions.do(stage.chat, user.member, command, stage.now)


def on_stage(stage: Stage, account: str, nick: str, **hello: Any) -> User:
    """Return somebody who is logged in to an account, which is made if it is not there."""
    kept = stage.chat.kept
    record = kept.get(Account, account) or Account(name=account)
    kept.settle([kept.put(record)])
    user = stage.program()
    stage.chat.logins.log_in(user.member, record)
    user.hears(commands.Hello(nick=nick, **hello))
    return user


def test_who_registers_a_name_that_was_somebody_s_has_no_rooms_of_that_one_nor_its_invitations() -> None:
    stage = Stage()
    first, other = on_stage(stage, "alice", "alice", room="den"), on_stage(stage, "bob", "bob", room="cave")
    other.hears(moderation.Lock(room="cave"), commands.Invite(nick="alice", room="cave"))
    asked(stage, first, commands.Unregister(password=SECRET)).then(True)
    stage.carry_out()
    asked(stage, first, commands.Register(password=SECRET)).then("hash")
    stage.carry_out()
    assert stage.chat.logins.account_of(first.member)
    assert not stage.chat.moderation.owns(first.member, "den")
    rules = stage.chat.moderation.rules
    assert rules.of("cave").owner == "bob"
    assert [rules.lets_in("cave", account, "", None) for account in ("alice", "bob")] == [False, True]


def test_a_password_that_is_replaced_while_it_is_looked_at_does_not_end_the_account() -> None:
    stage = Stage()
    alice, other = (on_stage(stage, "alice", nick) for nick in ("alice", "alice^2"))
    looked_at = asked(stage, other, commands.Unregister(password=SECRET))
    asked(stage, other, commands.Password(password="another horse")).then("hash")
    with pytest.raises(Refused, match="that is not the password"):
        looked_at.then(True)
    assert stage.chat.accounts.find("alice")
    assert not stage.chat.logins.account_of(alice.member)


def test_a_moderator_gives_who_forgot_a_password_for_one_login(server: ChatServer) -> None:
    alice, bob = registered(server), registered(server, "bob")
    assert bob.asks("recover", account="alice")["code"] == "forbidden"
    change(server, "bob", role=Role.MODERATOR)
    assert bob.until_type("account_is")["role"] == "moderator"
    assert bob.asks("recover", account="nobody")["code"] == "no-such-account"
    word = bob.asks("recover", account="ALICE")["password"]
    assert alice.until_type("renamed")["new"] == "guest1"
    back = Program(server.address)
    assert back.hello("alice", login=login("alice", SECRET))["code"] == "login-failed"
    back.say_json("hello", nick="alice", login=login("alice", word))
    assert back.until_type("account_is")["needs_password"]
    assert back.until_type("welcome")["account"] == "alice"
    assert Program(server.address).hello("alice", login=login("alice", word))["code"] == "login-failed"
    back.asks("password", password="another horse")
    assert Program(server.address).hello("alice", login=login("alice", "another horse"))["account"] == "alice"


def test_nobody_recovers_an_account_that_may_as_much_as_its_own(server: ChatServer) -> None:
    bob = registered(server, "bob")
    change(server, "bob", role=Role.MODERATOR)
    for role in (Role.MODERATOR, Role.OWNER):
        change(server, "carol", role=role)
        assert bob.asks("recover", account="carol")["code"] == "forbidden"
    change(server, "bob", role=Role.OWNER)
    assert bob.asks("recover", account="carol")["type"] == "recovered"


def test_a_token_does_as_a_password_and_costs_no_slow_hash(server: ChatServer) -> None:
    change(server, "robot", token=quick_hash("long random word"))
    robot = Program(server.address, "robot", login=login("robot", "long random word"))
    assert robot.welcome["account"] == "robot"
    assert server._services.passwords.made == 0


def test_an_unknown_account_costs_the_same_work_as_a_wrong_password(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(server).close()
    change(server, "robot")  # without any password
    work: list[str] = []
    verify = password_hash._hasher().verify

    def counted(_: object, stored: str, password: str) -> bool:
        work.append(stored)
        return verify(stored, password)

    monkeypatch.setattr(type(password_hash._hasher()), "verify", counted)
    for account in ("alice", "nobody", "robot", "", "\u2800"):
        before = len(work), server._services.passwords.made
        told = Program(server.address).hello("alice", login=login(account, "wrong horse"))
        assert (told["code"], told["message"].partition(",")[0]) == (
            "login-failed",
            "that is not the password of that account",
        )
        assert (len(work), server._services.passwords.made) == (before[0] + 1, before[1] + 1)


def test_the_hash_of_nobody_takes_as_much_work_as_one_that_is_made() -> None:
    def work_of(stored: str) -> list[str]:
        return stored.split("$")[1:4]

    assert work_of(password_hash._NOBODY_S) == ["argon2id", "v=19", "m=19456,t=2,p=1"]
    assert not password_hash.fits("", "")
    assert not password_hash.fits("nonsense", SECRET)
    lengths = [len(part) for part in password_hash.make(SECRET).split("$")[4:]]
    assert [len(part) for part in password_hash._NOBODY_S.split("$")[4:]] == lengths


def test_of_a_flood_of_logins_a_few_wait_and_the_others_are_told_to_come_later(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    go_on = threading.Event()
    busy = [gevent.spawn(server._services.passwords._apart, go_on.wait) for _ in range(passwords.AT_ONCE)]
    programs = [Program(server.address) for _ in range(8)]
    told = Queue[str]()
    for program in programs:
        program.say_json("hello", nick="alice", login=login("alice", SECRET))
        gevent.spawn(lambda program: told.put(program.message()["code"]), program)
    bob = Program(server.address, "bob")
    assert bob.asks("say", text="nobody waits")["type"] == "ack"
    assert [told.get() for _ in range(5)] == ["slow-down"] * 5
    go_on.set()
    assert [told.get() for _ in range(3)] == ["login-failed"] * 3
    gevent.joinall(busy)
    for _ in range(passwords.AT_ONCE + passwords.MAX_WAITING):  # their places are free again
        server._services.passwords.fits("", SECRET)


def test_of_guesses_at_the_same_time_no_more_are_looked_at_than_may_be_wrong_for_nothing(server: ChatServer) -> None:
    go_on = threading.Event()
    busy = [gevent.spawn(server._services.passwords._apart, go_on.wait) for _ in range(passwords.AT_ONCE)]
    for number in range(20):
        Program(server.address).say_json("hello", nick="alice", login=login("alice", f"guess {number}"))
    bob = Program(server.address, "bob")
    assert bob.asks("say", text="nobody waits")["type"] == "ack"
    while server._services.passwords.made < passwords.AT_ONCE + limits.FREE_TRIES:
        gevent.sleep(0.001)
    assert server._services.passwords.made == passwords.AT_ONCE + limits.FREE_TRIES
    go_on.set()
    gevent.joinall(busy)


def test_who_sets_password_after_password_leaves_logins_from_elsewhere_their_place(server: ChatServer) -> None:
    registered(server).close()
    made = server._services.passwords.made
    programs = [Program(server.address, "alice", login=login("alice", SECRET)) for _ in range(20)]
    assert server._services.passwords.made == made + 20
    go_on = threading.Event()
    busy = [gevent.spawn(server._services.passwords._apart, go_on.wait) for _ in range(passwords.AT_ONCE)]
    for program in programs:
        program.say_json("password", password="another horse")
    in_hand = made + 20 + passwords.AT_ONCE + limits.FREE_TRIES
    while server._services.passwords.made < in_hand:
        gevent.sleep(0.001)
    bob = Program(server.address, "bob")
    assert bob.asks("say", text="nobody waits")["type"] == "ack"
    assert server._services.passwords.made == in_hand
    go_on.set()
    gevent.joinall(busy)


def test_a_password_that_is_replaced_while_it_is_looked_at_does_not_let_in(server: ChatServer) -> None:
    registered(server).close()
    go_on = threading.Event()
    busy = [gevent.spawn(server._services.passwords._apart, go_on.wait) for _ in range(passwords.AT_ONCE)]
    eve = Program(server.address)
    eve.say_json("hello", nick="alice", login=login("alice", SECRET))
    while server._services.passwords.made < 2 + passwords.AT_ONCE:  # the first was for registering
        gevent.sleep(0.001)
    change(server, "alice", password=password_hash.make("another horse"))
    go_on.set()
    assert eve.message()["code"] == "login-failed"
    gevent.joinall(busy)


def test_a_wrong_password_takes_nothing_from_somebody_else_whose_change_is_just_being_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.store.sqlite._BUSY_MS", 25_000)
    path = tmp_path / "history.sqlite"
    with (
        closing(SqliteLog(path)) as log,
        ChatServer(log=log) as server,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        chat = server.chat
        chat.moderation.links.offer("secret")
        ann, teacher = Program(server.address, "ann"), Program(server.address)
        go_on = threading.Event()
        busy = [gevent.spawn(server._services.passwords._apart, go_on.wait) for _ in range(passwords.AT_ONCE)]
        ann.say_json("login", account="nobody", password="wrong horse")
        while server._services.passwords.made <= passwords.AT_ONCE:
            gevent.sleep(0.001)
        other.execute("BEGIN IMMEDIATE")  # another program writes
        teacher.say_json("hello", nick="teacher", link="secret")
        while chat.posted or not chat.kept.unstored:
            gevent.sleep(0.001)
        go_on.set()
        while not chat.counters.refusals["login-failed"]:
            gevent.sleep(0.001)
        other.execute("COMMIT")
        assert teacher.until_type("welcome")["role"] == "moderator"
        assert ann.until_type("error")["code"] == "login-failed"
        gevent.joinall(busy)
        hang_up()


def test_one_address_registers_a_class_at_once_and_then_one_name_a_minute() -> None:
    registrar = Registrar()
    for _ in range(limits.REGISTRATIONS_AT_ONCE):
        registrar.admit("192.0.2.1", 0.0)
    for later, fits in ((1.0, False), (61.0, True), (62.0, False)):
        with contextlib.nullcontext() if fits else pytest.raises(Refused, match="wait some minutes"):
            registrar.admit("192.0.2.1", later)
    registrar.admit("192.0.2.2", 1.0)
    for _ in range(2 * limits.REGISTRATIONS_AT_ONCE):
        registrar.admit("127.0.0.1", 0.0)


def test_who_registers_too_many_names_is_told_so(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.server.throttle.is_loopback", lambda _: False)
    alice, bob = Program(server.address, "alice"), registered(server, "bob")
    for _ in range(limits.REGISTRATIONS_AT_ONCE - 1):
        server._services.registrar.admit("127.0.0.1", time.monotonic())
    assert alice.asks("register", password=SECRET)["code"] == "slow-down"
    assert server._services.passwords.made == 1
    assert bob.asks("password", password="another horse")["account"] == "bob", "no name is registered by that"


def test_a_login_ends_with_its_account_though_another_one_has_the_name_at_once() -> None:
    stage = Stage()
    alice, second, eve = stage.program("alice"), stage.program("second"), stage.program("eve")

    def does(user: User, command: commands.AnyCommand, found: Any) -> None:
        followup = actions.do(stage.chat, user.member, command, stage.now)
        assert isinstance(followup, HashPassword | CheckPassword)
        followup.then(found)

    does(alice, commands.Register(password=SECRET), "hash")
    account = stage.chat.accounts.find("alice")
    assert account is not None
    stage.chat.logins.log_in(second.member, account)
    stage.now += 1.0
    does(alice, commands.Unregister(password=SECRET), True)
    alice.does(commands.Rename(nick="elsewhere"))
    eve.does(commands.Rename(nick="alice"))
    does(eve, commands.Register(password=SECRET), "hash")
    assert stage.chat.logins.account_of(second.member) is None
    stage.carry_out()
    stage.carry_out()
    assert second.member.account is None
    assert eve.member.account == "alice"


def test_nobody_who_has_left_is_remembered_as_logged_in(server: ChatServer) -> None:
    alice, bob = registered(server), Program(server.address, "bob")
    alice.say_json("bye")
    bob.until_type("left")
    bob.asks("status")
    assert not server.chat.logins._members


# What lasts.


def test_accounts_outlive_the_server(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log, ChatServer(log=log) as server:
        registered(server)
    with closing(SqliteLog(path)) as log, ChatServer(log=log) as server:
        eve = Program(server.address)
        assert eve.hello("a1ice")["code"] == "nick-registered"
        assert eve.hello("alice", login=login("alice", SECRET))["account"] == "alice"
    assert SECRET.encode() not in path.read_bytes()


def test_what_a_command_has_changed_counts_for_the_next_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.store.sqlite._WATCH_S", 1e6)
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log, ChatServer(log=log) as server:
        with sqlite_records.changing(path) as kept:
            kept.put(Account(name="robot", token=quick_hash("long random word")))
        robot = Program(server.address, "robot", login=login("robot", "long random word"))
        assert robot.welcome["account"] == "robot"
        hang_up()


# IRC.


class Irc(Talker):
    """A client of IRC."""

    def says(self, *lines: str) -> None:
        self.send("".join(f"{line}\r\n" for line in lines).encode())

    def until_number(self, *numbers: str) -> str:
        """Return the next message with one of these numbers, or of this command."""
        while (line := self.line().rstrip("\r")).split(" ")[1] not in numbers:
            continue
        return line


def plainly(account: str, password: str, acting: str = "") -> str:
    """Return an answer to SASL's PLAIN."""
    return base64.b64encode(f"{acting}\0{account}\0{password}".encode()).decode()


def test_irc_logs_in_with_sasl_before_it_comes_in(server: ChatServer) -> None:
    registered(server).close()
    bob = Program(server.address, "bob")
    irc = Irc(server.address)
    irc.says("CAP LS 302", "NICK alice", "USER a 0 * :A", "CAP REQ :sasl account-notify extended-join")
    assert " sasl=PLAIN " in irc.until_number("CAP")
    irc.until_number("CAP")
    irc.says("AUTHENTICATE PLAIN")
    assert irc.line() == "AUTHENTICATE +\r"
    irc.says(f"AUTHENTICATE {plainly('alice', SECRET)}")
    assert irc.until_number("900").split(" ")[3:5] == ["*", "alice"]
    irc.until_number("903")
    irc.says("CAP END", "JOIN #lobby", "AUTHENTICATE PLAIN", f"AUTHENTICATE {plainly('alice', SECRET)}")
    irc.until_number("001")
    assert irc.until_number("JOIN").endswith("JOIN #lobby alice :A")
    irc.until_number("907")
    assert bob.until_type("joined")["account"] == "alice"
    bob.asks("register", password=SECRET)
    assert irc.until_number("ACCOUNT").endswith(" ACCOUNT bob")
    irc.says("WHOIS bob", "WHO #lobby %na")
    assert irc.until_number("330").split(" ")[3:5] == ["bob", "bob"]
    assert {irc.until_number("354").split(" ")[-2:][1] for _ in range(2)} == {"alice", "bob"}


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ([plainly("alice", "wrong horse")], "904"),
        ([plainly("nobody", SECRET)], "904"),
        ([plainly("alice", SECRET, acting="bob")], "904"),
        (["nonsense"], "904"),
        (["+"], "904"),
        (["*"], "906"),
        (["a" * 401], "905"),
        (["a" * 400] * 4, "905"),
    ],
)
def test_irc_is_told_what_is_wrong_with_its_answer_and_may_try_again(
    server: ChatServer, answer: list[str], number: str
) -> None:
    registered(server).close()
    irc = Irc(server.address)
    irc.says("CAP REQ sasl", "AUTHENTICATE PLAIN", *[f"AUTHENTICATE {piece}" for piece in answer])
    irc.until_number(number)
    irc.says("AUTHENTICATE PLAIN", f"AUTHENTICATE {plainly('alice', SECRET)}")
    irc.until_number("903")


def test_irc_registers_and_is_told_that_a_nick_is_somebody_s(server: ChatServer) -> None:
    irc = Irc(server.address)
    irc.says("NICK alice", "USER a 0 * :A")
    irc.until_number("422")
    irc.says("REGISTER bob * password", f"REGISTER * * :{SECRET}")
    assert "ACCOUNT_NAME_MUST_BE_NICK" in irc.until_number("FAIL")
    assert irc.until_number("REGISTER").endswith("REGISTER SUCCESS alice :Your nick is yours now")
    eve = Irc(server.address)
    eve.says("NICK a1ice", "USER e 0 * :E")
    assert eve.until_number("433").split(" ")[3] == "a1ice"
    eve.says("NICK eve", f"LOGIN alice :{SECRET}", "LOGOUT")
    eve.until_number("900")
    eve.until_number("901")


# People at nc.


def test_people_register_and_log_in_by_typing(server: ChatServer) -> None:
    with plain(server.address, "alice") as alice:
        alice.send(f"/register {SECRET}\n".encode())
        alice.until(b"* you are logged in to alice\n")
        alice.send(b"/logout\n")
        alice.until(b"* you are not logged in\n")
        alice.send(f"/login alice {SECRET}\n/nick alice\n".encode())
        alice.until(b"* guest1 is now alice\n")


def test_no_password_is_in_the_log_or_told_to_others(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    bob = Program(server.address, "bob")
    alice = registered(server)
    alice.asks("password", password="another horse")
    alice.asks("say", text="done")
    heard = json.dumps(bob.messages_until("said"))
    assert "horse" not in heard + caplog.text


def test_people_are_asked_for_the_password_of_a_name_that_is_somebody_s(server: ChatServer) -> None:
    registered(server).close()
    nc = Talker(server.address, b"alice\n")
    nc.until(b"* the name alice belongs to an account: log in to it\nPassword: ")
    nc.send(b"wrong horse\n")
    nc.until(b"* that is not the password of that account, or there is none of that name\nPassword: ")
    nc.send(f"{SECRET}\nhello\n".encode())  # a password is never taken for a name, which all would see
    nc.until(b"Hi, alice! To exit the chat enter 'exit'.\n")
    nc.until(b"alice: hello\n")


@pytest.mark.parametrize("ban", ["alice", "127.0.0.1"])
def test_a_script_that_sends_name_and_password_blindly_shows_it_to_nobody(server: ChatServer, ban: str) -> None:
    registered(server).close()
    record = Ban(target=targets.read(ban, 32).id, who=ban, by="mod", since=time.time())
    server.chat.kept.settle(server.chat.moderation.bans.put(record, time.time()))
    nc = Talker(server.address, f"alice\n{SECRET}\n".encode())
    nc.until(b"banned\nEnter your name: ")
    nc.send(b"exit\n")
    assert nc.rest() == b"exit\n"


@pytest.mark.parametrize("name", [b"bob", b"\xe1\xee\xe1", b"no:name"])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_what_comes_behind_a_name_that_cannot_be_had_is_taken_for_nothing(
    server: ChatServer, name: bytes, end: bytes
) -> None:
    Program(server.address, "bob")
    nc = Talker(server.address, name + b"\n" + SECRET.encode() + end)
    nc.until(b"Enter your name: ")
    nc.until(b"Enter your name: ")
    nc.send(b"\nann\n"[bool(end) :])
    nc.until(b"Hi, ann!")
    assert [one.nick for one in server.chat.nicks.members()] == ["bob", "ann"]


def test_a_client_without_ends_of_lines_is_asked_for_the_password_too(server: ChatServer) -> None:
    registered(server).close()
    client = Talker(server.address)
    client.until(b"Enter your name: ")
    client.send(b"alice")
    client.until(b"Password: ")
    client.send(SECRET.encode())
    client.until(b"Hi, alice!")


def test_who_wants_another_name_instead_gives_an_empty_password(server: ChatServer) -> None:
    registered(server).close()
    nc = Talker(server.address, b"alice\n")
    nc.until(b"Password: ")
    nc.send(b"wrong horse\n\n")
    nc.until(b"Password: ")
    nc.until(b"Enter your name: ")
    nc.send(b"bob\n")
    nc.until(b"Hi, bob!")


# The server's password, and wrong ones.


@pytest.fixture
def locked() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None), access=Access(password="open sesame")) as server:
        alice = Program(server.address, "alice", password="open sesame")
        assert alice.asks("register", password=SECRET)["account"] == "alice"
        yield server
        hang_up()


def test_nobody_tries_an_account_s_password_without_the_server_s(locked: ChatServer) -> None:
    eve = Program(locked.address)
    assert eve.hello("alice", login=login("alice", SECRET))["code"] == "password-needed"
    assert eve.asks("login", account="alice", password=SECRET)["code"] == "password-needed"
    assert locked._services.passwords.made == 1
    both = Program(locked.address)
    assert both.hello("alice", password="open sesame", login=login("alice", SECRET))["nick"] == "alice^2"


def test_irc_gives_both_passwords(locked: ChatServer) -> None:
    irc = Irc(locked.address)
    irc.says("PASS :open sesame", "CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {plainly('alice', SECRET)}")
    irc.until_number("903")
    irc.says("NICK alice", "USER a 0 * :A", "CAP END")
    irc.until_number("001")


def test_after_some_wrong_passwords_the_right_one_waits_too(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(server).close()
    waits: list[float] = []
    wait_s = server.chat.door.tries.wait_s

    def noted(address: str, now: float, came: float) -> float:
        if len(waits) == limits.FREE_TRIES:  # the wait that is asked for is noted, and is over then
            waits.append(wait_s(address, now, came))
            return 0.0
        waits.append(0.0)
        return wait_s(address, now, came)

    monkeypatch.setattr(server.chat.door.tries, "wait_s", noted)
    for _ in range(limits.FREE_TRIES):
        assert Program(server.address).hello("alice", login=login("alice", "wrong horse"))["code"] == "login-failed"
    assert Program(server.address).hello("alice", login=login("alice", SECRET))["nick"] == "alice"
    assert 0.5 < waits[-1] <= 1.0
