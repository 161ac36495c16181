"""Bots inside TLS, and at a server with a password."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.protocols.registry import DIALECTS
from tests.processes import Ran, Serving, run, serving
from tests.test_tls import in_files
from tests.test_tls_certificates import replace
from tests.tls import keys

SCRIPT = """
cast:
  user: {count: 4, name: "user{n}"}
script:
  - user: {say: "Hi, I'm {name}", spread: 200ms}
  - user: {say: "{words 3..8}", every: 50ms, for: 500ms}
"""
LOST = """  - user1: {drop: reset}
  - user1: {reconnect}
  - user1: I am back
"""
PASSWORD = "correct horse"  # noqa: S105 - it is a test's


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bots")
    keys(folder / "keys")
    (folder / "password").write_text(PASSWORD)
    (folder / "talk.yaml").write_text(SCRIPT)
    (folder / "lost.yaml").write_text(SCRIPT + LOST)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    options = ["--tls-only", "--password-file", str(folder / "password"), "--rate", "off"]
    with serving(*in_files(folder / "keys"), *options) as server:
        yield server


def bots(folder: Path, server: Serving, *options: str, file: str = "talk.yaml") -> Ran:
    at = "{}:{}".format(*server.address)
    environment = {"XDG_STATE_HOME": str(folder)}
    return run("bots.cli", str(folder / file), "--server", at, "--json", *options, environment=environment)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_bots_prove_a_server_inside_tls_that_asks_for_a_password(server: Serving, folder: Path, dialect: str) -> None:
    file = "lost.yaml" if dialect in ("json", "ws") else "talk.yaml"
    ran = bots(folder, server, "--dialect", dialect, "--tls", "--password-file", str(folder / "password"), file=file)
    result = json.loads(ran.out)
    assert (result["anomalies"], result["failures"]) == ({}, []), ran.errors
    assert result["delivered"] > 20


@pytest.mark.slow
def test_an_authority_can_vouch_and_a_server_whose_key_has_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    replace_into = tmp_path / "keys"
    replace_into.mkdir()
    replace(replace_into, folder / "keys")
    with serving(*in_files(replace_into)) as server:
        ran = bots(folder, server, "--tls-ca", str(replace_into / "tls-certificate.pem"))
        assert json.loads(ran.out)["anomalies"] == {}
    port = server.address[1]
    (tmp_path / "geventchat").mkdir()
    (tmp_path / "geventchat" / "known_servers").write_text(f"127.0.0.1:{port} SHA256:another\n")
    (tmp_path / "talk.yaml").write_text(SCRIPT)
    with serving(*in_files(replace_into), "--listen", f"127.0.0.1:{port}") as server:
        ran = bots(tmp_path, server, "--tls")
    assert (ran.status, ran.errors.count("\n")) == (4, 1)
    assert f"THE KEY OF 127.0.0.1:{port} HAS CHANGED" in ran.errors


@pytest.mark.slow
def test_without_tls_or_a_password_bots_are_told_why(server: Serving, folder: Path) -> None:
    ran = bots(folder, server)
    assert ran.status in (1, 4)
    assert "this port speaks TLS only" in ran.errors + ran.out
    ran = bots(folder, server, "--tls")
    assert ran.status == 1
    assert "this server asks for a password (password-needed); --password-file FILE gives it" in ran.errors + ran.out
    ran = run("bots.cli", str(folder / "talk.yaml"), "--tls")
    assert (ran.status, ran.errors) == (
        2,
        "geventchat-bots: --tls needs --server HOST:PORT: the server that speaks it\n",
    )


def test_record_is_let_in_by_the_password_too(server: Serving, folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("horse")
    at, environment = "{}:{}".format(*server.address), {"XDG_STATE_HOME": str(folder)}
    ran = run("bots.cli", "record", at, "--tls", environment=environment)
    assert ran.status == 1
    assert "asks for a password: give it in a file, with --password-file FILE, or in GEVENTCHAT_PASSWORD" in ran.errors
    ran = run("bots.cli", "record", at, "--tls", "--password-file", str(wrong), environment=environment)
    assert (ran.status, "that is not the server's password" in ran.errors) == (1, True)


@pytest.mark.parametrize("verb", ["try", "record", None])
def test_a_server_for_which_nobody_vouches_ends_each_verb_with_the_same_status(
    server: Serving, folder: Path, verb: str | None
) -> None:
    at = "{}:{}".format(*server.address)
    protocol = folder / "lines.yaml"
    protocol.write_text('protocol: tcp\nsay: "{nick}: {text}"\nheard: "{nick}: {text}"\ntls: system\n')
    words = {
        "try": ["try", at, "--protocol", str(protocol)],
        "record": ["record", at, "--tls-ca", "system"],
        None: [str(folder / "talk.yaml"), "--server", at, "--protocol", str(protocol)],
    }
    ran = run("bots.cli", *words[verb])
    assert ran.status == 4
    assert "nobody vouches for" in ran.errors


def test_a_file_of_authorities_that_a_protocol_names_and_is_not_there_is_told_as_that_file(tmp_path: Path) -> None:
    protocol = tmp_path / "lines.yaml"
    protocol.write_text('protocol: tcp\nsay: "{nick}: {text}"\nheard: "{nick}: {text}"\ntls: ca.pem\n')
    ran = run("bots.cli", "try", "127.0.0.1:1", "--protocol", str(protocol))
    why = f"{tmp_path / 'ca.pem'}, which is to vouch for the server, cannot be read: no such file or directory"
    assert (ran.status, ran.errors) == (2, f"geventchat-bots: {why}\n")
