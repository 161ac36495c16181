"""What a server says of itself to programs: figures for Prometheus, and whether it lives and may be given users."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from gevent.pywsgi import WSGIServer
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from geventchat.protocol.address import Address, show
from geventchat.protocol.errors import UsageError
from geventchat.server.services import Services

_PREFIX = "geventchat_"
# A batch takes from some 0.1 ms to the seconds for which Redis may be away.
_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_TEXT = "text/plain; charset=utf-8"


class Server(Protocol):
    """What is asked of the server."""

    @property
    def connections(self) -> int:
        """How many are connected."""

    @property
    def trouble(self) -> str:
        """Why it should be given no users at present; an empty string while all is well."""


class Metrics:
    """Answers `/metrics`, `/healthz` and `/readyz` for a server, at an address of its own. Raises UsageError."""

    def __init__(self, address: Address, server: Server, services: Services) -> None:
        self._server = server
        self._pump = services.pump
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(server, services))
        wrote = Histogram("log_append_seconds", "Appending a batch to the log.", **self._all_the_same)
        sent = Histogram("fan_out_seconds", "Showing a batch to its readers.", **self._all_the_same)

        def observe(write_s: float, send_s: float) -> None:
            wrote.observe(write_s)
            sent.observe(send_s)

        self._pump.timed = observe
        self._http = WSGIServer(address, self._answer, log=None, error_log=None)
        try:
            self._http.start()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UsageError(f"--metrics {show(address)}: cannot be listened on ({why})") from None

    @property
    def _all_the_same(self) -> dict[str, Any]:
        return {"namespace": "geventchat", "buckets": _BUCKETS, "registry": self._registry}

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port = self._http.socket.getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Answer no more."""
        self._http.stop(timeout=0.1)

    def _answer(self, asked: dict[str, Any], begin: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
        kind, status, body = _TEXT, "200 OK", b"ok\n"
        match asked["PATH_INFO"]:
            case "/metrics":
                kind, body = CONTENT_TYPE_LATEST, generate_latest(self._registry)
            case "/healthz":
                pass  # that there is an answer shows that the loop turns; where the pump has failed, the process ends
            case "/readyz":
                if trouble := self._server.trouble:
                    status, body = "503 Service Unavailable", f"{trouble}\n".encode()
            case _:
                status, body = "404 Not Found", b"there are /metrics, /healthz and /readyz\n"
        begin(status, [("Content-Type", kind)])
        return [body]


class _Figures:
    """Reads all figures off a server whenever they are asked for: counting costs the server nothing by that."""

    def __init__(self, server: Server, services: Services) -> None:
        self._server = server
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """Yield each figure as it is now."""
        chat, pump, log = self._services.chat, self._services.pump, self._services.log
        counters = chat.counters
        busy_s = 0.0 if pump.busy_since is None else time.monotonic() - pump.busy_since
        yield _gauge("connections", "Connections at present.", self._server.connections)
        yield _gauge("members", "Users at present, on all servers that share the chat.", len(chat.nicks))
        yield _gauge("rooms", "Rooms at present, on all servers that share the chat.", len(chat.rooms))
        yield _gauge("slow_readers", "Readers whose connection takes nothing at present.", pump.slow_readers)
        yield _gauge("pump_lag_seconds", "For how long the present batch has been under way.", busy_s)
        yield _count("connections", "Connections accepted.", counters.connections)
        yield _count("connections_refused", "Connections turned away.", counters.refused)
        yield _count("joined", "Users who came in.", counters.joined)
        yield _count("left", "Users who left.", counters.left)
        yield _count("throttled", "Commands that waited because their user was over the rate.", counters.throttled)
        yield _count("messages", "Messages of this server's users that were stored.", counters.messages)
        yield _count("deliveries", "Events of rooms, each times its readers here.", pump.deliveries)
        yield _count("sent_bytes", "Bytes taken by connections.", pump.sent_bytes)
        yield _count("gaps", "Gaps that readers were told.", counters.gaps)
        refusals = CounterMetricFamily(f"{_PREFIX}refusals", "Commands that were refused, by code.", labels=["code"])
        for code, count in counters.refusals.items():
            refusals.add_metric([code], count)
        yield refusals
        for name, what, value, is_count in log.shared.figures() if log.shared is not None else ():
            yield _count(name, what, value) if is_count else _gauge(name, what, value)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, what, value=value)


def _count(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, what, value=value)
