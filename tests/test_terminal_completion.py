"""What Tab does to a line."""

import pytest

from geventchat.client.terminal.completion import CHOICES, Completion
from geventchat.client.terminal.status import Status
from geventchat.client.terminal.user_input import COMMANDS

_KNOWN = Status(nicks=("alice", "albert", "Ivan P", "Алиса", "[bot]"), rooms=("lobby", "den"))


def pressed(before: str, times: int = 1, step: int = 1) -> str | None:
    completion = Completion()
    for _ in range(times):
        before = completion.press(before, _KNOWN, step) or before
    return before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("al", "alice: "),
        ("АЛ", "Алиса: "),
        ("hi al", "hi alice "),
        ("/wh", "/who "),
        ("/msg al", "/msg alice "),
        ("/msg iv", '/msg "Ivan P" '),
        ("/join d", "/join den"),
        ("/room l", "/room lobby"),
        ("/me hugs al", "/me hugs alice "),
        ("x/wh", "x/wh"),
        ("(al", "(alice"),
        ('so "Ал', 'so "Алиса'),
        ("@al", "@alice"),
        ("(", "("),
        ("hi [b", "hi [bot] "),
        ('/msg "iv', '/msg "Ivan P" '),
        ("/ban iv", '/ban "Ivan P" '),
        ("/Kick iv", '/Kick "Ivan P" '),
        ("/delete iv", '/delete "Ivan P" '),
        ("/whois iv", "/whois Ivan P "),
        ("nobody", "nobody"),
    ],
)
def test_the_begin_of_a_name_or_command_becomes_the_whole(before: str, after: str) -> None:
    assert pressed(before) == after


def test_pressing_on_goes_through_all_that_fit_and_round() -> None:
    assert [pressed("al", times) for times in (1, 2, 3)] == ["alice: ", "albert: ", "alice: "]
    assert pressed("al", 1, -1) == "albert: "


def test_what_can_be_chosen_is_shown_while_it_stands() -> None:
    completion = Completion()
    before = completion.press("al", _KNOWN) or ""
    assert completion.choices(before) == [("alice:", True), ("albert:", False)]
    assert completion.choices(before + "h") == []
    completion.press("/exi", _KNOWN)
    assert completion.choices("/exit ") == []


def test_a_slash_offers_every_command() -> None:
    completion, before, offered = Completion(), "/", []
    for _ in COMMANDS:
        before = completion.press(before, _KNOWN) or ""
        offered += [choice for choice, is_chosen in completion.choices(before) if is_chosen]
    assert offered == [f"/{name}" for name in COMMANDS]


def test_of_many_choices_the_few_around_the_chosen_one_are_offered() -> None:
    nicks = tuple(f"user{number:04}" for number in range(1000))
    completion, before = Completion(), "user"
    for _ in range(CHOICES + 1):
        before = completion.press(before, Status(nicks=nicks)) or ""
    choices = completion.choices(before)
    assert choices[0] == (f"user{CHOICES:04}:", True)
    assert len(choices) == CHOICES
