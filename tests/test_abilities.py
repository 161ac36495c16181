"""What each line of a script asks of a protocol that not every one is able to do."""

from typing import get_args

import pytest

from bots.scenario.abilities import WITHOUT, Ability
from bots.scenario.load import parse


@pytest.mark.parametrize(
    ("does", "asked"),
    [
        ("hi", ()),
        ("{say: hi, room: Lobby}", ()),
        ("{say: hi, room: tea}", ("rooms",)),
        ("{act: waves}", ("act",)),
        ("{act: waves, room: tea}", ("act", "rooms")),
        ("{join: Lobby}", ()),
        ("{join: tea}", ("rooms",)),
        ("{leave: }", ()),
        ("{leave: , room: lobby}", ("rooms",)),
        ("{whisper: hi, to: bob}", ("whisper",)),
        ("{rename: alicia}", ("rename",)),
        ("{greet: welcome}", ("greet",)),
        ("{ping: }", ("ping",)),
        ("{drop: reset}", ()),
    ],
)
def test_a_line_asks_of_a_protocol_what_not_every_one_can(does: str, asked: tuple[str, ...]) -> None:
    scenario = parse(f"script: [bob: hi, alice: {does}]".encode(), "test.yaml", lambda _: b"")
    (_, line) = scenario.lines()
    assert line.action.asks_for(reconnects=False) == asked


def test_who_asks_for_what_a_protocol_cannot_do_is_told_why_not() -> None:
    assert set(WITHOUT) == set(get_args(Ability))


def test_who_comes_back_by_itself_is_to_be_told_what_it_missed() -> None:
    (line,) = parse(b"script: [alice: {drop: reset}]", "test.yaml", lambda _: b"").lines()
    assert line.action.asks_for(reconnects=True) == ("catch up",)
