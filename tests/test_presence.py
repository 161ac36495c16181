"""Who came and went, gathered into few lines."""

from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol.crowd import JoinLeaveSummary
from geventchat.protocol.events import Joined, Left
from geventchat.protocol.limits import CROWD_GATHER_S


def joined(nick: str, number: int = 0) -> Joined:
    return Joined(f"1-{number}", "", "lobby", nick)


def left(nick: str, number: int = 0) -> Left:
    return Left(f"1-{number}", "", "lobby", nick)


def told(*events: Joined | Left) -> list[Joined | Left | str]:
    presence = JoinLeaveSummary()
    for event in events:
        presence.add(event, 100.0)
    return presence.take()


def test_few_are_named() -> None:
    came, went = [joined("a"), joined("b"), joined("c")], [left("x"), left("y"), left("z")]
    assert told(*came, *went) == [*came, *went]


def test_many_are_counted() -> None:
    assert told(*[joined(f"user{number}") for number in range(37)]) == ["37 joined"]
    assert told(*[left(f"user{number}") for number in range(4)]) == ["4 left"]


def test_many_who_came_are_counted_and_the_few_who_went_are_named() -> None:
    assert told(*[joined(f"user{number}") for number in range(4)], left("bob")) == ["4 joined", left("bob")]


def test_who_went_and_came_back_is_told_to_be_here() -> None:
    assert told(left("bob"), joined("bob")) == [left("bob"), joined("bob")]


def test_it_is_told_a_while_after_the_first_and_then_gathered_anew() -> None:
    presence = JoinLeaveSummary()
    assert presence.due is None
    presence.add(joined("a", 1), 100.0)
    presence.add(joined("b", 2), 100.9)
    assert presence.due == 100.0 + CROWD_GATHER_S
    assert presence.last_id == "1-2"
    presence.take()
    assert presence.due is None
    assert presence.take() == []
    presence.add(joined("c", 3), 200.0)
    assert presence.due == 200.0 + CROWD_GATHER_S
    assert presence.take() == [joined("c", 3)]


@given(st.lists(st.booleans()))
def test_everyone_is_named_or_counted_once(comings: list[bool]) -> None:
    events = [joined(str(number)) if comes else left(str(number)) for number, comes in enumerate(comings)]
    lines = told(*events)
    named = [line for line in lines if not isinstance(line, str)]
    counted = sum(int(line.split()[0]) for line in lines if isinstance(line, str))
    assert len(named) + counted == len(events)
    assert named == [event for event in events if event in named]
    assert len(lines) <= 6
