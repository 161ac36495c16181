"""How the server tells by the first bytes which dialect a newcomer speaks."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.dialects.base import Dialect
from geventchat.dialects.registry import IRC, JSON, PLAIN, UNFRAMED, Layer, detect
from geventchat.protocol.errors import ProtocolError
from tests import fuzz

Spoken = Dialect | Layer | None
# What was sent, and what it is: while more may come, after 150 ms of silence, and after two seconds.
NEWCOMERS: list[tuple[list[bytes], Spoken, Spoken, Spoken]] = [
    ([], None, None, None),
    ([b"alice"], None, UNFRAMED, UNFRAMED),
    ([b"alice\n"], PLAIN, PLAIN, PLAIN),
    ([b"\n"], PLAIN, PLAIN, PLAIN),
    ([b"alice\r\nhello"], PLAIN, PLAIN, PLAIN),
    ([b"\xff\xfb\x01"], PLAIN, PLAIN, PLAIN),
    ([b"\xd0\x90\xd0\xbd"], None, UNFRAMED, UNFRAMED),
    ([b"{"], JSON, JSON, JSON),
    ([b'{"type":"hello","nick":"alice"}\n'], JSON, JSON, JSON),
    ([b"GETTY\n"], PLAIN, PLAIN, PLAIN),
    # People whose names begin with a verb of HTTP.
    ([b"Head Teacher\n"], PLAIN, PLAIN, PLAIN),
    ([b"Post Malone\r\n"], PLAIN, PLAIN, PLAIN),
    ([b"Get Smart"], None, UNFRAMED, UNFRAMED),
    ([b"G", b"e", b"t", b" ", b"S"], PLAIN, PLAIN, PLAIN),
    # Names that are nearly commands of a Redis or a memcached.
    ([b"Ping\r\n"], PLAIN, PLAIN, PLAIN),
    ([b"ping\n"], PLAIN, PLAIN, PLAIN),
    ([b"PINGU\n"], PLAIN, PLAIN, PLAIN),
    ([b"PING"], None, UNFRAMED, UNFRAMED),
    ([b"Stats\n"], PLAIN, PLAIN, PLAIN),
    ([b"HELLO\n"], PLAIN, PLAIN, PLAIN),
    ([b"HELLO world\n"], PLAIN, PLAIN, PLAIN),
    ([b"set x 0 0\n"], PLAIN, PLAIN, PLAIN),
    ([b"version 2\n"], PLAIN, PLAIN, PLAIN),
    # Names that are nearly the first words of FTP, POP3 or IMAP.
    ([b"USER bob\n"], PLAIN, PLAIN, PLAIN),
    ([b"user bob\r\n"], PLAIN, PLAIN, PLAIN),
    ([b"a CAPABILITY\r\n"], PLAIN, PLAIN, PLAIN),
    ([b"r2 login\r\n"], PLAIN, PLAIN, PLAIN),
    ([b"Georg\n"], PLAIN, PLAIN, PLAIN),
    ([b"al", b"ice"], None, UNFRAMED, UNFRAMED),
    # A key at a time: a single one may be a short name, two are somebody who types.
    ([b"a"], None, None, UNFRAMED),
    ([b"\xd0\x90"], None, None, UNFRAMED),
    ([b"a", b"n"], PLAIN, PLAIN, PLAIN),
    ([b"\xd0\x90", b"\xd0\xbd"], PLAIN, PLAIN, PLAIN),
    ([b"G", b"E"], None, PLAIN, PLAIN),  # a slow request for a page, or Geo who types
    ([b"G", b"e", b"o"], PLAIN, PLAIN, PLAIN),
    # Pieces of a line that come one after the other: a packet a message is no longer likely, nor looked at forever.
    ([b"al"] * 20, None, UNFRAMED, UNFRAMED),
    ([b"al"] * 40, PLAIN, PLAIN, PLAIN),
    # IRC, or a name that looks like it.
    ([b"CAP LS 302\r\n"], IRC, IRC, IRC),
    ([b"CAP LS 302\r\nNICK bob\r\nUSER b 0 * :Bob\r\n"], IRC, IRC, IRC),
    ([b"cap ls\nJOIN :\r\n"], IRC, IRC, IRC),
    ([b"CAP NONSENSE\r\n"], IRC, IRC, IRC),
    ([b"USER b 0 * :Bob\r\n"], IRC, IRC, IRC),
    ([b"NICK bob\r\n", b"USER b 0 * Bob\r\n"], IRC, IRC, IRC),
    ([b"PASS x\r\nNICK bob\r\n"], IRC, IRC, IRC),
    ([b"nick bob\nPING x\n"], IRC, IRC, IRC),
    ([b"NICK bob\r\n"], None, PLAIN, PLAIN),
    ([b"nick smith\r\n"], None, PLAIN, PLAIN),
    ([b"nick smith\r\nhello\n"], PLAIN, PLAIN, PLAIN),
    ([b"NICK bob\r\nUSER b"], None, PLAIN, PLAIN),
    ([b"nick of time\n"], PLAIN, PLAIN, PLAIN),
    ([b"cap smith\n"], PLAIN, PLAIN, PLAIN),
    ([b"PASS x\n"], None, PLAIN, PLAIN),
    ([b"user a b\n"], PLAIN, PLAIN, PLAIN),
    # What may become a request.
    ([b"PO"], None, None, UNFRAMED),
    ([b"get"], None, None, UNFRAMED),
    ([b"GET http"], None, None, UNFRAMED),
    # What a dialect is spoken inside of.
    *(
        ([request], Layer.HTTP, Layer.HTTP, Layer.HTTP)
        for request in (
            *(verb + b" /" for verb in b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI".split()),
            b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET http://localhost/",
            b"CONNECT localhost:443 HTTP/1.1\r\n",
            b"BREW pot HTTP/1.0\r\n",
        )
    ),
    ([b"\x16\x03\x01\x02\x00"], Layer.TLS, Layer.TLS, Layer.TLS),
]


@pytest.mark.parametrize(
    ("packets", "at_once", "quiet", "patient"), NEWCOMERS, ids=[repr(packets) for packets, *_ in NEWCOMERS]
)
def test_a_newcomer_is_known_by_its_first_bytes(
    packets: list[bytes], at_once: Spoken, quiet: Spoken, patient: Spoken
) -> None:
    assert detect(packets, quiet=False, patient=False) is at_once
    assert detect(packets, quiet=True, patient=False) is quiet
    assert detect(packets, quiet=True, patient=True) is patient


@pytest.mark.parametrize(
    "first",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"EHLO mail.example\r\n",
        b"HELO mail.example\r\n",
        b"USER anonymous\r\n",
        b"USER joe\r\nPASS secret\r\n",
        b"a001 CAPABILITY\r\n",
        b"1 LOGIN joe secret\r\n",
        b"OPTIONSX sip:nm SIP/2.0\r\n",
        b"SETUP rtsp://x RTSP/1.0\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        *(
            line + end
            for line in (b"PING", b"INFO", b"AUTH secret", b"SELECT 0", b"HELLO 3", b"SET x 1", b"CLIENT SETNAME x")
            for end in (b"\r\n", b"\n")
        ),
        *(
            line + b"\r\n"
            for line in (b"stats", b"stats items", b"version", b"set x 0 0 1", b"incr x 1", b"cas x 0 0 1 2")
        ),
        *(verb + b" x\r\n" for verb in (b"get", b"gets", b"delete")),
        b"<?xml version='1.0'?>",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21",
        b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
        b"\x03\x00\x00\x13",
        b"AMQP\x00\x00\x09\x01",
    ],
)
def test_another_protocol_is_never_taken_for_a_user(first: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        detect([first], quiet=False, patient=False)
    assert (refused.value.code, refused.value.fatal) == ("other-protocol", True)


def decide(packets: Sequence[bytes], *, quiet: bool) -> str | None:
    try:
        spoken = detect(packets, quiet=quiet, patient=quiet)
    except ProtocolError as error:
        assert error.fatal  # noqa: PT017 - no error at all is as good
        return error.code
    return spoken.name if spoken else None


@given(fuzz.cut(), st.booleans())
def test_how_fast_the_first_bytes_come_does_not_matter_but_for_keys(pieces: Sequence[bytes], quiet: bool) -> None:
    pieces = [piece for piece in pieces if piece]
    decision = None
    for count in range(1, len(pieces) + 1):
        decision = decision or decide(pieces[:count], quiet=False)
    whole = b"".join(pieces)
    if decision == "plain" or not pieces:  # a key at a time
        return
    assert decision == decide([whole], quiet=False)
    # A line that may begin IRC waits for a second one; if none comes, it was said by somebody at nc.
    assert decide([whole], quiet=quiet) in (decision, "plain" if b"\n" in whole else "unframed")
