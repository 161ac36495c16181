"""Names as IRC writes them: one to one, and nothing in them that IRC would read as something else."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.dialects.irc import names as irc
from geventchat.dialects.irc.moderation import mask_of
from geventchat.protocol import names
from geventchat.protocol.errors import Refused

_ODD = "aB1 ,!@*?#&$~%+=-.;<>[]{}|^`'\"\\/_ыЯ中é😀\u0301\u00a0\uff0c\uff20"


def allowed(text: str) -> str:
    """Return a name as it is shown, or a plain one for a text that is none."""
    try:
        return names.nick(text, 32)[0]
    except Refused:
        return "nobody"


nicks = st.text(st.one_of(st.sampled_from(_ODD), st.characters()), min_size=1, max_size=20).map(allowed)


@pytest.mark.parametrize(
    ("nick", "written"),
    [
        ("alice", "alice"),
        ("Алиса", "Алиса"),
        ("Ivan P", "Ivan\u00a0P"),
        ("a,b!c@d", "a\uff0cb\uff01c\uff20d"),
        ("#a#", "\uff03a#"),
        ("+a+b", "\uff0ba+b"),
        ("a?*", "a\uff1f\uff0a"),
    ],
)
def test_a_nick_is_written_so(nick: str, written: str) -> None:
    assert irc.nick_to_irc(nick) == written
    assert irc.name_from_irc(written) == nick


def test_a_room_is_a_channel() -> None:
    assert irc.room_to_irc("tea room, 2") == "#tea\u00a0room\uff0c\u00a02"
    assert irc.room_from_irc("#tea\u00a0room\uff0c\u00a02") == "tea room, 2"
    assert irc.room_from_irc("##a") == "#a"


@given(nicks)
def test_every_nick_comes_back_as_it_was(nick: str) -> None:
    assert irc.name_from_irc(irc.nick_to_irc(nick)) == nick


@given(nicks, nicks)
def test_no_two_nicks_are_written_alike(one: str, other: str) -> None:
    assert (irc.nick_to_irc(one) == irc.nick_to_irc(other)) == (one == other)


@given(nicks)
def test_a_nick_holds_nothing_that_irc_reads_as_something_else(nick: str) -> None:
    written = irc.nick_to_irc(nick)
    assert re.fullmatch(r"[^ ,!@*?:\x00-\x1f\x7f]+", written)
    assert written[0] not in "#&$~%+=-@"
    assert re.fullmatch(r"[^ ]+![a-z]+@[a-z0-9.]+", irc.prefix(nick))


@given(nicks)
def test_a_room_holds_nothing_that_irc_reads_as_something_else(nick: str) -> None:
    written = irc.room_to_irc(nick)  # the rules for rooms are the same
    assert re.fullmatch(r"#[^ ,\x00-\x1f\x7f]+", written)
    assert irc.room_from_irc(written) == nick


def test_what_stands_for_a_character_is_in_no_name() -> None:
    for char in irc.nick_to_irc("#,!@*? &$~%+=-"):
        assert unicodedata.normalize("NFKC", char) != char or char in "#&$~%+=-"


def test_the_host_is_no_address_and_stays_with_the_nick() -> None:
    assert irc.host("alice") == irc.host("Alice") != irc.host("bob")
    assert re.fullmatch(r"[0-9a-f]{10}\.geventchat", irc.host("alice"))


def test_nobody_is_called_as_the_server_is_in_its_notices() -> None:
    with pytest.raises(Refused, match="reserved"):
        names.nick(irc.SERVER, 32)


@pytest.mark.parametrize(
    ("who", "mask"),
    [
        ("bob", "bob!*@*"),
        ("a b/c", "a\u00a0b/c!*@*"),  # one word: what stands behind it in a line is read as something else
        *((who, who) for who in ("192.0.2.7/32", "2001:db8::/32", "from:k3fz9x2aqb")),
    ],
)
def test_whom_a_ban_hits_is_one_word(who: str, mask: str) -> None:
    assert mask_of(who) == mask
