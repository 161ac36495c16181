"""The scenarios that ship with the bots are found by their names, unless the user has files of these names."""

from pathlib import Path

import pytest

from bots.cli import shipped

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
