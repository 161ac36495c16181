"""Which names can be had, which two names are one (RFC 8266), and which look like one (Unicode TR 39)."""

import unicodedata

import disarm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol import names
from geventchat.protocol.errors import Refused

MAX = 32


NAMES = [
    *(
        "alice",
        "Алиса",
        "李雷",
        "عليّ",
        "José",
        "bob ross",
        "r2-d2",
        "o'neill",
        "a*b/c{d}",
        "alice@home",
        "👍",
        "x" * 32,
    ),
    *("room 17", "17th", "नमस्ते", "दुःख", "שָׁלוֹם", "ทั้งหมด", "བརྒྱུད", "الْعَرَبِيَّةُ", "လျှော့", "Việt", "q\u0323\u0302\u0301\u0300"),
]


@pytest.mark.parametrize("name", NAMES)
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
    "\u2217 bob joined": "which looks like \\*",
    "bob\ua789 hi": "which looks like one",
    "bob\u0903 hi": "which looks like one",  # a sign for Indian letters, and here behind a Latin one
    "\u2800": "invisible",
    "a\u2800b": "invisible",
    "\u3164": "empty|invisible",
    "\u0301a": "not with an accent",
    "bob \u0301a": "not with an accent",
    "e" + "\u0301" * 31: "at most 4 accents",
    "q\u0323\u0302\u0301\u0300\u0304": "at most 4 accents",
    "\ufffd\ufffd": "please use UTF-8",
}


@pytest.mark.parametrize(("name", "why"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_these_are_no_names_and_the_user_is_told_why(name: str, why: str) -> None:
    for claim, code in ((names.nick, "bad-nick"), (names.room, "bad-room")):
        with pytest.raises(Refused, match=why) as refused:
            claim(name, MAX)
        assert refused.value.code == code


@pytest.mark.parametrize(
    "name",
    [
        *("exit", "EXIT", "\uff45xit", " server ", "System", "everyone", "geventchat"),
        *("\u0435xit", "s\u0443stem", "systern", "every0ne"),
    ],
)
def test_words_that_mean_something_else_cannot_be_had_as_nicks(name: str) -> None:
    with pytest.raises(Refused, match="reserved") as refused:
        names.nick(name, MAX)
    assert refused.value.code == "bad-nick"
    assert names.room(name, MAX)


@pytest.mark.parametrize("name", ["17", "\u0661\u0667", "\uff11"])
def test_a_number_alone_would_read_as_a_count_of_users_but_is_a_good_name_for_a_room(name: str) -> None:
    with pytest.raises(Refused, match="would read as a count"):
        names.nick(name, MAX)
    assert names.room(name, MAX)


def test_whatever_looks_like_a_colon_or_begins_like_a_notice_is_refused() -> None:
    chars = [chr(number) for number in range(0x20000) if not 0xD800 <= number < 0xE000]
    alike = {char: likeness for char in chars if (likeness := disarm.skeleton_key(char)) and likeness[0] in ":*"}
    assert len(alike) > 25
    for char, likeness in alike.items():
        with pytest.raises(Refused, match=r"look|hold|begin"):
            names.nick(f"{char} bob joined" if likeness[0] == "*" else f"bob{char} hi", MAX)


def test_a_name_is_never_without_ink() -> None:
    blank = [chr(number) for number in range(0x110000) if unicodedata.category(chr(number)) in ("Zs", "Zl", "Zp", "Cf")]
    for char in [*blank, "\u2800", "\u115f", "\u1160", "\u3164", "\uffa0", "\u034f", "\ufe0f", "\U000e0100"]:
        with pytest.raises(Refused):
            names.nick(char, MAX)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "b\u043eb"),  # a Cyrillic o
        ("paypal", "\u0440\u0430\u0443\u0440\u0430\u04cf"),
        ("Ivan", "lvan"),
        ("user1", "userl"),
        ("user10", "user1O"),
        ("mike", "rnike"),
        ("Кот", "Kot"),
        ("bob", "\U0001d41b\U0001d428\U0001d41b"),
    ],
)
def test_names_that_look_the_same_have_one_skeleton(one: str, other: str) -> None:
    assert names.skeleton(one) == names.skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("alice", "alicia"), ("José", "Jose"), ("user1", "user2"), ("user1", "user11"), ("👍", "❤"), ("李", "雷")],
)
def test_names_that_differ_to_the_eye_have_other_skeletons(one: str, other: str) -> None:
    assert names.skeleton(one) != names.skeleton(other)


def test_every_reserved_word_is_one_that_could_be_typed() -> None:
    assert {names.key(word) for word in names.RESERVED} == names.RESERVED
    assert {names.skeleton(word) for word in names.RESERVED} == names.RESERVED


@pytest.mark.parametrize("name", ["", " ", "a\x00", "\ud800", "x\u202e"])
def test_what_cannot_be_a_name_is_nobody_s(name: str) -> None:
    assert names.key(name) == ""


def test_a_text_of_very_many_accents_is_no_name_and_nobody_waits_for_that() -> None:
    assert names.key("a" + "\u0301\u0316" * 200_000) == ""  # normalizing it takes minutes


_letters = st.sampled_from("aA:*/{ ςσΣ\u03f9\u0131İiI\u0307\u0345é\u0301ﬁﬅßẞ\u212aǅǰ\u3000\u200b\u200d\u202e\x1b\ud800")


@given(st.one_of(st.text(), st.text(_letters, max_size=6)))
def test_a_name_that_is_taken_stays_the_same_whoever_looks_at_it(text: str) -> None:
    try:
        shown, key = names.nick(text, MAX)
    except Refused:
        return  # as most texts are
    assert names.nick(shown, MAX) == (shown, key)
    assert names.key(text) == names.key(shown) == key
    assert not shown.startswith(("*", "/", "{", " "))
    assert ":" not in shown
    assert shown.isprintable()
    assert 0 < len(shown) <= MAX
