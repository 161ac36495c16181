"""What a run's options say reaches workers too: whom they speak to, how, and what lets them in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from geventchat import ChatClient, ChatServer
from geventchat.protocol.events import Said
from tests.processes import Ran, Serving, run, serving
from tests.test_tls import in_files
from tests.tls import keys

pytestmark = pytest.mark.slow

PASSWORD = "correct horse"  # noqa: S105 - it is a test's
TALK = """
cast: {user: 3}
script:
  - any user: {say: "{words 3}"}
  - user1: one
  - user2: two
"""
OVER_TLS = """
protocol: tcp
tls: TLS
join: {type: hello, nick: "{nick}"}
joined: {type: welcome}
say: {type: say, text: "{text}"}
heard: {type: said, id: "{id}", room: "{room}", nick: "{nick}", text: "{text}"}
ignore: [{type: joined}, {type: left}, {type: members}, {type: closing}]
ping: {type: ping, token: "{token}"}
pong: {type: pong, token: "{token}"}
leave: {type: bye}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workers")
    keys(folder)
    (folder / "password").write_text(PASSWORD)
    (folder / "talk.yaml").write_text(TALK)
    return folder


@pytest.fixture(scope="module")
def closed(folder: Path) -> Iterator[Serving]:
    """A server that asks for a password."""
    with serving("--password-file", str(folder / "password"), "--log-level", "debug") as server:
        yield server


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[Serving]:
    """A server that speaks nothing but TLS."""
    with serving(*in_files(folder), "--tls-only") as server:
        yield server


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[Serving]:
    with serving() as server:
        yield server


# What workers need of a run's options, and what the process that leads them does by itself.
TOLD = {"--server", "--dialect", "--protocol", "--tls", "--tls-ca", "--password-file"}
TOLD |= {"--speed", "--seed", "--only", "--join-rate"}
OWN = {"--workers", "--bind", "--wait", "--web", "--json", "--junit", "--report", "--help", "--version"}


def with_worker(folder: Path, server: Serving | None, *options: str, **environment: str) -> Ran:
    at = [] if server is None else ["--server", "{}:{}".format(*server.address)]
    words = [str(folder / "talk.yaml"), *at, "--workers", "1", *options]
    return run("bots.cli", *words, environment={"XDG_STATE_HOME": str(folder)} | environment)


def passed(ran: Ran) -> dict[str, Any]:
    """Return the figures of a run that has found nothing wrong."""
    result: dict[str, Any] = json.loads(ran.out)
    assert (result["anomalies"], result["failures"], ran.status in (0, 5)) == ({}, [], True), ran.out + ran.errors
    return result


@pytest.mark.parametrize("dialect", ["json", "irc", "plain"])
def test_a_password_in_a_file_lets_workers_in_and_is_seen_nowhere(folder: Path, closed: Serving, dialect: str) -> None:
    options = "--json", "--dialect", dialect, "--password-file", str(folder / "password")
    ran = with_worker(folder, closed, *options)
    assert passed(ran)["said"] == 3
    assert PASSWORD not in ran.out + ran.errors


def test_a_password_in_the_environment_lets_workers_in(folder: Path, closed: Serving) -> None:
    ran = with_worker(folder, closed, "--json", GEVENTCHAT_PASSWORD=PASSWORD)
    assert passed(ran)["delivered"] == 9
    assert PASSWORD not in ran.out + ran.errors


def test_no_report_holds_the_password(folder: Path, closed: Serving, tmp_path: Path) -> None:
    page, junit = tmp_path / "out.html", tmp_path / "out.xml"
    files = "--report", str(page), "--junit", str(junit)
    ran = with_worker(folder, closed, "--password-file", str(folder / "password"), *files)
    assert ran.status in (0, 5)
    assert PASSWORD not in ran.out + ran.errors + page.read_text() + junit.read_text()


@pytest.mark.parametrize("option", ["--tls", "--tls-ca"])
def test_workers_speak_tls_as_the_options_say(folder: Path, secure: Serving, option: str) -> None:
    authority = [str(folder / "tls-certificate.pem")] if option == "--tls-ca" else []
    assert passed(with_worker(folder, secure, "--json", option, *authority))["delivered"] == 9


@pytest.mark.parametrize("tls", ["true", "tls-certificate.pem"])
def test_workers_speak_tls_where_a_protocol_s_file_says_so(folder: Path, secure: Serving, tls: str) -> None:
    protocol = folder / "theirs.yaml"
    protocol.write_text(OVER_TLS.replace("TLS", tls))
    assert passed(with_worker(folder, secure, "--json", "--protocol", str(protocol)))["delivered"] == 9


def test_the_options_that_say_what_is_played_hold_for_workers(folder: Path, open_to_all: Serving) -> None:
    chosen = passed(with_worker(folder, open_to_all, "--json", "--only", "5", "--speed", "2", "--join-rate", "100"))
    assert (chosen["said"], chosen["delivered"]) == (1, 3)


def test_a_seed_holds_for_workers(folder: Path) -> None:
    def words(*options: str) -> list[str]:
        with ChatServer() as server, ChatClient(server.address, name="eve") as eve:
            at = "{}:{}".format(*server.address)
            command = "bots.cli", str(folder / "talk.yaml"), "--server", at, *options
            assert gevent.get_hub().threadpool.apply(run, command).status in (0, 5)
            return sorted(f"{event.nick}: {event.text}" for event in eve.history() if isinstance(event, Said))

    assert words("--seed", "8", "--workers", "1") == words("--seed", "8") != words("--seed", "9")


def test_each_option_of_a_run_is_one_that_workers_are_told_or_do_not_need() -> None:
    """One that is new has to be thought of here, and tried above."""
    options = run("bots.cli", "--help").out.partition("options:")[2].partition("examples:")[0]
    assert set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", options, re.MULTILINE)) == TOLD | OWN
