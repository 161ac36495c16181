"""One side of a TLS connection without I/O: `ssl` does the cryptography, between bytes in memory."""

import ssl
from collections.abc import Callable

# The most text that one record holds (RFC 8446, section 5.1).
RECORD_BYTES = 16 << 10
# What may wait to be sent that nobody has asked for here: answers to requests for other keys (section 4.6.3).
_MAX_ANSWERS_BYTES = 16 << 10


class TlsEngine:
    """Bytes from the other side go in, text comes out; text goes in, records for the other side come out.

    Every method may raise ssl.SSLError, which is an OSError, when the connection cannot go on; what is to be sent then,
    an alert, is in `records`. `encrypt` takes a text; `records` returns what is to be sent, each thing once.
    """

    __slots__ = ("_incoming", "_outgoing", "_tls", "encrypt", "records")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_hostname: str | None = None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, server_hostname)
        self.encrypt: Callable[[bytes | memoryview], int] = self._tls.write
        self.records: Callable[[], bytes] = self._outgoing.read

    def receive(self, data: bytes) -> None:
        """Take in bytes from the other side."""
        self._incoming.write(data)

    def handshake(self) -> bool:
        """Go on with the handshake as far as what has come allows; return whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def decrypt(self, most: int) -> bytes | None:
        """Return a text of at most `most` bytes; empty at the end that was announced, None when more must come."""
        try:
            return self._tls.read(most)
        except ssl.SSLWantReadError:
            if self._outgoing.pending > _MAX_ANSWERS_BYTES:
                raise ssl.SSLError("too many requests for other keys") from None
            return None

    def close(self) -> None:
        """Announce the end, so that the other side can tell it from a cut."""
        try:
            self._tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLError):
            return  # the other side need not answer, and may have ended it already

    def peer_certificate(self) -> bytes:
        """Return the other side's certificate, as DER."""
        return self._tls.getpeercert(binary_form=True) or b""
