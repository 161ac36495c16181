"""Behind a proxy: it says for whom it has connected, and nobody else can."""

import json
import struct
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from gevent import socket
from hypothesis import given
from hypothesis import strategies as st

from geventchat import ChatServer, Limits
from geventchat.dialects.proxied import Header, read
from geventchat.protocol.errors import ProtocolError
from geventchat.server.access import Access
from tests.processes import run, serving
from tests.raw import Raw
from tests.tls import keys, secure_on

IN_WORDS = b"PROXY TCP4 192.0.2.1 192.0.2.9 56324 2003\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(family: int, rest: bytes, command: int = 0x21) -> bytes:
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)) + rest


IP4 = binary(0x11, bytes([192, 0, 2, 1, 192, 0, 2, 9]) + struct.pack("!HH", 56324, 2003))
IP6 = binary(0x21, bytes.fromhex("20010db8" + "0" * 22 + "01") + bytes(16) + bytes(4) + b"\x03\0\x04abcd")


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (IN_WORDS, Header("192.0.2.1", len(IN_WORDS))),
        (IN_WORDS + b"alice\n", Header("192.0.2.1", len(IN_WORDS))),
        (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", Header("2001:db8::1", 32)),
        (b"PROXY UNKNOWN\r\n", Header("", 15)),
        (b"PROXY UNKNOWN what ever\r\n", Header("", 25)),
        (IP4, Header("192.0.2.1", 28)),
        (IP6 + b"{}", Header("2001:db8::1", len(IP6))),
        (binary(0x00, b"", 0x20), Header("", 16)),
        (binary(0x11, bytes(12), 0x20), Header("", 28)),
        (binary(0x31, bytes(216)), Header("", 232)),
        (b"", Header("", 0)),
        (b"alice\n", Header("", 0)),
        (b"Proxy\n", Header("", 0)),
        (b"\r\n", None),
        (b"P", None),
        (b"\r\n\r\nalice\n", Header("", 0)),
    ],
)
def test_a_header_names_an_address_or_is_none(data: bytes, header: Header | None) -> None:
    assert read(data) == header


@pytest.mark.parametrize("whole", [IN_WORDS, IP4, IP6, b"PROXY UNKNOWN\r\n"])
def test_of_a_header_that_is_not_whole_more_must_be_seen(whole: bytes) -> None:
    assert [read(whole[:end]) for end in range(1, len(whole))] == [None] * (len(whole) - 1)


@pytest.mark.parametrize(
    "data",
    [
        b"PROXY TCP4 192.0.2.999 192.0.2.9 1 2\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 192.0.2.1 192.0.2.9 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.9 1 2\n",
        b"PROXY TCP4 192.0.2.1\r\n",
        b"PROXY \r\n",
        b"PROXY " + b"x" * 200,
        binary(0x11, bytes(7)),
        binary(0x21, bytes(31)),
        binary(0x11, bytes(12), 0x31),
        binary(0x11, bytes(12), 0x22),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_begins_as_a_header_and_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        read(data)
    assert refused.value.fatal


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(lambda rest: SIGNATURE + rest)))
def test_any_bytes_are_a_header_or_none_or_refused(data: bytes) -> None:
    try:
        header = read(data)
    except ProtocolError:
        return
    assert header is None or header.size <= len(data)


# At a server.


@pytest.fixture
def server() -> Iterator[ChatServer]:
    access = Access(proxies=(ip_network("127.0.0.1"), ip_network("127.0.1.0/24")))
    with ChatServer(limits=Limits(max_per_address=1), access=access) as server:
        yield server


def address_of(server: ChatServer, nick: str) -> str:
    member = server.chat.nicks.find(nick)
    assert member is not None
    return member.address


@pytest.mark.parametrize("header", [IN_WORDS, IP4])
def test_who_comes_through_the_proxy_has_its_own_address(server: ChatServer, header: bytes) -> None:
    with Raw(server.address, header + b"alice\n") as alice:
        alice.until(b"'exit'.\n")
        assert address_of(server, "alice") == "192.0.2.1"


def test_a_header_may_come_a_byte_at_a_time_and_in_any_dialect(server: ChatServer) -> None:
    with Raw(server.address) as alice:
        for byte in IP6:
            alice.send(bytes([byte]))
        alice.send(b'{"type":"hello","nick":"alice"}\n')
        assert alice.message()["type"] == "welcome"
        assert address_of(server, "alice") == "2001:db8::1"


def test_who_is_silent_behind_the_header_is_asked_for_a_name(server: ChatServer) -> None:
    with Raw(server.address, IN_WORDS) as alice:
        assert alice.until(b": ") == b"Enter your name: "


def test_limits_by_address_go_by_the_one_that_the_proxy_names(server: ChatServer) -> None:
    with Raw(server.address, IN_WORDS + b"alice\n") as alice, Raw(server.address, IN_WORDS + b"bob\n") as bob:
        alice.until(b"'exit'.\n")
        assert b"too many connections from your address" in bob.rest()
        with Raw(server.address, IN_WORDS.replace(b"192.0.2.1", b"192.0.2.2") + b"carol\n") as carol:
            carol.until(b"'exit'.\n")


@pytest.mark.parametrize("header", [b"", b"PROXY UNKNOWN\r\n", binary(0, b"", 0x20)])
def test_who_names_nobody_has_the_address_that_it_comes_from(server: ChatServer, header: bytes) -> None:
    with Raw(server.address, header + b"alice\n") as alice:
        alice.until(b"'exit'.\n")
        assert address_of(server, "alice") == "127.0.0.1"


@pytest.mark.parametrize(("source", "is_believed"), [("127.0.0.2", False), ("127.0.1.7", True)])
@pytest.mark.parametrize("header", [IN_WORDS, IP4])
def test_only_from_where_it_is_named_a_proxy_is_believed(
    server: ChatServer, source: str, header: bytes, is_believed: bool
) -> None:
    with Raw.__new__(Raw) as raw:
        raw.socket, raw.received = socket.create_connection(server.address, 10, source_address=(source, 0)), b""
        raw.send(header + b"alice\n")
        said = raw.until(b"'exit'.\n") if is_believed else raw.rest()
    assert (b"Hi, alice!" in said) == is_believed


@pytest.mark.parametrize("second", [IN_WORDS, IP4])
def test_a_second_header_is_none(server: ChatServer, second: bytes) -> None:
    with Raw(server.address, IN_WORDS + second + b"alice\n") as alice:
        assert alice.rest() == b""


def test_half_a_header_ends_after_its_time(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.server.proxies.HANDSHAKE_S", 0.2)
    for half in (IN_WORDS[:20], IP4[:20], b"P"):
        with Raw(server.address, half) as raw:
            assert raw.rest() == b""
    assert server.connections == 0


def test_tls_begins_behind_the_header(tmp_path_factory: pytest.TempPathFactory) -> None:
    access = Access(proxies=(ip_network("127.0.0.0/8"),), keys=keys(tmp_path_factory.mktemp("keys")), tls_only=True)
    with ChatServer(access=access) as server:
        alice = Raw(server.address, IN_WORDS)
        with secure_on(alice):
            alice.send(b'{"type":"hello","nick":"alice"}\n')
            assert json.loads(alice.line())["type"] == "welcome"
            assert address_of(server, "alice") == "192.0.2.1"


def test_the_command_takes_addresses_and_networks() -> None:
    with serving("--proxy-from", "127.0.0.1", "--proxy-from", "10.0.0.0/8", "--log-level", "info") as server:
        with Raw(server.address, IN_WORDS + b"alice\n") as alice:
            alice.until(b"'exit'.\n")
        server.end()
    assert "alice joined from 192.0.2.1 (plain)" in server.errors
    ran = run("geventchat.cli.serve", "--proxy-from", "here")
    assert (ran.status, ran.errors.count("\n")) == (2, 1)
    assert "--proxy-from here: give an address" in ran.errors
