"""The scenarios that ship with the bots are found by their names, unless the user has files of these names."""

from pathlib import Path

import pytest

from bots.cli import shipped
from geventchat.protocol.errors import UsageError
from tests.processes import run

NAME = Path("scenarios/ten_users.yaml")


def test_a_user_s_own_file_comes_before_the_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped.find(NAME) == shipped.folder() / NAME.name
    assert shipped.find(NAME.parent) == shipped.folder()
    NAME.parent.mkdir()
    assert shipped.find(NAME.parent) == NAME.parent
    NAME.write_text("script: [ann: hi]\n")
    assert shipped.find(NAME) == NAME


def test_only_what_ships_is_found_so() -> None:
    for path in ("scenarios/none.yaml", "elsewhere/ten_users.yaml", "ten_users.yaml"):
        assert shipped.find(Path(path)) == Path(path)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("ten_users.yaml", "there is no file ten_users.yaml; did you mean scenarios/ten_users.yaml?"),
        ("nope.yaml", "there is no file nope.yaml; geventchat-bots scenarios lists those that ship with it"),
        ("a" * 300, "there is no file aaa"),
    ],
)
def test_a_file_that_is_not_there_is_said_with_what_there_is(named: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        list(shipped.files([Path(named)]))


def test_a_name_that_no_file_can_have_is_no_verb_either() -> None:
    ran = run("bots.cli", "a" * 300, "x.yaml")
    assert (ran.status, ran.errors.count("\n")) == (2, 1)
