"""Accounts in geventchat-client: asked for the password, shown as stars, kept nowhere, and coming back logged in."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from geventchat import ChatClient, ChatServer, Limits
from geventchat.client.terminal.conversation import Conversation
from geventchat.client.terminal.effects import Notice, Retry
from geventchat.client.terminal.user_input import has_secret, hidden_from
from geventchat.commands import commands
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.roles import Role
from geventchat.store.sqlite import SqliteLog
from tests.processes import run
from tests.proxy import Proxy
from tests.talking import Program, cheap_hashes, hang_up, hanging_up
from tests.terminal_fixtures import at_terminal

__all__ = ["cheap_hashes", "hanging_up"]
pytestmark = pytest.mark.usefixtures("cheap_hashes", "hanging_up")
SECRET = "correct horse"  # noqa: S105 - of nobody


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        alice = Program(server.address, "alice")
        assert alice.asks("register", password=SECRET)["account"] == "alice"
        alice.close()
        yield server
        hang_up()


# What may be seen and kept.


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("/register secret word", "/register "),
        ("/Register  secret", "/Register  "),
        (" /register secret", " /register "),
        ("/login bob secret", "/login bob "),
        ('/login "bob ross" secret', '/login "bob ross" '),
        ("/password secret", "/password "),
        ("/unregister secret", "/unregister "),
        ("/regster secret", "/regster "),
        ("/pasword secret", "/pasword "),
        ("/lock sesame", "/lock "),
        ('/join "tea room" sesame', '/join "tea room" '),
        ("/join “tea” sesame", "/join “tea” "),
        ('/login "bob ross secret', "/login "),
        ('/login "bob"secret', "/login "),
        ("/login „bob ross“ secret", "/login „bob ross“ "),
        ("\uff0flogin bob secret", "\uff0flogin bob "),
        ("\u200b/login bob secret", "\u200b/login bob "),
        ("/\u200blogin bob secret", "/\u200blogin "),
    ],
)
def test_a_password_is_hidden_from_where_it_begins_also_where_it_is_mistyped(line: str, seen: str) -> None:
    assert line[: hidden_from(line)] == seen
    assert has_secret(line)


@pytest.mark.parametrize(
    "line",
    [
        *("hello", "", "/register", "/register ", "/login bob", "/recover bob", "/nick bob", "my password is", "//x"),
        *("/join tea room", '/join "tea room"', "/lock", '/login "bob ross"', "/login bob "),
    ],
)
def test_what_has_no_password_is_shown_and_kept(line: str) -> None:
    assert line[: hidden_from(line)] == line


# Coming back.


def welcomed() -> Conversation:
    conversation = Conversation("ann", "lobby", "ref")
    conversation.welcomed(
        replies.Welcome(
            nick="ann", room="lobby", members=[], count=1, topic="", id="1-0", token="t", server="", limits={}
        )
    )
    return conversation


def is_told(conversation: Conversation, account: str | None, ref: str | None) -> None:
    conversation.heard(replies.AccountIs(account=account, role=Role.USER, ref=ref))


def ref_of(conversation: Conversation, line: str) -> str | None:
    (command,) = conversation.entered(line)
    assert isinstance(command, commands.Request)
    return command.ref


def test_who_has_registered_or_logged_in_comes_back_logged_in() -> None:
    conversation = welcomed()
    is_told(conversation, "ann", ref_of(conversation, f"/register {SECRET}"))
    assert conversation.hello().login == commands.Credentials(account="ann", password=SECRET)
    is_told(conversation, "ann", ref_of(conversation, "/password another"))
    assert conversation.hello().login == commands.Credentials(account="ann", password="another")
    is_told(conversation, None, ref_of(conversation, "/logout"))
    assert conversation.hello().login is None
    ref = ref_of(conversation, "/login bob wrong")
    conversation.heard(replies.Error(code="login-failed", message="no", ref=ref))
    is_told(conversation, None, None)
    assert conversation.hello().login is None


def test_who_is_not_let_in_again_logs_in_by_typing() -> None:
    conversation = welcomed()
    conversation.lost("gone")
    (told,) = conversation.turned_away(Refused("nick-registered", "the name ann belongs to an account"))
    assert isinstance(told, Notice)
    assert "/login NAME PASSWORD" in told.text
    assert conversation.entered("/login ann wrong")[-1] == Retry()
    conversation.turned_away(Refused("login-failed", "that is not the password of that account"))
    assert conversation.entered(f"/login ann {SECRET}")[-1] == Retry()
    conversation.turned_away(Refused("nick-taken", "the name ann is taken"))
    assert conversation.entered("/nick anna")[-1] == Retry()
    assert conversation.hello().login == commands.Credentials(account="ann", password=SECRET)
    conversation.turned_away(Refused("login-failed", "that is not the password of that account"))
    assert conversation.entered("/nick anne")[-1] == Retry()
    assert conversation.hello().login is None


@pytest.mark.slow
def test_who_is_banned_from_the_first_room_meanwhile_comes_back_to_the_others(
    server: ChatServer, tmp_path: Path
) -> None:
    bob = Program(server.address, "bob")
    bob.asks("register", password=SECRET)
    bob.asks("join", room="den")
    with Proxy(server.address) as proxy, at_terminal(proxy.address, "ann", tmp_path, "--room", "den") as ann:
        ann.until("den>")
        ann.type("/join tea\r")
        ann.until("tea>")
        with proxy.cut(silently=False):
            ann.until("offline")
            assert bob.until_type("left")["nick"] == "ann"
            assert bob.asks("ban", who="ann", room="den")["type"] != "error"
        ann.until("* you are no longer in den: you are banned")
        ann.type("hello\r")
        ann.until("ann: hello")
        ann.type("exit\r")
        assert ann.ended() == 0


# The command.


def test_without_a_terminal_the_password_comes_from_a_file(server: ChatServer, tmp_path: Path) -> None:
    def client(*options: str) -> tuple[int, str, str]:
        address = f"{server.address[0]}:{server.address[1]}"
        ran = gevent.get_hub().threadpool.apply(
            lambda: run("geventchat.cli.client", address, "--name", "alice", *options, given="hello\n")
        )
        return ran.status, ran.out, ran.errors

    status, _, errors = client()
    assert (status, errors.count("\n")) == (1, 1)
    assert "--login-file FILE" in errors
    file = tmp_path / "secret"
    status, _, errors = client("--login-file", str(file))
    assert (status, errors) == (
        2,
        f"geventchat-client: --login-file {file} cannot be read: no such file or directory\n",
    )
    file.write_text(f"{SECRET}\n")
    status, out, errors = client("--login-file", str(file))
    assert (status, errors) == (0, "")
    assert "alice: hello" in out
    with ChatClient(server.address, name="bob", login=commands.Credentials(account="alice", password=SECRET)) as bob:
        assert bob.welcome.account == "alice"


@pytest.mark.slow
def test_at_a_terminal_one_is_asked_and_what_is_typed_is_neither_shown_nor_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log, ChatServer(limits=Limits(rate=None), log=log) as server:
        with at_terminal(server.address, "alice", tmp_path) as alice:
            alice.until("lobby>")
            alice.type(f"/register {SECRET}")
            alice.until("/register *************")
            alice.type("\r")
            alice.until("you are logged in to alice")
            alice.type("/regstr horses\r")
            alice.until("/regstr is not a command")
            alice.type("/login alice horses\x03")
            alice.until("the line is cleared; Ctrl-C again leaves")
            alice.type("hello\r")
            alice.until("alice: hello")
            alice.type("\x1b[A")
            alice.until("lobby> hello")
            alice.type("\x1b[A\x1b[A")
            alice.type("\x15exit\r")
            assert alice.ended() == 0
            assert b"horse" not in alice.raw
        kept = (tmp_path / "geventchat" / "typed").read_text()
        assert "hello" in kept
        assert "horse" not in kept
        with at_terminal(server.address, "alice", tmp_path) as alice:
            alice.until("Password:")
            alice.type("wrong horse\r")
            alice.until("that is not the password of that account")
            alice.until(lambda: sum("Password:" in line for line in alice.lines) == 2)  # what is typed earlier is shown
            alice.type(f"{SECRET}\r")
            alice.until("lobby>")
            alice.type("exit\r")
            assert alice.ended() == 0
            assert b"horse" not in alice.raw
