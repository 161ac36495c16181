"""A client's connection inside TLS."""

import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from geventchat.delivery.feed import Write
from geventchat.protocol.limits import HANDSHAKE_S
from geventchat.server.transport import SAY_S, Transport
from geventchat.server.turns import Turns
from geventchat.tls.engine import RECORD_BYTES, TlsEngine


class TlsWriter:
    """Sends text in TLS records without waiting.

    What is encrypted is in the stream for good: of a record of which the kernel has taken only a part, the rest has to
    follow, whatever else happens. It stays here, and the last byte of its text does not count as taken until it is all
    out. So the pump, which has been told that a line was cut, comes back with that byte, and knows until then that the
    reader is behind. For this to hold, a text that is written has at least two bytes.
    """

    __slots__ = ("_encrypt", "_records", "_send", "_unsent")

    def __init__(self, encrypt: Callable[[bytes | memoryview], int], records: Callable[[], bytes], send: Write) -> None:
        self._encrypt = encrypt
        self._records = records
        self._send = send
        self._unsent = b""  # the rest of a record whose text has been taken, but for its last byte

    @property
    def is_behind(self) -> bool:
        """Whether part of a record has still to be sent."""
        return bool(self._unsent)

    def write(self, data: bytes) -> int:
        """Send what the kernel takes now; return how many bytes were taken. Raises OSError, as `Transport` says."""
        if self._unsent or len(data) > RECORD_BYTES:
            return self._write_on(data)
        return len(data) if self._send_record(data) else len(data) - 1

    def _write_on(self, data: bytes) -> int:
        """Send the rest of a record first, and what is long in several."""
        done, view = 0, memoryview(data)
        if self._unsent:
            self._unsent = self._unsent[self._send(self._unsent) :]
            if self._unsent:
                return 0
            done = 1
        while done < len(data):
            record = view[done : done + RECORD_BYTES]
            done += len(record)
            if not self._send_record(record):
                return done - 1
        return done

    def _send_record(self, text: bytes | memoryview) -> bool:
        """Encrypt a text and send it; return whether the kernel took all of it."""
        self._encrypt(text)
        records = self._records()
        try:
            taken = self._send(records)
        except BlockingIOError:
            taken = 0
        self._unsent = records[taken:]
        return not self._unsent


class TlsTransport(Transport):
    """A connection inside TLS, made of one that has sent the beginning of a handshake."""

    __slots__ = ("_engine", "_send", "_writer")
    is_secure = True

    def __init__(self, plain: Transport, context: ssl.SSLContext) -> None:
        self.socket, self.address = plain.socket, plain.address
        self._below, self._readable = plain._below, plain._readable
        self._recv_bytes, self._unread = plain._recv_bytes, b""
        self._engine = TlsEngine(context, server_side=True)
        self._send = plain.write
        self._writer = TlsWriter(self._engine.encrypt, self._engine.records, plain.write)
        self.write = self._writer.write

    def handshake(self, first: bytes, turns: Turns, deadline: float) -> None:
        """Carry the handshake out, of which `first` has come, until `deadline` on the monotonic clock.

        What is waited for the turns of others does not count. Raises OSError, after an alert that says why.
        """
        deadline = min(deadline, time.monotonic() + HANDSHAKE_S)
        self._engine.receive(first)
        while True:
            began = time.monotonic()
            try:
                with turns.take():
                    deadline += time.monotonic() - began
                    is_done = self._engine.handshake()
            finally:
                super().say(self._engine.records(), HANDSHAKE_S)
            if is_done:
                return
            data = super().receive(deadline - time.monotonic())
            if not data:
                raise TimeoutError("half a handshake") if data is None else ConnectionResetError("left in a handshake")
            self._engine.receive(data)

    def receive(self, timeout: float | None) -> bytes | None:
        """Return what arrives, as `Transport.receive` does, one record's text at a time.

        Others have their turn once all records that have come are read. A connection that ends without a word to say so
        is lost.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (text := self._decrypt()) is None:
            data = super().receive(None if deadline is None else deadline - time.monotonic())
            if data is None:
                return None
            if not data:
                raise ConnectionResetError("cut off")
            self._engine.receive(data)
        return text

    def _decrypt(self) -> bytes | None:
        try:
            return self._engine.decrypt(self._recv_bytes)
        except ssl.SSLError:
            self._try_to_send_waiting()  # the alert that says why
            raise

    def say(self, words: bytes, timeout: float = SAY_S) -> None:
        """Send something to a client that the pump does not serve yet, as `Transport.say` does."""
        self._engine.encrypt(words)
        super().say(self._engine.records(), timeout)

    def close_write(self) -> None:
        """Tell the other side that nothing more is coming."""
        self._engine.close()
        self._try_to_send_waiting()
        super().close_write()

    def _try_to_send_waiting(self) -> None:
        """Send what the engine has to say by itself, unless half a record stands before that."""
        records = self._engine.records()
        if not self._writer.is_behind:
            with suppress(OSError):  # it takes nothing, or is gone
                self._send(records)
