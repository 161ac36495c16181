"""A careful small web server: the page's files, and the handshake of a WebSocket at `/chat`.

`h11` reads requests and writes answers; `websockets` judges the handshake. Everything is asked for on the chat's own
port, so what a browser sends is never taken for something said.
"""

import ipaddress
import logging
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

import h11
from websockets.datastructures import Headers
from websockets.http11 import Request as HandshakeRequest
from websockets.server import ServerProtocol

from geventchat.dialects.base import Dialect
from geventchat.dialects.websocket import WEBSOCKET
from geventchat.protocol.errors import Refused
from geventchat.server.files import FILES, File
from geventchat.server.transport import Transport

logger = logging.getLogger("geventchat")

CHAT_PATH = "/chat"
# How long a request may take, and how long a connection waits for the next one.
_REQUEST_S = 10.0
# How long a browser may take for an answer.
_ANSWER_S = 30.0
# What a request line and its headers may have: what other servers take, and far more than a browser needs here.
_MAX_HEAD_BYTES = 16 << 10
_MAX_TARGET_BYTES = 2 << 10
# How long an address that has spoken HTTP is not greeted on a silent connection: browsers open spare ones, and one that
# was greeted would break the page that is then asked for on it.
_SPARE_S = 10.0
_MAX_ADDRESSES = 10_000

# No scripts but ours, no frames, no requests elsewhere (https://www.w3.org/TR/CSP3/).
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


_HARMLESS = (HTTPStatus.NOT_FOUND, HTTPStatus.MISDIRECTED_REQUEST)  # after these, the connection can go on


class Answer(NamedTuple):
    """What is answered to a request."""

    status: HTTPStatus
    headers: list[tuple[str, str]]
    body: bytes = b""


class Web:
    """What all web connections of a server share: the names that it goes by, and who has asked lately.

    A request must name the server by an address, by `localhost` or by one of `hosts`: another name that leads here may
    be another site's trick (DNS rebinding). So must the page that opens a WebSocket.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._hosts = {host.lower().rstrip(".") for host in hosts}
        self._spoke: dict[str, float] = {}  # when each address has asked last; the latest at the end

    def spoke_lately(self, address: str) -> bool:
        """Return whether a connection from this address may be a browser's spare one."""
        return time.monotonic() < self._spoke.get(address, float("-inf")) + _SPARE_S

    def note(self, address: str) -> None:
        """Remember that this address speaks HTTP."""
        self._spoke.pop(address, None)
        self._spoke[address] = time.monotonic()
        if len(self._spoke) > _MAX_ADDRESSES:
            del self._spoke[next(iter(self._spoke))]

    def knows(self, host: str) -> bool:
        """Return whether this is an address or one of the names that the server goes by; a port may follow."""
        name = _without_port(host.strip().lower()).rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name.strip("[]").partition("%")[0])
        except ValueError:
            return False
        return True

    def answer(self, request: h11.Request) -> Answer:
        """Return the answer to any request but a good handshake."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        path = request.target.decode("latin-1").partition("?")[0]
        if len(request.target) > _MAX_TARGET_BYTES:
            return _error(HTTPStatus.REQUEST_URI_TOO_LONG)
        if request.method not in (b"GET", b"HEAD"):
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", "GET, HEAD")])
        if not self.knows(headers.get("host", "")):
            return _error(HTTPStatus.MISDIRECTED_REQUEST, "this name is not known here: geventchat-serve --host NAME")
        file = FILES.get(path)
        if file is None:
            return _error(HTTPStatus.NOT_FOUND)
        return _file(file, headers.get("if-none-match", ""))

    def handshake(self, request: h11.Request) -> Answer:
        """Return the answer to a request for a WebSocket; status 101 when it is granted."""
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
        host, origin = headers.get("Host", ""), headers.get("Origin")
        if not self.knows(host):
            return _error(HTTPStatus.MISDIRECTED_REQUEST, "this name is not known here: geventchat-serve --host NAME")
        if origin is not None and origin.lower().partition("://")[2] != host.lower():
            return _error(HTTPStatus.FORBIDDEN, "another site's page cannot join this chat")
        response = ServerProtocol().accept(HandshakeRequest(request.target.decode("latin-1"), headers))
        status = HTTPStatus(response.status_code)
        if status is not HTTPStatus.SWITCHING_PROTOCOLS:
            return _error(status, headers=[("Upgrade", "websocket")] if status == HTTPStatus.UPGRADE_REQUIRED else [])
        return Answer(status, list(response.headers.raw_items()))


class WebConnection:
    """One connection that has begun with HTTP."""

    __slots__ = ("_h11", "_refused", "_transport", "_web")

    def __init__(self, web: Web, transport: Transport, refused: Refused | None) -> None:
        self._web = web
        self._transport = transport
        self._refused = refused
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)

    def converse(self, first: bytes) -> tuple[Dialect, bytes] | None:
        """Answer requests; return the dialect and what has arrived already once one becomes a WebSocket, else None.

        Raises OSError when the connection is lost.
        """
        self._web.note(self._transport.address)
        self._h11.receive_data(first)
        while (request := self._next_request()) is not None:
            self._web.note(self._transport.address)
            answer = self._answer(request)
            self._send(answer, head_only=request.method == b"HEAD")
            if answer.status is HTTPStatus.SWITCHING_PROTOCOLS:
                return WEBSOCKET, self._h11.trailing_data[0]
            if not self._h11.our_state is self._h11.their_state is h11.DONE or self._refused is not None:
                break
            self._h11.start_next_cycle()
        self._transport.drain_read()
        return None

    def _answer(self, request: h11.Request) -> Answer:
        if self._refused is not None:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, self._refused.message, headers=[("Retry-After", "10")])
        if request.target.partition(b"?")[0] == CHAT_PATH.encode() and request.method == b"GET":
            return self._web.handshake(request)
        return self._web.answer(request)

    def _next_request(self) -> h11.Request | None:
        """Return the next request, with its body passed over; None when none comes, or it cannot be answered."""
        deadline = time.monotonic() + _REQUEST_S
        request: h11.Request | None = None
        try:
            while True:
                event = self._h11.next_event()
                if event is h11.NEED_DATA:
                    data = self._transport.receive(deadline - time.monotonic())
                    if data is None:
                        if request is not None or self._h11.trailing_data[0]:
                            self._send(_error(HTTPStatus.REQUEST_TIMEOUT))
                        return None
                    self._h11.receive_data(data)
                elif isinstance(event, h11.Request):
                    request = event
                    if request.method not in (b"GET", b"HEAD"):
                        return request  # whatever it has to say is not read
                elif isinstance(event, h11.EndOfMessage):
                    return request
                elif isinstance(event, h11.Data):
                    self._send(_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                    return None
                else:  # the connection is closed, or paused for a WebSocket
                    return request
        except h11.RemoteProtocolError as error:
            self._send(_error(self._status_of(error)))
            return None

    def _status_of(self, error: h11.RemoteProtocolError) -> HTTPStatus:
        status = HTTPStatus(error.error_status_hint)
        if status is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE and b"\n" not in self._h11.trailing_data[0]:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return status

    def _send(self, answer: Answer, *, head_only: bool = False) -> None:
        """Send an answer. Raises OSError."""
        logger.debug("%s: %d", self._transport.address, answer.status)
        if self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [*answer.headers, *_ALWAYS]
        if answer.status is HTTPStatus.SWITCHING_PROTOCOLS:
            reason = answer.status.phrase.encode()
            head = h11.InformationalResponse(status_code=answer.status, headers=answer.headers, reason=reason)
            self._transport.say(self._h11.send(head) or b"", _ANSWER_S)
            return
        headers.append(("Content-Length", str(len(answer.body))))
        if answer.status >= HTTPStatus.BAD_REQUEST and answer.status not in _HARMLESS:
            headers.append(("Connection", "close"))
        reason = answer.status.phrase.encode()
        data = [self._h11.send(h11.Response(status_code=answer.status, headers=headers, reason=reason))]
        if answer.body and not head_only:
            data.append(self._h11.send(h11.Data(data=answer.body)))
        data.append(self._h11.send(h11.EndOfMessage()))
        self._transport.say(b"".join(filter(None, data)), _ANSWER_S)


def _file(file: File, known: str) -> Answer:
    headers = [("ETag", file.etag), ("Cache-Control", "no-cache")]
    if file.etag in [tag.strip().removeprefix("W/") for tag in known.split(",")] or known.strip() == "*":
        return Answer(HTTPStatus.NOT_MODIFIED, headers)
    return Answer(HTTPStatus.OK, [*headers, ("Content-Type", file.type)], file.body)


def _error(status: HTTPStatus, why: str = "", headers: list[tuple[str, str]] | None = None) -> Answer:
    body = f"{status.value} {status.phrase}{': ' if why else ''}{why}\n".encode()
    return Answer(status, [*(headers or []), ("Content-Type", "text/plain; charset=utf-8")], body)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
