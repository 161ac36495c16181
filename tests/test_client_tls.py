"""geventchat-client inside TLS: it knows servers by their keys, and refuses one whose key has changed."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geventchat import ChatClient, ChatServer
from geventchat.protocol.errors import ConnectionLost, NotTrusted, ServerUnavailable
from geventchat.server.access import Access
from geventchat.tls.trust import Authorities, Known
from tests.processes import Serving, run, serving
from tests.terminal_fixtures import at_terminal
from tests.test_tls import in_files
from tests.test_tls_certificates import replace
from tests.tls import keys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def server(folder: Path) -> Iterator[ChatServer]:
    with ChatServer(access=Access(keys=keys(folder), tls_only=True)) as server:
        yield server


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def known(tmp_path: Path, told: list[str]) -> Known:
    return Known(tmp_path / "state" / "known_servers", told.append)


def client(server: Serving, state: Path, *options: str) -> tuple[int, str]:
    at = "{}:{}".format(*server.address)
    environment = {"XDG_STATE_HOME": str(state)}
    ran = run("geventchat.cli.client", at, "--name", "me", *options, given="hi\n", environment=environment)
    assert ("me: hi" in ran.out) == (ran.status == 0)
    return ran.status, ran.errors


@pytest.mark.slow
def test_a_new_server_is_told_of_and_known_from_then_on_and_a_changed_key_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    port = ""
    for time in ("first", "second", "changed", "removed"):
        with serving(*in_files(folder), "--tls-only", "--listen", f"127.0.0.1:{port or 0}") as server:
            port, (status, errors) = str(server.address[1]), client(server, tmp_path, "--tls")
            (key,) = re.findall(r"shows it: (SHA256:\S+)", server.introduction)
        file = tmp_path / "geventchat" / "known_servers"
        match time:
            case "first":
                first = key
                assert (status, errors.count("\n")) == (0, 1)
                assert f"127.0.0.1:{port} is new here; its key is {key}," in errors
                assert stat.S_IMODE(file.stat().st_mode) == 0o600
            case "second":
                assert (status, errors) == (0, "")
                keys(tmp_path / "other")
                replace(folder, tmp_path / "other")
            case "changed":
                assert (status, errors.count("\n")) == (1, 1)
                assert f"THE KEY OF 127.0.0.1:{port} HAS CHANGED: it was {first}, and is {key}" in errors
                assert f"remove line 1 of {file}" in errors
                file.write_text("")
            case "removed":
                assert status == 0
                assert f"its key is {key}" in errors


def test_a_renewed_certificate_with_the_same_key_is_no_other_server(
    server: ChatServer, folder: Path, known: Known, told: list[str]
) -> None:
    ChatClient(server.address, name="ann", tls=known).close()
    address = server.address
    server.stop()
    (folder / "tls-certificate.pem").unlink()
    with ChatServer(address, access=Access(keys=keys(folder))):
        ChatClient(address, name="ann", tls=known).close()
    assert len(told) == 1


def test_nothing_is_said_to_a_server_whose_key_has_changed(server: ChatServer, known: Known, tmp_path: Path) -> None:
    ChatClient(server.address, name="ann", password="secret", tls=known).close()
    text = (tmp_path / "state" / "known_servers").read_text()
    (tmp_path / "state" / "known_servers").write_text(re.sub("SHA256:....", "SHA256:aaaa", text))
    with pytest.raises(NotTrusted, match="HAS CHANGED"):
        ChatClient(server.address, name="ann", password="secret", tls=known)
    assert server.chat.nicks.most == 1


def test_each_address_has_a_key_of_its_own(server: ChatServer, known: Known, told: list[str], tmp_path: Path) -> None:
    other = Access(keys=keys(tmp_path / "other"))
    with ChatServer(access=other) as second:
        for address in (server.address, second.address, server.address, second.address):
            ChatClient(address, name="ann", tls=known).close()
    assert len(told) == 2
    assert len((tmp_path / "state" / "known_servers").read_text().splitlines()) == 2


def test_a_server_is_known_however_its_name_is_written(folder: Path, known: Known, told: list[str]) -> None:
    with ChatServer(("localhost", 0), access=Access(keys=keys(folder))) as server:
        _, port = server.address
        for host in ("LocalHost", "localhost", "LOCALHOST"):
            ChatClient((host, port), name="ann", tls=known).close()
        assert known.knows(("LOCALhost", port))
    assert len(told) == 1


def test_a_connection_that_was_cut_on_the_way_is_not_taken_for_one_that_the_server_has_ended(
    server: ChatServer, known: Known
) -> None:
    with ChatClient(server.address, name="ann", tls=known) as ann:
        for transport in server._connections:
            transport.abort()  # no word of TLS goes before the end
        with pytest.raises(ConnectionLost, match="the connection was cut"):
            list(ann)


def test_an_authority_vouches_for_the_names_in_a_certificate(server: ChatServer, folder: Path, tmp_path: Path) -> None:
    trust = Authorities(str(folder / "tls-certificate.pem"))
    with ChatClient(server.address, name="ann", tls=trust) as ann:
        ann.say("hello")
    keys(tmp_path / "other")
    for other in (str(tmp_path / "other" / "tls-certificate.pem"), "system"):
        vouches = r"nobody vouches for 127\.0\.0\.1:.*; --tls without --tls-ca knows it by its key$"
        with pytest.raises(NotTrusted, match=vouches):
            ChatClient(server.address, name="ann", tls=Authorities(other))
    elsewhere = ChatServer(("127.0.0.2", 0), access=Access(keys=keys(folder)))
    with elsewhere, pytest.raises(NotTrusted, match="ip address mismatch"):
        ChatClient(elsewhere.address, name="ann", tls=trust)


def test_a_server_without_tls_is_told_apart(tmp_path: Path, known: Known) -> None:
    with ChatServer() as plain, pytest.raises(ServerUnavailable, match="does not speak TLS"):
        ChatClient(plain.address, name="ann", tls=known)
    assert not (tmp_path / "state" / "known_servers").exists()


def test_where_tls_is_needed_the_client_says_how(folder: Path, tmp_path: Path) -> None:
    with serving(*in_files(folder), "--tls-only") as server:
        status, errors = client(server, tmp_path)
    assert (status, errors) == (
        1,
        "geventchat-client: this port speaks TLS only: connect with TLS; use --tls\n",
    )


@pytest.mark.parametrize(
    ("option", "why"),
    [("{}/none", "cannot be read: no such file or directory"), ("{}/text", "holds no certificate in PEM")],
)
def test_authorities_that_cannot_be_read_are_one_line_and_status_2(option: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing")
    ran = run("geventchat.cli.client", "127.0.0.1:1", "--name", "me", "--tls-ca", option.format(tmp_path))
    assert (ran.status, ran.errors.count("\n")) == (2, 1)
    assert why in ran.errors


@pytest.mark.slow
def test_at_a_terminal_it_comes_back_inside_tls(folder: Path, tmp_path: Path) -> None:
    def serve(port: int) -> Any:
        return serving(*in_files(folder), "--tls-only", "--listen", f"127.0.0.1:{port}")

    with serve(0) as server, at_terminal(server.address, "ann", tmp_path, "--tls") as ann:
        ann.until("lobby (1 here)")
        ann.type("hello\r")
        ann.until("ann: hello")
        server.end()
        ann.until("offline")
        with serve(server.address[1]):
            ann.type("\r")
            ann.until("connected again")
            ann.type("again\r")
            ann.until("ann: again")
            ann.type("exit\r")
            assert ann.ended() == 0
