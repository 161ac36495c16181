"""Speaking while names, rooms and connections change: nothing is blamed on a right server."""

import pytest

from geventchat import ChatServer, Limits
from tests.play import passed, play

pytestmark = pytest.mark.slow  # each of these takes seconds

_LEAVING = """
cast: {user: 40}
script:
  - together:
      - user: {say: "{words 3}", every: 50ms, jitter: 50%, for: 2s}
      - 20 of user: {leave: bye, spread: 1500ms}
      - 20 of user: {rename: "other{n}", spread: 1500ms, jitter: 100ms}
      - 10 of user: {drop: close, spread: 1500ms}
"""
_MOVING = """
cast: {user: 20}
script:
  - together:
      - user: {say: "{words 3}", every: 20ms, jitter: 50%, for: 2s}
      - - user: {join: den, spread: 500ms}
        - user: {join: lobby, spread: 500ms}
        - user: {join: attic, spread: 500ms}
"""
_HEIRS = """
cast: {ann: , bob: , cid: }
script:
  - ann: {leave, at: 0s}
  - bob: {rename: ann, at: 0s}
  - bob: {say: "I am {name}", at: 0s}
  - bob: {leave, at: 0s}
  - cid: {rename: ann, at: 1ms}
  - cid: {say: "I am {name}", at: 1ms}
  - dan: {join: den, at: 2ms}
  - dan: {say: "I am {name}", at: 2ms}
"""


@pytest.mark.parametrize("dialect", ["json", "plain"])
@pytest.mark.parametrize("scenario", [_LEAVING, _MOVING], ids=["leaving", "moving"])
def test_who_speaks_while_leaving_renaming_or_moving_is_not_blamed_on_the_server(dialect: str, scenario: str) -> None:
    if scenario is _MOVING and dialect == "json":
        scenario = scenario.replace('{say: "{words 3}",', '{say: "{words 3}", room: lobby,').replace(
            "- user: {join: lobby, spread: 500ms}", "- user: {leave, room: den, spread: 500ms}"
        )
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(scenario, server.address, dialect)
    assert outcome.failures == []
    assert {"missing", "leaked", "corrupt"}.isdisjoint(outcome.anomalies)
    assert outcome.timeline.said > 300


def test_names_pass_from_one_to_the_next_in_the_script_s_order_however_fast_it_is() -> None:
    for _ in range(5):
        with ChatServer(limits=Limits(rate=None)) as server:
            outcome = play(_HEIRS, server.address, speed=100)
            assert (outcome.failures, outcome.anomalies) == ([], {})
            assert outcome.timeline.said == 3


def test_two_lines_that_let_the_same_actor_leave_or_come_are_no_failure() -> None:
    script = """
    cast: {user: 5}
    script:
      - together:
          - user: {leave: bye}
          - user: {leave: bye}
          - user: {say: hi, every: 1ms, times: 20}
      - together:
          - user: {join: }
          - user: {say: hi, every: 1ms, times: 20}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(script, server.address))
    assert outcome.users == 5


def test_what_a_script_cuts_short_by_itself_is_no_failure() -> None:
    script = """
    cast: {user: 10}
    script:
      - together:
          - user: {ping, every: 5ms, times: 60}
          - user: {send_bytes: "", every: 5ms, times: 60}
          - 5 of user: {drop: close, spread: 250ms}
          - user: {leave: bye, spread: 250ms, jitter: 50ms}
    """
    for _ in range(3):
        with ChatServer(limits=Limits(rate=None)) as server:
            passed(play(script, server.address))
