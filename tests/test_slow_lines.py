"""Users whose words travel slowly: what a script does one after another, and its end, wait for what is on its way."""

import json
import sys
from pathlib import Path
from textwrap import dedent

import gevent.subprocess
import pytest

from bots.report.outcome import Outcome
from geventchat import ChatServer, Limits
from tests.play import passed, play
from tests.servers.running import other_server
from tests.slow_lines import slow_lines
from tests.test_other_servers import EXAMPLES, play_at

SLOW_S = 0.3


def played(script: str, *, to_server: tuple[str, ...] = (), from_server: tuple[str, ...] = ()) -> Outcome:
    with (
        ChatServer(limits=Limits(rate=None)) as server,
        slow_lines(
            server.address,
            to_server=dict.fromkeys(to_server, SLOW_S),
            from_server=dict.fromkeys(from_server, SLOW_S),
        ) as address,
    ):
        return play(dedent(script), address)


def test_the_end_waits_for_what_the_server_takes_late_and_then_brings_late() -> None:
    outcome = passed(played("script: [cid: hey, ann: hi, ben: ho]", to_server=("ben",), from_server=("ann",)))
    assert outcome.timeline.delivered == 9
    assert outcome.settled


@pytest.mark.slow
def test_a_quiet_end_waits_for_the_last_user_who_hears_what_was_said_last() -> None:
    talk = "cast: {user: 3}\nscript:\n  - user1: first\n  - wait: 2s\n  - user1: second\n  - wait: 300ms\n"
    late = {"LOGIN user2": 0.8, "LOGIN user3": 1.4}
    with other_server("with_lines.py") as server, slow_lines(server, from_server=late) as address:
        outcome = passed(play_at(address, "lines", talk))
    assert (outcome.guessed, outcome.timeline.delivered) == (True, 6)


@pytest.mark.slow
def test_a_quiet_end_is_one_on_all_parts_of_a_run(tmp_path: Path) -> None:
    """Every second user is played by the other worker, and hears what was said between two of the first."""
    file = tmp_path / "talk.yaml"
    file.write_text("cast: {user: 4}\nscript:\n  - user1: first\n  - wait: 3s\n  - user1: second\n  - wait: 300ms\n")
    late = {f"LOGIN user{number}": (number - 1) * 0.7 for number in range(2, 5)}
    with other_server("with_lines.py") as server, slow_lines(server, from_server=late) as (host, port):
        at = ("--server", f"{host}:{port}", "--protocol", str(EXAMPLES / "lines.yaml"), "--workers", "2", "--json")
        command = [sys.executable, "-m", "bots.cli", str(file), *at]
        done = gevent.subprocess.run(command, stdout=gevent.subprocess.PIPE, timeout=60, check=False)
    result = json.loads(done.stdout)
    assert (result["anomalies"], result["delivered"]) == ({}, 8)


def test_a_name_is_taken_only_when_the_one_who_has_it_has_left() -> None:
    outcome = played("script:\n  - ann: {leave, at: 0s}\n  - ben: {rename: ann, at: 0s}\n", to_server=("ann",))
    assert passed(outcome).users == 2


@pytest.mark.slow
def test_a_name_that_is_taken_and_given_up_again_is_free_only_after_both() -> None:
    outcome = played(
        """
        script:
          - ann: {rename: robert, at: 0s}
          - ann: {rename: rob, at: 0s}
          - ben: {rename: robert, at: 0s}
        """,
        to_server=("ann",),
    )
    passed(outcome)


@pytest.mark.slow
def test_who_is_just_coming_back_says_its_line_then() -> None:
    outcome = played(
        """
        cast: {user: 2, other: }
        script:
          - user: {drop: close}
          - together:
              - user: {reconnect}
              - - wait: 100ms
                - user: hi
          - other: {expect: hi, times: 2}
        """,
        to_server=("user1", "user2"),
    )
    assert passed(outcome).timeline.said == 2


def test_who_has_left_by_the_time_that_a_line_can_begin_is_passed_over() -> None:
    outcome = played(
        """
        cast: {user: 2, other: }
        script:
          - user: {leave: bye, at: 0s}
          - user: {expect: hello, within: 10ms, at: 0s}
        """,
        to_server=("user1", "user2"),
    )
    passed(outcome)


@pytest.mark.parametrize("away", ["drop: close", "drop: reset"])
def test_what_was_said_while_somebody_was_away_is_not_the_server_s_lateness(away: str) -> None:
    outcome = played(
        f"""
        script:
          - ann: before
          - ben: {{expect: before}}
          - ann: {{expect: before}}
          - ben: {{{away}}}
          - ann: missed
          - ann: {{expect: missed}}
          - ben: {{reconnect}}
          - ben: {{expect: missed}}
        """
    )
    assert passed(outcome).timeline.delivered == 4
    assert outcome.timeline.latency.count == 3  # ben's hearing of what it missed says nothing
