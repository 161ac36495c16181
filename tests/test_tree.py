from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.scenario import yaml_tree
from bots.scenario.yaml_tree import BadYaml, read_tree
from tests.needs import missing


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers, whichever a machine has."""
    if request.param == "python":
        monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader)
    elif not hasattr(yaml, "CSafeLoader"):
        missing("PyYAML was built without libyaml")


def refused(source: bytes) -> str:
    with pytest.raises(BadYaml) as caught:
        read_tree(source)
    return f"{caught.value.place.line}:{caught.value.place.column}: {caught.value.message}"


def test_scalars_stay_as_they_are_written() -> None:
    root, doubled = read_tree(b"[no, 007, 1.50, 12:30, 2024-11-23, null, ~, 0x1F, '', \"a\\tb\", ]")
    assert root is not None
    assert root.value == ["no", "007", "1.50", "12:30", "2024-11-23", "null", "~", "0x1F", "", "a\tb"]
    assert doubled == []


def test_nothing_is_not_the_empty_text() -> None:
    root, _ = read_tree(b"{a: , b: '', c}")
    assert root is not None
    assert root.value == {"a": None, "b": "", "c": None}


def test_each_part_knows_its_place() -> None:
    root, _ = read_tree("первый: 1\nscript:\n  - alice: {say: hi, at: 2s}\n".encode())
    assert root is not None
    assert root.keys["script"] == (2, 1)
    assert root.at(["script", 0]).keys["alice"] == (3, 5)
    assert root.at(["script", 0, "alice", "at"]).place == (3, 26)
    assert root.at(["script", 0, "alice", "no such key"]).place == (3, 12)
    assert root.at(["первый"]).place == (1, 9)


def test_a_key_that_stands_twice_is_told_and_the_first_holds() -> None:
    root, doubled = read_tree(b"a: 1\nb: {x: 1, x: 2}\na: 2\n")
    assert root is not None
    assert root.value == {"a": "1", "b": {"x": "1"}}
    assert [(place, message.split(";")[0]) for place, message in doubled] == [
        ((2, 11), "x stands here a second time"),
        ((3, 1), "a stands here a second time"),
    ]


def test_an_alias_repeats_what_it_names() -> None:
    root, _ = read_tree(b"a: &lines [x, y]\nb: *lines\n")
    assert root is not None
    assert root.value == {"a": ["x", "y"], "b": ["x", "y"]}
    assert root.at(["b", 1]).place == (1, 15)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"a: [1, 2\nb: 3", "not valid YAML"),
        (b"- alice: hi: there", "1:12: this is not valid YAML"),
        (b"- alice: @bob", "needs quotes"),
        (b"- alice: *waves", "1:10: *waves refers to nothing"),
        (b"- alice: !wow", "1:10: tags like !wow"),
        (b"a: &x [*x]", "1:8: *x refers to what it is part of"),
        (b"a: 1\n---\nb: 2", "2:1: a second document"),
        (b"{[a]: b}", "1:2: a key must be a plain word"),
        (b"a: b\n\xff", "2:1: this byte, 0xff, is not UTF-8"),
        (b"a: b\nc\x00", "2:2: U+0000 cannot stand in YAML"),
        (b"? \n: a", "a key is missing"),
        (b"\xff\xfea\x00", "1:1: this byte, 0xff"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(source: bytes, says: str) -> None:
    assert says in refused(source)


def test_an_empty_file_has_no_tree() -> None:
    assert read_tree(b"") == (None, [])
    assert read_tree(b"# only a comment\n") == (None, [])


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    assert "8 MiB at most" in refused(b"#" * (yaml_tree.MAX_BYTES + 1))


def test_an_alias_bomb_does_not_go_off() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
    )
    assert "1,000,000 parts, aliases counted each time" in refused(bomb.encode())


def test_depth_is_bounded() -> None:
    assert "50 levels deep" in refused(b"[" * 100_000)
    assert "50 levels deep" in refused(b"".join(b" " * n + b"a:\n" for n in range(60)))


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("ab:-{}[]&*!#'\",\n |>?%", max_size=60).map(str.encode))
def test_whatever_the_bytes_nothing_else_is_raised(source: bytes) -> None:
    with suppress(BadYaml):
        read_tree(source)
