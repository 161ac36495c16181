"""The tables in docs hold all that the code has, and nothing else."""

import ast
import dataclasses
import re
import tomllib
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from bots.ledger.model import Fault
from bots.protocols.base import ClientDialect
from bots.protocols.document import FRAMES, ProtocolFile
from bots.protocols.load import parse as parse_protocol
from bots.protocols.registry import DIALECTS
from bots.report.outcome import Outcome
from bots.report.summary import figures
from bots.scenario import document, template
from bots.scenario.actions import ACTIONS
from bots.scenario.selector import selector
from geventchat.commands import commands
from geventchat.commands.table import TYPED
from geventchat.core.dedup import MAX_REFS
from geventchat.dialects import json, plain_lines
from geventchat.protocol import events, limits, names, replies
from geventchat.server.passwords import AT_ONCE, MAX_WAITING
from geventchat.store.memory import MEMORY_BYTES
from tests.pages import PAGES, ROOT, code, column, found, help_of, options_of, rows
from tests.scenarios import scenario
from tests.test_imports import PURE

# What may stand beside every action, and beside one that can be repeated.
_PLACED = {"at", "spread", "jitter"}
_REPEATED = {"every", "times", "for"}


# Options, limits, exit statuses.


def _limits() -> Iterator[tuple[str, str]]:
    """Yield the options in the table of limits, with the cell of their defaults."""
    section = PAGES["operating.md"].partition("\n## Limits\n")[2].partition("\n## ")[0]
    yield from re.findall(r"^\| `(--[a-z-]+)` \| (.*?) \|", section, re.MULTILINE)


def test_every_option_is_in_its_table_and_no_other() -> None:
    serve = [*column("operating.md", "option"), *(option for option, _ in _limits())]
    assert set(serve) == options_of("geventchat.cli.serve")
    assert set(column("operating.md", "option of `export`")) == options_of("geventchat.cli.serve", "export")
    assert set(column("accounts.md", "option of `account`")) == options_of("geventchat.cli.serve", "account")
    assert set(column("scenarios.md", "option")) == options_of("bots.cli")


def test_every_option_is_in_the_example_of_a_configuration_file() -> None:
    (example,) = found(r"^```toml\n(.*?)^```", PAGES["operating.md"])
    shown = set(re.findall(r"^(?:# )?([a-z-]+) = ", example, re.MULTILINE))
    assert {f"--{key}" for key in shown} == options_of("geventchat.cli.serve") - {"--config"}


def test_every_option_of_the_client_and_of_the_verbs_is_on_its_page() -> None:
    assert {one for one in options_of("geventchat.cli.client") if f"`{one}" not in PAGES["client.md"]} == set()
    for verb in ("check", "import", "record", "scenarios", "schema", "try", "worker"):
        pages = PAGES["scenarios.md"] + PAGES["logs.md"] + PAGES["protocols.md"]
        assert {one for one in options_of("bots.cli", verb) if f"`{one}" not in pages} == set()


def test_every_key_of_a_protocol_and_every_part_of_a_class_is_in_its_table() -> None:
    keys = [key for cells in rows("protocols.md", "key of a protocol") for key in code(cells[0])]
    assert sorted(keys) == sorted(ProtocolFile.file_keys())
    parts = [part for cells in rows("protocols.md", "attribute, or method, of a class") for part in code(cells[0])]
    assert sorted(parts) == sorted(name for name in vars(ClientDialect) if not name.startswith("_"))
    frames = next(cells[1] for cells in rows("protocols.md", "key of a protocol") if code(cells[0]) == ["frame"])
    assert {frame for names in FRAMES.values() for frame in names} <= set(code(frames))


def test_every_example_of_a_protocol_is_on_its_page_and_every_protocol_there_can_be_read() -> None:
    shown = {cells[0] for cells in rows("protocols.md", "file")}
    files = sorted((ROOT / "docs" / "protocols").glob("*.yaml"))
    assert shown == {f"[{file.name}](protocols/{file.name})" for file in files}
    for block in found(r"^```yml\n(.*?)^```", PAGES["protocols.md"]):
        assert parse_protocol(block.encode(), "theirs.yaml")


def test_every_limit_is_in_its_table_with_its_default() -> None:
    shown = dict(_limits())
    for limit in dataclasses.fields(limits.Limits):
        default = "4 MiB" if limit.name == "feed_window" else f"{limit.default:g}"
        assert re.match(rf"{default}\b", shown.pop(f"--{limit.name.replace('_', '-')}"))
    assert shown == {}


@pytest.mark.parametrize(
    "bound",
    [
        f"{limits.MAX_UNENDED_BYTES >> 10} KiB without an end of line",
        f"{limits.MAX_PRIVATE_BYTES >> 10} KiB of answers",
        f"{limits.MAX_ROOMS_PER_USER} rooms",
        f"{limits.REGISTRATIONS_AT_ONCE} names registered at once",
        f"{AT_ONCE + MAX_WAITING} logins at once",
        f"{limits.FREE_TRIES} wrong passwords",
        f"{limits.MAX_LISTED:,} names",
        f"{limits.MAX_HISTORY} events, or {limits.MAX_PAGE_CHARS:,} characters",
        f"{MEMORY_BYTES >> 20} MiB of events",
    ],
)
def test_a_bound_without_an_option_is_as_the_code_has_it(bound: str) -> None:
    assert any(cells[0].startswith(bound) for cells in rows("operating.md", "bound"))


@pytest.mark.parametrize(
    "words",
    [
        f"nothing for {limits.SNIFF_S * 1000:g} ms",
        f"rooms of more than {limits.CROWD},",
        f"one more room, up to {limits.MAX_ROOMS_PER_USER}",
        f"up to {limits.MAX_LISTED} are named",
        f"{limits.DEFAULT_HISTORY}, or `limit` up to {limits.MAX_HISTORY}",
        f"last {MAX_REFS} of each user",
        f"at most {limits.Limits().max_line} bytes",
        f"more than {json.longest_line(limits.Limits().max_line):,} bytes",
        f"at most {limits.Limits().max_name} characters",
        *(f"`{name}`" for name in sorted(names.RESERVED)),
    ],
)
def test_the_protocol_s_numbers_are_as_the_code_has_them(words: str) -> None:
    assert words in " ".join(PAGES["protocol.md"].split())


@pytest.mark.parametrize(("command", "page"), [("geventchat.cli.serve", "operating.md"), ("bots.cli", "scenarios.md")])
def test_the_exit_statuses_are_those_of_the_help(command: str, page: str) -> None:
    said = help_of(command).partition("exit status:")[2]
    assert [cells[0] for cells in rows(page, "exit status")] == re.findall(r"(?:^|;)\s*(\d+) ", said)


# What goes over the wire.


def _tag(struct: Any) -> str:
    return str(struct.__struct_config__.tag)


def test_every_typed_command_is_in_its_table_and_no_other() -> None:
    shown = [code(cells[0])[0] for page in ("protocol.md", "moderation.md") for cells in rows(page, "command")]
    assert shown == [info.typed for info in TYPED.values()]


def test_every_type_that_programs_send_is_in_its_table_with_its_fields() -> None:
    shown = {}
    for kind, fields, _ in rows("protocol.md", "type"):
        shown[code(kind)[0]] = {name: bracket == "[" for bracket, name in re.findall(r"(\[?)`(\w+)`", fields)}
    assert shown == {
        _tag(struct): {field.encode_name: not field.required for field in msgspec.structs.fields(struct)}
        for struct in get_args(commands.FromProgram)
    }


@pytest.mark.parametrize(("head", "union"), [("event", events.AnyEvent), ("answer", replies.AnyReply)])
def test_every_type_that_programs_are_told_is_in_its_table_with_its_fields(head: str, union: Any) -> None:
    shown = {one: set(code(fields)) for kind, fields, _ in rows("protocol.md", head) for one in code(kind)}
    told = [struct for struct in get_args(union) if struct is not replies.Prompt]  # only people are asked
    assert shown == {_tag(struct): set(struct.__struct_encode_fields__) for struct in told}


def _codes(*makers: str, fatal: bool = False) -> set[str]:
    """Return the codes that the server side gives to what it makes by one of these names, where they are literal.

    With `fatal`, only the codes of what ends the connection.
    """
    found = set[str]()
    for folder in ("protocol", "core", "commands", "dialects", "store", "server"):
        for path in (ROOT / "geventchat" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in makers:
                    continue
                if not fatal or any(keyword.arg == "fatal" for keyword in node.keywords):
                    given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
                    found.update(str(one.value) for one in given if isinstance(one, ast.Constant))
    return found


def test_every_code_is_in_its_table_and_no_other() -> None:
    errors = {one for cells in rows("protocol.md", "code of an `error`") for one in code(cells[0])}
    closing = {one for cells in rows("protocol.md", "code of a `closing`") for one in code(cells[0])}
    made_of_parts = {"bad-room", "unknown-type", "bad-message", "bad-frame"}
    no_chat = {"other-protocol", "proxy-header"}  # these are answered in other words, or not at all
    assert closing >= _codes("Closing") | _codes("ProtocolError", fatal=True) - no_chat
    assert errors | closing == (_codes("Refused", "ProtocolError", "Error", "Closing") | made_of_parts) - no_chat


def test_every_line_that_people_are_shown_is_in_its_table() -> None:
    shown = {one for cells in rows("protocol.md", "line") for one in code(cells[0])}
    said = events.Said("", "2024-11-23T12:00:00.000Z", "lobby", "alice", "hello")
    samples: list[replies.Message] = [
        said,
        events.Acted("", "", "lobby", "alice", "waves"),
        events.Joined("", "", "lobby", "bob"),
        events.Left("", "", "lobby", "bob"),
        events.Left("", "", "lobby", "bob", "see you"),
        events.Renamed("", "", "lobby", "bob", "rob"),
        events.TopicSet("", "", "lobby", "bob", "tea"),
        replies.Whispered(time="", nick="bob", to="alice", text="psst"),
        replies.Members(room="lobby", members=["alice", "bob"], count=2, topic=""),
        replies.TopicIs(room="lobby", text="tea"),
        replies.RoomList(rooms={"lobby": 2, "tea": 1}),
        replies.HistoryPage(room="lobby", events=[said], more=False),
        replies.Pong(token="token"),
        replies.Gap(room="lobby", first="", last="", count=12),
        replies.Error(code="nick-taken", message="the name bob is taken"),
    ]
    assert {line for sample in samples for line in plain_lines.encode(sample).decode().splitlines()} <= shown


# Scenarios.


def test_every_action_is_in_its_table_with_all_that_may_stand_beside_it() -> None:
    shown = {}
    for name, beside, _ in rows("scenarios.md", "action"):
        (action,) = {re.split(r"[ :]", one)[0] for one in code(name)}
        shown[action] = {one.split(":")[0] for one in code(beside)}
    for name, action in ACTIONS.items():
        keys = set(action.file_keys()) - {name}
        assert shown.pop(name) == keys - _PLACED - (_REPEATED if "every" in keys else set()), name
        assert keys >= _PLACED
    assert shown == {}


def test_every_modifier_is_in_its_table_with_the_actions_that_take_it() -> None:
    assert set(column("scenarios.md", "modifier")) == _PLACED | _REPEATED
    (takers,) = [code(of) for modifier, of, _ in rows("scenarios.md", "modifier") if modifier.startswith("`every")]
    assert set(takers) == {name for name, action in ACTIONS.items() if "every" in action.file_keys()}


def test_every_placeholder_is_in_its_table_and_no_other() -> None:
    shown = {re.split(r"[{} ]", one)[1] for cells in rows("scenarios.md", "placeholder") for one in code(cells[0])}
    assert shown - {""} == {*template.BUILT_IN, "column"}


def test_every_check_is_in_its_table_with_its_values_the_default_first() -> None:
    for name, values, _ in rows("scenarios.md", "check"):
        field = document.Check.model_fields[code(name)[0]]
        kinds = list(get_args(field.annotation))
        assert sorted(code(values)) == sorted(kinds or document.Latency.model_fields)
        assert not kinds or field.default == code(values)[0]
    assert column("scenarios.md", "check") == list(document.Check.model_fields)


def test_every_key_of_the_file_is_in_its_table() -> None:
    assert column("scenarios.md", "key of the file") == document.File.file_keys()
    assert column("scenarios.md", "key of a cast") == document.Role.file_keys()


def test_every_way_to_say_who_does_a_line_can_be_read() -> None:
    ways = [who for cells in rows("scenarios.md", "WHO") for who in code(cells[0])]
    assert {selector(who).group for who in ways} == {"alice", "user", "user3", "everyone"}


def test_every_finding_and_every_field_of_the_result_is_in_its_table() -> None:
    assert column("scenarios.md", "finding") == list(get_args(Fault))
    shown = {one for cells in rows("scenarios.md", "field of the result") for one in code(cells[0])}
    assert shown == figures(Outcome(scenario("script:\n  - alice: hi"))).keys()


def test_every_dialect_that_bots_speak_is_in_its_table() -> None:
    assert column("scenarios.md", "`--dialect`") == list(DIALECTS)
    assert set(DIALECTS) <= set(re.findall(r"\w+", help_of("bots.cli").partition("--dialect NAME")[2]))


# How it is built.


@pytest.mark.parametrize("package", ["geventchat", "bots"])
def test_every_folder_is_in_its_table_and_those_are_pure_that_are_tested_to_be(package: str) -> None:
    shown = {code(folder)[0].rstrip("/"): mark for folder, mark, _ in rows("architecture.md", f"folder of `{package}`")}
    assert shown.keys() == {
        path.name for path in (ROOT / package).iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    pure = {f"{package}.{name}" for name, mark in shown.items() if mark == "pure"}
    assert pure == {name for name in PURE if name.startswith(f"{package}.")}


def test_every_extra_is_in_its_table_with_what_it_needs() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    shown = {code(cells[0])[0]: cells[1].split(", ") for cells in rows("architecture.md", "extra")}
    assert shown == {
        extra: [re.split(r"[<>=!~; \[]", one)[0] for one in needed]
        for extra, needed in extras.items()
        if extra not in ("test", "lint")
    }


def test_every_dependency_is_in_its_table_with_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    shown = [name for cells in rows("architecture.md", "dependency") for name in cells[0].split(", ")]
    assert sorted(shown) == sorted(re.split(r"[<>=!~; \[]", one)[0] for one in project["dependencies"])
