"""What is shown of each thing that happens."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.client.terminal.colours import PALETTE, colour
from geventchat.client.terminal.effects import Heading, NewDay, Notice, Shown
from geventchat.client.terminal.mention import mentions
from geventchat.client.terminal.view import lines
from geventchat.protocol import events, replies

_NOW = datetime(2024, 11, 23, 15, 30, tzinfo=timezone(timedelta(hours=3)))
_TIME = "2024-11-23T12:00:00.123Z"


def shown(thing: Shown) -> list[str]:
    return ["".join(text for _, text in line) for line in lines(thing, "ann", _NOW)]


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (events.Said("1-0", _TIME, "lobby", "bob", "hi"), "15:00 bob: hi"),
        (events.Said("1-0", "2024-11-22T12:00:00Z", "lobby", "bob", "hi"), "22 Nov 15:00 bob: hi"),
        (events.Said("1-0", "soon", "lobby", "bob", "hi"), "15:30 bob: hi"),
        (events.Acted("1-0", _TIME, "lobby", "bob", "waves"), "15:00 bob: *waves*"),
        (events.Joined("1-0", _TIME, "lobby", "bob"), "15:00 * bob joined"),
        (events.Left("1-0", _TIME, "lobby", "bob", ""), "15:00 * bob left"),
        (events.Left("1-0", _TIME, "lobby", "bob", "bye"), "15:00 * bob left: bye"),
        (events.Renamed("1-0", _TIME, "lobby", "bob", "rob"), "15:00 * bob is now rob"),
        (events.TopicSet("1-0", _TIME, "lobby", "bob", "tea"), "15:00 * bob set the topic: tea"),
        (replies.Whispered(time=_TIME, nick="bob", to="ann", text="psst"), "15:00 * bob whispers to you: psst"),
        (replies.Whispered(time=_TIME, nick="ann", to="bob", text="psst"), "15:00 * ann whispers to bob: psst"),
        (Notice("connected again"), "15:30 * connected again"),
        (Heading("den", 3, "tea"), "den (3 here): tea"),
        (NewDay(date(2024, 11, 3)), "* Sunday, 3 November 2024"),
        (replies.Members(room="den", members=["ann"], count=3, topic=""), "15:30 * 3 in den: ann and 2 more"),
        (replies.RoomList(rooms={"den": 3}), "15:30 * rooms: den (3)"),
        (replies.Gap(room="den", first="1-0", last="2-0", count=7), "15:30 * you missed 7 lines of den"),
    ],
)
def test_each_thing_is_a_line(thing: Shown, text: str) -> None:
    assert shown(thing) == [text]


def test_what_others_say_of_me_is_marked() -> None:
    def styles(nick: str, text: str) -> set[str]:
        (line,) = lines(events.Said("1-0", _TIME, "lobby", nick, text), "ann", _NOW)
        return {style for style, part in line if part == text}

    assert styles("bob", "Ann?") == {"bold"}
    assert styles("ann", "ann here") == {""}
    assert styles("bob", "joanne") == {""}


@pytest.mark.parametrize(
    ("text", "nick", "is_mentioned"),
    [
        ("ann: hi", "ann", True),
        ("hi ANN!", "ann", True),
        ("annual", "ann", False),
        ("a+b?", "a+b", True),
        ("x", "", False),
    ],
)
def test_a_mention_is_a_word_of_its_own(text: str, nick: str, is_mentioned: bool) -> None:
    assert mentions(text, nick) is is_mentioned


@given(st.text())
def test_whatever_a_server_says_the_time_is_one_line_is_shown(time: str) -> None:
    assert shown(events.Said("1-0", time, "lobby", "bob", "hi"))[0].endswith(" bob: hi")


def test_colours_are_steady_and_can_be_read_on_dark_and_on_light() -> None:
    assert colour("alice") == colour("ALICE") == "#5f8700"
    assert len({colour(f"user{number}") for number in range(200)}) == len(PALETTE)
    for one in PALETTE:
        brightness = _luminance(one)
        assert 1.05 / (brightness + 0.05) > 3.4, "on white"
        assert (brightness + 0.05) / 0.05 > 3.4, "on black"


def _luminance(hexadecimal: str) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    parts = [int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_times_are_shown_where_the_user_is() -> None:
    (line,) = lines(events.Joined("1-0", _TIME, "lobby", "bob"), "ann", _NOW.astimezone(UTC))
    assert line[0][1] == "12:00 "
