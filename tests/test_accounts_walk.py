"""Whatever is registered, logged in, renamed, removed and restarted: nobody ever goes by another's name.

Users of several dialects walk at random over one server, which is killed and started again, while a command changes
accounts in its file. After each step, whoever goes by a name that is registered must have given that account's
password, on this connection, since it was last set.
"""

import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from geventchat import ChatServer, Limits
from geventchat.core.accounts import Account, base
from geventchat.protocol import names
from geventchat.store import sqlite_records
from geventchat.store.sqlite import SqliteLog
from geventchat.system import password_hash
from tests.processes import serving
from tests.talking import Program, cheap_hashes, hang_up, hanging_up, login
from tests.test_accounts import Irc, plainly

__all__ = ["cheap_hashes", "hanging_up"]

_NAMES = ["alice", "a1ice", "ALICE", "bob", "alice^2", "bob^2"]
_PASSWORDS = ["first horse", "other horse"]


@dataclass
class Known:
    """An account as the test has it: its password, and how often that was set."""

    password: str
    era: int = 0


def _owner_of(nick: str, accounts: dict[str, Known]) -> str | None:
    """Return the account that a nick belongs to: a model by itself, of these few names."""
    plain = base(nick).lower().replace("1", "l")
    return next((name for name in accounts if name.lower().replace("1", "l") == plain), None)


def _called(name: str, accounts: dict[str, Known]) -> str | None:
    """Return the account that is called so, which what looks like it is not."""
    return next((account for account in accounts if account.lower() == base(name).lower()), None)


class Walk(RuleBasedStateMachine):
    """The steps."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "history.sqlite"
        self.accounts: dict[str, Known] = {}
        self.users: list[Any] = []
        self.logins: dict[int, tuple[str, int]] = {}  # which account each user has logged in to, and in which era
        self._start()

    def _start(self) -> None:
        self.log = SqliteLog(self._path)
        self.server = ChatServer(limits=Limits(rate=None), log=self.log)
        self.server.start()

    def teardown(self) -> None:
        hang_up()
        self.server.stop()
        self.log.close()
        self._folder.cleanup()

    def _user(self, number: int) -> Any:
        return self.users[number % len(self.users)] if self.users else None

    @initialize()
    def somebody(self) -> None:
        self.comes("alice", None, None)

    @rule(name=st.sampled_from(_NAMES))
    def comes_by_json(self, name: str) -> None:
        self.comes(name, None, None)

    @rule(name=st.sampled_from(_NAMES), account=st.sampled_from(_NAMES), password=st.sampled_from(_PASSWORDS))
    def logs_in_by_json(self, name: str, account: str, password: str) -> None:
        self.comes(name, account, password)

    def comes(self, name: str, account: str | None, password: str | None) -> None:
        user = Program(self.server.address)
        given = {} if account is None or password is None else {"login": login(account, password)}
        answer = user.hello(name, **given)
        known = self.accounts.get(_called(account or "", self.accounts) or "")
        if given and answer["type"] == "welcome":
            assert known is not None
            assert known.password == password
        if answer["type"] == "welcome":
            self.users.append(user)
            if given and known is not None:
                self.logins[id(user)] = (_called(account or "", self.accounts) or "", known.era)
        else:
            user.close()

    @rule(name=st.sampled_from(_NAMES), account=st.sampled_from(_NAMES), password=st.sampled_from(_PASSWORDS))
    def comes_by_irc(self, name: str, account: str, password: str) -> None:
        """Somebody registers with SASL, and leaves again: the name must have been its own."""
        irc = Irc(self.server.address)
        irc.says("CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {plainly(account, password)}")
        owner = _called(account, self.accounts)
        fits = owner is not None and self.accounts[owner].password == password
        assert irc.until_number("903", "904").split(" ")[1] == ("903" if fits else "904")
        irc.says(f"NICK {name}", "USER x 0 * :x", "CAP END", "PING end")
        came = irc.until_number("001", "433", "432").split(" ")[1] == "001"
        if came and _owner_of(name, self.accounts) is not None:
            assert fits
            assert _owner_of(name, self.accounts) == owner
        irc.says("QUIT")
        irc.rest()

    @rule(number=st.integers(0, 9), name=st.sampled_from(_NAMES))
    def renames(self, number: int, name: str) -> None:
        if user := self._user(number):
            user.asks("rename", nick=name)

    @rule(number=st.integers(0, 9), password=st.sampled_from(_PASSWORDS))
    def registers(self, number: int, password: str) -> None:
        if not (user := self._user(number)):
            return
        nick = self._nick_of(user)
        told = user.asks("register", password=password)
        if told["type"] == "account_is":
            assert _owner_of(nick, self.accounts) is None
            self.accounts[nick] = Known(password)
            self.logins[id(user)] = (nick, 0)

    @rule(number=st.integers(0, 9), account=st.sampled_from(_NAMES), password=st.sampled_from(_PASSWORDS))
    def logs_in(self, number: int, account: str, password: str) -> None:
        if not (user := self._user(number)):
            return
        told = user.asks("login", account=account, password=password)
        if told["type"] == "account_is":
            owner = _called(account, self.accounts)
            assert owner is not None
            assert self.accounts[owner].password == password
            self.logins[id(user)] = (owner, self.accounts[owner].era)

    @rule(number=st.integers(0, 9))
    def logs_out(self, number: int) -> None:
        if (user := self._user(number)) and user.asks("logout")["type"] == "account_is":
            self.logins.pop(id(user), None)

    @rule(number=st.integers(0, 9), password=st.sampled_from(_PASSWORDS))
    def sets_password(self, number: int, password: str) -> None:
        if (user := self._user(number)) and user.asks("password", password=password)["type"] == "account_is":
            name, _ = self.logins[id(user)]
            self.accounts[name] = Known(password, self.accounts[name].era + 1)
            self.logins[id(user)] = (name, self.accounts[name].era)

    @rule(number=st.integers(0, 9), password=st.sampled_from(_PASSWORDS))
    def unregisters(self, number: int, password: str) -> None:
        if (user := self._user(number)) and user.asks("unregister", password=password)["type"] == "account_is":
            del self.accounts[self.logins.pop(id(user))[0]]

    @rule(name=st.sampled_from(["alice", "bob"]), password=st.sampled_from(_PASSWORDS))
    def a_command_adds(self, name: str, password: str) -> None:
        if _owner_of(name, self.accounts) is None:
            self._change(lambda kept: kept.put(Account(name=name, password=password_hash.make(password), era=10**15)))
            self.accounts[name] = Known(password)

    @rule(name=st.sampled_from(["alice", "bob"]))
    def a_command_removes(self, name: str) -> None:
        if (owner := _owner_of(name, self.accounts)) is not None:
            self._change(lambda kept: kept.remove(Account, names.key(owner)))
            del self.accounts[owner]

    def _change(self, change: Callable[[Any], Any]) -> None:
        with sqlite_records.changing(self._path) as kept:
            change(kept)
        self.log.refresh_records()

    @rule()
    def the_server_restarts(self) -> None:
        self.users.clear()
        self.logins.clear()
        hang_up()
        self.server.stop()
        self.log.close()
        self._start()

    def _nick_of(self, user: Program) -> str:
        """Return what a user is called, once all that was done has been carried out."""
        user.asks("status")
        return next(
            member.nick for member in self.server.chat.nicks.fitting("*") if member.token == user.welcome["token"]
        )

    @invariant()
    def nobody_goes_by_a_name_that_is_another_s(self) -> None:
        gone = [account for account, _ in self.logins.values() if account not in self.accounts]
        self.logins = {user: one for user, one in self.logins.items() if one[0] not in gone}
        for user in self.users:
            owner = _owner_of(self._nick_of(user), self.accounts)
            if owner is not None:
                assert self.logins.get(id(user)) == (owner, self.accounts[owner].era)
        stored = {account.name for account in self.log.kept.of(Account)}
        assert stored == self.accounts.keys()


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_hashes", "hanging_up")
def test_nobody_ever_goes_by_another_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_hash, "_NOBODY_S", password_hash.make("nobody's"))  # as cheap as the others
    monkeypatch.setattr("geventchat.core.tries.FREE_TRIES", 10**9)
    walks = settings(max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Walk, settings=walks)


# Killed between a change and what comes of it.


def killed(server: Any) -> None:
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()


@pytest.mark.slow
def test_who_was_told_that_the_name_is_its_own_has_it_when_the_server_is_killed_then(tmp_path: Path) -> None:
    path = str(tmp_path / "history.sqlite")
    with serving("--history", path) as server:
        alice = Program(server.address, "alice")
        assert alice.asks("register", password="first horse")["account"] == "alice"
        killed(server)
    with serving("--history", path) as server:
        eve = Program(server.address)
        assert eve.hello("a1ice")["code"] == "nick-registered"
        back = Program(server.address, "alice", login=login("alice", "first horse"))
        assert back.asks("password", password="other horse")["account"] == "alice"
        killed(server)
    with serving("--history", path) as server:
        eve = Program(server.address)
        assert eve.hello("alice", login=login("alice", "first horse"))["code"] == "login-failed"
        back = Program(server.address, "alice", login=login("alice", "other horse"))
        assert back.asks("unregister", password="other horse")["account"] is None
        killed(server)
    with serving("--history", path) as server:
        assert Program(server.address, "a1ice").welcome["nick"] == "a1ice"
