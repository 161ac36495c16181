"""People's own clients of IRC inside TLS, at a server with a password."""

from pathlib import Path

import pytest

from tests.processes import Serving, serving
from tests.test_irc_clients import irssi, weechat
from tests.test_tls import in_files
from tests.tls import keys, secure

pytestmark = pytest.mark.slow

# How long to wait for a client, which takes some seconds to begin.
_PATIENCE_S = 60
PASSWORD = "correct"  # noqa: S105 - it is a test's


def options(folder: Path) -> list[str]:
    keys(folder / "keys")
    (folder / "password").write_text(PASSWORD)
    return [*in_files(folder / "keys"), "--tls-only", "--password-file", str(folder / "password")]


def test_irssi_talks_inside_tls_once_it_gives_the_password(tmp_path: Path) -> None:
    with (
        serving(*options(tmp_path)) as server,
        irssi(tmp_path / "irssi", server.address[1], "bob") as screen,
        secure(server.address, f"{PASSWORD}\nann\n".encode()) as ann,
    ):
        ann.socket.settimeout(_PATIENCE_S)
        connect = f"/connect -tls -notls_verify 127.0.0.1 {server.address[1]}"
        ann.until(b"'exit'.\n")
        screen.type(f"{connect} wrong\r")
        screen.until("that is not the server's password")
        screen.type(f"/disconnect\r{connect} {PASSWORD}\r")
        screen.until("There is no message of the day")
        screen.type("/join #lobby\r")
        ann.until(b"joined\n")
        screen.type("hello from irssi\r")
        assert b"hello from irssi" in ann.until(b"hello from irssi\n")
        ann.send(b"hello to irssi\n")
        screen.until("hello to irssi")


def test_weechat_talks_inside_tls_with_a_fingerprint_and_a_password(tmp_path: Path) -> None:
    with serving(*options(tmp_path)) as server, secure(server.address, f"{PASSWORD}\nann\n".encode()) as ann:
        ann.socket.settimeout(_PATIENCE_S)
        ann.until(b"'exit'.\n")
        known = fingerprint_of(server)
        old, new = f"-ssl -ssl_fingerprint={known}", f"-tls -tls_fingerprint={known}"  # before WeeChat 4.0, and since
        more = f"{old} {new} -password={PASSWORD}"
        with weechat(tmp_path / "weechat", server.address[1], "carol", more) as client:
            client.type("/connect g", "core.weechat")
            ann.until(b"* carol joined\n")
            client.type("hello from WeeChat")
            ann.until(b"carol: hello from WeeChat\n")


def fingerprint_of(server: Serving) -> str:
    """Return the fingerprint of the certificate as the server prints it, and as WeeChat takes it."""
    line = next(line for line in server.introduction.splitlines() if "as browsers show it" in line)
    return line.rpartition(" ")[2].replace(":", "").lower()
