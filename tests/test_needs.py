"""Tests that cannot run somewhere are skipped there, and only there."""

import re
import sys

import pytest

from tests.needs import missing, needs
from tests.pages import ROOT


@pytest.fixture(params=["", "1"])
def ended(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[BaseException]:
    """How a test ends that needs what is not there."""
    monkeypatch.setenv("CI", request.param)
    return pytest.fail.Exception if request.param else pytest.skip.Exception


def test_who_lacks_a_program_is_told_which_and_ci_fails(ended: type[BaseException]) -> None:
    with pytest.raises(ended, match="no-such-program is not installed"):
        needs("no-such-program")
    with pytest.raises(ended, match="no disk"):
        missing("no disk")
    assert needs(sys.executable) == sys.executable


def test_nothing_else_skips_a_test() -> None:
    by_itself = re.compile(r"pytest\.(skip|importorskip|mark\.skip(if)?)\b")
    files = sorted((ROOT / "tests").rglob("*.py"))
    found = [str(path) for path in files if by_itself.search(path.read_text())]
    assert [path.rpartition("/")[2] for path in found] == ["needs.py", "test_needs.py"]
