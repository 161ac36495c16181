"""The first bytes of protocols that are no chat: told early, so that nothing of them is taken for a name or said."""

import re

from geventchat.protocol.errors import ProtocolError

_VERBS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH", b"PRI")
# RFC 9110, section 9; RFC 9112, section 3.2; RFC 9113, section 3.4: a verb and a target. A name may begin with a verb,
# as Head Teacher's does. A whole request line is one whatever its verb and target: no name looks like it.
_REQUESTS = tuple(verb + b" " + target for verb in _VERBS for target in (b"/", b"*", b"HTTP://", b"HTTPS://"))
_REQUEST_LINE = re.compile(rb"\s*[a-z]+ \S+ HTTP/\d", re.IGNORECASE | re.ASCII)
_TLS_HANDSHAKE = b"\x16"  # RFC 8446, section 5.1

# What is sent first to a Redis or a memcached, often to learn whether it lives. A person may be called so, and comes in
# as `Ping` or `Stats`: only a whole line is taken for a command, and only as those clients spell it.
_REDIS = rb"PING|INFO|COMMAND|DBSIZE|AUTH \S+|SELECT \d+|HELLO \d[^\n]*|CLIENT [A-Z]+[^\n]*|SET \S+ \S+|CONFIG GET \S+"
_MEMCACHED = (
    rb"stats(?: [a-z]+)?|version|flush_all|mn|(?:gets?|delete) \S+|"
    rb"(?:(?:set|add|replace|append|prepend) \S+ \d+ -?\d+ \d+|cas \S+ \d+ -?\d+ \d+ \d+|(?:incr|decr|touch) \S+ \d+)"
    rb"(?: noreply)?"
)
# What clients of mail and of files send first where they do not wait for a greeting: a password comes next.
_IMAP = rb"(?=\w*\d)\w{1,20} (?:CAPABILITY|NOOP|LOGOUT|STARTTLS|LOGIN \S+ [^\n]+|AUTHENTICATE \S+|ID [^\n]+)"

_OTHERS = (
    ("SSH", re.compile(rb"SSH-\d")),  # RFC 4253, section 4.2
    ("SMTP", re.compile(rb"(?:EHLO|HELO|LHLO) \S", re.IGNORECASE)),  # RFC 5321, section 4.1.1.1
    ("FTP or POP3", re.compile(rb"USER \S+\r\n")),  # RFC 959, section 4.1.1; RFC 1939, section 7
    ("IMAP", re.compile(rb"%s\r\n" % _IMAP)),  # RFC 3501, section 6
    ("SIP or RTSP", re.compile(rb"\s*[a-z]+ \S+ (?:SIP|RTSP)/\d", re.IGNORECASE)),  # RFC 3261, section 7.1
    ("Redis", re.compile(rb"(?:\*\d+|%s)\r?\n" % _REDIS)),  # an array of RESP, or a command in one line
    ("memcached", re.compile(rb"(?:%s)\r?\n" % _MEMCACHED)),
    ("XML", re.compile(rb"<(?:\?xml|stream:stream|policy-file-request)")),
    ("a proxy's header", re.compile(rb"PROXY (?:TCP[46]|UNKNOWN)\b|\r\n\r\n\x00\r\nQUIT\n")),
    # Names and what people type begin with no control character but tab, ends of lines and telnet's.
    ("a binary protocol", re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|[^\n]{0,64}\x00")),
)


def is_tls(first: bytes) -> bool:
    """Return whether a connection begins with TLS."""
    return first.startswith(_TLS_HANDSHAKE)


def is_http(first: bytes) -> bool:
    """Return whether a connection begins with an HTTP request."""
    return first.upper().startswith(_REQUESTS) or _REQUEST_LINE.match(first) is not None


def may_become_http(first: bytes) -> bool:
    """Return whether these bytes, which are no whole line, may be the beginning of an HTTP request."""
    return any(request.startswith(first.upper()) for request in _REQUESTS)


def foreign(first: bytes) -> ProtocolError | None:
    """Return the error, a fatal one, when a connection begins with HTTP or another protocol that is no chat."""
    name = "HTTP" if is_http(first) else next((name for name, pattern in _OTHERS if pattern.match(first)), None)
    return None if name is None else not_chat(f"this port speaks chat, and that is {name}")


def not_chat(message: str) -> ProtocolError:
    """Return the error for a connection on which our words would not be understood; the log alone says why."""
    return ProtocolError("other-protocol", message, fatal=True)
