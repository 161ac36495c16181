"""How the server tells by the first bytes who has come."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.dialects.registry import HTTP_ANSWER, JSON, PLAIN, UNFRAMED, Dialect, sniff
from geventchat.protocol.errors import ProtocolError
from tests import fuzz

NEWCOMERS: list[tuple[bytes, Dialect | None, Dialect | None]] = [  # while more may come, and after 150 ms of silence
    (b"", None, None),
    (b"alice", None, UNFRAMED),
    (b"alice\n", PLAIN, PLAIN),
    (b"\n", PLAIN, PLAIN),
    (b"alice\r\nhello", PLAIN, PLAIN),
    (b"\xff\xfb\x01", PLAIN, PLAIN),
    (b"\xd0\x90", None, UNFRAMED),
    (b"{", JSON, JSON),
    (b'{"type":"hello","nick":"alice"}\n', JSON, JSON),
    (b"GET", None, UNFRAMED),
    (b"GETTY\n", PLAIN, PLAIN),
    (b"get up\n", PLAIN, PLAIN),
    (b"Georg\n", PLAIN, PLAIN),
]


@pytest.mark.parametrize(("first", "at_once", "in_the_end"), NEWCOMERS, ids=[repr(first) for first, *_ in NEWCOMERS])
def test_a_newcomer_is_known_by_its_first_bytes(
    first: bytes, at_once: Dialect | None, in_the_end: Dialect | None
) -> None:
    assert sniff(first, quiet=False) is at_once
    assert sniff(first, quiet=True) is in_the_end


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        *(b"HEAD /", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"TRACE ", b"PATCH ", b"PRI * HTTP/2.0"),
    ],
)
def test_a_browser_is_never_taken_for_a_user(first: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        sniff(first, quiet=False)
    assert (refused.value.code, refused.value.fatal) == ("http", True)


def test_a_browser_gets_an_answer_that_it_understands() -> None:
    head, _, body = HTTP_ANSWER.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    assert status == b"HTTP/1.1 400 Bad Request"
    assert b"Content-Length: %d" % len(body) in fields
    assert b"Connection: close" in fields


def test_who_speaks_tls_is_told_apart() -> None:
    with pytest.raises(ProtocolError) as refused:
        sniff(b"\x16\x03\x01\x02\x00", quiet=False)
    assert (refused.value.code, refused.value.fatal) == ("tls", True)


def decide(first: bytes, *, quiet: bool) -> str | None:
    try:
        dialect = sniff(first, quiet=quiet)
    except ProtocolError as error:
        assert error.fatal  # noqa: PT017 - no error at all is as good
        return error.code
    return dialect.name if dialect else None


@given(fuzz.cut(), st.booleans())
def test_how_fast_the_first_bytes_come_does_not_matter(pieces: Sequence[bytes], quiet: bool) -> None:
    whole = b"".join(pieces)
    seen, decision = b"", None
    for piece in pieces:
        seen += piece
        decision = decision or decide(seen, quiet=False)
    assert decision == decide(whole, quiet=False)
    assert decide(whole, quiet=quiet) in (decision, "unframed")
