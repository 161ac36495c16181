"""The server: a listener, a session for each connection, and the pump that serves them all."""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import gevent
from gevent.event import Event
from gevent.socket import socket

from geventchat import __version__
from geventchat.core.chat import Chat
from geventchat.core.log import Log
from geventchat.dialects.plain_lines import PROMPTS
from geventchat.protocol import names
from geventchat.protocol.address import Address
from geventchat.protocol.errors import NotStored, ProtocolError, Refused, UsageError
from geventchat.protocol.limits import GREET_WITH, Limits
from geventchat.protocol.replies import Closing
from geventchat.server.access import Access
from geventchat.server.handshake import Entrance, Handshake
from geventchat.server.house_rules import HouseRules
from geventchat.server.listener import Listener, listen, listen_on
from geventchat.server.live_settings import LiveSettings, changed
from geventchat.server.newcomers import turn_away
from geventchat.server.proxies import Proxies
from geventchat.server.pump import Pump
from geventchat.server.services import services
from geventchat.server.session import GOODBYE_S, Session
from geventchat.server.throttle import ConnectionLimiter
from geventchat.server.transport import Transport
from geventchat.server.turns import Turns
from geventchat.server.web import Web
from geventchat.store.memory import MemoryLog

if TYPE_CHECKING:
    from geventchat.server.metrics import Metrics

logger = logging.getLogger("geventchat")

# How long a stopping server waits for clients to hang up too.
_HANG_UP_S = 0.5
# How often the counts are logged.
_COUNTED_S = 60.0


class ChatServer:
    """A chat server on some addresses, (host, port) pairs; port 0 takes a free one, and so does giving no address.

    It keeps its events in `log`, which stays open when it stops, or in memory where none is given, and shows people who
    are new the last `greet_with` lines of the room. Browsers may call it by its addresses and by the names in `hosts`.
    `access` says who may come in. At the address `metrics`, programs are told how it is. Where `listening` has
    descriptors of sockets that listen already, it serves at these, and at no others.

    Use it as a context manager, or call `start` and `stop`. Raises UsageError when an address cannot be had.
    """

    def __init__(
        self,
        *addresses: tuple[str, int],
        limits: Limits | None = None,
        log: Log | None = None,
        greet_with: int = GREET_WITH,
        hosts: Sequence[str] = (),
        access: Access | None = None,
        metrics: Address | None = None,
        house_rules: HouseRules | None = None,
        listening: Sequence[int] = (),
    ) -> None:
        self.limits = limits or Limits()
        access = access or Access()
        log = log or MemoryLog()
        self.chat = Chat(
            self.limits, f"geventchat {__version__}", log.kept, access.password, is_shared=log.shared is not None
        )
        (house_rules or HouseRules()).apply(self.chat)
        self._log = log
        self._pump = Pump(self.chat, log, self.limits.stall_timeout)
        self._services = services(self.chat, self._pump, log, greet_with)
        log.kept.on_elsewhere = self._pump.wake
        self._entrance = Entrance(
            web=Web(hosts),
            prompt=PROMPTS[self.chat.door.first_question],
            turns=Turns(),
            keys=access.keys,
            tls_only=access.tls_only,
        )
        self._listening = listening
        self._wanted = addresses or (("127.0.0.1", 0),)
        self._listeners: list[Listener] = []
        self._connections: dict[Transport, Session | None] = {}  # None while it is not known how it speaks
        self._limiter = ConnectionLimiter(self.limits)
        self._proxies = Proxies(access.proxies)
        self._all_gone = Event()
        self._metrics_at = metrics
        self._metrics: Metrics | None = None
        self._stopping = False
        self._workers: list[gevent.Greenlet[..., None]] = []
        self.failed = Event()  # set when a bug has ended a greenlet that serves everyone: nothing works any more

    def change(self, live: LiveSettings) -> None:
        """Take other settings, as far as they can be changed now: those who are in keep their rate and longest line."""
        self.limits = self.chat.limits = changed(self.limits, live.limits)
        self._limiter.limits = self.limits
        self._pump.stall_timeout = self.limits.stall_timeout
        self._services.greet_with = live.greet_with
        self.chat.door.password = live.password
        live.house_rules.apply(self.chat)
        self._entrance = replace(self._entrance, web=Web(live.hosts), prompt=PROMPTS[self.chat.door.first_question])

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the server listens: hosts and ports."""
        return [listener.socket.getsockname()[:2] for listener in self._listeners]

    @property
    def address(self) -> tuple[str, int]:
        """The first address that the server listens on."""
        return self.addresses[0]

    @property
    def connections(self) -> int:
        """How many are connected."""
        return len(self._connections)

    @property
    def trouble(self) -> str:
        """Why it should be given no users at present; an empty string while all is well."""
        return "the server is stopping" if self._stopping else self._services.log.trouble

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. Returns when newcomers are answered."""
        names.skeleton("")  # loads its tables before anybody, and with the first newcomer everybody, waits for them
        self._share_secret()
        try:
            for descriptor in self._listening:
                self._listeners.append(listen_on(descriptor, self._serve))
            for address in () if self._listening else self._wanted:
                self._listeners.append(listen(*address, self._serve))
            if self._metrics_at is not None:
                self._metrics = self._measured_at(self._metrics_at)
        except UsageError:
            self._close_listeners()
            raise
        if self._services.log.shared is not None:
            self._services.log.shared.follow(self._pump.wake)
        works = [self._pump.run, self._pump.watch_stalls, self._log_counts]
        if self._services.log.shared is not None:
            works += [self._services.log.shared.watch, self._turn_newcomers_away]
        self._workers = [gevent.spawn(self._work, work) for work in works]

    def _measured_at(self, address: Address) -> "Metrics":
        try:
            from geventchat.server.metrics import Metrics  # an extra
        except ImportError:
            raise UsageError("--metrics needs prometheus_client: pip install 'geventchat[metrics]'") from None
        return Metrics(address, self, self._services)

    def _share_secret(self) -> None:
        """Let pseudonyms of addresses be the same as before a restart, if the log can keep that."""
        change = self.chat.moderation.secret(secrets.token_hex(16))
        if change is not None:
            try:
                self._log.append([], time.time(), [change])
            except NotStored:
                self.chat.kept.undo([change])

    def stop(self) -> None:
        """Tell everyone, send what was said, for at most 5 s, and close."""
        self._stopping = True
        for listener in self._listeners:
            listener.stop_accepting()
        if not self.failed.is_set():
            self._say_goodbye()
        for transport in list(self._connections):
            transport.abort()
        self._close_listeners()
        gevent.killall(self._workers, timeout=1)
        if self._metrics is not None:
            self._metrics.close()
        self._services.passwords.close()

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.stop(timeout=_HANG_UP_S)
        self._listeners = []

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            logger.critical("an error in the server: it cannot go on", exc_info=True)
            self.failed.set()

    def _turn_newcomers_away(self) -> None:
        turn_away(self._log, lambda: [one for one in self._connections.values() if one is not None])

    def _log_counts(self) -> None:
        """Log now and then what has been counted since; runs until killed."""
        counters = self._services.chat.counters
        earlier = counters.copy()
        while True:
            gevent.sleep(_COUNTED_S)
            if counted := counters.since(earlier):
                logger.info("in the last minute: %s; %d connected now", counted, self.connections)
            earlier = counters.copy()

    def _say_goodbye(self) -> None:
        """Send everyone what was said and the last word, and give them the time to hang up."""
        sessions = []
        for transport, session in list(self._connections.items()):
            if session is None:
                transport.abort()
            else:
                sessions.append(session)
        for session in sessions:
            session.stop(Closing(code="server-stopping", message="the server is stopping"))
        self._pump.wake()
        deadline = time.monotonic() + GOODBYE_S
        for session in sessions:
            session.drain(deadline - time.monotonic())
        for session in sessions:
            session.close_write()
        self._all_gone.clear()
        if self._connections:
            self._all_gone.wait(_HANG_UP_S)

    def _serve(self, sock: socket, host: str) -> None:
        transport = Transport(sock, host, self.limits.max_line)
        self._connections[transport] = None
        self._services.chat.counters.connections += 1
        try:
            transport.prepare(self.limits.keepalive)
            if self._read_proxy_header(transport):
                self._converse(transport)
        finally:
            sock.close()
            del self._connections[transport]
            if not self._connections:
                self._all_gone.set()

    def _read_proxy_header(self, transport: Transport) -> bool:
        """Find out who is behind a proxy, if this comes from one; return whether to go on."""
        try:
            self._proxies.read_header(transport)
        except (ProtocolError, OSError) as error:
            logger.info("closing %s: %s", transport.address, error)
            return False
        return True

    def _converse(self, transport: Transport) -> None:
        """Serve a connection to its end."""
        refused = self._refusal(transport.address)
        try:
            if (session := self._meet(transport, refused)) is not None:
                self._connections[transport] = session
                session.run()
        finally:
            if refused is None:
                self._limiter.release(transport.address)

    def _meet(self, transport: Transport, refused: Refused | None) -> Session | None:
        """Find out how a newcomer speaks, and return its session; None when it has left or was turned away."""
        handshake = Handshake(transport, self._entrance, self.limits.name_timeout, refused)
        if (detected := handshake.detect()) is None:
            return None
        dialect, first = detected
        return Session(self._services, handshake.transport, dialect, first, handshake.name_by, handshake.refused)

    def _refusal(self, host: str) -> Refused | None:
        try:
            self._limiter.admit(host, time.monotonic())
        except Refused as refused:
            self._services.chat.counters.refused += 1
            logger.info("refused %s: %s", host, refused)
            return refused
        return None
