"""The JSON Schema and the loader say the same of a file, as far as a schema can see."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bots.scenario.actions import ACTIONS
from bots.scenario.document import Check, File, Latency, Role
from bots.scenario.fields import Model
from bots.scenario.json_schema import json_schema
from tests.scenarios import mistakes, scenario
from tests.test_scenario import EXAMPLES, FOLDER, PRINTED

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def accepts(text: str) -> bool:
    return bool(VALIDATOR.is_valid(yaml.safe_load(text)))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_it_accepts_every_scenario_of_the_project(file: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(file.read_text()))


def test_it_accepts_the_printed_scenario() -> None:
    VALIDATOR.validate(yaml.safe_load(PRINTED))


@pytest.mark.parametrize("name", ACTIONS)
def test_it_accepts_every_action(name: str) -> None:
    assert accepts(f"script:\n  - alice: {EXAMPLES[name][0]}")


def test_it_has_every_key_of_every_definition() -> None:
    parts: dict[str, Any] = SCHEMA["$defs"]
    kinds: list[type[Model]] = [*ACTIONS.values(), Role, Check, Latency]
    for kind in kinds:
        assert set(parts[kind.__name__]["properties"]) == set(kind.file_keys())
    assert set(SCHEMA["properties"]) == set(File.file_keys())


def test_every_key_is_described() -> None:
    for name, part in SCHEMA["$defs"].items():
        if name not in ("Latency", "Step", "Body"):
            assert [
                key for key, value in part["properties"].items() if not ({"description", "$ref"} & set(value))
            ] == []


# What the loader and the schema must both refuse.
WRONG = [
    "{}",
    "[]",
    "script: []",
    "script: hello",
    "{script: [alice: hi], titel: x}",
    "{script: [alice: hi], seed: x}",
    "{script: [alice: hi], cast: [alice]}",
    "{script: [alice: hi], cast: {user: 0}}",
    "{script: [alice: hi], cast: {user: {cuont: 3}}}",
    "{script: [alice: hi], check: {delivery: twice}}",
    "{script: [alice: hi], check: {latency: {p98: 1s}}}",
    "{script: [alice: hi], check: {latency: {p99: 250}}}",
    "script: [hello]",
    "script: [[alice: hi]]",
    "script: [{alice: hi, bob: ho}]",
    "script: [say: hi]",
    "script: [wait: 2]",
    "script: [together: []]",
    "script: [together: {alice: hi}]",
    "script: [together: [[]]]",
    "script: [alice: ]",
    "script: [alice: []]",
    "script: [alice: {}]",
    "script: [alice: '']",
    "script: [alice: {sya: hi}]",
    "script: [alice: {say: hi, act: ho}]",
    "script: [alice: {say: hi, spreed: 2s}]",
    "script: [alice: {say: hi, every: 2, times: 2}]",
    "script: [alice: {say: hi, times: 0}]",
    "script: [alice: {say: hi, times: , every: 2s}]",
    "script: [alice: {whisper: hi}]",
    "script: [alice: {ping: x}]",
    "script: [alice: {drop: rst}]",
    "script: [alice: {drop: }]",
    "script: [alice: {read: slowly}]",
    "script: [alice: {expect: hi, within: 5}]",
    "script: [alice: {send_bytes: '€'}]",
]


@pytest.mark.parametrize("text", WRONG)
def test_both_refuse_the_same_mistakes(text: str) -> None:
    assert not accepts(text)
    assert mistakes(text)


# What both must take, beside the scenarios and examples above.
RIGHT = [
    "script: [alice: 42]",
    "script: [alice: true]",
    "script: [alice: {leave: }]",
    "script: [alice: {join: tea, at: 1h2m3.5s}]",
    "script: [together: [alice: hi, [bob: a, wait: 1s]]]",
    "{script: [alice: hi], cast: {alice: , user: 3, bot: {}}}",
    "{script: [alice: hi], check: {errors: any, order: per sender, latency: {max: 1s}}}",
    "script: [alice: {say: hi, every: 1s, for: 2s, jitter: 200ms}]",
]


@pytest.mark.parametrize("text", RIGHT)
def test_both_take_the_same_files(text: str) -> None:
    assert accepts(text)
    assert scenario(text)
