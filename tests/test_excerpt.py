"""`--only`: a line of a scenario played alone, in the place and under the names that it has in the whole."""

import json
from pathlib import Path

import pytest

from bots.scenario.excerpt import excerpt, nearest_line
from bots.scenario.model import Line, Scenario
from bots.scenario.schedule import chosen, latecomers
from tests.processes import run
from tests.scenarios import scenario

WHOLE = """
cast: {user: 9, ann: {}}
script:
  - user1: hello
  - ann: {rename: eve}
  - wait: 5s
  - any user: {say: "{words 8}", at: 60s}
  - together:
      - user2: {join: den}
      - user3: {say: not this}
  - user2: bye
  - ann: {leave: gone}
"""


def lines(found: Scenario | None) -> list[tuple[int, str]]:
    assert found is not None
    return [(line.place.line, line.action.key) for line in found.lines()]


def test_before_the_line_comes_only_who_moves_or_is_renamed() -> None:
    whole = scenario(WHOLE)
    assert lines(excerpt(whole, 4, 4)) == [(4, "say")]
    assert lines(excerpt(whole, 7, 7)) == [(5, "rename"), (7, "say")]
    assert lines(excerpt(whole, 11, 11)) == [(5, "rename"), (9, "join"), (11, "say")]
    assert lines(excerpt(whole, 10, 11)) == [(5, "rename"), (9, "join"), (10, "say"), (11, "say")]


def test_the_line_has_the_words_and_the_users_that_it_has_in_the_whole_and_waits_for_nothing() -> None:
    whole = scenario(WHOLE)
    (alone,) = [line for line in (excerpt(whole, 7, 7) or whole).lines() if line.place.line == 7]
    (before,) = [line for line in whole.lines() if line.place.line == 7]
    assert alone.number == before.number
    assert chosen(whole, alone) == chosen(whole, before)
    assert (before.action.at, alone.action.at) == (60.0, None)
    assert all(isinstance(step, Line) for step in (excerpt(whole, 7, 7) or whole).script), "no pause is left"


def test_who_is_there_from_the_beginning_and_who_comes_later_is_as_in_the_whole() -> None:
    whole = scenario(
        """
        script:
          - bob: hi
          - bob: {join: kitchen}
          - eve: {join}
          - eve: hello
          - bob: {say: back in the lobby, room: lobby}
          - eve: bye
        """
    )
    late = latecomers(whole)
    assert [actor.name for actor in late] == ["eve"]
    for line in range(2, 9):
        if (part := excerpt(whole, line, line)) is not None:
            assert latecomers(part) == late


def test_a_line_alone_is_heard_in_the_same_rooms_as_in_the_whole(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text(
        "script:\n  - bob: hi\n  - bob: {join: kitchen}\n  - bob: {say: to all, room: lobby}\n  - alice: hello\n"
    )
    ran = run("bots.cli", str(file), "--only", "4", "--json")
    result = json.loads(ran.out)
    assert (result["delivered"], result["failures"], result["anomalies"]) == (2, [], {})


def test_who_reads_slowly_does_so_before_a_line_alone() -> None:
    whole = scenario("script:\n  - bob: {read: stopped}\n  - ann: hi\n  - ann: hello\n  - bob: {read: normal}\n")
    assert lines(excerpt(whole, 4, 4)) == [(2, "read"), (4, "say")]


def test_lines_in_the_wrong_order_are_told_so(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text("script:\n  - ann: hi\n  - ann: bye\n")
    wrong = run("bots.cli", str(file), "--only", "3-2")
    told = "geventchat-bots: --only 3-2 ends before it begins; write --only 2-3\n"
    assert (wrong.status, wrong.errors) == (2, told)


def test_where_no_line_begins_the_nearest_is_named() -> None:
    whole = scenario(WHOLE)
    assert excerpt(whole, 6, 6) is None
    assert excerpt(whole, 8, 8) is None
    assert nearest_line(whole, 8) in (7, 9)
    assert nearest_line(whole, 99) == 12


@pytest.mark.slow
def test_one_line_of_a_file_is_run_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text("script:\n  - ann: hi\n  - ben: {expect: never, within: 10ms}\n  - ann: bye\n")
    ran = run("bots.cli", str(file), "--only", "4")
    assert (ran.status, "1 message" in ran.out) == (0, True)
    wrong = run("bots.cli", str(file), "--only", "1")
    assert (wrong.status, wrong.errors.count("\n")) == (2, 1)
    assert wrong.errors.endswith("the nearest is at 2\n")
