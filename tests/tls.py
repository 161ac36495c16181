"""Clients inside TLS, and certificates to test with."""

import ssl
from pathlib import Path

from gevent import ssl as gevent_ssl

from geventchat.tls.self_signed import own_keys
from geventchat.tls.server_keys import ServerKeys
from tests.raw import Address, Raw


def keys(folder: Path) -> ServerKeys:
    """Return a certificate and its key, made in a folder unless they are there."""
    return own_keys(folder, [])


def trusting(*, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """Return what a client needs that takes any certificate."""
    context = gevent_ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")  # whatever it is old enough for
    with_old = newest < ssl.TLSVersion.TLSv1_2
    context.minimum_version = newest if with_old else ssl.TLSVersion.TLSv1_2
    context.maximum_version = newest
    return context


def secure(address: Address, first: bytes = b"", context: ssl.SSLContext | None = None) -> Raw:
    """Return a connection whose handshake is done."""
    raw = secure_on(Raw(address), context)
    if first:
        raw.send(first)
    return raw


def secure_on(raw: Raw, context: ssl.SSLContext | None = None) -> Raw:
    """Return a connection that stands, inside TLS from now on."""
    raw.socket = (context or trusting()).wrap_socket(raw.socket)
    return raw


def hello(*, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """Return the first bytes of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = _plain_context(newest).wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError


def _plain_context(newest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = newest
    return context
