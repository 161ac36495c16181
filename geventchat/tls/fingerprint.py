"""What a key or a certificate is called in short, so that people can compare two of them."""

import base64
import hashlib
from collections.abc import Iterator

_SEQUENCE, _VERSION = 0x30, 0xA0
# What stands before the public key in a certificate: serial number, algorithm, issuer, validity and subject.
_BEFORE_KEY = 5


def of_key(certificate: bytes) -> str:
    """Return the fingerprint of the key in a certificate (DER), as ssh writes it: it outlives a renewed certificate.

    Raises ValueError if that is no certificate.
    """
    digest = hashlib.sha256(_public_key(certificate)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def of_certificate(certificate: bytes) -> str:
    """Return the fingerprint of a certificate (DER), as browsers and openssl show it."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def _public_key(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a certificate (RFC 5280, section 4.1)."""
    try:
        _, _, whole = next(_elements(certificate))
        _, _, signed = next(_elements(whole))
        parts = [element for tag, element, _ in _elements(signed) if tag != _VERSION]
        key = parts[_BEFORE_KEY]
    except (StopIteration, IndexError):
        raise ValueError("that is no certificate") from None
    return key


def _elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the elements of DER (X.690): tag, the whole element, and what is in it."""
    start = 0
    while start < len(data):
        tag, length = data[start], data[start + 1]
        begin = start + 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[begin : begin + size])
            begin += size
        end = begin + length
        if end > len(data):
            raise IndexError
        yield tag, data[start:end], data[begin:end]
        start = end
