import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.transcripts.legal_names import LegalNames, one_to_one
from geventchat.protocol import names
from tests.scenarios import scenario


def named(*nicks: str) -> dict[str, str]:
    return one_to_one(nicks, LegalNames())


def test_a_legal_nick_stays() -> None:
    for nick in ("alice", "|trey|", "[zero]", "cas`", "Алиса", "foo_2", "-x-"):
        assert named(nick) == {nick: nick}


@pytest.mark.parametrize(
    ("nick", "name"),
    [
        ("{foo}", "_foo}"),
        ("*status", "_status"),
        ("/dev/null", "_dev/null"),
        ("a:b", "a_b"),
        ("two words", "two words"),
        ("exit", "exit_2"),
        ("Server", "Server_2"),
        ("everyone", "everyone_2"),
        ("say", "say_2"),
        ("together", "together_2"),
        ("any body", "any_body"),
        ("x" * 40, "x" * 32),
        ("\ufb03" * 20, "ffi" * 10),  # one letter that is three once it is normalised
        ("\x1b[31mred", "[31mred"),
        ("", "_"),
        ("\u200b", "_"),
    ],
)
def test_an_odd_nick_becomes_a_legal_one(nick: str, name: str) -> None:
    assert named(nick) == {nick: name}


def test_who_has_a_legal_nick_keeps_it_whoever_comes_first() -> None:
    assert named("{foo", "_foo", "_foo_2") == {"_foo": "_foo", "_foo_2": "_foo_2", "{foo": "_foo_3"}


def test_nicks_that_differ_only_by_case_stay_two() -> None:
    assert named("Foo", "foo", "FOO") == {"Foo": "Foo", "foo": "foo_2", "FOO": "FOO_3"}


def test_nicks_that_look_the_same_become_names_that_a_server_tells_apart() -> None:
    assert named("bill", "biII", "b\u0456ll", "bi11") == {
        "bill": "bill",
        "biII": "biII_2",
        "b\u0456ll": "b\u0456ll_3",
        "bi11": "bi11_4",
    }


@settings(deadline=None)
@given(st.lists(st.text(max_size=40) | st.text("aA{*/:_2 ßé\u0301", max_size=5), max_size=12))
def test_names_are_legal_and_one_to_one_whatever_the_nicks(nicks: list[str]) -> None:
    given_names = named(*nicks)
    assert set(given_names) == set(nicks)
    keys = {names.nick(name, 32)[1] for name in given_names.values()}
    assert len(keys) == len({names.skeleton(name) for name in given_names.values()}) == len(given_names)
    for name in given_names.values():
        assert scenario("script:\n  - " + _quoted(name) + ": hi").actors[0].name == name


def _quoted(name: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in name) + '"'
