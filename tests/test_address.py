"""Addresses as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol.address import parse, show
from geventchat.protocol.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("localhost", ("localhost", 2003)),
        (":7000", ("127.0.0.1", 7000)),
        ("10.0.0.7:7000", ("10.0.0.7", 7000)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
        ("127.0.0.1:00080", ("127.0.0.1", 80)),
        ("::1", ("::1", 2003)),
        ("fe80::1%eth0", ("fe80::1%eth0", 2003)),
        ("[::1]", ("::1", 2003)),
        ("[::1]:7000", ("::1", 7000)),
        ("[localhost]:7000", ("localhost", 7000)),
    ],
)
def test_what_is_left_out_is_the_default(typed: str, address: tuple[str, int]) -> None:
    assert parse(typed) == address


@pytest.mark.parametrize(
    "typed",
    ["host:x", "host:-1", "host: 1", "host:65536", "host:99999999999", "host:000000999999", "host:²", "[::1]:x"],
)
def test_a_port_that_is_none_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError, match=r"0 to 65535, as in 127\.0\.0\.1:2003"):
        parse(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("localhost:", "lacks the port after the colon"),
        ("http://127.0.0.1:41010/", "without http:// it is 127.0.0.1:41010"),
        ("41010", "a port without a host; write :41010 or 127.0.0.1:41010"),
    ],
)
def test_half_an_address_is_refused_with_what_is_missing(typed: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(typed)


@pytest.mark.parametrize("typed", ["[::1", "[::1]7000", "["])
def test_brackets_that_do_not_close_are_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError, match=r"\[::1\]:2003"):
        parse(typed)


@given(st.sampled_from(["localhost", "10.0.0.7", "::1", "fe80::1"]), st.integers(0, 65535))
def test_what_is_shown_can_be_typed(host: str, port: int) -> None:
    assert parse(show((host, port))) == (host, port)


@given(st.text(st.characters(codec="utf-8")) | st.text("[]:019a."))
def test_any_text_is_an_address_or_refused_in_one_line(text: str) -> None:
    try:
        host, port = parse(text)
    except UsageError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - an address is as good
    else:
        assert host
        assert 0 <= port <= 65535
