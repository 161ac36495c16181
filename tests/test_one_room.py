"""A protocol with one room at a time: what is said to another room is told before anything runs."""

from pathlib import Path

import pytest

from bots.protocols.one_room import said_elsewhere
from tests.processes import run
from tests.scenarios import scenario


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("- bob: {say: hi, room: lobby}", []),
        ("- bob: {say: hi, room: den}", [2]),
        ("- bob: hi\n- bob: {join: den}\n- bob: {say: hi, room: Den}\n- bob: {say: hi, room: lobby}", [5]),
        ("- bob: {join: den}\n- bob: {say: hi, room: den}\n- bob: {act: waves, room: lobby}", [4]),
        ("- bob: {join: den}\n- bob: {leave: , room: den}\n- bob: {say: hi, room: lobby}", []),
        ("- bob: {join: den}\n- bob: {leave: }\n- bob: {join: }\n- bob: {say: hi, room: lobby}", []),
        ("- bob: {join: den}\n- bob: {join: tea}\n- bob: {say: hi, room: den}\n- bob: {say: hi, room: tea}", [4]),
        ("- bob: {join: den}\n- bob: {drop: reset}\n- bob: {reconnect: }\n- bob: {say: hi, room: den}", []),
        ("- bob: hi\n- ann: {join: den}\n- everyone: {say: hi, room: den}", [4]),
    ],
)
def test_what_is_said_where_one_is_not_is_found(script: str, wrong: list[int]) -> None:
    read = scenario("script:\n" + "".join(f"  {line}\n" for line in script.split("\n")))
    assert [line.place.line for line, _ in said_elsewhere(read)] == wrong


def test_who_moves_in_one_of_several_branches_may_be_anywhere_until_it_moves_again() -> None:
    read = scenario(
        """
        script:
          - bob: hi
          - together:
              - bob: {join: den}
              - - bob: {say: here or there, room: lobby}
                - ann: {say: surely not, room: den}
          - bob: {say: here or there, room: den}
          - bob: {join: tea}
          - bob: {say: surely not, room: den}
        """
    )
    assert [line.place.line for line, _ in said_elsewhere(read)] == [7, 10]


def test_a_run_in_plain_is_refused_and_one_in_json_is_not(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text("script:\n  - ben: hi\n  - ben: {join: den}\n  - ben: {say: hi, room: lobby}\n  - ann: hi\n")
    ran = run("bots.cli", str(file), "--dialect", "plain")
    why = "in the dialect plain, ben is in den then and not in lobby, and one is heard only where one is"
    assert (ran.status, ran.out) == (2, "")
    assert ran.errors.startswith(f"{file}:4:")
    assert ran.errors.endswith(f"{why}\n")
    assert run("bots.cli", str(file)).status in (0, 5)
