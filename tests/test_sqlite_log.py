"""The file that history is kept in: what lasts, errors at start, versions, trimming, and a disk that fills."""

import logging
import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import gevent
import pytest

from geventchat import ChatServer, Limits
from geventchat.core.accounts import Account
from geventchat.core.log import Entry
from geventchat.protocol.errors import NotStored, UsageError
from geventchat.protocol.events import AnyEvent, Deleted, Said, TopicSet
from geventchat.store import sqlite_file, sqlite_records
from geventchat.store.sqlite import TRIM_EVENTS, SqliteLog
from tests.needs import missing
from tests.processes import run, serving
from tests.raw import plain

DAY_S = 86_400.0
NOW = 1732363200.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "history.sqlite"


def entries(*texts: str, room: str = "lobby") -> list[Entry]:
    return [Entry(room, Said("", "", room, "alice", text), None) for text in texts]


def deletion(entry: Entry) -> Entry:
    return Entry(entry.room, Deleted("", "", entry.room, "mod", target=entry.event.id, who="alice"), None)


def texts(events: list[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]


def all_texts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [text for (text,) in db.execute("SELECT text FROM events ORDER BY id")]


# What lasts.


def test_events_and_the_order_of_ids_outlive_the_server(path: Path) -> None:
    before, after = entries("before"), entries("after")
    with closing(SqliteLog(path)) as log:
        log.append(before, NOW)
    with closing(SqliteLog(path)) as log:
        assert texts(log.latest("lobby", 9)) == ["before"]
        log.append(after, NOW - DAY_S)  # the clock was set back meanwhile
        assert texts(log.latest("lobby", 9)) == ["before", "after"]
    assert (before[0].event.id, after[0].event.id) == ("1732363200000-0", "1732363200000-1")


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries("secret"), NOW)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(
        ["history.sqlite", "history.sqlite-wal", "history.sqlite-shm", "history.sqlite.lock"], 0o600
    )


def test_only_the_default_folder_is_made_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    SqliteLog(sqlite_file.default_path()).close()
    assert stat.S_IMODE(sqlite_file.default_path().parent.stat().st_mode) == 0o700
    assert "is not there: make it first" in refusal(tmp_path / "a slip" / "history.sqlite")
    assert not (tmp_path / "a slip").exists()


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    SqliteLog(path).close()
    path.chmod(0o644)
    SqliteLog(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_plain_sql_reads_the_view(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries("hello"), NOW + 0.042)
        with closing(sqlite3.connect(path)) as db:
            rows = db.execute("SELECT * FROM history").fetchall()
    assert rows == [("1732363200042-0", "2024-11-23T12:00:00.042Z", "lobby", "alice", "said", "hello")]


@pytest.mark.parametrize("name", [":memory:", "a ?# b.sqlite", "история.sqlite", "file:x.sqlite"])
def test_any_name_is_the_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SqliteLog(Path(name))) as log:
        log.append(entries("hello"), NOW)
        assert texts(log.latest("lobby", 9)) == ["hello"]
    assert {file.name for file in tmp_path.iterdir()} == {name, f"{name}.lock"}


# Errors at start.


def refusal(path: Path) -> str:
    """Return what a server that cannot have the file says: one line."""
    with pytest.raises(UsageError) as raised:
        SqliteLog(path)
    message = str(raised.value)
    assert str(path) in message
    assert "\n" not in message
    assert "--history" in message
    return message


def test_two_servers_cannot_have_one_file(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        assert "is in use by another geventchat-serve" in refusal(path)
        link = path.parent.parent / "link.sqlite"
        link.symlink_to(path)
        assert "is in use by another geventchat-serve" in refusal(link)
        hard_link = path.parent.parent / "hard.sqlite"
        hard_link.hardlink_to(path)
        assert "has a second name (a hard link)" in refusal(hard_link)
        log.append(entries("unhurt"), NOW)
    hard_link.unlink()
    with closing(SqliteLog(path)) as log:
        assert texts(log.latest("lobby", 9)) == ["unhurt"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"this is no database at all" + data[:0],
        lambda data: os.urandom(len(data)),
        lambda data: data[: len(data) // 2],
        lambda data: data[:4096] + b"\xff" * 4096 + data[8192:],
        lambda data: data[:-4096] + b"\xff" * 4096,
        lambda data: data[:20] + b"\xff" * 100 + data[120:],
    ],
    ids=["text", "noise", "cut", "the first table", "the end", "the header"],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(path: Path, damage: Callable[[bytes], bytes]) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries(*map(str, range(2000))), NOW)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    assert "damaged" in refusal(path)
    assert path.read_bytes() == damaged


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT)")
    content = path.read_bytes()
    assert "is a database of another program" in refusal(path)
    assert path.read_bytes() == content


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    SqliteLog(path).close()
    newer = len(sqlite_file.UPGRADES) + 1
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {newer}")
    assert f"is of version {newer}, and this geventchat knows versions up to {newer - 1} only" in refusal(path)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("there is a folder", "is not a file"),
        ("pipe", "is not a file"),
        ("a file/history", "not a directory"),
        ("no/history", "make it first"),
    ],
)
def test_what_cannot_be_a_file_is_refused(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "there is a folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a file").write_text("")
    assert words in refusal(tmp_path / place)


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        user = os.geteuid()
        os.seteuid(user or 65534)  # root may write everywhere
        try:
            assert "permission denied" in refusal(Path(folder) / "history.sqlite")
        finally:
            os.seteuid(user)


def test_the_command_says_it_in_one_line(path: Path) -> None:
    with closing(SqliteLog(path)):
        ended = run("geventchat.cli.serve", "--listen", "127.0.0.1:0", "--history", str(path))
    assert (ended.status, ended.out) == (2, "")
    assert ended.errors.startswith(f"geventchat-serve: the history {path} is in use by another geventchat-serve; ")
    assert "--history FILE" in ended.errors
    assert "--history none" in ended.errors
    assert ended.errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--keep", "soon"], "--keep soon: give an age, for example 30d, 12h or 90m"),
        (["--keep", "0d"], "--keep 0d: give an age"),
        (["--keep-messages", "0"], "--keep-messages 0: give a positive whole number"),
        (["--keep-messages", "many"], "--keep-messages many: give a positive whole number"),
        (["--history", ""], "--history is empty: give FILE|none"),
        (["--history="], "--history is empty: give FILE|none"),
        (["--history", "none", "--keep", "30d"], "--history none keeps no file"),
        (["--history", "none", "--durability", "full"], "--history none keeps no file"),
    ],
)
def test_options_that_cannot_be_meant_are_one_line(arguments: list[str], words: str) -> None:
    ended = run("geventchat.cli.serve", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert words in ended.errors
    assert ended.errors.count("\n") == 1


def test_history_is_in_the_users_state_folder_when_nobody_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    path = sqlite_file.default_path()
    assert tmp_path in path.parents
    with closing(SqliteLog(path)):
        ended = run("geventchat.cli.serve", "--listen", "127.0.0.1:0")
    assert f"the history {path} is in use" in ended.errors


@pytest.mark.parametrize("durability", ["normal", "full"])
def test_all_options_together_serve(path: Path, durability: str) -> None:
    keep = ["--keep", "1d", "--keep-messages", "100", "--durability", durability]
    with serving("--history", str(path), *keep) as server, plain(server.address, "alice") as alice:
        alice.send(b"hello\n")
        alice.until(b"alice: hello\n")
        assert server.end() == 0
    assert "hello" in all_texts(path)
    assert [file.name for file in sorted(path.parent.iterdir())] == ["history.sqlite", "history.sqlite.lock"]


# Versions.


def test_an_older_file_is_brought_up_to_date_and_keeps_its_events(path: Path) -> None:
    def stars(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE events ADD COLUMN stars INTEGER NOT NULL DEFAULT 5")

    with closing(SqliteLog(path)) as log:
        log.append(entries("old"), NOW)
    with closing(sqlite_file.open_to_write(path, upgrades=[*sqlite_file.UPGRADES, stars])) as db:
        assert db.execute("SELECT text, stars FROM events").fetchall() == [("old", 5)]
        assert db.execute("PRAGMA user_version").fetchone() == (len(sqlite_file.UPGRADES) + 1,)


def test_a_file_of_version_1_keeps_its_topics_and_says_that_earlier_events_may_be_missing(path: Path) -> None:
    sqlite_file.claim(path).release()
    with closing(sqlite_file.open_to_write(path, upgrades=sqlite_file.UPGRADES[:1])) as db:
        rows = [
            (5_000_000_000, "den", "Den", "alice", "topic", "coffee", None),
            (6_000_000_000, "den", "Den", "alice", "topic", "tea", None),
            (7_000_000_000, "lobby", "lobby", "bob", "topic", "", None),
        ]
        db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    with closing(SqliteLog(path)) as log:
        assert (log.topics(["den"]).get("den", ""), log.topics(["lobby"]).get("lobby", "")) == ("tea", "")
        assert log.trimmed_up_to() == "4999-999999"
        assert [entry.event.id for entry in log.since("den", "0-0", 9)] == ["5000-0", "6000-0"]


def test_an_upgrade_that_fails_changes_nothing(path: Path) -> None:
    def halfway(db: sqlite3.Connection) -> None:
        db.execute("DROP VIEW history")
        db.execute("INSERT INTO events VALUES ('no id', 1, 2, 3, 4, 5, 6, 7)")

    with closing(SqliteLog(path)) as log:
        log.append(entries("old"), NOW)
    with pytest.raises(UsageError):
        sqlite_file.open_to_write(path, upgrades=[*sqlite_file.UPGRADES, halfway])
    with closing(SqliteLog(path)) as log:
        assert texts(log.latest("lobby", 9)) == ["old"]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT text FROM history").fetchall() == [("old",)]


# Trimming.


def trim_all(log: SqliteLog, now: float) -> int:
    """Trim until nothing is left to trim; return in how many steps."""
    steps = 0
    while log.trim(now):
        steps += 1
    return steps


def test_only_the_last_messages_are_kept(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries(*map(str, range(400))), NOW)
    with closing(SqliteLog(path, keep_messages=100)) as log:
        assert trim_all(log, NOW) <= 300 / TRIM_EVENTS + 1
        assert texts(log.latest("lobby", 1000)) == [str(number) for number in range(300, 400)]
        log.append(entries("new"), NOW)
        trim_all(log, NOW)
        assert texts(log.latest("lobby", 1000)) == [*map(str, range(301, 400)), "new"]


def test_the_last_messages_are_counted_over_all_rooms(path: Path) -> None:
    with closing(SqliteLog(path, keep_messages=3)) as log:
        log.append(entries("1", "2", room="attic") + entries("3", "4"), NOW)
        trim_all(log, NOW)
        assert (texts(log.latest("attic", 9)), texts(log.latest("lobby", 9))) == (["2"], ["3", "4"])


def test_what_was_deleted_is_not_counted_among_the_last_messages(path: Path) -> None:
    with closing(SqliteLog(path, keep_messages=4)) as log:
        log.trim(NOW)  # it has counted from now on
        said = entries("1", "2", "3", "4")
        log.append(said, NOW)
        log.append([deletion(said[3])], NOW)
        trim_all(log, NOW)
        assert texts(log.latest("lobby", 9)) == ["1", "2", "3"]


def test_what_is_too_old_is_removed(path: Path) -> None:
    with closing(SqliteLog(path, keep_s=30 * DAY_S)) as log:
        log.append(entries("oldest"), NOW - 31 * DAY_S)
        log.append(entries("old"), NOW - 29 * DAY_S)
        log.append(entries("new"), NOW)
        trim_all(log, NOW)
        assert texts(log.latest("lobby", 9)) == ["old", "new"]
        assert log.trimmed_up_to() == f"{int((NOW - 31 * DAY_S) * 1000)}-0"


def test_no_step_of_trimming_is_so_long_that_speakers_would_notice(path: Path) -> None:
    with closing(SqliteLog(path, keep_messages=1)) as log:
        log.append(entries(*map(str, range(500))), NOW)
        assert log.trim(NOW) == log.trim(NOW) == 50


def test_what_was_removed_is_nowhere_in_the_files_any_more(path: Path) -> None:
    with closing(SqliteLog(path, keep_s=60)) as log:
        log.append(entries("the secret", "the last"), NOW - DAY_S)
        while "the secret" in texts(log.latest("lobby", 9)) or (path.parent / "history.sqlite-wal").stat().st_size:
            gevent.sleep(0.01)
        assert not any(b"the secret" in file.read_bytes() for file in path.parent.iterdir())


def test_what_was_deleted_is_nowhere_in_the_files_any_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.store.sqlite._WATCH_S", 0.01)
    with closing(SqliteLog(path)) as log:
        said = entries("the secret")
        log.append(said, NOW)
        log.append([deletion(*said)], NOW)
        while any(b"the secret" in file.read_bytes() for file in path.parent.iterdir()):
            gevent.sleep(0.01)


def test_nothing_of_an_account_that_is_removed_beside_the_server_stays_in_the_file(path: Path) -> None:
    with closing(SqliteLog(path)):
        with sqlite_records.changing(path) as kept:
            kept.put(Account(name="alice", password="the secret"))
        with sqlite_records.changing(path) as kept:
            kept.remove(Account, "alice")
    assert b"the secret" not in path.read_bytes()


def test_while_another_program_reads_what_was_removed_stays_a_while_and_nobody_waits(path: Path) -> None:
    with closing(SqliteLog(path, keep_s=60)) as log, closing(sqlite3.connect(path, isolation_level=None)) as other:
        log.append(entries("the secret", "the last"), NOW - DAY_S)
        other.execute("BEGIN")
        other.execute("SELECT * FROM events").fetchall()
        while "the secret" in texts(log.latest("lobby", 9)):
            gevent.sleep(0.01)
        assert log._wipe() is False
        log.append(entries("goes on"), NOW)
        other.execute("COMMIT")
        assert log._wipe() is True


def test_a_topic_outlives_the_event_that_set_it(path: Path) -> None:
    with closing(SqliteLog(path, keep_s=60)) as log:
        log.append([Entry("lobby", TopicSet("", "", "lobby", "alice", "tea"), None), *entries("hi")], NOW - DAY_S)
        log.append(entries("now"), NOW)
        trim_all(log, NOW)
        assert texts(log.latest("lobby", 9)) == ["now"]
    with closing(SqliteLog(path)) as log:
        assert log.topics(["lobby"]).get("lobby", "") == "tea"


def test_an_age_longer_than_history_keeps_everything(path: Path) -> None:
    with closing(SqliteLog(path, keep_s=999_999 * 604_800.0)) as log:
        log.append(entries("old"), 1.0)
        log.append(entries("new"), NOW)
        assert log.trim(NOW) == 0
        assert texts(log.latest("lobby", 9)) == ["old", "new"]


def test_while_another_program_has_the_file_only_speakers_are_held_up(path: Path) -> None:
    with (
        closing(SqliteLog(path)) as log,
        ChatServer(log=log, limits=Limits(rate=None)) as server,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        plain(server.address, "alice") as alice,
    ):
        other.execute("BEGIN IMMEDIATE")
        for number in range(60):  # would take more than the 30 seconds of a test if each had to wait for the file
            alice.send(b"hello\n/ping %d\n" % number)
            assert alice.line().startswith("* not stored and not sent: another program has locked the file")
            assert alice.line() == f"* pong {number}"
        other.execute("COMMIT")
        alice.send(b"hello again\n")
        assert alice.line() == "alice: hello again"


def test_full_durability_asks_for_an_fsync_with_each_commit(path: Path) -> None:
    for full, synchronous in ((True, 2), (False, 1)):
        sqlite_file.claim(path).release()
        with closing(sqlite_file.open_to_write(path, full=full)) as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (synchronous,)


def test_ids_go_on_though_everything_was_too_old(path: Path) -> None:
    with closing(SqliteLog(path, keep_s=60)) as log:
        log.append(entries("one", "two"), NOW)
        trim_all(log, NOW + DAY_S)
    late = entries("late")
    with closing(SqliteLog(path)) as log:
        log.append(late, NOW - DAY_S)
    assert late[0].event.id == "1732363200000-2"


def test_what_was_trimmed_cannot_be_found_in_the_file(path: Path) -> None:
    with closing(SqliteLog(path, keep_messages=1)) as log:
        log.append(entries("a secret that nobody shall find", "public"), NOW)
        trim_all(log, NOW)
    assert b"public" in path.read_bytes()
    assert b"secret" not in path.read_bytes()


def test_a_running_server_trims_by_itself(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append(entries(*map(str, range(1000))), NOW)
    with closing(SqliteLog(path, keep_messages=10)) as log:
        while len(log.latest("lobby", 1000)) > 10:
            gevent.sleep(0.01)
    assert all_texts(path) == [str(number) for number in range(990, 1000)]


# While it runs.


def test_a_writer_that_waits_holds_up_neither_the_loop_nor_reading(path: Path) -> None:
    with closing(SqliteLog(path)) as log, closing(sqlite3.connect(path, isolation_level=None)) as other:
        log.append(entries("before"), NOW)
        other.execute("BEGIN IMMEDIATE")  # nobody else can write now
        storing = gevent.spawn(log.append, entries("waited"), NOW)
        for _ in range(20):
            assert texts(log.latest("lobby", 9)) == ["before"]
        assert not storing.ready()
        other.execute("COMMIT")
        storing.get()
        assert texts(log.latest("lobby", 9)) == ["before", "waited"]


def test_a_full_disk_is_said_once_and_reading_goes_on(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "geventchat")
    with closing(SqliteLog(path)) as log:
        log.append(entries("before"), NOW)
        log._writer.run(lambda db: db.execute("PRAGMA max_page_count = 1"))  # as if the disk had no more room
        for _ in range(3):
            with pytest.raises(NotStored, match="the disk is full"):
                log.append(entries("x" * 100_000), NOW)
        assert texts(log.latest("lobby", 9)) == ["before"]
        assert [record.message for record in caplog.records] == ["history cannot be written: database or disk is full"]
        log._writer.run(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
        log.append(entries("after"), NOW)
        log.append(entries("later"), NOW)
        assert texts(log.latest("lobby", 9)) == ["before", "after", "later"]
        assert [record.message for record in caplog.records[1:]] == ["history can be written again"]


def test_a_full_disk_is_over_once_there_is_room_again_though_nobody_speaks(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "geventchat")
    with closing(SqliteLog(path)) as log:
        log._writer.run(lambda db: db.execute("PRAGMA max_page_count = 1"))
        with pytest.raises(NotStored, match="the disk is full"):
            log.append(entries("x" * 100_000), NOW)
        log._look()
        assert "full" in log.trouble  # though there is room for a little
        log._writer.run(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
        while log.trouble:
            gevent.sleep(0.01)
        assert [record.message for record in caplog.records] == [
            "history cannot be written: database or disk is full",
            "history can be written again",
        ]
        assert log.latest("lobby", 9) == []
        log.append(entries("after"), NOW)
    assert all_texts(path) == ["after"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        missing("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def test_speakers_are_told_that_the_disk_is_full_and_chat_goes_on_when_it_is_not(small_disk: Path) -> None:
    path, ballast = small_disk / "history.sqlite", small_disk / "ballast"
    with serving("--history", str(path), "--rate", "off") as server, plain(server.address, "alice") as alice:
        alice.send(b"stored\n")
        alice.until(b"alice: stored\n")
        fill(ballast)
        line = b"x" * 4000 + b"\n"
        told = b""
        while b"not stored" not in told:
            alice.send(line)
            told = alice.until(b"\n")
        assert told == b"* not stored and not sent: the disk is full, where the server keeps its history\n"
        alice.send(b"/history 1\n")
        alice.until(b"* that was earlier; there is more before it\n")
        ballast.unlink()
        alice.send(b"stored again\n")
        alice.until(b"alice: stored again\n")
        server.end()
    assert server.errors.count("history cannot be written") == 1
    assert server.errors.count("history can be written again") == 1
    stored = all_texts(path)
    assert "stored" in stored
    assert "stored again" in stored


def test_a_full_disk_is_an_error_at_start(small_disk: Path) -> None:
    SqliteLog(small_disk / "old.sqlite").close()
    fill(small_disk / "ballast")
    assert "the disk is full" in refusal(small_disk / "old.sqlite")
    message = refusal(small_disk / "new.sqlite")
    assert "the disk is full" in message or "no space left on device" in message


def test_a_read_only_disk_is_an_error_at_start(small_disk: Path) -> None:
    path = small_disk / "history.sqlite"
    SqliteLog(path).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: S607
    assert "read-only file system" in refusal(path)
    assert "read-only file system" in refusal(small_disk / "new.sqlite")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1024)):
                pass
        except OSError:
            return


# What the documents say.


def test_the_docs_show_the_schema_as_it_is(path: Path) -> None:
    docs = (Path(__file__).parent.parent / "docs" / "history.md").read_text()
    SqliteLog(path).close()
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        columns = db.execute("SELECT name, type FROM pragma_table_info('events')").fetchall()
        named = [name for (name,) in db.execute("SELECT name FROM sqlite_master")]
        shown = [name for (name,) in db.execute("SELECT name FROM pragma_table_info('history')")]
    assert f"## Schema, version {version}\n" in docs
    assert f"\n| {version} | " in docs
    assert all(f"| `{name}` {kind}" in docs for name, kind in columns)
    assert all(f"`{name}`" in docs for name in [*named, *shown])
    assert f"{sqlite_file.APPLICATION_ID:#x}" in docs
