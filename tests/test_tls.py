"""TLS on the chat's own port: every dialect inside it, and whatever can go wrong in a handshake."""

import json
import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gevent import socket
from gevent.ssl import SSLSocket
from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.uri import parse_uri

from geventchat import ChatServer, Limits
from geventchat.protocol import limits
from geventchat.server.access import Access
from geventchat.tls.server_keys import ServerKeys
from tests.processes import serving
from tests.raw import Raw, plain, programmed
from tests.test_irc_on_sockets import settled
from tests.tls import hello, keys, secure, secure_on, trusting

GREETED = b"Hi, alice! To exit the chat enter 'exit'.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a certificate and its key are."""
    made = tmp_path_factory.mktemp("keys")
    keys(made)
    return made


@pytest.fixture
def server(folder: Path) -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None), access=Access(keys=keys(folder))) as server:
        yield server


@pytest.fixture
def tls_only(folder: Path) -> Iterator[ChatServer]:
    with ChatServer(access=Access(keys=keys(folder), tls_only=True)) as server:
        yield server


def rsa_keys(folder: Path) -> ServerKeys:
    """Return a certificate and its key as most issuers give, made in a folder."""
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "rsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    return ServerKeys(folder / "rsa.pem")


def in_files(folder: Path) -> list[str]:
    """Return the options that name a certificate and its key."""
    return ["--tls-cert", str(folder / "tls-certificate.pem"), "--tls-key", str(folder / "tls-key.pem")]


# Every dialect.


def test_people_programs_and_irc_talk_inside_tls_and_with_those_outside(server: ChatServer) -> None:
    outside = plain(server.address, "carol")
    with (
        outside,
        secure(server.address, b"alice\n") as alice,
        secure(server.address) as bob,
        secure(server.address) as dave,
    ):
        assert GREETED in alice.until(GREETED)
        bob.send(b'{"type":"hello","nick":"bob"}\n')
        assert bob.message()["type"] == "welcome"
        dave.send(b"NICK dave\r\nUSER d 0 * :Dave\r\nJOIN #lobby\r\n")
        assert settled(dave)[0].startswith(":chat.geventchat 001 dave")
        alice.send("привет\n".encode())
        line = "alice: привет\n".encode()
        assert line in alice.until(line)
        assert line in outside.until(line)
        assert bob.messages_until("said")[-1]["text"] == "привет"
        assert ":alice!" in dave.until("#lobby :привет\r\n".encode()).decode()
        outside.send(b"hi\n")
        assert b"carol: hi\n" in alice.until(b"carol: hi\n")


def test_who_is_silent_inside_tls_is_asked_for_a_name(server: ChatServer) -> None:
    with secure(server.address) as alice:
        assert alice.until(b": ") == b"Enter your name: "
        alice.send(b"ali")
        alice.send(b"ce\n")
        assert alice.line() == GREETED.decode().rstrip()


def test_a_record_is_a_packet_to_who_marks_no_ends(server: ChatServer) -> None:
    with secure(server.address, b"alice") as task:
        task.until(GREETED.rstrip(b"\n"))
        task.send(b"one")
        task.until(b"alice: one")


def test_the_page_and_its_websocket_come_inside_tls(server: ChatServer) -> None:
    host, port = server.address
    with secure(server.address, f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()) as browser:
        assert b"<title>geventchat" in browser.until(b"</html>")
        protocol = ClientProtocol(parse_uri(f"ws://{host}:{port}/chat"))
        protocol.send_request(protocol.connect())
        browser.until(b"\n")
        browser.received = b""
        browser.send(b"".join(protocol.data_to_send()))
        protocol.receive_data(browser.until(b"\r\n\r\n"))
        (response,) = protocol.events_received()
        assert isinstance(response, Response)
        assert response.status_code == 101
        protocol.send_text(b'{"type":"hello","nick":"erin"}')
        browser.send(b"".join(protocol.data_to_send()))
        browser.until(b'"type":"welcome"')


def test_without_a_certificate_tls_is_no_chat_and_inside_tls_there_is_no_tls(server: ChatServer) -> None:
    with ChatServer() as bare, Raw(bare.address, hello()) as client:
        assert client.rest() == b""
    with secure(server.address, hello()) as client:
        assert client.rest() == b""


def test_the_password_is_asked_for_inside_tls(folder: Path) -> None:
    access = Access(password="open", keys=keys(folder), tls_only=True)
    with ChatServer(access=access) as server, secure(server.address) as alice:
        assert alice.until(b": ") == b"Server password: "
        alice.send(b"open\nalice\n")
        alice.until(GREETED)


# Versions, and what is agreed on.


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken_with_a_key_for_each_connection(server: ChatServer, newest: ssl.TLSVersion) -> None:
    context = trusting(newest=newest)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with secure(server.address, b"alice\n", context) as alice:
        tls = tls_of(alice)
        assert tls.version() == newest.name.replace("_", ".")
        assert tls.selected_alpn_protocol() == "http/1.1"
        cipher = tls.cipher()
        assert cipher is not None
        assert cipher[0].startswith(("ECDHE-", "TLS_"))
        assert re.search("GCM|CHACHA20", cipher[0])


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_what_is_older_is_refused_with_an_alert(server: ChatServer, newest: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version|unsupported protocol"):
        secure(server.address, context=trusting(newest=newest))
    with secure(server.address, b"alice\n") as alice:
        alice.until(GREETED)


@pytest.mark.parametrize("make_keys", [keys, rsa_keys])
def test_all_but_the_ciphers_that_nobody_has_broken_with_a_key_for_each_connection_are_refused(
    tmp_path: Path, make_keys: Callable[[Path], ServerKeys]
) -> None:
    context = trusting(newest=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    good = re.compile(r"ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20-POLY1305)|TLS_")
    others = [one["name"] for one in context.get_ciphers() if not good.match(one["name"])]
    with ChatServer(access=Access(keys=make_keys(tmp_path))) as server:
        with secure(server.address, b"alice\n", context) as alice:
            alice.until(GREETED)
        context.set_ciphers(":".join([*others, "@SECLEVEL=0"]))
        with pytest.raises(ssl.SSLError, match=r"(?i)handshake failure"):
            secure(server.address, context=context)


def test_a_client_that_names_another_protocol_is_let_in(server: ChatServer) -> None:
    context = trusting()
    context.set_alpn_protocols(["irc"])
    with secure(server.address, b"alice\n", context) as alice:
        alice.until(GREETED)


# What goes wrong.


def test_a_handshake_cut_at_any_byte_hurts_nobody(server: ChatServer) -> None:
    first = hello()
    with plain(server.address, "carol") as carol:
        for end in range(1, len(first), 7):
            Raw(server.address, first[:end]).close()
        with Raw(server.address, first) as cut:
            assert cut.until(b"\x16\x03\x03")  # the server has answered
        while server.connections > 1:
            gevent.sleep(0.01)
        carol.send(b"still here\n")
        carol.until(b"carol: still here\n")


def test_a_hello_a_byte_at_a_time_is_a_hello(server: ChatServer) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing)
    with Raw(server.address) as raw:
        raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    raw.send(bytes([byte]))
                    gevent.sleep(0)
                incoming.write(raw.socket.recv(1))
        tls.write(b"alice\n")
        for byte in outgoing.read():
            raw.send(bytes([byte]))
        said = b""
        while GREETED not in said:
            incoming.write(raw.socket.recv(1))
            try:
                said += tls.read(1024)
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x00\x05hello", b"\x16" + b"x" * 50, b"\x16\x03\x01\xff\xff" + bytes(99)]
)
def test_what_only_begins_as_tls_is_closed(server: ChatServer, garbage: bytes) -> None:
    with Raw(server.address, garbage) as raw:
        assert raw.rest()[:1] in (b"", b"\x15")  # an alert, perhaps


def test_half_a_handshake_ends_after_its_time(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.HANDSHAKE_S == 10
    monkeypatch.setattr("geventchat.server.tls_transport.HANDSHAKE_S", 0.2)
    with Raw(server.address, hello()[:50]) as half, Raw(server.address, hello()) as answered:
        assert half.rest() == b""
        assert answered.rest()[:3] == b"\x16\x03\x03"
    assert server.connections == 0


def test_what_is_changed_on_the_way_ends_that_connection_alone(server: ChatServer) -> None:
    with plain(server.address, "carol") as carol, secure(server.address, b"alice\n") as alice:
        alice.until(GREETED)
        carol.until(b"* alice joined\n")
        with socket.socket(fileno=alice.socket.detach()) as below:
            below.sendall(b"\x17\x03\x03\x00\x30" + bytes(0x30))
            assert carol.line() == "* alice left: connection lost"


def test_half_a_line_is_said_only_if_the_end_was_announced(server: ChatServer) -> None:
    with plain(server.address, "carol") as carol:
        with secure(server.address, b"alice\nyes, delete it") as alice:
            alice.until(GREETED)
            with socket.socket(fileno=alice.socket.detach()) as below:
                below.shutdown(socket.SHUT_WR)
                while below.recv(4096):
                    pass
        assert [carol.line(), carol.line()] == ["* alice joined", "* alice left: connection lost"]
        with secure(server.address, b"bob\nhi\nno") as bob:
            bob.until(b"'exit'.\n")
            assert [carol.line(), carol.line()] == ["* bob joined", "bob: hi"]
            bob.until(b"bob: hi\n")
            gevent.spawn(end_in_order, tls_of(bob))
            assert [carol.line(), carol.line()] == ["bob: no", "* bob left"]


def end_in_order(client: SSLSocket) -> None:
    """Announce the end, and take what still comes."""
    with suppress(OSError):
        client.unwrap()


def test_the_last_word_comes_and_so_does_the_word_that_it_was_the_last(folder: Path) -> None:
    with ChatServer(access=Access(keys=keys(folder))) as server:
        clients = []
        for number in range(3):
            raw = Raw(server.address)
            raw.socket = trusting().wrap_socket(raw.socket, suppress_ragged_eofs=False)
            raw.send(f"alice{number}\n".encode())
            raw.until(b"'exit'.\n")
            clients.append(raw)
        clients[0].send(b"exit\n")
        assert clients[0].rest().endswith(b"exit\n")
        stopping = gevent.spawn(server.stop)
        for raw in clients[1:]:
            assert raw.rest().endswith(b"* the server is stopping\n")
        stopping.join()


def test_the_last_word_comes_also_to_who_goes_on_talking(server: ChatServer) -> None:
    with secure(server.address, b"alice\n") as alice:
        alice.until(GREETED)
        alice.send(b"exit\n" + b"x" * 50_000)
        assert alice.rest().endswith(b"exit\n")


def test_who_opens_many_connections_may_be_slow_to_begin_tls_on_one(server: ChatServer) -> None:
    with secure(server.address), Raw(server.address) as slow:
        slow.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            slow.socket.recv(1)
        slow.socket.settimeout(10)
        secure_on(slow).send(b"alice\n")
        slow.until(GREETED)


def test_who_was_greeted_before_it_began_tls_can_begin_it_the_next_time(
    server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "geventchat"), Raw(server.address) as slow:
        assert slow.until(b": ") == b"Enter your name: "
        slow.send(hello())
        assert slow.rest() == b""
        assert "the next time that waits" in caplog.text
    with Raw(server.address) as again:
        gevent.sleep(0.3)
        secure_on(again).send(b"alice\n")
        again.until(GREETED)


def test_who_reads_slowly_inside_tls_loses_nothing(server: ChatServer) -> None:
    texts = [f"{number}:{'x' * 3_000}" for number in range(400)]
    raw = Raw.with_little_room(server.address)
    raw.socket = trusting().wrap_socket(raw.socket)
    raw.send(b'{"type":"hello","nick":"slow"}\n')
    with raw, programmed(server.address, "fast")[0] as fast:
        raw.messages_until("welcome")
        for text in texts:
            fast.send(json.dumps({"type": "say", "text": text}).encode() + b"\n")
        while len(raw.received) < 50_000:
            raw.received += raw.socket.recv(700)
            gevent.sleep(0.001)
        heard: list[str] = []
        while len(heard) < len(texts):
            message = raw.message()
            if message["type"] == "said":
                heard.append(message["text"])
        assert heard == texts


def test_a_full_server_says_so_inside_tls(folder: Path) -> None:
    with (
        ChatServer(limits=Limits(max_users=1), access=Access(keys=keys(folder))) as server,
        plain(server.address, "carol"),
    ):
        alice = secure(server.address, b"alice\n")
        assert alice.rest() == b"* server is full, try again later\n"


@pytest.mark.slow
def test_a_storm_of_handshakes_does_not_hold_who_is_in(folder: Path) -> None:
    first = hello()
    with serving(*in_files(folder)) as server, plain(server.address, "carol") as carol:
        storm = []
        for _ in range(1_000):
            storm.append(Raw(server.address))
            storm[-1].send(first)  # at once: who is silent for some time is taken for a person
        for number in range(10):
            carol.send(f"/ping {number}\n".encode())
            carol.until(f"* pong {number}\n".encode())
        answered = sum(bool(_there(raw)) for raw in storm)
        assert answered < 500, "all handshakes came first"
        for raw in storm:
            raw.until(b"\x16\x03\x03")
            raw.close()


def _there(raw: Raw) -> bytes:
    """Return what has come, without waiting."""
    try:
        with socket.socket(fileno=os.dup(raw.socket.fileno())) as same:
            same.settimeout(0)
            return same.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return b""


def tls_of(raw: Raw) -> SSLSocket:
    assert isinstance(raw.socket, SSLSocket)
    return raw.socket


# Nothing but TLS.


@pytest.mark.slow
def test_outside_tls_there_is_one_line_where_tls_is_needed(tls_only: ChatServer) -> None:
    for said in (b"alice\n", b"alice", b"\xff\xfd\x01alice\n", b"a", b"\n"):
        with Raw(tls_only.address, said) as raw:
            assert raw.rest().rstrip(b"\n") == b"* this port speaks TLS only: connect with TLS"
    with Raw(tls_only.address, b"CAP LS\r\nNICK alice\r\nUSER a 0 * :A\r\n") as raw:
        assert raw.rest() == b"ERROR :Closing Link: * (this port speaks TLS only: connect with TLS)\r\n"
    with Raw(tls_only.address, b'{"type":"hello","nick":"alice"}\n') as raw:
        assert json.loads(raw.rest())["code"] == "tls-needed"
    with secure(tls_only.address, b"alice\n") as alice:
        alice.until(GREETED)


def test_a_browser_outside_tls_is_sent_inside(tls_only: ChatServer) -> None:
    host = "{}:{}".format(*tls_only.address)
    with Raw(tls_only.address, f"GET /style.css?x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) as browser:
        answer = browser.rest().decode()
    assert answer.startswith("HTTP/1.1 307 ")
    assert f"\r\nLocation: https://{host}/style.css?x\r\n" in answer
    with Raw(tls_only.address, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n") as browser:
        assert browser.rest().startswith(b"HTTP/1.1 421 ")


def test_who_is_silent_is_not_asked_for_anything_outside_tls(
    tls_only: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.server.handshake.HANDSHAKE_S", 0.5)
    with Raw(tls_only.address) as raw:
        assert raw.rest() == b"* this port speaks TLS only: connect with TLS\n"
