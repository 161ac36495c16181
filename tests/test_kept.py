"""Records that survive: what counts while changes are on their way, what fails, what others change, what a file has."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from geventchat.core.accounts import Account
from geventchat.core.kept import Change, Kept
from geventchat.core.posts import Transaction
from geventchat.protocol import replies
from geventchat.protocol.errors import NotStored, UsageError
from geventchat.protocol.roles import Role
from geventchat.store import sqlite_file, sqlite_records
from geventchat.store.sqlite import SqliteLog
from tests.stage import Stage


def account(name: str, password: str = "") -> Account:
    return Account(name=name, password=password)


def accounts(kept: Kept) -> dict[str, str]:
    return {one.name: one.password for one in kept.of(Account)}


# What counts.

_names = st.sampled_from(["alice", "bob"])
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _names),
        st.tuples(st.just("remove"), _names),
        st.tuples(st.sampled_from(["settle", "undo", "elsewhere"]), st.integers(1, 3)),
    )
)


@given(_steps)
def test_the_last_change_counts_that_is_on_its_way_or_else_what_is_stored(steps: list[tuple[str, str | int]]) -> None:
    kept = Kept()
    stored: dict[str, str] = {}
    waiting: list[tuple[Change, str, str | None]] = []
    noticed: dict[str, str | None] = {}
    kept.listen(Account, lambda key: noticed.update({key: accounts(kept).get(key)}))
    for number, (step, what) in enumerate(steps):
        match step, what:
            case "put", str(name):
                waiting.append((kept.put(account(name, str(number))), name, str(number)))
            case "remove", str(name):
                waiting.append((kept.remove(Account, name), name, None))
            case "elsewhere", _:
                stored["alice"] = f"elsewhere {number}"
                kept.load([account(*one) for one in stored.items()])
            case _, int(count):
                batch, waiting = waiting[:count], waiting[count:]
                changes = [change for change, _, _ in batch]
                if step == "undo":
                    kept.undo(changes)
                else:
                    kept.settle(changes)
                    stored.update({name: value for _, name, value in batch if value is not None})
                    for name in {name for _, name, _ in batch}:
                        if next(value for _, other, value in reversed(batch) if other == name) is None:
                            stored.pop(name, None)
        expected: dict[str, str | None] = {**stored, **{name: value for _, name, value in waiting}}
        assert accounts(kept) == {name: value for name, value in expected.items() if value is not None}
        assert {name: value for name, value in noticed.items() if value is not None} == accounts(kept)


def test_of_what_others_change_meanwhile_only_the_fields_that_are_changed_here_too_give_way() -> None:
    kept, old = Kept(), account("alice", "old")
    kept.load([old])
    change = kept.change(old, {"password": "new"})
    elsewhere = Account(name="alice", role=Role.MODERATOR, password="theirs")
    kept.settle([Change(Account, "alice", elsewhere)])
    both = replace(elsewhere, password="new")
    assert kept.of(Account) == [both]
    kept.settle([change])
    assert kept.of(Account) == [both]


def test_a_record_that_others_remove_while_it_is_changed_here_stays_away() -> None:
    kept, old = Kept(), account("alice", "old")
    kept.load([old])
    change = kept.change(old, {"password": "new"})
    kept.settle([Change(Account, "alice", None)])
    assert kept.of(Account) == []
    kept.settle([change])
    assert kept.of(Account) == []


# What is told of a change.


def test_what_tells_of_a_change_is_shown_once_it_is_stored() -> None:
    stage = Stage()
    alice = stage.program("alice")
    told = replies.Pong(token="registered")
    stage.chat.tell(alice.member, told, Transaction(alice.member, [stage.chat.kept.put(account("zoe"))]))
    assert (accounts(stage.chat.kept), alice.heard()) == ({"zoe": ""}, [])
    stage.carry_out()
    assert [message["token"] for message in alice.heard()] == ["registered"]
    stage.chat.kept.load([])
    assert accounts(stage.chat.kept) == {}  # it was settled: nothing of it is on its way


def test_what_cannot_be_stored_is_undone_and_its_teller_told_so_once() -> None:
    stage = Stage()
    alice = stage.program("alice")
    transaction = Transaction(alice.member, [stage.chat.kept.put(account("zoe"))])
    for _ in range(2):
        stage.chat.tell(alice.member, replies.Pong(token="registered"), transaction)
    stage.carry_out(unstored="the disk is full")
    assert [(message["type"], message.get("code")) for message in alice.heard()] == [("error", "not-stored")]
    assert accounts(stage.chat.kept) == {}
    assert alice.member.unpublished == 0


# In a file.


def write(path: Path, *statements: tuple[str, tuple[str, ...]]) -> None:
    """Write into a history as another program."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(*statement)


def test_records_outlive_the_server_and_can_be_read_with_plain_sql(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log:
        log.append([], 1.0, [log.kept.put(account("Alice", "hash")), log.kept.put(account("bob"))])
        log.append([], 2.0, [log.kept.remove(Account, "bob")])
    with closing(sqlite3.connect(path)) as db:
        (row,) = db.execute("SELECT kind, key, value ->> 'name' FROM kept").fetchall()
    assert row == ("account", "alice", "Alice")
    with closing(SqliteLog(path)) as log:
        assert log.kept.of(Account) == [account("Alice", "hash")]


def test_a_file_of_version_2_is_brought_up_to_date_and_keeps_its_events(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(sqlite_file.open_to_write(path, upgrades=sqlite_file.UPGRADES[:2])) as db, db:
        db.execute("INSERT INTO events VALUES (1000000, 'lobby', 'lobby', 'alice', 'said', 'hello', NULL)")
    with closing(SqliteLog(path)) as log:
        assert [event.nick for event in log.latest("lobby", 9)] == ["alice"]
        log.append([], 2.0, [log.kept.put(account("bob"))])
    with closing(SqliteLog(path)) as log:
        assert accounts(log.kept) == {"bob": ""}


def test_what_another_program_changes_is_noticed_though_nobody_speaks(tmp_path: Path) -> None:
    path, noticed = tmp_path / "history.sqlite", Event()
    with closing(SqliteLog(path)) as log:
        log.kept.on_elsewhere = noticed.set
        row = ("account", "bob", '{"kind":"account","name":"bob"}')
        write(path, ("INSERT INTO kept VALUES (?, ?, ?)", row))
        assert noticed.wait(10)
        assert accounts(log.kept) == {"bob": ""}


def test_a_role_that_another_program_gives_and_a_password_set_at_the_same_moment_both_stay(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log:
        log.append([], 1.0, [log.kept.put(account("alice", "old"))])
        mine = log.kept.change(log.kept.of(Account)[0], {"password": "new"})
        with sqlite_records.changing(path) as kept:
            kept.change(kept.of(Account)[0], {"role": Role.MODERATOR})
        log.append([], 2.0, [mine])
        both = Account(name="alice", role=Role.MODERATOR, password="new")
        assert log.kept.of(Account) == [both]
    with sqlite_records.reading(path) as kept:
        assert kept.of(Account) == [both]


def test_what_another_program_changes_counts_with_the_next_batch_and_own_changes_stay(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log:
        log.append([], 1.0, [log.kept.put(account("alice", "one"))])
        mine = log.kept.put(account("carol"))
        row = ("account", "bob", '{"kind":"account","name":"bob"}')
        write(path, ("INSERT INTO kept VALUES (?, ?, ?)", row), ("DELETE FROM kept WHERE key = 'alice'", ()))
        log.append([], 2.0, [mine])
        assert accounts(log.kept) == {"bob": "", "carol": ""}


def test_what_another_program_changes_is_not_overlooked_when_a_batch_fails(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute('INSERT INTO kept VALUES (\'account\', \'bob\', \'{"kind":"account","name":"bob"}\')')
        refusing = "BEFORE INSERT ON kept WHEN new.key = 'eve' BEGIN SELECT RAISE(FAIL, 'no'); END"
        other.execute(f"CREATE TRIGGER no_eve {refusing}")
        change = [log.kept.put(account("eve"))]
        with pytest.raises(NotStored):
            log.append([], 1.0, change)
        log.kept.undo(change)
        log.append([], 2.0)
        assert accounts(log.kept) == {"bob": ""}


def test_a_damaged_record_is_said_at_start_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    SqliteLog(path).close()
    write(path, ("INSERT INTO kept VALUES ('account', 'bob', '{')", ()))
    with pytest.raises(UsageError, match="the file is damaged"):
        SqliteLog(path)


def test_two_commands_never_change_what_the_other_has_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_records, "_BUSY_MS", 50)
    path = tmp_path / "history.sqlite"
    with sqlite_records.changing(path) as first:
        first.put(account("alice", "one"))
        with pytest.raises(UsageError, match="another program has locked the file"), sqlite_records.changing(path):
            pass
    with sqlite_records.reading(path) as kept:
        assert accounts(kept) == {"alice": "one"}


def test_what_a_command_fails_to_finish_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with suppress(ZeroDivisionError), sqlite_records.changing(path) as kept:
        kept.put(account("alice"))
        raise ZeroDivisionError
    with sqlite_records.reading(path) as kept:
        assert accounts(kept) == {}
