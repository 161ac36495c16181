from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.scenario.pattern import pattern
from bots.scenario.template import escape, template
from bots.scenario.words import WORDS


def test_placeholders_are_filled_in() -> None:
    text = template("Hi {sender}, I'm {name}, number { n }")
    assert text.fields == {"sender", "name", "n"}
    assert text.render({"sender": "bob", "name": "alice", "n": "3"}) == "Hi bob, I'm alice, number 3"


def test_values_are_not_filled_in_again() -> None:
    assert template("{name}").render({"name": "{n}", "n": "3"}) == "{n}"


@pytest.mark.parametrize(("source", "low", "high"), [("{words}", 5, 5), ("{words 2}", 2, 2), ("{words 3..8}", 3, 8)])
def test_words_are_as_many_as_asked_for(source: str, low: int, high: int) -> None:
    counts = {len(template(source).render({}, Random(seed)).split(" ")) for seed in range(200)}
    assert counts == set(range(low, high + 1))


def test_words_are_from_the_list_and_differ() -> None:
    words = template("{words 400}").render({}, Random(1)).split(" ")
    assert set(words) <= set(WORDS)
    assert len(set(words)) > 150


def test_a_doubled_brace_is_a_brace() -> None:
    assert template("{{name}} is }}{{").render({}) == "{name} is }{"


@settings(deadline=None)
@given(st.text())
def test_an_escaped_text_says_just_that(text: str) -> None:
    assert template(escape(text)).fields == frozenset()
    assert template(escape(text)).render({}) == text


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("hi {", "without its other half"),
        ("hi }", "without its other half"),
        ("{a{b}", "without its other half"),
        ("{}", "names nothing"),
        ("{words 8..3}", "smaller number first"),
        ("{words 0}", "from 1"),
        ("{words 1..99999999}", "to 10,000"),
        ("{words many}", "how many"),
        ("{words 3-8}", "how many"),
    ],
)
def test_what_is_no_template_is_told(source: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        template(source)


def test_a_text_pattern_must_be_contained() -> None:
    matches = pattern("Hi {name}").filled({"name": "al.ce"})
    assert matches("Oh, Hi al.ce!")
    assert not matches("Hi alice")
    assert not matches("hi al.ce")


def test_a_regular_expression_is_searched_for_and_keeps_its_braces() -> None:
    assert pattern("/by.{1,2}$/").filled({})("Goodbyes")
    assert not pattern("/BYE/").filled({})("goodbye")
    assert pattern("/BYE/i").filled({})("goodbye")


@pytest.mark.parametrize("source", ["/(/", "/a{2,1}/", "/[/"])
def test_what_is_no_regular_expression_is_told(source: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        pattern(source)


@pytest.mark.parametrize("source", ["/(a+)+$/", "/(a+){25}b/", "/(a|ab|b)*c$/", r"/^(?:\w+\s?)*x/i"])
def test_no_pattern_takes_long_whatever_is_said(source: str) -> None:
    matches = pattern(source).filled({})
    assert not matches("a" * 5_000 + "!")
    assert not matches("ab" * 5_000 + "!")
