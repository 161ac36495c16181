"""A certificate that the server makes for itself, once: for a chat on a network that has no other."""

import ipaddress
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from geventchat.protocol.errors import UsageError
from geventchat.system import private_files
from geventchat.system.sockets import own_addresses
from geventchat.tls.server_keys import ServerKeys

if TYPE_CHECKING:
    from cryptography import x509

_LASTS = timedelta(days=3650)
# Clocks differ: a certificate made just now is valid also where it is still yesterday.
_EARLIER = timedelta(days=1)


def own_keys(folder: Path, hosts: list[str]) -> ServerKeys:
    """Return the certificate and key that are kept in a folder, made now if they are not there. Raises UsageError.

    `hosts` are names that the certificate is to hold besides this machine's addresses. Without the certificate, another
    is made for the same key.
    """
    key, certificate = folder / "tls-key.pem", folder / "tls-certificate.pem"
    try:
        private_files.make_folder(folder)
        if not key.exists():
            _put(key, _make_key())
        if not certificate.exists():
            _put(certificate, _make_certificate(key.read_bytes(), hosts))
        private_files.close_to_others(key)
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {(error.strerror or str(error)).lower()}") from None
    except ImportError:
        raise UsageError(
            "--tls self-signed needs pip install 'geventchat[tls]'; or give --tls-cert FILE and --tls-key FILE"
        ) from None
    return ServerKeys(certificate, key)


def _put(path: Path, data: bytes) -> None:
    """Make a file that only its owner can read, whole or not at all, unless another process has just made it."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    private_files.make(draft)
    try:
        draft.write_bytes(data)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _make_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _make_certificate(pem: bytes, hosts: list[str]) -> bytes:
    """Return a certificate for a key, issued by itself (RFC 5280)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
    except (ValueError, TypeError, AssertionError):
        raise UsageError("tls-key.pem in the state folder is not the key that was made there; remove it") from None
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "geventchat")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LASTS)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM)


def _names(hosts: list[str]) -> "list[x509.GeneralName]":
    from cryptography import x509

    addresses = ["127.0.0.1", "::1", *own_addresses(4), *own_addresses(6)]
    found: list[x509.GeneralName] = [x509.DNSName("localhost")]
    for host in dict.fromkeys(hosts):
        with suppress(ValueError):  # a name that no certificate can hold
            found.append(x509.DNSName(host.encode("idna").decode()))
    found += [x509.IPAddress(ipaddress.ip_address(one.partition("%")[0])) for one in dict.fromkeys(addresses)]
    return found
