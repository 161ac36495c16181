"""History files that somebody removes, replaces, cuts short or damages while a server has them, or before."""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from geventchat.core.log import Entry
from geventchat.protocol.errors import NotStored, Refused, UsageError
from geventchat.protocol.events import Said
from geventchat.store.sqlite import SqliteLog
from tests.processes import run, serving
from tests.raw import plain

NOW = 1732363200.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(path)) as log:
        yield log


def entries(*texts: str) -> list[Entry]:
    return [Entry("lobby", Said("", "", "lobby", "alice", text), None) for text in texts]


def remove(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    (file.parent / "other").write_bytes(file.read_bytes())
    (file.parent / "other").replace(file)


def cut(file: Path) -> None:
    os.truncate(file, 0)


# While a server has it.


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
@pytest.mark.parametrize(("harm", "word"), [(remove, "removed"), (replace, "replaced")])
def test_nothing_is_acknowledged_once_a_file_is_gone(
    path: Path, log: SqliteLog, harm: Callable[[Path], None], word: str, end: str
) -> None:
    log.append(entries("before"), NOW)
    harm(path.parent / f"history.sqlite{end}")
    for _ in range(2):
        with pytest.raises(NotStored, match=rf"history\.sqlite{end} was {word}, where the server keeps its history"):
            log.append(entries("after"), NOW)
    assert [event.id for event in log.latest("lobby", 9)] == ["1732363200000-0"]


@pytest.mark.parametrize("end", ["", "-wal"])
def test_nothing_is_acknowledged_once_a_file_is_cut_short(path: Path, log: SqliteLog, end: str) -> None:
    log.append(entries(*("x" * 1000 for _ in range(100))), NOW)
    if not end:  # the events are to be in the file; otherwise they are still in the -wal
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint")
    log.append(entries("between"), NOW)
    cut(path.parent / f"history.sqlite{end}")
    for _ in range(2):
        with pytest.raises(NotStored, match=r"history\.sqlite was cut short"):
            log.append(entries("after"), NOW)


def test_it_is_noticed_when_a_file_is_as_short_as_it_once_was(path: Path, log: SqliteLog) -> None:
    short = path.stat().st_size
    log.append(entries(*("x" * 1000 for _ in range(100))), NOW)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint")
    log.append(entries("between"), NOW)
    os.truncate(path, short)
    with pytest.raises(NotStored, match=r"history\.sqlite was cut short"):
        log.append(entries("after"), NOW)


def test_that_the_server_empties_the_wal_itself_is_no_reason_to_check_a_large_file(path: Path, log: SqliteLog) -> None:
    log.append(entries(*("x" * 1000 for _ in range(100))), NOW)
    assert log._wipe()
    with path.open("r+b") as file:  # of which a check would take notice
        file.seek(20 * 4096)
        file.write(b"\xff" * 4096)
    log.append(entries("one"), NOW)
    assert log._wipe()
    log.append(entries("two"), NOW)


def test_a_program_that_tidies_the_file_up_does_no_harm(path: Path, log: SqliteLog) -> None:
    log.append(entries(*("x" * 1000 for _ in range(1000))), NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DELETE FROM events WHERE id % 1000 != 0")
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.append(entries("after"), NOW)
    assert len(log.latest("lobby", 9)) == 2


def test_it_goes_on_when_the_file_is_back(path: Path, log: SqliteLog) -> None:
    path.rename(path.parent / "away")
    with pytest.raises(NotStored):
        log.append(entries("away"), NOW)
    (path.parent / "away").rename(path)
    log.append(entries("back"), NOW)
    assert [event.id for event in log.latest("lobby", 9)] == ["1732363200000-1"]


def test_the_operator_is_told_once_within_a_second_though_nobody_speaks(
    path: Path, log: SqliteLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "geventchat")
    path.unlink()
    while not caplog.records:
        gevent.sleep(0.01)
    with pytest.raises(NotStored):
        log.append(entries("after"), NOW)
    log.close()
    assert [record.message for record in caplog.records] == ["history cannot be written: history.sqlite was removed"]


def test_a_file_that_goes_just_before_the_end_is_told_too(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = SqliteLog(path)
    path.unlink()
    log.close()
    assert "history.sqlite was removed" in caplog.text


def test_speakers_are_told_and_the_chat_goes_on(path: Path) -> None:
    with serving("--history", str(path)) as server, plain(server.address, "alice") as alice:
        alice.send(b"before\n")
        alice.until(b"alice: before\n")
        path.unlink()
        alice.send(b"after\n")
        assert alice.line() == (
            "* not stored and not sent: history.sqlite was removed, where the server keeps its history"
        )
        alice.send(b"/who\n")
        assert alice.line() == "* 1 in lobby: alice"
        assert server.end() == 0
    assert server.errors.count("history.sqlite was removed") == 1


# Rows that no server wrote.

DAMAGE = {
    "a text that is bytes": "UPDATE events SET text = x'00ff' WHERE id % 1000000 = 1",
    "a text that is no UTF-8": "UPDATE events SET text = CAST(x'ff' AS TEXT) WHERE id % 1000000 = 1",
    "no text": "UPDATE events SET text = NULL WHERE id % 1000000 = 1",
    "a nick that is bytes": "UPDATE events SET nick = x'41' WHERE id % 1000000 = 1",
    "a ref that is bytes": "UPDATE events SET ref = x'41' WHERE id % 1000000 = 1",
    "an unknown type": "UPDATE events SET type = 'sung' WHERE id % 1000000 = 1",
    "an id before all time": "UPDATE events SET id = -5 WHERE id % 1000000 = 1",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_row_is_one_line_for_who_asks_and_in_export(path: Path, damage: str) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries("one", "two", "three"), NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(damage)
    with closing(SqliteLog(path)) as log:
        with pytest.raises(Refused, match="the history cannot be read: the file is damaged"):
            log.latest("lobby", 9)
        log.append(entries("goes on"), NOW)
    with serving("--history", str(path)) as server, plain(server.address, "alice") as alice:
        alice.send(b"/history\nhello\n")
        assert "the file is damaged" in alice.until(b"alice: hello\n").decode()
        server.end()
    ended = run("geventchat.cli.serve", "export", "--history", str(path))
    assert ended.status == 2
    assert "damaged" in ended.errors
    assert ended.errors.count("\n") == 1


@pytest.mark.parametrize("damage", ["DELETE FROM removed", "UPDATE removed SET id = x'00'"])
def test_a_damaged_mark_of_what_was_removed_is_refused(path: Path, log: SqliteLog, damage: str) -> None:
    log.append(entries("one"), NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(damage)
    with pytest.raises(Refused, match="damaged"):
        log.trimmed_up_to()


def test_a_damaged_topic_is_none(path: Path, log: SqliteLog) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO topics VALUES ('lobby', x'00'), ('den', 'tea')")
    assert log.topics(["lobby", "den"]) == {"den": "tea"}


def test_a_file_whose_last_id_leaves_no_room_for_more_is_refused(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries("one"), NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE events SET id = 9223372036854775807")
    with pytest.raises(UsageError, match="damaged"):
        SqliteLog(path)
