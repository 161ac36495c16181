"""Addresses as people type them: HOST, HOST:PORT, [::1]:PORT, :PORT."""

from geventchat.protocol.errors import UsageError

Address = tuple[str, int]  # host and port

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 2003
DEFAULT = f"{DEFAULT_HOST}:{DEFAULT_PORT}"


def parse(text: str) -> tuple[str, int]:
    """Return host and port, with the defaults for what is left out. Raises UsageError."""
    if not text.strip():
        raise UsageError(f"the address is empty; it looks like {DEFAULT}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{text!r} is not an address: a host is written in UTF-8") from None
    scheme, is_url, rest = text.partition("://")
    if is_url:
        raise UsageError(
            f"{text!r} is the address of a page; without {scheme}:// it is {rest.split('/')[0] or DEFAULT}"
        )
    if text.isdigit():
        raise UsageError(f"{text!r} is a port without a host; write :{text} or {DEFAULT_HOST}:{text}")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UsageError(f"{text!r} is not an address: an IPv6 host is written [::1]:{DEFAULT_PORT}")
        port = rest[1:]
    elif text.count(":") > 1:  # an IPv6 host by itself
        host, port = text, ""
    else:
        host, colon, port = text.partition(":")
        if colon and not port:
            raise UsageError(f"{text!r} lacks the port after the colon, as in {DEFAULT}")
    return host or DEFAULT_HOST, _port(port, text)


def show(address: tuple[str, int]) -> str:
    """Return an address as it is typed."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _port(port: str, text: str) -> int:
    if not port:
        return DEFAULT_PORT
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535):
        raise UsageError(
            f"{text!r} is not an address: the port is a number from 0 to 65535, as in 127.0.0.1:{DEFAULT_PORT}"
        )
    return int(port)
