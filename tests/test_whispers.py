"""Whispers in a run: a server that loses one, or tells others, is found out."""

import pytest

from bots.report.verdict import status_of
from geventchat import ChatServer, Limits
from tests.faulty_json_server import faulty_json_server
from tests.play import passed, play

_WHISPERS = """
cast: {ann: , ben: , cid: }
script:
  - ann: {whisper: "psst {words 3}", to: ben, times: 5}
"""


@pytest.mark.parametrize(("fault", "anomalies"), [("lost whisper", {"missing": 2}), ("leaked whisper", {"leaked": 2})])
def test_a_whisper_that_is_lost_or_heard_by_others_fails_the_run(fault: str, anomalies: dict[str, int]) -> None:
    with faulty_json_server(fault, times=2) as (address, _):
        outcome = play(_WHISPERS, address)
    assert (outcome.anomalies, status_of(outcome)) == (anomalies, 1)
    finding = outcome.whispers["ben"].findings[0]
    assert finding.reader.name == ("ben" if fault == "lost whisper" else "cid")


@pytest.mark.parametrize(("errors", "failures", "missing"), [("any", 0, {}), ("none", 2, {"missing": 2})])
def test_a_whisper_that_is_refused_is_missing_unless_errors_do_not_matter(
    errors: str, failures: int, missing: dict[str, int]
) -> None:
    with faulty_json_server("refused whisper", times=2) as (address, _):
        outcome = play(f"{_WHISPERS}check: {{errors: {errors}}}\n", address)
    assert (outcome.failures.many, outcome.anomalies) == (failures, missing)


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_whispers_arrive_while_their_hearers_rename_themselves_and_leave(dialect: str) -> None:
    talk = """
    cast: {user: 8, ear: 8}
    script:
      - together:
          - user: {whisper: "psst {words 3}", to: ear1, every: 20ms, times: 40}
          - user: {whisper: "psst {words 3}", to: ear2, every: 20ms, times: 40}
          - ear1: {rename: "ear{n}x", every: 100ms, times: 1}
          - - wait: 200ms
            - ear1: {rename: other}
            - wait: 200ms
            - ear1: {leave}
          - - wait: 300ms
            - ear2: {leave}
            - ear2: {join}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(talk, server.address, dialect))
    assert outcome.timeline.said > 200


def test_a_whisper_may_be_lost_with_the_connection_of_its_hearer() -> None:
    talk = """
    cast: {user: 4, ear: {reconnect: true}}
    script:
      - together:
          - user: {whisper: "psst {words 9}", to: ear, every: 10ms, times: 60}
          - ear: {drop: reset, every: 200ms, times: 3}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        passed(play(talk, server.address))


@pytest.mark.parametrize("move", ["leave: bye", "rename: benny"])
def test_whispers_that_the_server_takes_slowly_are_waited_for(move: str) -> None:
    talk = f"""
    script:
      - ann: {{whisper: "psst {{words 3}}", to: ben, times: 10}}
      - ben: {{{move}}}
    """
    with ChatServer(limits=Limits(rate=20, burst=1)) as server:
        assert passed(play(talk, server.address)).timeline.delivered == 10
