"""The web server beside the chat: the page's files, careful answers, and which pages may join."""

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import cached_property
from importlib.resources import files
from typing import Self

import pytest
from gevent import socket

from geventchat import ChatServer, Limits
from geventchat.server.web import Web
from tests.raw import Raw, plain

_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(hosts=["Chat.Example"]) as server:
        yield server


class Browser:
    """A connection that asks for files. It is made when it is first used: one that is silent is asked for a name."""

    def __init__(self, server: ChatServer) -> None:
        self._address = server.address
        self.host = f"127.0.0.1:{server.address[1]}"

    @cached_property
    def raw(self) -> Raw:
        return Raw(self._address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.raw.close()

    def ask(self, path: str = "/", *, method: str = "GET", host: str = "", headers: str = "") -> tuple[int, str, bytes]:
        """Return status, headers and body of an answer."""
        self.raw.send(f"{method} {path} HTTP/1.1\r\nHost: {host or self.host}\r\n{headers}\r\n".encode("latin-1"))
        return self.answer(method)

    def answer(self, method: str = "GET") -> tuple[int, str, bytes]:
        head = self.raw.until(b"\r\n\r\n").decode()
        length = re.search(r"Content-Length: (\d+)", head)
        wanted = int(length[1]) if length and method != "HEAD" else 0
        while len(self.raw.received) < wanted:
            self.raw.received += self.raw.socket.recv(65536)
        body, self.raw.received = self.raw.received[:wanted], self.raw.received[wanted:]
        return int(head.split()[1]), head, body

    def is_closed(self) -> bool:
        self.raw.socket.shutdown(socket.SHUT_WR)
        return self.raw.socket.recv(1) == b""


@pytest.fixture
def browser(server: ChatServer) -> Iterator[Browser]:
    with Browser(server) as browser:
        yield browser


def test_who_asks_for_much_at_once_lets_others_be_answered_meanwhile(
    server: ChatServer, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="geventchat")
    with Browser(server) as other:
        browser.ask(method="HEAD")
        other.ask(method="HEAD")
        caplog.clear()
        browser.raw.send(f"HEAD / HTTP/1.1\r\nHost: {browser.host}\r\n\r\n".encode() * 100)
        assert other.ask("/nothing")[0] == 404
        answered = [record.getMessage() for record in caplog.records]
        assert sum("200" in line for line in answered) < 50


def test_every_file_of_the_page_comes_with_its_type_over_one_connection(browser: Browser) -> None:
    for entry in files("geventchat.web").iterdir():
        if entry.name.rpartition(".")[2] in ("html", "css", "js", "svg"):
            status, head, body = browser.ask(f"/{entry.name}")
            assert status == 200
            written = {line.strip() for line in entry.read_text().splitlines()}
            for line in {line.strip() for line in body.decode().splitlines()} - written:
                left_out = [one.removeprefix(line) for one in written if one.startswith(line)]
                assert any(re.fullmatch(r" (//.*|/\*.*\*/)", one) for one in left_out), "more than a comment"
            assert "X-Content-Type-Options: nosniff" in head
            assert "frame-ancestors 'none'" in head
            assert "connect-src 'self'" in head
            assert "unsafe" not in head
    assert b"<!doctype html>" in browser.ask("/")[2]
    assert browser.ask("/?from=mail")[0] == 200


def test_a_file_that_the_browser_has_is_not_sent_again(browser: Browser) -> None:
    etag = re.search(r'ETag: (".*?")', browser.ask("/style.css")[1])
    assert etag is not None
    for known in (etag[1], f'W/{etag[1]}, "x"', "*"):
        status, head, body = browser.ask("/style.css", headers=f"If-None-Match: {known}\r\n")
        assert (status, body) == (304, b"")
        assert "Content-Length" not in head, "a 304 says nothing of a length, or that of the file"
    assert browser.ask("/style.css", headers='If-None-Match: "x"\r\n')[0] == 200


def test_head_says_what_get_would(server: ChatServer, browser: Browser) -> None:
    status, head, body = browser.ask("/", method="HEAD")
    assert (status, body) == (200, b"")
    assert f"Content-Length: {len(browser.ask('/')[2])}" in head
    upgrading = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    for headers in ("", upgrading + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"):
        with Browser(server) as other:
            status, head, body = other.ask("/chat", method="HEAD", headers=headers)
            assert (status, body, "Upgrade: websocket" in head) == (426, b"", True)


def test_a_target_that_names_the_server_is_answered_by_what_it_names(browser: Browser) -> None:
    own = f"http://{browser.host}"
    for path in ("", "/", "?from=mail", "/index.html"):
        assert browser.ask(own + path, host="evil.example")[0] == 200
    assert browser.ask("HTTP://evil.example/", host=browser.host)[0] == 421
    assert browser.ask(own + "/nothing")[0] == 404
    assert browser.ask("http://a@b/")[0] == 400


def test_every_answer_says_when_it_was_made(browser: Browser) -> None:
    for path in ("/", "/nothing"):
        date = re.search(r"^Date: (.* GMT)\r$", browser.ask(path)[1], re.MULTILINE)
        assert date is not None
        assert abs(parsedate_to_datetime(date[1]).timestamp() - time.time()) < 60


@pytest.mark.parametrize(
    "path", ["/nothing", "/../pyproject.toml", "/%2e%2e/README.md", "//etc/passwd", "/web/", "/__init__.py"]
)
def test_no_other_file_can_be_had_and_the_connection_goes_on(browser: Browser, path: str) -> None:
    assert browser.ask(path)[0] == 404
    assert browser.ask("/")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_what_a_browser_posts_is_said_by_nobody(server: ChatServer, method: str) -> None:
    with plain(server.address, "alice") as alice, Browser(server) as browser:
        status, head, _ = browser.ask(method=method, headers="Content-Length: 40\r\n")
        assert (status, "Allow: GET, HEAD" in head) == (405, True)
        browser.raw.send(b"eve\nhello\nhello\n" + b"x" * 24)
        assert browser.is_closed()
        alice.send(b"/who\n")
        assert alice.until(b"\n") == b"* 1 in lobby: alice\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc", 413),
        (
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            413,
        ),
        (b"GET /" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
        (b"GET /" + b"x" * 17_000, 414),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 17_000, 431),
    ],
)
def test_a_bad_request_gets_its_status_and_is_closed(browser: Browser, request_bytes: bytes, status: int) -> None:
    browser.raw.send(request_bytes)
    assert browser.answer()[0] == status
    assert browser.is_closed()


def test_half_a_request_is_given_up(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.server.web_connection._REQUEST_S", 0.2)
    browser.raw.send(b"GET / HTTP/1.1\r\n")
    assert browser.answer()[0] == 408
    assert browser.is_closed()


def test_half_a_request_to_a_full_server_is_given_up_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.server.web_connection._REFUSED_S", 0.2)
    limits = Limits(max_users=1)
    with ChatServer(limits=limits) as server, plain(server.address, "alice"), Browser(server) as browser:
        browser.raw.socket.settimeout(5)
        browser.raw.send(b"GET / HTTP/1.1\r\n")
        assert browser.answer()[0] == 408
        assert browser.is_closed()


def test_a_connection_that_asks_for_nothing_more_is_closed_without_a_word(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geventchat.server.web_connection._REQUEST_S", 0.2)
    browser.ask("/")
    assert browser.raw.socket.recv(1) == b""


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:2003", True),
        ("[::1]:2003", True),
        ("192.0.2.7", True),
        ("localhost:2003", True),
        ("localhost:65535", True),
        ("chat.example", True),
        ("CHAT.example.:2003", True),
        ("evil.example", False),
        ("chat.example.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.", True),
        ("a.localhost:2003", True),
        ("LOCALHOST:", True),
        ("[::ffff:127.0.0.1]", True),
        ("notlocalhost", False),
        ("evil.example:127", False),
        ("2130706433", False),
        ("0x7f.1", False),
    ],
)
def test_only_an_address_or_a_name_given_to_the_server_is_answered(browser: Browser, host: str, is_known: bool) -> None:
    assert browser.ask("/", host=host)[0] == (200 if is_known else 421)
    assert browser.ask("/chat", host=host, headers=_UPGRADE)[0] == (101 if is_known else 421)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "localhost:80@evil.example",
            "evil.example@localhost",
            "[::1",
            "::1",
            "[::1]evil.example",
            "[::1]:x",
            "[1.2.3.4]",
        ),
        *("[localhost]", "[::1%25lo]", "localhost:80:80", "localhost:65536", "localhost:-1", "localhost/evil.example"),
        *(
            "localhost evil.example",
            "localhost, evil.example",
            "localhost\\evil.example",
            ".localhost",
            "localhost..",
            ":80",
        ),
        *(
            "http://localhost",
            "localhost#",
            "localhost?",
            "l\u00f6calhost",
            "a" * 64,
            "-a",
            "a." * 127 + "a",
            "*",
            "%6cocalhost",
        ),
    ],
)
def test_what_is_neither_a_name_nor_an_address_is_a_bad_request(server: ChatServer, host: str) -> None:
    for path, headers in (("/", ""), ("/chat", _UPGRADE)):
        with Browser(server) as browser:
            assert browser.ask(path, host=host, headers=headers)[0] == 400
            assert browser.is_closed()


def test_a_request_without_a_host_is_bad_also_where_none_was_needed(browser: Browser) -> None:
    browser.raw.send(b"GET / HTTP/1.0\r\n\r\n")
    assert browser.answer()[0] == 400


@pytest.mark.parametrize(
    ("host", "origin", "is_its_own"),
    [
        ("chat.example", "https://chat.example", True),  # behind a proxy that speaks TLS
        ("chat.example:443", "https://chat.example", True),
        ("CHAT.example:80", "http://chat.EXAMPLE", True),
        ("chat.example", "http://chat.example:80", True),
        ("[::1]:2003", "http://[0:0:0:0:0:0:0:1]:2003", True),
        ("chat.example:443", "http://chat.example", False),
        ("chat.example", "https://chat.example:8443", False),
        ("chat.example", "http://chat.example:080x", False),
        ("chat.example", "ftp://chat.example", False),
        ("chat.example", "http:chat.example", False),
        ("chat.example", "http://chat.example/", False),
        ("chat.example", "http://evil@chat.example", False),
        ("chat.example", "http://chat.example@evil.example", False),
        ("chat.example", "http://chat.example:80@evil.example", False),
        ("chat.example", "http://chat.example.evil.example", False),
        ("chat.example", "http://chat.example\\.evil.example", False),
        ("chat.example", "http://chat.example http://evil.example", False),
        ("chat.example", "http://", False),
        ("chat.example", "", False),
        ("[::1]:2003", "http://::1:2003", False),
        ("[::1]:2003", "http://[::1:2003", False),
    ],
)
def test_a_page_is_the_server_s_own_if_its_origin_is_wholly_the_host(
    browser: Browser, host: str, origin: str, is_its_own: bool
) -> None:
    headers = f"Origin: {origin}\r\n{_UPGRADE}"
    assert browser.ask("/chat", host=host, headers=headers)[0] == (101 if is_its_own else 403)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://{host}", 101),
        ("https://{host}", 101),
        ("http://evil.example", 403),
        ("http://127.0.0.1:1", 403),
        ("http://evil.example/{host}", 403),
        ("null", 403),
        ("{host}", 403),
    ],
)
def test_another_site_s_page_cannot_join(browser: Browser, origin: str, status: int) -> None:
    headers = f"Origin: {origin.format(host=browser.host)}\r\n{_UPGRADE}"
    assert browser.ask("/chat", headers=headers)[0] == status


def test_a_page_that_names_two_origins_cannot_join(browser: Browser) -> None:
    headers = f"Origin: http://{browser.host}\r\nOrigin: http://evil.example\r\n{_UPGRADE}"
    assert browser.ask("/chat", headers=headers)[0] == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", 426),
        (_UPGRADE.replace("websocket", "h2c"), 426),
        (_UPGRADE.replace("13", "8"), 400),
        (_UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400),
        (_UPGRADE + _UPGRADE, 426),
        (_UPGRADE + "Origin: http://evil.example\r\nOrigin: http://127.0.0.1\r\n", 403),
        ("Sec-WebSocket-Version: 13\r\n" + _UPGRADE, 400),
    ],
)
def test_a_bad_handshake_is_refused(browser: Browser, headers: str, status: int) -> None:
    assert browser.ask("/chat", headers=headers)[0] == status


def test_a_full_server_says_so_to_a_browser() -> None:
    limits = Limits(max_users=1)
    with ChatServer(limits=limits) as server, plain(server.address, "alice"), Browser(server) as browser:
        status, head, body = browser.ask("/")
        assert status == 503
        assert "Retry-After" in head
        assert b"server is full" in body


def test_a_spare_connection_of_a_browser_is_not_greeted_but_nc_still_is(server: ChatServer, browser: Browser) -> None:
    browser.ask("/")
    with Browser(server) as spare, Raw(server.address) as nc:
        spare.raw.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            spare.raw.socket.recv(1)
        spare.raw.socket.settimeout(10)
        assert spare.ask("/")[0] == 200
        nc.send(b"\n")
        assert nc.until(b"name: ").startswith(b"Enter your name: ")


def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.core.address_memory.MAX_ADDRESSES", 3)
    web = Web()
    for number in (1, 2, 3, 1, 4):
        web.askers.note(f"192.0.2.{number}")
    assert [f"192.0.2.{number}" in web.askers for number in (1, 2, 3, 4)] == [True, False, True, True]


def test_who_is_silent_after_a_browser_was_here_is_greeted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geventchat.server.web._SPARE_S", 0.3)
    with ChatServer() as server, Browser(server) as browser, Raw(server.address) as nc:
        browser.ask("/")
        assert nc.until(b"name: ") == b"Enter your name: "
