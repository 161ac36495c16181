"""How a client knows that it talks to the right server: by its key, as ssh does, or because an authority says so."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from geventchat.protocol.address import show
from geventchat.protocol.errors import NotTrusted, ServerUnavailable, UsageError
from geventchat.system import private_files
from geventchat.tls import fingerprint
from geventchat.tls.engine import TlsEngine

# Instead of a file of authorities: those that the system trusts.
SYSTEM = "system"
# What OpenSSL says of a certificate that nobody but itself has signed (X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT).
_SELF_SIGNED = 18


class Trust(Protocol):
    """What makes the client's side of a connection, and says whether the server at the other end is the right one."""

    def engine(self, host: str) -> TlsEngine:
        """Return the client's side of a connection to a host that is called so."""

    def check(self, address: tuple[str, int], engine: TlsEngine) -> None:
        """Look at who is at the other end, once the handshake is done. Raises NotTrusted."""


class Known:
    """Trusts a server on first use: its key is kept in a file, a line for each server, and must be the same later.

    `tell` is given a line for people when a server is new.
    """

    def __init__(self, file: Path, tell: Callable[[str], object]) -> None:
        self._file = file
        self._tell = tell
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE  # nobody vouches for it: we do, by its key

    def engine(self, host: str) -> TlsEngine:
        """Return the client's side of a connection."""
        name = None if ":" in host else host  # which of several servers at that address is meant (RFC 6066)
        return TlsEngine(self._context, server_side=False, server_hostname=name)

    def check(self, address: tuple[str, int], engine: TlsEngine) -> None:
        """Compare the server's key with the one that is known. Raises NotTrusted if it is another."""
        server, key = show(address).lower(), fingerprint.of_key(engine.peer_certificate())
        try:
            known = self._find(server)
            if known is None:
                self._remember(server, key)
                self._tell(f"{server} is new here; its key is {key}, and is known from now on")
                return
        except (OSError, UnicodeError) as error:
            raise NotTrusted(f"{self._file}, which holds the keys of servers, cannot be used: {error}") from None
        number, kept = known
        if kept != key:
            raise NotTrusted(
                f"THE KEY OF {server} HAS CHANGED: it was {kept}, and is {key}. Somebody may be listening in between! "
                f"If that server has another key indeed, remove line {number} of {self._file}"
            )

    def knows(self, address: tuple[str, int]) -> bool:
        """Return whether the key of a server is known; False, too, where that cannot be read."""
        try:
            return self._find(show(address).lower()) is not None
        except (OSError, UnicodeError):
            return False

    def _find(self, server: str) -> tuple[int, str] | None:
        """Return the number of the line and the key of a server, if it is known."""
        if not self._file.exists():
            return None
        for number, line in enumerate(self._file.read_text("utf-8").splitlines(), 1):
            words = line.split()
            if words[:1] == [server]:
                return number, words[1] if len(words) > 1 else ""
        return None

    def _remember(self, server: str, key: str) -> None:
        private_files.make_folder(self._file.parent)
        private_files.make(self._file)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{server} {key} {datetime.now(UTC):%Y-%m-%d}\n")


class Authorities:
    """Trusts servers for whose names an authority vouches: one of those in a file, in PEM, or of the system's.

    Raises UsageError if the file cannot be used.
    """

    def __init__(self, file: str) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            if file == SYSTEM:
                self._context.load_default_certs()
            else:
                self._context.load_verify_locations(file)
        except ssl.SSLError:
            raise UsageError(f"{file}, which is to vouch for the server, holds no certificate in PEM") from None
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UsageError(f"{file}, which is to vouch for the server, cannot be read: {why}") from None

    def engine(self, host: str) -> TlsEngine:
        """Return the client's side of a connection, in which the server's name is checked."""
        return TlsEngine(self._context, server_side=False, server_hostname=host)

    def check(self, address: tuple[str, int], engine: TlsEngine) -> None:
        """Do nothing: the handshake has ended if the certificate was not valid."""


def known_servers(tell: Callable[[str], object]) -> Known:
    """Return the servers that this user knows."""
    return Known(private_files.state_folder() / "known_servers", tell)


def not_trusted(address: tuple[str, int], error: ssl.SSLError) -> NotTrusted | ServerUnavailable:
    """Return the error, in words, for a handshake that has failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        by_key = "; --tls without --tls-ca knows it by its key" if error.verify_code == _SELF_SIGNED else ""
        return NotTrusted(f"nobody vouches for {show(address)}: {error.verify_message.lower()}{by_key}")
    why = (error.reason or str(error)).lower().replace("_", " ")
    return ServerUnavailable(f"what answers at {show(address)} does not speak TLS as we do ({why})")
