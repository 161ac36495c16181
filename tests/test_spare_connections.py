"""Browsers open connections ahead of need, and say nothing on them: such a one must not be greeted as a person is."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import gevent
import pytest
from gevent import socket as gevent_socket

from geventchat import ChatServer
from tests.browser import Page, chromium, complaints
from tests.processes import serving
from tests.raw import Address, Raw

_LOADS = 50
_ANSWERS_TAKE_S = 0.2
_GREETED_AFTER_S = 0.15
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_fifty_browsers_get_the_page_on_connections_that_were_silent_for_longer_than_a_person_is() -> None:
    def load(number: int) -> bytes:
        with _from(f"127.0.1.{number}", server.address) as first:
            first.send(_REQUEST)
            spare = _from(f"127.0.1.{number}", server.address)
            first.until(b"</html>")
            gevent.sleep(_GREETED_AFTER_S + 0.1)
            with spare:
                spare.send(_REQUEST)
                return spare.until(b"\r\n")

    with ChatServer() as server:
        loads = [gevent.spawn(load, number) for number in range(1, _LOADS + 1)]
        assert {one.get() for one in loads} == {b"HTTP/1.1 200 OK\r\n"}


def _from(here: str, address: Address) -> Raw:
    """Return a connection that comes from an address of its own."""
    raw = Raw.__new__(Raw)
    raw.socket = gevent_socket.create_connection(address, 10, (here, 0))
    raw.received = b""
    return raw


class _SlowProxy:
    """Passes connections on to a server whose answers take long; each comes from `source` and is told of there."""

    def __init__(self, target: Address) -> None:
        self.source = ""
        self.silent = 0  # connections on which nothing was said for longer than a person is waited for
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                browser = self._listener.accept()[0]
                server = socket.create_connection(self._target, 10, (self.source, 0))
                server.settimeout(None)
                for work in (self._ask, self._answer):
                    threading.Thread(target=work, args=(browser, server), daemon=True).start()

    def _ask(self, browser: socket.socket, server: socket.socket) -> None:
        began = time.monotonic()
        with suppress(OSError):
            while data := browser.recv(1 << 16):
                self.silent += bool(began) and time.monotonic() > began + _GREETED_AFTER_S
                began = 0
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, browser: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), browser, server:
            while data := server.recv(1 << 20):
                time.sleep(_ANSWERS_TAKE_S)
                browser.sendall(data)


@contextmanager
def _slow_proxy(target: Address) -> Iterator[_SlowProxy]:
    proxy = _SlowProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()


@pytest.mark.slow
def test_the_page_loads_fifty_times_in_a_browser_though_its_answers_are_slow(tmp_path: Path) -> None:
    driver = chromium(tmp_path / "profile")
    try:
        with serving("--history", "none") as server, _slow_proxy(server.address) as proxy:
            for number in range(1, _LOADS + 1):
                proxy.source = f"127.0.1.{number}"  # as if nobody had asked before from there
                page = Page(driver, f"http://load{number}.localhost:{proxy.port}/")
                driver.get(f"http://load{number}.localhost:{proxy.port}/")
                page.until(lambda page=page: page.button("Join").is_displayed())  # type: ignore[misc]
                assert page.run("return document.styleSheets.length") == 1
            assert proxy.silent > 0, "the browser has opened no connection ahead of need"
            assert complaints(driver) == []
    finally:
        driver.quit()
