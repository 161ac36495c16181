"""geventchat-serve account: accounts made, listed, changed and removed, beside a server that runs and without one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

from geventchat.cli.account import main
from geventchat.core.moderation.room_rules import RoomRules, Rules
from geventchat.protocol.passwords import quick_hash
from geventchat.protocol.roles import Role
from geventchat.store import sqlite_file, sqlite_records
from tests.processes import Ran, run, serving
from tests.talking import Program, hanging_up, login

__all__ = ["hanging_up"]
pytestmark = pytest.mark.usefixtures("hanging_up")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.txt"
    file.write_text("correct horse\n")
    return file


def account(history: Path, *words: str) -> Ran:
    return run("geventchat.cli.serve", "account", *words, "--history", str(history))


def done(history: Path, *words: str) -> str:
    ran = account(history, *words)
    assert (ran.status, ran.errors) == (0, "")
    return ran.out


@pytest.fixture
def server(history: Path) -> Iterator[tuple[str, int]]:
    with serving("--history", str(history)) as server:
        yield server.address
        assert server.end() == 0


@pytest.mark.slow
def test_an_owner_is_made_before_the_server_runs_first_and_is_one_from_then_on(history: Path, secret: Path) -> None:
    assert done(history, "add", "Alice", "--role", "owner", "--password-file", str(secret)) == ""
    assert history.stat().st_mode & 0o777 == 0o600
    with serving("--history", str(history)) as server:
        alice = Program(server.address, "alice", login=login("alice", "correct horse"))
        assert (alice.welcome["account"], alice.welcome["role"]) == ("Alice", "owner")
        alice.close()


@pytest.mark.slow
def test_what_is_changed_beside_a_server_counts_at_once(history: Path, secret: Path, server: tuple[str, int]) -> None:
    eve = Program(server, "a1ice")
    done(history, "add", "alice", "--password-file", str(secret))
    assert eve.until_type("renamed")["new"] == "guest1"
    alice = Program(server, "alice", login=login("alice", "correct horse"))
    done(history, "role", "alice", "moderator")
    assert alice.until_type("account_is")["role"] == "moderator"
    token = done(history, "token", "alice").strip()
    second = Program(server, "alice", login=login("alice", token))
    assert second.welcome["nick"] == "alice^2"
    other = secret.with_name("other.txt")
    other.write_text("another horse")
    done(history, "passwd", "alice", "--password-file", str(other))
    assert alice.until_type("renamed")["new"].startswith("guest")
    assert second.until_type("account_is")["account"] is None
    assert alice.asks("login", account="alice", password=token)["code"] == "login-failed"
    assert alice.asks("login", account="alice", password="another horse")["account"] == "alice"
    done(history, "remove", "alice")
    assert alice.until_type("account_is")["account"] is None
    assert eve.asks("rename", nick="alice")["type"] == "ack"


@pytest.mark.slow
def test_the_server_s_changes_and_the_command_s_do_not_overwrite_each_other(
    history: Path, server: tuple[str, int]
) -> None:
    """Two commands make accounts while the server makes others: each is there in the end."""
    programs = [Program(server, f"user{letter}") for letter in "abcd"]
    command = (sys.executable, "-m", "geventchat.cli.serve", "account", "add")
    makers = [
        subprocess.Popen(
            [*command, f"bot{letter}", "--token", "--history", str(history)],
            stdout=subprocess.DEVNULL,
        )
        for letter in "ab"
    ]
    for program in programs:
        assert program.asks("register", password="correct horse")["type"] == "account_is"
    assert [maker.wait() for maker in makers] == [0, 0]
    names = [one["name"] for one in json.loads(done(history, "list", "--json"))]
    assert names == ["bota", "botb", "usera", "userb", "userc", "userd"]
    assert programs[0].hello("usera")["code"] == "already-here"
    assert Program(server).hello("bota")["code"] == "nick-registered"


@pytest.mark.slow
def test_the_list_shows_what_is_there_and_no_secret(history: Path, secret: Path) -> None:
    done(history, "add", "bob", "--password-file", str(secret))
    token = done(history, "add", "Алиса", "--token", "--role", "owner").strip()
    listed = done(history, "list", "--json")
    assert json.loads(listed) == [
        {"name": "bob", "role": "user", "password": True, "token": False, "one_time": False},
        {"name": "Алиса", "role": "owner", "password": False, "token": True, "one_time": False},
    ]
    people = done(history, "list")
    assert [line.split() for line in people.splitlines()] == [["bob", "user", "password"], ["Алиса", "owner", "token"]]
    with closing(sqlite_file.open_to_read(history)) as db:
        stored = "".join(value for (value,) in db.execute("SELECT value FROM kept"))
    for hidden in (token, "horse"):
        assert hidden not in listed + people + stored
    assert quick_hash(token) in stored


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ad", "bob"], "ad is not known; did you mean add?"),
        (["add"], "whose account? geventchat-serve account add NICK"),
        (["add", "alice", "--token"], "there is an account alice already"),
        (["add", "a1ice", "--token"], "there is an account alice already; a1ice looks like it"),
        (["add", "bob^2", "--token"], "a name that ends in ^ and a number"),
        (["add", "*", "--token"], "a name cannot begin with *"),
        (["add", "bob"], "there is no terminal to ask for a password at; give it with --password-file FILE"),
        (["add", "bob", "--password-file", "/nowhere/at/all"], "cannot be read: no such file or directory"),
        (["add", "bob", "--role", "king", "--token"], f"a role is one of {', '.join(Role)}, and not king"),
        (["role", "alice"], "a role is one of"),
        (["role", "nobody", "owner"], "there is no account nobody"),
        (["passwd", "nobody"], "there is no account nobody"),
        (["remove", "nobody"], "there is no account nobody"),
        (["token", "nobody"], "there is no account nobody"),
        (["list", "--jsn"], "did you mean --json?"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(made: Path, words: list[str], said: str) -> None:
    ran = account(made, *words)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.errors
    assert ran.errors.count("\n") == 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    history = tmp_path_factory.mktemp("made") / "history.sqlite"
    done(history, "add", "alice", "--token")
    return history


def test_a_history_that_is_none_or_is_not_there_is_said(tmp_path: Path) -> None:
    assert "keeps no accounts" in account(Path("none"), "list").errors
    assert "no such file" in account(tmp_path / "history.sqlite", "list").errors
    assert not list(tmp_path.iterdir())


def test_who_is_given_a_name_that_was_somebody_s_has_no_rooms_of_that_one(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite_records.changing(history) as kept:
        kept.put(RoomRules(room="den", owner="alice"))
    assert main(["add", "alice", "--token", "--history", str(history)]) == 0
    assert capsys.readouterr().out
    with sqlite_records.reading(history) as kept:
        assert Rules(kept).owned("alice") == 0


def test_a_password_that_is_too_short_is_refused(history: Path, secret: Path) -> None:
    secret.write_text("short")
    assert "a password has 6 to 128 characters" in account(history, "add", "bob", "--password-file", str(secret)).errors


@pytest.mark.slow
def test_whoever_sits_at_a_terminal_is_asked_twice_and_sees_nothing_of_it(history: Path) -> None:
    words = ["-m", "geventchat.cli.serve", "account", "add", "alice", "--history", str(history)]
    for second, status in (("another horse", 2), ("correct horse", 0)):
        with pexpect.spawn(sys.executable, words, encoding="utf-8", timeout=20) as terminal:
            terminal.expect("Password: ")
            terminal.sendline("correct horse")
            terminal.expect("Once more: ")
            assert "horse" not in str(terminal.before)
            terminal.sendline(second)
            terminal.expect(pexpect.EOF)
            terminal.close()
            assert terminal.exitstatus == status
    assert json.loads(done(history, "list", "--json"))[0]["password"]
    with pexpect.spawn(sys.executable, words, encoding="utf-8", timeout=20) as terminal:
        terminal.expect("Password: ")
        terminal.sendeof()
        terminal.expect("\ngeventchat-serve account: no password was given")
        terminal.expect(pexpect.EOF)


def test_what_cannot_be_printed_is_one_line_and_a_status(history: Path) -> None:
    done(history, "add", "robot", "--token")
    command = [sys.executable, "-m", "geventchat.cli.serve", "account", "list", "--json", "--history", str(history)]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    told = "geventchat-serve account: cannot be written: no space left on device\n"
    assert (ended.returncode, ended.stderr) == (1, told)
