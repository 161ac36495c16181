"""The server's certificate: made by itself or given, and read again while connections stay."""

import re
import signal
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from geventchat.tls import fingerprint
from geventchat.tls.server_keys import ServerKeys
from tests.processes import Serving, run, serving
from tests.raw import Address
from tests.terminal_fixtures import Terminal
from tests.test_tls import GREETED, in_files, tls_of
from tests.tls import keys, secure


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a certificate and its key are."""
    made = tmp_path_factory.mktemp("keys")
    keys(made)
    return made


def test_the_certificate_is_made_once_for_its_owner_only_and_its_names_are_printed(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    introductions = []
    for _ in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", environment["XDG_STATE_HOME"])
            with serving("--tls", "self-signed") as server:
                introductions.append(re.sub(r":\d+|\d{4,}", "", server.introduction))
                shown = certificate(server.address)
                assert fingerprint.of_key(shown) in server.introduction
                assert fingerprint.of_certificate(shown) in server.introduction
    assert introductions[0] == introductions[1]
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "geventchat").iterdir()}
    assert made == {"tls-key.pem": 0o600, "tls-certificate.pem": 0o600}
    assert "https://127.0.0.1" in introductions[0]
    assert "--tls" in introductions[0]


def test_without_the_certificate_another_is_made_for_the_same_key(tmp_path: Path) -> None:
    before = keys(tmp_path)
    (tmp_path / "tls-certificate.pem").unlink()
    after = keys(tmp_path)
    assert before.key_fingerprint == after.key_fingerprint
    assert before.certificate_fingerprint != after.certificate_fingerprint


def test_a_certificate_made_just_now_is_valid_also_by_clocks_that_are_hours_behind(folder: Path) -> None:
    made = load_pem_x509_certificate((folder / "tls-certificate.pem").read_bytes())
    assert made.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=12)
    assert made.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3_600)


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    keys(tmp_path)
    (tmp_path / "tls-key.pem").chmod(0o644)
    keys(tmp_path)
    assert stat.S_IMODE((tmp_path / "tls-key.pem").stat().st_mode) == 0o600


def certificate(address: Address) -> bytes:
    with secure(address) as raw:
        return tls_of(raw).getpeercert(binary_form=True) or b""


def replace(folder: Path, made: Path) -> None:
    for name in ("tls-certificate.pem", "tls-key.pem"):
        (folder / name).write_bytes((made / name).read_bytes())


def test_a_hang_up_has_the_files_read_again_and_connections_stay(tmp_path: Path) -> None:
    for name in ("now", "later"):
        keys(tmp_path / name)
    with serving(*in_files(tmp_path / "now"), "--tls-only") as server, secure(server.address, b"alice\n") as alice:
        alice.until(GREETED)
        first = certificate(server.address)
        replace(tmp_path / "now", tmp_path / "later")
        assert certificate(server.address) == first
        server.process.send_signal(signal.SIGHUP)
        until_logged(server, "has been read again")
        second = certificate(server.address)
        assert second != first
        (tmp_path / "now" / "tls-key.pem").write_text("nothing")
        server.process.send_signal(signal.SIGHUP)
        until_logged(server, "the certificate stays as it was")
        assert certificate(server.address) == second
        alice.send(b"still here\n")
        alice.until(b"alice: still here\n")
        assert server.end() == 0


def test_a_closed_terminal_ends_a_server_and_a_hang_up_alone_does_not(folder: Path) -> None:
    command = [sys.executable, "-m", "geventchat.cli.serve", "--listen", "127.0.0.1:0", "--history", "none"]
    with Terminal([*command, *in_files(folder)], columns=140, environment={}) as terminal:
        terminal.until("JSON Lines")
        terminal.send_signal(signal.SIGHUP)
        terminal.until("has been read again")
        assert terminal.process.poll() is None
        terminal.hang_up()
        assert terminal.process.wait(timeout=20) == 0


def until_logged(server: Serving, text: str) -> None:
    assert server.process.stderr is not None
    while text not in server.process.stderr.readline():
        pass


def test_what_stands_beside_the_certificate_may_be_in_any_language(folder: Path, tmp_path: Path) -> None:
    replace(tmp_path, folder)
    certificate = tmp_path / "tls-certificate.pem"
    certificate.write_bytes("subject=L = Köln, O = Чат\n".encode() + b"\xff\n" + certificate.read_bytes())
    given = ServerKeys(certificate, tmp_path / "tls-key.pem")
    assert given.key_fingerprint == keys(folder).key_fingerprint


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--tls-cert", "{}/none.pem"], "none.pem cannot be read: no such file or directory"),
        (["--tls-cert", "{}/tls-certificate.pem", "--tls-key", "{}/none"], "none cannot be read: no such file"),
        (
            ["--tls-cert", "{}/tls-certificate.pem"],
            "tls-certificate.pem cannot be used: a certificate and a key are needed",
        ),
        (
            ["--tls-cert", "{}/tls-certificate.pem", "--tls-key", "{}/other.pem"],
            "the key is not that of the certificate",
        ),
        (["--tls-cert", "{}/text", "--tls-key", "{}/tls-key.pem"], "are needed, in PEM"),
        (["--tls-cert", "{}/bytes"], "are needed, in PEM"),
        (
            ["--tls-cert", "{}/tls-certificate.pem", "--tls-key", "{}/locked.pem"],
            "locked.pem is encrypted, and nobody can be asked for its passphrase",
        ),
        (["--tls-key", "{}/tls-key.pem"], "--tls-key needs --tls-cert FILE"),
        (["--tls-only"], "--tls-only needs a certificate"),
        (["--tls", "self-signed", "--tls-cert", "x"], "leave one out"),
        (["--tls", "no"], "invalid choice"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(options: list[str], why: str, folder: Path, tmp_path: Path) -> None:
    replace(tmp_path, folder)
    keys(tmp_path / "else")
    (tmp_path / "other.pem").write_bytes((tmp_path / "else" / "tls-key.pem").read_bytes())
    (tmp_path / "text").write_text("nothing")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    key = load_pem_private_key((tmp_path / "tls-key.pem").read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase"))
    (tmp_path / "locked.pem").write_bytes(locked)
    ran = run("geventchat.cli.serve", *(option.format(tmp_path) for option in options))
    assert (ran.status, ran.out) == (2, "")
    assert why in ran.errors
    assert ran.errors.count("\n") == 1
