"""The first moments of a connection: find out which dialect it speaks, or turn it away."""

import logging
import time

from geventchat.dialects.base import Dialect
from geventchat.dialects.plain_lines import notice
from geventchat.dialects.registry import detect
from geventchat.protocol.errors import ProtocolError, Refused
from geventchat.protocol.limits import MAX_UNENDED_BYTES, SNIFF_S, TYPING_S
from geventchat.server.transport import Transport
from geventchat.server.web import Web
from geventchat.server.web_connection import WebConnection

logger = logging.getLogger("geventchat")

_UNANSWERED = ("tls", "other-protocol")  # what would not understand our words


class Handshake:
    """A connection whose dialect is not known yet; it has to show it before `deadline`, on the monotonic clock.

    A person is greeted with the `prompt`. A newcomer that is `refused` gets only the time to be recognised, and is then
    told so in words for people.
    """

    __slots__ = ("_deadline", "_packets", "_prompt", "_prompted", "_refused", "_transport", "_web")

    def __init__(
        self, transport: Transport, web: Web, prompt: bytes, deadline: float, refused: Refused | None = None
    ) -> None:
        self._transport = transport
        self._web = web
        self._prompt = prompt
        self._deadline = deadline if refused is None else time.monotonic() + SNIFF_S
        self._refused = refused
        self._prompted = False
        self._packets: list[bytes] = []

    def detect(self) -> tuple[Dialect, bytes] | None:
        """Return the newcomer's dialect and what it has sent so far; None when it left or was turned away."""
        try:
            return self._detect()
        except ProtocolError as error:
            if error.code == "http":
                return self._serve_web()
            logger.info("closing %s: %s", self._transport.address, error.message)
            self._turn_away(error)
        except OSError as error:
            logger.debug("%s is lost before it has said anything: %s", self._transport.address, error)
        return None

    def _detect(self) -> tuple[Dialect, bytes] | None:
        dialect = None
        last = time.monotonic()  # when something came last
        while dialect is None:
            data = self._receive()
            if data == b"" and not self._packets:
                return None
            now = time.monotonic()
            if now > self._deadline:
                raise self._too_late()
            if data is not None:
                self._packets.append(data or b"\n")  # of a pipe that has ended, the last line may lack its end
                last = now
            if sum(map(len, self._packets)) > MAX_UNENDED_BYTES:
                raise ProtocolError("line-too-long", "64 KiB without an end of line: closing", fatal=True)
            dialect = detect(self._packets, quiet=data is None, patient=data is None and now - last >= TYPING_S)
            if data is None and dialect is None and not self._packets and not self._is_spare:
                self._greet()
        if dialect.prompted:
            self._greet()
        elif self._prompted:
            self._transport.say(b"\n")  # the prompt gets a line of its own
        return dialect, b"".join(self._packets)

    @property
    def _is_spare(self) -> bool:
        """Whether this silent connection may be one that a browser keeps for its next request."""
        return self._web.asked_lately(self._transport.address)

    def _serve_web(self) -> tuple[Dialect, bytes] | None:
        try:
            return WebConnection(self._web, self._transport, self._refused).converse(b"".join(self._packets))
        except OSError as error:
            logger.debug("%s is lost: %s", self._transport.address, error)
        return None

    def _too_late(self) -> ProtocolError:
        if self._refused is None:
            return nameless()
        return ProtocolError(self._refused.code, self._refused.message, fatal=True)

    def _receive(self) -> bytes | None:
        left = self._deadline - time.monotonic()
        return self._transport.receive(left if self._prompted and not self._packets else min(left, SNIFF_S))

    def _greet(self) -> None:
        if not self._prompted:
            self._transport.say(self._prompt)
            self._prompted = True

    def _turn_away(self, error: ProtocolError) -> None:
        try:
            if error.code not in _UNANSWERED:
                self._transport.say(b"\n" * self._prompted + notice(error.message))
            self._transport.drain_read()
        except OSError:
            return  # it is gone already


def nameless() -> ProtocolError:
    """Return the error for a client that gave no name in time."""
    return ProtocolError("name-timeout", "no name was given in time: closing", fatal=True)
