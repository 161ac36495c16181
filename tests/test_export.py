"""geventchat-serve export: history for people and programs."""

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from geventchat.cli.export import PAGE
from geventchat.core.log import Entry
from geventchat.protocol.events import AnyEvent, Deleted, Joined, Said
from geventchat.store.redis.log import RedisLog
from geventchat.store.sqlite import SqliteLog
from tests.processes import run, serving
from tests.raw import plain
from tests.redis_server import RedisServer, running_redis

NOON = 1732363200.0  # of 2024-11-23, UTC


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three events of two rooms."""
    path = tmp_path / "history.sqlite"
    events: list[AnyEvent] = [
        Joined("", "", "lobby", "alice"),
        Said("", "", "lobby", "alice", "hello"),
        Said("", "", "Кухня", "bob", "чай?"),
    ]
    with closing(SqliteLog(path)) as log:
        for seconds, event in enumerate(events):
            log.append([Entry(event.room.casefold(), event, None)], NOON + seconds)
    return path


def export(path: Path, *arguments: str) -> str:
    ended = run("geventchat.cli.serve", "export", "--history", str(path), *arguments, environment={"TZ": "UTC"})
    note = "" if ended.out else f"note: there is no such event in {path}\n"
    assert (ended.status, ended.errors) == (0, note)
    return ended.out


def test_it_prints_what_happened_as_json_lines(path: Path) -> None:
    assert [json.loads(line) for line in export(path).splitlines()] == [
        {
            "type": "joined",
            "id": "1732363200000-0",
            "time": "2024-11-23T12:00:00.000Z",
            "room": "lobby",
            "nick": "alice",
        },
        {
            "type": "said",
            "id": "1732363201000-0",
            "time": "2024-11-23T12:00:01.000Z",
            "room": "lobby",
            "nick": "alice",
            "text": "hello",
        },
        {
            "type": "said",
            "id": "1732363202000-0",
            "time": "2024-11-23T12:00:02.000Z",
            "room": "Кухня",
            "nick": "bob",
            "text": "чай?",
        },
    ]


TEXT = [
    "2024-11-23 12:00:00 lobby * alice joined\n",
    "2024-11-23 12:00:01 lobby alice: hello\n",
    "2024-11-23 12:00:02 Кухня bob: чай?\n",
]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ([], TEXT),
        (["--room", "LOBBY"], TEXT[:2]),
        (["--room", "кухня"], TEXT[2:]),
        (["--room", "attic"], []),
        (["--since", "1732363200000-0"], TEXT[1:]),
        (["--since", "2024-11-23T12:00:01"], TEXT[1:]),
        (["--since", "2024-11-23T14:00:02+02:00"], TEXT[2:]),
        (["--since", "2024-11-23"], TEXT),
        (["--since", "2024-11-24"], []),
        (["--since", "2h"], []),
        (["--since", "9000w"], TEXT),
        (["--room", "lobby", "--since", "2024-11-23T12:00:01"], TEXT[1:2]),
    ],
)
def test_a_room_and_a_beginning_can_be_chosen(path: Path, arguments: list[str], lines: list[str]) -> None:
    assert export(path, "--text", *arguments) == "".join(lines)


def test_an_age_counts_from_now(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append([Entry("lobby", Said("", "", "lobby", "alice", "just now"), None)], time.time() - 60)
    assert export(path, "--text", "--since", "2h").endswith(" lobby alice: just now\n")
    assert export(path, "--text", "--since", "30s") == ""


def test_it_reads_while_a_server_writes(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with serving("--history", str(path)) as server, plain(server.address, "alice") as alice:
        alice.send(b"hello\n")
        alice.until(b"alice: hello\n")
        assert export(path, "--text").endswith(" lobby alice: hello\n")
        alice.send(b"still here\n")
        alice.until(b"alice: still here\n")
        assert export(path, "--text").endswith(" lobby alice: still here\n")


def test_a_long_history_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    texts = [str(number) for number in range(2 * PAGE + 1)]
    with closing(SqliteLog(path)) as log:
        log.append([Entry("lobby", Said("", "", "lobby", "alice", text), None) for text in texts], NOON)
    assert [json.loads(line)["text"] for line in export(path).splitlines()] == texts


def test_a_reader_that_has_seen_enough_ends_it_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteLog(path)) as log:
        log.append([Entry("lobby", Said("", "", "lobby", "alice", "x" * 1000), None) for _ in range(2000)], NOON)
    command = [sys.executable, "-m", "geventchat.cli.serve", "export", "--history", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert (process.stderr.read(), process.wait()) == (b"", 0)


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (None, [], "cannot be used: no such file or directory; give another with --history FILE"),
        (b"no database, only some text", [], "the file is damaged, or no history"),
        (b"", [], "is of an older version"),
        (b"", ["--since", "yesterday"], "--since yesterday: give an id, a time"),
    ],
)
def test_what_cannot_be_printed_is_one_line_and_status_2(
    tmp_path: Path, content: bytes | None, arguments: list[str], words: str
) -> None:
    path = tmp_path / "history.sqlite"
    if content is not None:
        path.write_bytes(content)
    ended = run("geventchat.cli.serve", "export", "--history", str(path), *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.errors.startswith("geventchat-serve export: ")
    assert words in ended.errors
    assert ended.errors.count("\n") == 1


def test_a_time_that_was_printed_is_the_same_time_wherever_it_is_asked_for(path: Path) -> None:
    printed = export(path, "--text").splitlines(keepends=True)[1].split(" lobby ")[0]
    arguments = ("export", "--history", str(path), "--text", "--since", printed)
    ended = run("geventchat.cli.serve", *arguments, environment={"TZ": "America/New_York"})
    assert ended.out == "".join(TEXT[1:])


@pytest.mark.parametrize("since", ["9999-12-31", "2500-01-01", "999999w", "1s"])
def test_any_time_can_be_asked_for(path: Path, since: str) -> None:
    assert len(export(path, "--since", since).splitlines()) == (3 if since == "999999w" else 0)


def test_a_full_disk_is_one_line(path: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "geventchat.cli.serve", "export", "--history", str(path)]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        "geventchat-serve export: cannot be written: no space left on device\n",
    )


# From a Redis that servers share.


def shared(url: str, *arguments: str) -> list[str]:
    ended = run("geventchat.cli.serve", "export", "--redis", url, "--text", *arguments, environment={"TZ": "UTC"})
    assert (ended.status, ended.errors) == (0, "")
    return ended.out.splitlines()


def test_what_servers_share_is_printed_too_all_rooms_in_one_order(redis_server: RedisServer) -> None:
    url = redis_server.url
    with closing(RedisLog(url)) as log:
        log.append([Entry("den", Joined("", "", "den", "alice"), None)], NOON - 1)
        log.append([Entry("lobby", Joined("", "", "lobby", "bob"), None)], NOON - 1)
        for number in range(250):
            room = "den" if number % 2 else "lobby"
            log.append([Entry(room, Said("", "", room, "alice", str(number)), None)], NOON + number)
        log.append(
            [Entry("den", Deleted("", "", "den", "mod", "alice", target=log.latest("den", 1)[0].id), None)], NOON + 300
        )
        assert [line.split()[-1] for line in shared(url)[2:-1]] == [str(number) for number in range(249)]
    assert shared(url, "--room", "Den", "--since", "2024-11-23T12:04:05")[:2] == [
        "2024-11-23 12:04:05 den alice: 245",
        "2024-11-23 12:04:07 den alice: 247",
    ]


def test_what_servers_shared_is_printed_also_where_redis_was_started_again_and_no_server_runs(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--appendfsync", "always") as redis:
        url = redis.url
        with closing(RedisLog(url)) as log:
            log.append([Entry("lobby", Joined("", "", "lobby", "alice"), None)], NOON)
        redis.kill()
        redis.start()
        assert shared(url) == ["2024-11-23 12:00:00 lobby * alice joined"]


def test_what_servers_of_another_version_share_is_not_guessed_at(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis:
        redis.do("HSET", "geventchat:meta", "format", "99")
        ended = run("geventchat.cli.serve", "export", "--redis", f"redis://127.0.0.1:{redis.port}/0")
    assert (ended.status, ended.out, ended.errors.count("\n")) == (2, "", 1)
    assert "another version (99)" in ended.errors


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--redis", "redis://127.0.0.1:1/0"], "cannot be reached"),
        (["--redis", "redis://h", "--history", "f"], "not for"),
        (["--history", "none"], "keeps nothing"),
        (["--history", ""], "--history is empty: give FILE|none"),
    ],
)
def test_where_nothing_can_be_read_one_line_says_so(arguments: list[str], why: str) -> None:
    ended = run("geventchat.cli.serve", "export", *arguments)
    assert (ended.status, len(ended.errors.splitlines())) == (2, 1)
    assert why in ended.errors


def test_its_help_has_examples() -> None:
    assert "examples:\n  geventchat-serve export " in run("geventchat.cli.serve", "export", "--help").out
