"""The first moments of a connection: begin TLS if it does, find out which dialect it speaks, or turn it away."""

import logging
import time
from dataclasses import dataclass, field

from geventchat.dialects.base import Dialect
from geventchat.dialects.foreign import not_chat
from geventchat.dialects.plain_lines import notice
from geventchat.dialects.registry import Layer, detect
from geventchat.protocol.errors import ProtocolError, Refused
from geventchat.protocol.limits import HANDSHAKE_S, MAX_UNENDED_BYTES, SNIFF_S, TYPING_S
from geventchat.server.recent import Recent
from geventchat.server.tls_transport import TlsTransport
from geventchat.server.transport import Transport
from geventchat.server.turns import Turns
from geventchat.server.web import Web
from geventchat.server.web_connection import WebConnection
from geventchat.tls.server_keys import ServerKeys

logger = logging.getLogger("geventchat")

TLS_NEEDED = Refused("tls-needed", "this port speaks TLS only: connect with TLS")

# How long an address that has begun TLS is not greeted on a silent connection: that would break TLS on it.
_TLS_CLIENT_S = 2.0

# How long the handshake may take of somebody who is refused: any number of them may come.
_REFUSED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What all newcomers of a server meet: persons are greeted with the `prompt`; TLS is spoken if there are `keys`."""

    web: Web
    prompt: bytes
    turns: Turns
    keys: ServerKeys | None
    tls_only: bool
    tls_clients: Recent = field(default_factory=lambda: Recent(_TLS_CLIENT_S))  # addresses that have just begun TLS


class Handshake:
    """A connection whose dialect is not known yet; it has to show it within `name_timeout` seconds.

    A newcomer that is `refused` gets only the time to be recognised, and is then told so; so is one without TLS where
    that is needed. Once it is detected, `transport` is the connection, inside TLS if that was begun, and `name_by` says
    until when a name is to be given, on the monotonic clock.
    """

    __slots__ = (
        "_deadline",
        "_entrance",
        "_name_timeout",
        "_packets",
        "_prompted",
        "_turned_away",
        "name_by",
        "refused",
        "transport",
    )

    def __init__(
        self, transport: Transport, entrance: Entrance, name_timeout: float, refused: Refused | None = None
    ) -> None:
        self.transport = transport
        self.refused = refused or (TLS_NEEDED if entrance.tls_only else None)
        self._turned_away = refused  # also inside TLS
        self._entrance = entrance
        self._name_timeout = name_timeout
        self.name_by = time.monotonic() + name_timeout
        self._deadline = self._recognised_by()
        self._prompted = False
        self._packets: list[bytes] = []

    def detect(self) -> tuple[Dialect, bytes] | None:
        """Return the newcomer's dialect and what it has sent so far; None when it left or was turned away."""
        try:
            spoken = self._first_look()
            if spoken is Layer.TLS:
                self._check_tls()
                return self.detect() if self._begin_tls() else None
            if spoken is Layer.HTTP:
                return self._serve_web()
            return None if spoken is None else self._begin(spoken)
        except ProtocolError as error:
            error.forget_frames()
            logger.info("closing %s: %s", self.transport.address, error.message)
            self._turn_away(error)
        except OSError as error:
            logger.debug("%s is lost before it has said anything: %s", self.transport.address, error)
        return None

    def _first_look(self) -> Dialect | Layer | None:
        """Return what the newcomer speaks; None when it left. Raises ProtocolError for what is no chat, or too late."""
        spoken = None
        last = time.monotonic()  # when something came last
        while spoken is None:
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
                raise ProtocolError("line-too-long", "64 KiB without an end of line", fatal=True)
            spoken = detect(self._packets, quiet=data is None, patient=data is None and now - last >= TYPING_S)
            if data is None and spoken is None and not self._packets and not self._is_spare:
                self._greet()
        return spoken

    def _begin(self, dialect: Dialect) -> tuple[Dialect, bytes]:
        """Prompt who is to be prompted in this dialect; return it, and what was sent so far."""
        if dialect.prompted:
            self._greet()
        elif self._prompted:
            self.transport.say(b"\n")  # the prompt gets a line of its own
        return dialect, b"".join(self._packets)

    @property
    def _is_spare(self) -> bool:
        """Whether this silent connection may be one on which not the server has to speak first.

        A browser may keep it for its next request, or a client that opens many be slow to begin TLS on each.
        """
        address, entrance = self.transport.address, self._entrance
        return address in entrance.web.askers or (not self.transport.is_secure and address in entrance.tls_clients)

    def _serve_web(self) -> tuple[Dialect, bytes] | None:
        try:
            first = b"".join(self._packets)
            opened = WebConnection(self._entrance.web, self.transport, self.refused).converse(first)
            self.name_by = time.monotonic() + self._name_timeout  # the page has been looked at for some time, perhaps
            return opened
        except OSError as error:
            logger.debug("%s is lost: %s", self.transport.address, error)
        return None

    # TLS.

    def _check_tls(self) -> None:
        """Raise ProtocolError where TLS cannot begin: without keys, inside TLS, or behind a prompt in the clear."""
        if self._entrance.keys is None or self.transport.is_secure:
            raise not_chat("a TLS client on a port without TLS")
        self._entrance.tls_clients.note(self.transport.address)
        if self._prompted:
            raise not_chat("TLS began when it had been asked for a name in the clear; the next time that waits")

    def _begin_tls(self) -> bool:
        """Go on inside TLS; return whether that could be."""
        entrance = self._entrance
        assert entrance.keys is not None
        if self._turned_away is not None and entrance.turns.is_busy:  # those who may come in are waiting
            return False
        secure = TlsTransport(self.transport, entrance.keys.context)
        deadline = self.name_by if self._turned_away is None else time.monotonic() + _REFUSED_S
        try:
            secure.handshake(b"".join(self._packets), entrance.turns, deadline)
        except OSError as error:
            logger.info("closing %s: no TLS: %s", self.transport.address, getattr(error, "reason", None) or error)
            return False
        self.transport, self.refused = secure, self._turned_away
        self._deadline = self._recognised_by()
        self._packets = []
        return True

    # Times, and words.

    def _recognised_by(self) -> float:
        """Return until when it has to show its dialect."""
        if self.refused is None:
            return self.name_by
        return time.monotonic() + (SNIFF_S if self._turned_away else HANDSHAKE_S)

    def _too_late(self) -> ProtocolError:
        if self.refused is None:
            return nameless()
        return ProtocolError(self.refused.code, self.refused.message, fatal=True)

    def _receive(self) -> bytes | None:
        left = self._deadline - time.monotonic()
        return self.transport.receive(left if self._prompted and not self._packets else min(left, SNIFF_S))

    def _greet(self) -> None:
        if not self._prompted and self.refused is None:
            self.transport.say(self._entrance.prompt)
            self._prompted = True

    def _turn_away(self, error: ProtocolError) -> None:
        try:
            if error.code != "other-protocol":
                self.transport.say(b"\n" * self._prompted + notice(error.message))
            self.transport.drain_read()
        except OSError:
            return  # it is gone already


def nameless() -> ProtocolError:
    """Return the error for a client that gave no name in time."""
    return ProtocolError("name-timeout", "no name was given in time", fatal=True)
