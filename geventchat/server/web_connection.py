"""A connection that has begun with HTTP: reads requests and sends responses with `h11`, until it becomes a WebSocket.

All that is asked for comes on the chat's own port, so what a browser sends is never taken for something said.
"""

import logging
import time
from email.utils import formatdate
from http import HTTPStatus

import h11

from geventchat.dialects.base import Dialect
from geventchat.dialects.websocket import WEBSOCKET
from geventchat.protocol.errors import Refused
from geventchat.server.cooperate import let_others_run
from geventchat.server.transport import Transport
from geventchat.server.web import Response, Web, failure

logger = logging.getLogger("geventchat")

# How long a request may take, and how long a connection waits for the next one.
_REQUEST_S = 10.0
# How long the request of somebody who may not come in may take: any number of them may come, and none is counted.
_REFUSED_S = 1.0
# How long a browser may take for a response.
_ANSWER_S = 30.0
# What a request line and its headers may have: what other servers take, and far more than a browser needs here.
_MAX_HEAD_BYTES = 16 << 10

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
# After these, the connection can go on.
_HARMLESS = (HTTPStatus.NOT_FOUND, HTTPStatus.MISDIRECTED_REQUEST)


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
        self._web.askers.note(self._transport.address)
        self._h11.receive_data(first)
        while (request := self._next_request()) is not None:
            self._web.askers.note(self._transport.address)
            response = self._respond(request)
            self._send(response, head_only=request.method == b"HEAD")
            if response.status is HTTPStatus.SWITCHING_PROTOCOLS:
                return WEBSOCKET, self._h11.trailing_data[0]
            if not self._h11.our_state is self._h11.their_state is h11.DONE or self._refused is not None:
                break
            self._h11.start_next_cycle()
            let_others_run()  # for many requests may have come at once
        self._transport.drain_read()
        return None

    def _respond(self, request: h11.Request) -> Response:
        if self._refused is not None and self._refused.code == "tls-needed":
            return self._web.to_https(request)
        if self._refused is not None:
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, self._refused.message, headers=[("Retry-After", "10")])
        return self._web.respond(request)

    def _next_request(self) -> h11.Request | None:
        """Return the next request, with its body passed over; None when none comes, or it cannot be answered."""
        is_counted = self._refused is None or self._refused.code == "tls-needed"
        deadline = time.monotonic() + (_REQUEST_S if is_counted else _REFUSED_S)
        request: h11.Request | None = None
        try:
            while True:
                event = self._h11.next_event()
                if event is h11.NEED_DATA:
                    data = self._transport.receive(deadline - time.monotonic())
                    if data is None:
                        if request is not None or self._h11.trailing_data[0]:
                            self._send(failure(HTTPStatus.REQUEST_TIMEOUT))
                        return None
                    self._h11.receive_data(data)
                elif isinstance(event, h11.Request):
                    request = event
                    if request.method not in (b"GET", b"HEAD"):
                        return request  # whatever it has to say is not read
                    if any(name == b"transfer-encoding" for name, _ in request.headers):
                        # A proxy before us may see another end of it, and so another next request.
                        self._send(failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                        return None
                elif isinstance(event, h11.EndOfMessage):
                    return request
                elif isinstance(event, h11.Data):
                    self._send(failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                    return None
                else:  # the connection is closed, or paused for a WebSocket
                    return request
        except h11.RemoteProtocolError as error:
            error.__traceback__ = None  # one of its frames knows the error
            self._send(failure(self._status_of(error)))
            return None

    def _status_of(self, error: h11.RemoteProtocolError) -> HTTPStatus:
        status = HTTPStatus(error.error_status_hint)
        if status is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE and b"\n" not in self._h11.trailing_data[0]:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return status

    def _send(self, response: Response, *, head_only: bool = False) -> None:
        """Send a response. Raises OSError."""
        logger.debug("%s: %d", self._transport.address, response.status)
        if self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [*response.headers, *_ALWAYS, ("Date", formatdate(usegmt=True))]
        if response.status is HTTPStatus.SWITCHING_PROTOCOLS:
            reason = response.status.phrase.encode()
            head = h11.InformationalResponse(status_code=response.status, headers=response.headers, reason=reason)
            self._transport.say(self._h11.send(head) or b"", _ANSWER_S)
            return
        if response.status is not HTTPStatus.NOT_MODIFIED:  # there it would be the length of what is not sent
            headers.append(("Content-Length", str(len(response.body))))
        if response.status >= HTTPStatus.BAD_REQUEST and response.status not in _HARMLESS:
            headers.append(("Connection", "close"))
        reason = response.status.phrase.encode()
        data = [self._h11.send(h11.Response(status_code=response.status, headers=headers, reason=reason))]
        if response.body and not head_only:
            data.append(self._h11.send(h11.Data(data=response.body)))
        data.append(self._h11.send(h11.EndOfMessage()))
        self._transport.say(b"".join(filter(None, data)), _ANSWER_S)
