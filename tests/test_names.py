"""Which names can be had, and which two names are one (RFC 8266)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geventchat.protocol import names
from geventchat.protocol.errors import Refused

MAX = 32


@pytest.mark.parametrize(
    "name",
    ["alice", "Алиса", "李雷", "عليّ", "José", "bob ross", "r2-d2", "o'neill", "a*b/c{d}", "alice@home", "👍", "x" * 32],
)
def test_these_are_names_and_shown_as_they_are_written(name: str) -> None:
    assert names.nick(name, MAX)[0] == name
    assert names.room(name, MAX)[0] == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("Алиса", "аЛИСА"),
        ("José", "JOSE\u0301"),  # an accent of its own
        ("K", "\u212a"),  # the sign for kelvin
        ("alice", "\uff41lice"),  # a wide letter
        ("fish", "ﬁsh"),
        ("bob ross", "  bob \u3000 ross "),
        ("a\u03a3b", "a\u03f9b"),  # two sigmas that look the same
    ],
)
def test_two_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert names.nick(one, MAX)[1] == names.nick(other, MAX)[1]
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(("one", "other"), [("alice", "alicia"), ("José", "Jose"), ("bob ross", "bobross")])
def test_other_names_are_others(one: str, other: str) -> None:
    assert names.nick(one, MAX)[1] != names.nick(other, MAX)[1]


REFUSED = {
    "": "empty",
    "  ": "empty",
    "\x1b": "empty",
    "al\x1b[31mice": "control",
    "al\x00ice": "control",
    "al\tice": "control",
    "al\nice": "control",
    "al\x85ice": "control",
    "al\u202eice": "control",
    "al\u2066ice": "control",
    "al\u2028ice": "control",
    "al\u200bice": "control",
    "al\u00adice": "control",
    "a\ud800": "control",
    "alice:": "colon",
    "a\uff1ab": "colon",
    "*": "begin with",
    "*alice": "begin with",
    "\uff0aalice": "begin with",
    "  *alice": "begin with",
    "/alice": "begin with",
    "{alice": "begin with",
    "x" * 33: "32 characters",
    "\u0130" * 17: "32 characters",  # each is two in lower case
    "\ufdfa" * 2: "32 characters",  # each is 18 letters written out
}


@pytest.mark.parametrize(("name", "why"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_these_are_no_names_and_the_user_is_told_why(name: str, why: str) -> None:
    for claim, code in ((names.nick, "bad-nick"), (names.room, "bad-room")):
        with pytest.raises(Refused, match=why) as refused:
            claim(name, MAX)
        assert refused.value.code == code


@pytest.mark.parametrize("name", ["exit", "EXIT", "\uff45xit", " server ", "System", "everyone", "geventchat"])
def test_words_that_mean_something_else_cannot_be_had_as_nicks(name: str) -> None:
    with pytest.raises(Refused, match="reserved") as refused:
        names.nick(name, MAX)
    assert refused.value.code == "bad-nick"
    assert names.room(name, MAX)


def test_every_reserved_word_is_one_that_could_be_typed() -> None:
    assert {names.key(word) for word in names.RESERVED} == names.RESERVED


@pytest.mark.parametrize("name", ["", " ", "a\x00", "\ud800", "x\u202e"])
def test_what_cannot_be_a_name_is_nobody_s(name: str) -> None:
    assert names.key(name) == ""


_letters = st.sampled_from("aA:*/{ ςσΣ\u03f9\u0131İiI\u0307\u0345é\u0301ﬁﬅßẞ\u212aǅǰ\u3000\u200b\u200d\u202e\x1b\ud800")


@given(st.one_of(st.text(), st.text(_letters, max_size=6)))
def test_a_name_that_is_taken_stays_the_same_whoever_looks_at_it(text: str) -> None:
    try:
        shown, key = names.nick(text, MAX)
    except Refused:
        assume(False)
    assert names.nick(shown, MAX) == (shown, key)
    assert names.key(text) == names.key(shown) == key
    assert not shown.startswith(("*", "/", "{", " "))
    assert ":" not in shown
    assert shown.isprintable()
    assert 0 < len(shown) <= MAX
