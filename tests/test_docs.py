"""The README and the pages in docs: every example runs, every link leads somewhere."""

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geventchat import ChatClient, ChatServer
from tests.pages import PAGES, ROOT, blocks, found, help_of
from tests.processes import run, serving
from tests.raw import Raw

_COMMANDS = {
    "geventchat-serve": "geventchat.cli.serve",
    "geventchat-client": "geventchat.cli.client",
    "geventchat-bots": "bots.cli",
}
_VERBS = ("account", "check", "export", "import", "record", "schema", "scenarios", "try", "worker")
# Programs of others that appear in examples.
_OTHERS = {
    *("source", "pip", "pytest", "ruff", "mypy", "sqlite3", "systemctl", "journalctl", "ssh", "nc", "printf", "tail"),
    *("activate", "less", "cp", "mv", "loginctl", "redis-cli", "redis-server"),
}


# Examples.


def _command_lines() -> list[Any]:
    """Return the command lines of all pages: those in blocks, in prose and in the service."""
    lines: dict[tuple[str, str], None] = {}
    for page, text in PAGES.items():
        in_blocks = [line for block in found(r"^```(?:sh|bat)\n(.*?)^```", text) for line in block.splitlines() if line]
        alone = found(r"`(geventchat-[a-z]+ [^`]+)`", text) + re.findall(r"^ExecStart=(.*)", text, re.MULTILINE)
        lines.update(dict.fromkeys((page, line) for line in [*in_blocks, *alone]))
    return [pytest.param(page, line, id=f"{page}: {line}") for page, line in lines]


@pytest.mark.parametrize(("page", "line"), _command_lines())
def test_each_command_line_has_only_what_the_command_knows(page: str, line: str) -> None:
    line = re.sub(r"(^|\s)#.*|>.*", "", line).replace("\\", "/")
    for words in filter(None, map(shlex.split, re.split(r"&&|\|", line))):
        name = words[0].rpartition("/")[2]
        if name in _COMMANDS:
            _check_words([_COMMANDS[name], *(verb for verb in words[1:2] if verb in _VERBS)], words[1:])
        elif name in ("python", "python3", "py"):
            assert words[1] == "-m"
            if words[2] != "venv":
                _check_words(words[2:3], words[3:])
        else:
            assert name in _OTHERS, page


def _check_words(command: list[str], words: Iterable[str]) -> None:
    for word in words:
        if word.startswith("-"):
            assert re.search(rf"(?<!\S){re.escape(word)}(?![\w-])", help_of(*command)), word
        if word.startswith("scenarios/"):
            assert list(ROOT.glob(word)), word


@pytest.mark.parametrize(("page", "program"), blocks("python"))
def test_each_program_runs_and_prints_what_the_page_says(page: str, program: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, ""), page
    assert ran.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", program)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("--rate", "off") as server:
        yield f"127.0.0.1:{server.address[1]}"


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_each_scenario_goes_well(page: str, text: str, server: str, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(text)
    for name in re.findall(r"^data: (.*)", text, re.MULTILINE):
        assert f"`{name}`" in PAGES[page]
        (data,) = found(r"^```csv\n(.*?)^```", PAGES[page])
        (tmp_path / name).write_text(data)
    ran = run("bots.cli", str(scenario), "--server", server, "--speed", "10", "--json")
    assert ran.out, (page, ran.errors)
    result = json.loads(ran.out)  # how late messages were says something of this machine only
    assert (result["anomalies"], result["failures"], result["settled"]) == ({}, [], True)


def test_the_scenario_in_the_readme_is_the_one_that_runs() -> None:
    (shown,) = found(r"^```yaml\n(.*?)^```", PAGES["README.md"])
    assert shown in (ROOT / "scenarios" / "ten_users.yaml").read_text()


@pytest.mark.parametrize(("page", "conversation"), blocks("jsonl"))
def test_each_conversation_of_a_program_goes_as_the_page_says(page: str, conversation: str) -> None:
    with ChatServer() as server, ChatClient(server.address, name="bob"), Raw(server.address) as program:
        for line in conversation.splitlines():
            way, text = line.split(" ", 1)
            if way == "→":
                program.send(text.encode() + b"\n")
                continue
            told = program.message()
            shown = json.loads(text.replace(",…}", "}"))
            varies = {key: told[key] for key in ("id", "time") if shown.get(key) is not None}
            kept = shown if "…" in text else told
            assert shown | varies == {key: told[key] for key in kept}, page


_AT_NC = [
    pytest.param(talk, id=f"{page}-{number}")
    for page, text in PAGES.items()
    for number, talk in enumerate(re.findall(r"^ {4}\$ nc .*\n((?: {4}.*\n)+)", text, re.MULTILINE))
]


@pytest.mark.parametrize("talk", _AT_NC)
def test_each_talk_at_nc_goes_as_the_page_says(talk: str) -> None:
    prompt, *lines = [line.removeprefix("    ") for line in talk.splitlines()]
    asked, name = prompt.split(": ")
    with ChatServer() as server, Raw(server.address) as nc:
        assert nc.until(b": ").decode() == f"{asked}: "
        nc.send(f"{name}\n".encode())
        bob = None
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if line == "* bob joined":
                bob = ChatClient(server.address, name="bob")
            elif bob is not None and line.startswith("bob: "):
                bob.say(line.removeprefix("bob: "))
            is_typed = line.startswith("/") or following == f"{name}: {line}" or line == "exit" == following
            if is_typed:
                nc.send(f"{line}\n".encode())
            else:
                assert nc.line() == line
        assert nc.rest() == b""
        if bob is not None:
            bob.close()


# Links, files, and the form of the README.


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_somewhere(page: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        path, _, anchor = link.partition("#")
        if not link.startswith("https://"):
            assert (folder / path).exists(), link
            assert not anchor or anchor in _anchors((folder / (path or page)).read_text()), link


@pytest.mark.parametrize("page", PAGES)
def test_each_source_file_that_a_page_names_is_there(page: str) -> None:
    ours = {path.as_posix() for top in ("geventchat", "bots", "tests", "docs") for path in (ROOT / top).rglob("*.py")}
    for name in re.findall(r"`(?:python -m )?([\w/.]+\.py|(?:tests|docs)\.\w+)`", PAGES[page]):
        path = name if name.endswith(".py") else f"{name.replace('.', '/')}.py"
        assert "NAME" in path or any(one.endswith(f"/{path}") for one in ours), name


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 150


def test_each_page_can_be_reached_from_the_readme() -> None:
    reached, new = set[str](), {"README.md"}
    while new:
        reached |= new
        new = {
            link.rpartition("/")[2] for page in new for link in re.findall(r"\]\(([\w/]+\.md)", PAGES[page])
        } - reached
    assert reached == PAGES.keys()


def test_ci_runs_the_readmes_own_test_command() -> None:
    command = re.search(r"\.venv/bin/pip install -e .*pytest.*", PAGES["README.md"])
    assert command is not None
    ci = (ROOT / ".ci" / "run").read_text().replace("--quiet ", "")
    assert command[0] in ci


def test_no_line_of_the_changelog_stands_there_twice() -> None:
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line and not line.startswith("###")]
    assert [line for line, times in Counter(lines).items() if times > 1] == []
