"""What a browser is answered: the page's files, and the handshake of a WebSocket at `/chat`, which `websockets` judges.

No request is read or answered here: see `server.web_connection`.
"""

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

import h11
from websockets.datastructures import Headers
from websockets.http11 import Request as HandshakeRequest
from websockets.server import ServerProtocol

from geventchat.server import authority
from geventchat.server.authority import Authority, is_own_page
from geventchat.server.page_files import FILES, File
from geventchat.server.recent import Recent

# What the library would say at DEBUG is each frame that comes, with the passwords and whispers in it.
logging.getLogger("websockets.server").setLevel(logging.INFO)

CHAT_PATH = "/chat"
# The longest path of a request: far more than any of ours.
_MAX_TARGET_BYTES = 2 << 10
# A target in the form that proxies are sent; what it names counts, whatever the Host (RFC 9112, section 3.2.2).
_WHOLE = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)
# How long an address that has spoken HTTP is not greeted on a silent connection: browsers open spare ones, and one that
# was greeted would break the page that is then asked for on it.
_SPARE_S = 10.0


class Response(NamedTuple):
    """What is sent for a request (RFC 9110, section 3.4)."""

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
        self.askers = Recent(_SPARE_S)  # addresses that speak HTTP: a silent connection from one may be a spare one

    def knows(self, called: Authority) -> bool:
        """Return whether this is an address or one of the names that the server goes by."""
        name = called.host
        return called.is_address or name == "localhost" or name.endswith(".localhost") or name in self._hosts

    def to_https(self, request: h11.Request) -> Response:
        """Return the response to a request that should have come inside TLS."""
        host, target = _header(request, b"host").strip(), request.target.decode("latin-1")
        called = authority.parse(host)
        if called is None or not self.knows(called):
            return failure(HTTPStatus.MISDIRECTED_REQUEST, "this port speaks TLS only")
        location = f"https://{host}{target if target.startswith('/') else '/'}"
        return failure(HTTPStatus.TEMPORARY_REDIRECT, "this port speaks TLS only", headers=[("Location", location)])

    def respond(self, request: h11.Request) -> Response:
        """Return the response to a request; status 101 grants a WebSocket."""
        target, host = request.target.decode("latin-1"), _header(request, b"host")
        if whole := _WHOLE.fullmatch(target):
            host, target = whole.groups()
        path = target.partition("?")[0] or "/"
        if not request.http_version.startswith(b"1."):
            return failure(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        if len(request.target) > _MAX_TARGET_BYTES:
            return failure(HTTPStatus.REQUEST_URI_TOO_LONG)
        if request.method not in (b"GET", b"HEAD"):
            return failure(HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", "GET, HEAD")])
        called = authority.parse(host)
        if called is None:
            return failure(HTTPStatus.BAD_REQUEST, "the Host is neither a name nor an address")
        if not self.knows(called):
            return failure(HTTPStatus.MISDIRECTED_REQUEST, "this name is not known here: geventchat-serve --host NAME")
        if path == CHAT_PATH:
            return _handshake(request, called) if request.method == b"GET" else _UPGRADE_NEEDED
        file = FILES.get(path)
        if file is None:
            return failure(HTTPStatus.NOT_FOUND)
        return _file(file, _header(request, b"if-none-match"))


def _handshake(request: h11.Request, called: Authority) -> Response:
    """Return the response to a request for a WebSocket."""
    origins = [value.decode("latin-1") for name, value in request.headers if name == b"origin"]
    if not all(is_own_page(origin, called) for origin in origins):
        return failure(HTTPStatus.FORBIDDEN, "another site's page cannot join this chat")
    headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
    accepted = ServerProtocol().accept(HandshakeRequest(request.target.decode("latin-1"), headers))
    status = HTTPStatus(accepted.status_code)
    if status is HTTPStatus.UPGRADE_REQUIRED:
        return _UPGRADE_NEEDED
    if status is not HTTPStatus.SWITCHING_PROTOCOLS:
        return failure(status)
    return Response(status, list(accepted.headers.raw_items()))


def _header(request: h11.Request, wanted: bytes) -> str:
    """Return the value of a request's header; of several, the last one; empty when there is none."""
    return next((value.decode("latin-1") for name, value in reversed(request.headers) if name == wanted), "")


def _file(file: File, known: str) -> Response:
    headers = [("ETag", file.etag), ("Cache-Control", "no-cache")]
    if file.etag in [tag.strip().removeprefix("W/") for tag in known.split(",")] or known.strip() == "*":
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(HTTPStatus.OK, [*headers, ("Content-Type", file.type)], file.body)


def failure(status: HTTPStatus, why: str = "", headers: list[tuple[str, str]] | None = None) -> Response:
    """Return a response that says what is wrong, in words."""
    body = f"{status.value} {status.phrase}{': ' if why else ''}{why}\n".encode()
    return Response(status, [*(headers or []), ("Content-Type", "text/plain; charset=utf-8")], body)


_UPGRADE_NEEDED = failure(HTTPStatus.UPGRADE_REQUIRED, headers=[("Upgrade", "websocket")])
