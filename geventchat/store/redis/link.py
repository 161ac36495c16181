"""Connections to Redis, by redis-py over gevent's sockets: waiting for an answer holds no other greenlet up."""

import re
import socket as std_socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any
from urllib.parse import unquote, urlsplit

from gevent import socket
from gevent.lock import RLock
from redis import exceptions
from redis.connection import Connection

from geventchat.protocol.errors import UsageError

# What all our keys begin with.
PREFIX = "geventchat:"
# What an answer takes at most: Redis gives one within milliseconds, but may wait a second for a disk.
ANSWER_S = 3.0
_CONNECT_S = 2.0
_FORM = "give redis://HOST:PORT/DB, and / ? # @ of a password in it as %2F %3F %23 %40"
# Functions are there since this version.
_OLDEST = (7, 0)
# What a Redis says that is neither part of a cluster nor a sentinel.
_ALONE = "standalone"
FUNCTIONS = (resources.files(__package__) / "functions.lua").read_text()
_LOAD = ("FUNCTION", "LOAD", "REPLACE", FUNCTIONS)


class Away(Exception):
    """Redis could not be reached, or does not take what it is told at present; the message says why."""


class Shut(Exception):
    """The log is not open: this Redis may have forgotten what it was told. The servers have to open it again."""


class Overtaken(Exception):
    """Another server has changed records of which this one has not heard; the message is the newest id."""


class Fenced(Exception):
    """The other servers have taken this one for dead; or its log is not there any more."""


class Full(Exception):
    """Redis has no memory left for what it was told."""


class _Connection(Connection):
    def __init__(self, options: dict[str, Any], answer_s: float | None) -> None:
        # Without driver_info, redis-py says nothing about itself when it connects.
        times = {"socket_timeout": answer_s, "socket_connect_timeout": _CONNECT_S}
        super().__init__(**options, **times, protocol=2, driver_info=None)

    def _connect(self) -> Any:
        sock = socket.create_connection((self.host, self.port), timeout=self.socket_connect_timeout)
        sock.setsockopt(std_socket.IPPROTO_TCP, std_socket.TCP_NODELAY, 1)
        sock.settimeout(self.socket_timeout)
        return sock


class Address:
    """Where Redis is, as a URL says.

    Raises UsageError for one that cannot be meant, and does not say its words: some may be of a password.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "localhost", parts.port or 6379
        except ValueError:
            raise UsageError(f"--redis: its host and port cannot be read; {_FORM}") from None
        if parts.scheme != "redis":
            raise UsageError(f"--redis: only redis:// is spoken, without TLS; {_FORM}")
        if not re.fullmatch("/?|/[0-9]+", parts.path) or parts.query or parts.fragment:
            raise UsageError(f"--redis: behind host and port there is only the number of a database; {_FORM}")
        self._options = {
            "host": host,
            "port": port,
            "username": unquote(parts.username or "") or None,
            "password": unquote(parts.password or "") or None,
        }
        self.database = int(parts.path[1:] or 0)
        self.shown = f"redis://{host}:{port}{parts.path}"

    def connection(self, answer_s: float | None) -> Connection:
        """Return a connection that is made when it is used first, and waits for an answer for so long."""
        return _Connection(self._options, answer_s)


class Link:
    """A connection that is made again when it was lost; whoever calls waits until those before have their answers.

    `run` is the process of Redis that it leads to, by Redis' own name for it.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection = address.connection(ANSWER_S)
        self._one_call = RLock()
        self.run = ""
        self._id = 0  # of the connection, in that process
        self._is_open = False  # whether the log was seen open in this process, where it stays so
        self._failures = 0  # how often it could not be used, and why the last time
        self._failure = ""

    def call(self, *words: str | bytes | int) -> Any:
        """Return the answer to a command. Raises Away, Shut, Fenced, Full, or redis' ResponseError."""
        with self._turn():
            return self._ask(*words)

    def read(self, *words: str | bytes | int) -> Any:
        """Do as `call` does, once the log is open: what Redis may have forgotten is there again. Raises as `call`."""
        with self._turn():
            if not self._is_open:
                opened = self._ask("HGET", f"{PREFIX}meta", "opened")
                if opened is not None and opened.decode() != self.run:
                    raise Shut("the log is not open")
                self._is_open = opened is not None
            return self._ask(*words)

    def function(self, name: str, *words: str | bytes | int) -> Any:
        """Return what one of our functions returns; it is told in which process of Redis. Raises as `call` does."""
        with self._turn():
            try:
                return self._ask("FCALL", f"geventchat_{name}", 0, self.run, *words)
            except exceptions.ResponseError as error:
                if "Function not found" not in str(error):
                    raise
            self._ask(*_LOAD)
            return self._ask("FCALL", f"geventchat_{name}", 0, self.run, *words)

    def load_functions(self) -> None:
        """Have Redis take our functions: it keeps those of an earlier version. Raises as `call` does."""
        self.call(*_LOAD)

    def leads_to(self, run: str) -> bool:
        """Return whether the process of Redis that answers now is this one. Raises Away."""
        self.call("PING")
        return self.run == run

    def close(self) -> None:
        """End the connection."""
        self._connection.disconnect()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for those before, and connect. Who has waited for one in vain is not to wait for as long once more."""
        earlier = self._failures
        with _explained(), self._one_call:
            if self._failures != earlier:
                raise exceptions.ConnectionError(self._failure)
            try:
                self._connect()
                yield
            except exceptions.ReadOnlyError:
                self._connection.disconnect()  # another has taken its place, and its name may lead there by now
                raise
            except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
                self._failures += 1
                self._failure = str(error)
                raise

    def _connect(self) -> None:
        """Connect, unless that was done."""
        if self._connection.is_connected:
            return
        self._connection.connect()
        try:
            self._begin()
        except (Away, exceptions.ResponseError):  # or the next call would go on with it as it is
            self._connection.disconnect()
            raise

    def _begin(self) -> None:
        """Make sure that this is a Redis as is needed, and choose the database."""
        facts = _facts(self._connection)
        version = facts.get("redis_version", "0")
        if tuple(map(int, version.split(".")[:2])) < _OLDEST:
            needed = ".".join(map(str, _OLDEST))
            raise Away(f"this Redis is of version {version}, and {needed} is needed")
        if (mode := facts.get("redis_mode", _ALONE)) != _ALONE:
            raise Away(f"this is a Redis in {mode} mode, and one that stands alone is needed, with or without replicas")
        if self._address.database:  # only now, for a Redis that does not stand alone has none to choose from
            self._ask("SELECT", self._address.database)
        # What was sent on the connection before, and is on its way still, comes too late: it is sent again, and would
        # be done twice. The first names itself, which is passed over: so it is known at once whether this is allowed.
        own = self._ask("CLIENT", "ID")
        self._ask("CLIENT", "KILL", "ID", self._id if facts["run_id"] == self.run else own)
        self._id, self.run = own, facts["run_id"]
        self._is_open = False

    def _ask(self, *words: str | bytes | int) -> Any:
        self._connection.send_command(*words)
        return self._connection.read_response()


def _facts(connection: Connection) -> dict[str, str]:
    """Return what Redis says about itself."""
    connection.send_command("INFO", "server")
    return dict(line.partition(":")[::2] for line in connection.read_response().decode().splitlines())


class Subscription:
    """A connection on which Redis tells what is published. It has to be asked for a sign of life now and then.

    `run` is the process of Redis, as `Link` has it; at `alive_at`, on the monotonic clock, it was certainly there.
    """

    def __init__(self, address: Address, channel: str, silence_s: float) -> None:
        self.alive_at = time.monotonic()
        self.has_ended = False
        self._asked_at: deque[float] = deque()
        self._connection = address.connection(silence_s)
        with _explained():
            self._connection.connect()
            self.run = _facts(self._connection)["run_id"]
            self._connection.send_command("SUBSCRIBE", channel)
            self._connection.read_response()

    def next(self) -> bytes | None:
        """Wait for what is published next; None for a sign of life. Raises Away."""
        if not self._connection.is_connected:
            raise Away("the connection was ended")
        with _explained():
            kind, *_, data = self._connection.read_response()
            if kind == b"message":
                return bytes(data)
            if self._asked_at:
                self.alive_at = self._asked_at.popleft()
            return None

    def ask(self) -> None:
        """Ask for a sign of life. Raises Away."""
        if not self._connection.is_connected:  # else redis-py would connect again, and be told signs of life alone
            return
        with _explained():
            self._asked_at.append(time.monotonic())
            self._connection.send_command("PING")

    def close(self) -> None:
        """End the connection."""
        self.has_ended = True
        self._connection.disconnect()


class _explained:  # noqa: N801 - it reads as a function
    """Turns what redis-py raises into what is to be done about it."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case exceptions.AuthenticationError() | exceptions.AuthorizationError():
                raise Away(f"Redis refuses: {error}") from None
            case exceptions.OutOfMemoryError():
                raise Full("Redis has no memory left (maxmemory)") from None
            case exceptions.ReadOnlyError():
                raise Away("this Redis is a replica, which cannot be written") from None
            case exceptions.ConnectionError() | exceptions.TimeoutError() | OSError():
                raise Away(f"Redis cannot be reached: {error}") from None
            case exceptions.ResponseError():
                code, _, rest = str(error).partition(" ")
                for name, kind in (("NOTOPEN", Shut), ("OVERTAKEN", Overtaken), ("FENCED", Fenced)):
                    if code == name:
                        raise kind(rest) from None
                if code in ("MISCONF", "MASTERDOWN", "NOREPLICAS", "LOADING", "BUSY"):
                    raise Away(f"Redis takes nothing at present: {error}") from None
