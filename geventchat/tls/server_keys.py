"""The server's certificate and key: read from files, and read again when these have been renewed."""

import ssl
from pathlib import Path

from geventchat.protocol.errors import UsageError
from geventchat.tls import fingerprint

# For TLS 1.2: a key for each connection, and ciphers that nobody has broken; TLS 1.3 has no others.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class ServerKeys:
    """A certificate (with those that lead to its issuer) and its key, in PEM; both may stand in one file.

    `context` is for new connections; those that stand keep theirs. Raises UsageError for files that cannot be used.
    """

    def __init__(self, certificate: Path, key: Path | None = None) -> None:
        self._certificate = certificate
        self._key = key
        self.reload()

    def reload(self) -> None:
        """Read the files again. Raises UsageError, and keeps what it has."""
        self.context, self._der = self._read()

    @property
    def key_fingerprint(self) -> str:
        """The fingerprint of the key, as geventchat-client shows it."""
        return fingerprint.of_key(self._der)

    @property
    def certificate_fingerprint(self) -> str:
        """The fingerprint of the certificate, as browsers show it."""
        return fingerprint.of_certificate(self._der)

    def _read(self) -> tuple[ssl.SSLContext, bytes]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        try:
            text = self._certificate.read_text("latin-1")  # any bytes can stand in the comments around it
            if self._key is not None:
                self._key.read_bytes()  # for a better word than that of ssl if that cannot be
            context.load_cert_chain(self._certificate, self._key, password=self._no_passphrase)
            begin, end = text.index(_BEGIN), text.index(_END) + len(_END)
            return context, ssl.PEM_cert_to_DER_cert(text[begin:end])
        except ssl.SSLError as error:
            raise UsageError(f"{self._what()} cannot be used: {_why(error)}") from None
        except OSError as error:
            where = error.filename or self._what()
            raise UsageError(f"{where} cannot be read: {(error.strerror or str(error)).lower()}") from None
        except ValueError:
            raise UsageError(f"{self._certificate} holds no certificate in PEM") from None

    def _no_passphrase(self) -> str:
        raise UsageError(
            f"the key in {self._key or self._certificate} is encrypted, and nobody can be asked for its passphrase; "
            "openssl pkey -in FILE -out NEW writes it without one"
        )

    def _what(self) -> str:
        return str(self._certificate) if self._key is None else f"{self._certificate} with {self._key}"


_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def _why(error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate"
    if error.reason is None:  # it found nothing of what it looked for
        return "a certificate and a key are needed, in PEM"
    return error.reason.lower().replace("_", " ")
