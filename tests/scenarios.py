"""Scenarios for tests: short ones, written into the test that needs them."""

from textwrap import dedent

import pytest

from bots.scenario.load import parse
from bots.scenario.mistakes import ScenarioMistakes
from bots.scenario.model import Line, Scenario

FILE = "play.yaml"


def scenario(text: str, **beside: bytes) -> Scenario:
    """Load a scenario from its text; `beside` are files beside it, by their name without `.csv`."""
    return parse(dedent(text).encode(), FILE, lambda name: _beside(name, beside))


def mistakes(text: str | bytes, **beside: bytes) -> list[str]:
    """Return what the loader says is wrong, each as `line:column: message`."""
    source = dedent(text).encode() if isinstance(text, str) else text
    with pytest.raises(ScenarioMistakes) as caught:
        parse(source, FILE, lambda name: _beside(name, beside))
    assert str(caught.value).splitlines() == [str(mistake) for mistake in caught.value.mistakes]
    return [str(mistake).removeprefix(f"{FILE}:") for mistake in caught.value.mistakes]


def one_line(text: str) -> Line:
    """Load a script of one line."""
    (line,) = scenario(f"script:\n  - {text}").lines()
    return line


def _beside(name: str, beside: dict[str, bytes]) -> bytes:
    try:
        return beside[name.removesuffix(".csv")]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory") from None
