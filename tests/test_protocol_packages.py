"""A protocol that a package offers as a class, found by its entry point."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from bots.protocols.registry import by_name
from geventchat.protocol.errors import UsageError
from tests.pages import blocks
from tests.processes import run
from tests.servers.running import other_server


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on the path in which a package is installed that offers the class of the page."""
    ((_, program),) = [one.values for one in blocks("python") if "Shouting" in one.values[1]]
    (tmp_path / "my_package.py").write_text(program.partition("\nshouting = ")[0])
    about = tmp_path / "my_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[geventchat.protocols]\nshouting = my_package:Shouting\nbroken = my_package:Nothing\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("my_package", None)


@pytest.mark.slow
def test_a_class_of_a_package_speaks_to_a_server(package: Path) -> None:
    talk = package / "talk.yaml"
    talk.write_text(
        dedent("""\
        cast: {user: 3}
        script:
          - user: {say: "{words 2}", times: 5, every: 20ms}
    """)
    )
    with other_server("with_bare_lines.py") as (host, port):
        ran = run("bots.cli", str(talk), "--server", f"{host}:{port}", "--dialect", "shouting", "--json")
    result = json.loads(ran.out)
    assert (result["anomalies"], result["failures"]) == ({}, []), ran
    assert result["delivered"] == 45


def test_a_run_is_no_pass_where_a_class_of_a_package_fails_for_one_user(package: Path) -> None:
    module = package / "my_package.py"
    hello = next(line for line in module.read_text().splitlines() if line.lstrip().startswith("def hello("))
    body = hello[: len(hello) - len(hello.lstrip())] + "    "
    module.write_text(module.read_text().replace(hello, f"{hello}\n{body}assert nick != 'odd', 'no name'"))
    (package / "talk.yaml").write_text("script:\n  - alice: Hello\n  - odd: I am here too\n")
    with other_server("with_bare_lines.py") as (host, port):
        arguments = [str(package / "talk.yaml"), "--server", f"{host}:{port}", "--dialect", "shouting"]
        ran = run("bots.cli", *arguments, may_fail=True)
    assert "PASSED" not in ran.out
    assert ran.status != 0
    assert "no name" in ran.errors


@pytest.mark.usefixtures("package")
def test_what_cannot_be_loaded_is_told_in_a_line() -> None:
    assert by_name("shouting").make("").framed
    with pytest.raises(UsageError, match="the dialect broken cannot be loaded from my_package:Nothing"):
        by_name("broken")
    with pytest.raises(UsageError, match=r"there is no dialect shoutin, only json, .*did you mean shouting"):
        by_name("shoutin")
