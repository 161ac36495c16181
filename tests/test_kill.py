"""kill -9 at random moments under load: what anyone was shown is in the file, once, in the order it was shown in."""

import json
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import gevent
import pytest

from geventchat.protocol.events import id_of, number_of
from tests.processes import serving
from tests.raw import Raw, programmed

ROUNDS = int(os.environ.get("KILL_ROUNDS", "10"))
READERS = 50
SPEAKERS = 10
MESSAGES_A_SECOND = 1000
# The server dies at some moment of so long a talk.
TALK_S = 0.8


class Event(NamedTuple):
    """An event as the file has it, and as it was shown."""

    id: str
    type: str
    nick: str
    text: str | None


@pytest.mark.slow
def test_what_was_shown_survives_kill_9(tmp_path: Path) -> None:
    chance = random.Random(ROUNDS)
    path = tmp_path / "history.sqlite"
    assert sum(play_round(path, chance.uniform(0, TALK_S)) for _ in range(ROUNDS)) > ROUNDS * READERS * 10


def play_round(path: Path, seconds: float) -> int:
    """Let users talk, kill the server, and hold what each was shown against the file; return how much was shown."""
    before = stored(path)
    with serving("--history", str(path), "--rate", "off", "--log-level", "warning") as server:
        users = [programmed(server.address, f"user{number}") for number in range(READERS + SPEAKERS)]
        hearing = [gevent.spawn(raw.rest) for raw, _ in users]
        talking = [gevent.spawn(talk, raw, f"user{number}") for number, (raw, _) in enumerate(users[:SPEAKERS])]
        gevent.sleep(seconds)
        server.end(signal.SIGKILL)
        gevent.joinall(talking, raise_error=True)
        received = [greenlet.get() for greenlet in hearing]
    kept = stored(path)
    assert kept[: len(before)] == before
    ids = [number_of(event.id) for event in kept]
    assert ids == sorted(set(ids))
    by_id = {event.id: event for event in kept}
    place = {event.id: number for number, event in enumerate(kept)}
    count = 0
    for (_, welcome), data in zip(users, received, strict=True):
        shown, acknowledged = read(data)
        start = place[welcome["id"]] + 1
        assert shown == kept[start : start + len(shown)]
        assert all(by_id[event_id].text == text for text, event_id in acknowledged)
        count += len(shown)
    return count


def talk(raw: Raw, name: str) -> None:
    """Say something as often as is one's share, until the server is gone."""
    start = time.monotonic()
    number = 0
    try:
        while True:
            text = f"{name} says {start}-{number}"
            raw.send(json.dumps({"type": "say", "text": text, "ref": text}).encode() + b"\n")
            number += 1
            gevent.sleep(max(0.0, start + number * SPEAKERS / MESSAGES_A_SECOND - time.monotonic()))
    except OSError:
        return


def read(received: bytes) -> tuple[list[Event], list[tuple[str, str]]]:
    """Return the events that a user was shown, and what it was told is stored, as ref, which is the text, and id."""
    shown, acknowledged = [], []
    for line in received.split(b"\n")[:-1]:
        message = json.loads(line)
        if message["type"] in ("said", "joined"):
            shown.append(Event(message["id"], message["type"], message["nick"], message.get("text")))
        elif message["type"] == "ack":
            acknowledged.append((message["ref"], message["id"]))
        else:
            raise AssertionError(f"nobody expects {message}")
    return shown, acknowledged


def stored(path: Path) -> list[Event]:
    """Return what is in the file; it is left as the dead server left it."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT id, type, nick, text FROM events ORDER BY id").fetchall()
    return [Event(id_of(number), *rest) for number, *rest in rows]
