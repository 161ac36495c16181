"""A protocol that a package offers as a class, found by its entry point."""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from bots.protocols.registry import by_name
from geventchat.protocol.errors import ProtocolError, UsageError
from tests.pages import blocks
from tests.processes import Ran, run
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
        cast: {user: 3, guest: 1}
        script:
          - user: {say: "{words 2}", times: 5, every: 20ms}
          - together: [{user1: That is all}, {guest: {expect: /all/, from: user1, within: 20s}}]
          - together: [{user2: That is all}, {guest: {expect: /all/, from: user2, within: 20s}}]
          - together: [{user3: That is all}, {guest: {expect: /all/, from: user3, within: 20s}}]
          - guest: {leave}
    """)
    )
    with other_server("with_bare_lines.py") as (host, port):
        ran = run("bots.cli", str(talk), "--server", f"{host}:{port}", "--dialect", "shouting", "--json")
    result = json.loads(ran.out)
    assert (result["anomalies"], result["failures"]) == ({}, []), ran
    assert result["delivered"] == 72


@pytest.mark.usefixtures("package")
def test_a_class_is_tried_like_a_file() -> None:
    with other_server("with_bare_lines.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--dialect", "shouting")
    shown = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert (ran.status, shown[0]) == (0, "ann ← joined: ann in lobby")
    assert {
        r"ann → ann hello from ann\u000a say",
        r"ann ← ann hello from ann\u000a heard: in lobby, ann said 'hello from ann'",
        r"ben ← ann hello from ann\u000a heard: in lobby, ann said 'hello from ann'",
        "all that was said was heard; the protocol can be used",
    } < set(shown)


def test_where_a_goodbye_has_to_do_a_class_that_is_tried_does_not_end_what_it_sends(package: Path) -> None:
    with (package / "my_package.py").open("a") as module:
        module.write("\n    half_closes = False\n")
    with other_server("with_bare_lines.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--dialect", "shouting", may_fail=True)
    assert ran.status == 1
    assert "ann said goodbye, and the server did not end the connection within 5 s\n" in ran.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("return", "ann is not in: receive yielded no Welcome within 5 s"),
        ("raise KeyError('nick')", "the class of the dialect shouting is wrong: receive raised KeyError: 'nick'"),
    ],
)
def test_why_a_class_that_is_tried_is_not_in_is_told(package: Path, line: str, told: str) -> None:
    module = package / "my_package.py"
    head = "    def receive(self, data: bytes) -> Iterator[Heard]:\n"
    module.write_text(module.read_text().replace(head, f"{head}        {line}\n"))
    with other_server("with_bare_lines.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--dialect", "shouting")
    assert ran.status == 1
    assert told in ran.out + ran.errors


_TALK = "script:\n  - alice: Hello\n  - odd: I am here too\n"


def _played(package: Path, method: str, line: str) -> Ran:
    """Return what a run says where a method of the class begins with another line."""
    module = package / "my_package.py"
    head = next(one for one in module.read_text().splitlines() if one.lstrip().startswith(f"def {method}("))
    module.write_text(module.read_text().replace(head, f"{head}\n        {line}"))
    (package / "talk.yaml").write_text(_TALK)
    with other_server("with_bare_lines.py") as (host, port):
        arguments = [str(package / "talk.yaml"), "--server", f"{host}:{port}", "--dialect", "shouting"]
        return run("bots.cli", *arguments, may_fail=True)


@pytest.mark.parametrize(
    ("method", "line", "told"),
    [
        ("hello", "assert nick != 'odd', 'no name'", r"hello raised AssertionError: no name \(my_package.py:\d+\)"),
        ("hello", "return None", "hello returned None, and not bytes"),
        ("encode", "return b''", r"encode returned no bytes for Say\(text='Hello'"),
        ("encode", "return command.text", "encode returned 'Hello', and not bytes"),
        ("receive", "raise KeyError('nick')", r"receive raised KeyError: 'nick' \(my_package.py:\d+\)"),
        ("receive", "yield 'hi'", "receive yielded 'hi', which is no event, reply or Notice"),
        ("receive", "yield events.Said('', '', '', 'ann', data)", "receive yielded Said.*, whose text is no text"),
    ],
)
def test_what_a_method_does_wrong_is_told_in_a_line_and_the_server_is_not_accused(
    package: Path, method: str, line: str, told: str
) -> None:
    ran = _played(package, method, line)
    assert ran.status == 1
    assert re.search(f"failed: .* the class of the dialect shouting is wrong: {told}", ran.out), ran
    assert "anomalies    none" in ran.out
    assert "Traceback" not in ran.errors


@pytest.mark.parametrize("end", ["-1", "None", "start", "len(data) + 1"])
def test_an_end_that_cannot_be_is_told_instead_of_looked_for_for_ever(package: Path, end: str) -> None:
    with (package / "my_package.py").open("a") as module:
        module.write(f"\n    def line_end(self, data, start):\n        return {end} or None\n")
    dialect = by_name("shouting").make("")
    with pytest.raises(ProtocolError, match="the class of the dialect shouting is wrong: line_end returned "):
        dialect.line_end(b"ann HI\nben HO\n", 7 if end == "start" else 0)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("class Shouting(:", "SyntaxError: invalid syntax"),
        ("import nothing_there", "ModuleNotFoundError: No module named 'nothing_there' (my_package.py:1)"),
        ("Shouting = print", "it is no class that is built on bots.protocols.base.ClientDialect"),
        ("from bots.protocols.base import ClientDialect as Shouting", "it has no method hello and no encode"),
    ],
)
def test_what_is_no_such_class_is_told_in_a_line(package: Path, module: str, told: str) -> None:
    (package / "my_package.py").write_text(module + "\n")
    with pytest.raises(UsageError, match="the dialect shouting cannot be loaded") as refused:
        by_name("shouting")
    assert told in str(refused.value)


def test_a_class_that_cannot_be_made_and_one_that_cannot_what_nobody_can_are_told(package: Path) -> None:
    module = package / "my_package.py"
    whole = module.read_text()
    module.write_text(whole + "\n    def __init__(self):\n        pass\n")
    with pytest.raises(UsageError, match="it is made with the server's HOST:PORT"):
        by_name("shouting")
    sys.modules.pop("my_package")
    module.write_text(whole.replace('"whisper"', '"whispering"'))
    importlib.invalidate_caches()
    with pytest.raises(UsageError, match="cannot has whispering, and knows only act, whisper"):
        by_name("shouting")


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        ("cannot = None", "cannot is None, and not one like frozenset()"),
        ("cannot = 'act'", "cannot is 'act', and not one like frozenset()"),
        ("quiet_s = '1s'", "quiet_s is '1s', and not one like 1.0"),
        ("gives_ids = None", "gives_ids is None, and not one like False"),
    ],
)
def test_an_attribute_of_another_type_is_told_in_a_line(package: Path, attribute: str, told: str) -> None:
    with (package / "my_package.py").open("a") as module:
        module.write(f"\n    {attribute}\n")
    with pytest.raises(UsageError, match=re.escape(told)):
        by_name("shouting")


@pytest.mark.parametrize("text", ["Hello", "{words 2}"])  # the second is known only when it is said
@pytest.mark.parametrize(
    ("line", "told"),
    [("raise KeyError('x')", "raised KeyError: 'x' (my_package.py:"), ("return None", "returned None, and no text")],
)
def test_a_class_that_does_not_tell_what_cannot_be_said_is_told(package: Path, line: str, told: str, text: str) -> None:
    with (package / "my_package.py").open("a") as module:
        module.write(f"\n    def cannot_say(self, words):\n        {line}\n")
    (package / "talk.yaml").write_text(f'script:\n  - alice: "{text}"\n')
    with other_server("with_bare_lines.py") as (host, port):
        arguments = [str(package / "talk.yaml"), "--server", f"{host}:{port}", "--dialect", "shouting"]
        ran = run("bots.cli", *arguments, may_fail=True)
    assert f"the class of the dialect shouting is wrong: cannot_say {told}" in ran.out + ran.errors, ran
    assert (ran.status, "Traceback" in ran.errors) == (1, False), ran


def test_two_packages_that_offer_the_same_name_are_told(package: Path) -> None:
    other = package / "other-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[geventchat.protocols]\nshouting = other:Loud\n")
    with pytest.raises(
        UsageError, match=r"several packages offer a dialect shouting, .* and .*; uninstall all but one"
    ):
        by_name("shouting")


@pytest.mark.usefixtures("package")
def test_what_cannot_be_loaded_is_told_in_a_line() -> None:
    assert by_name("shouting").make("").framed
    with pytest.raises(UsageError, match="the dialect broken cannot be loaded from my_package:Nothing"):
        by_name("broken")
    with pytest.raises(UsageError, match=r"there is no dialect shoutin, only json, .*did you mean shouting"):
        by_name("shoutin")
