"""Texts with placeholders: `{name}`, `{n}`, `{sender}`, `{words 3..8}`, and the columns of a data file.

A brace itself is written twice: `{{` and `}}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from bots.scenario.words import random_words

# What fills itself in; a data file's columns come besides.
BUILT_IN = ("name", "n", "sender", "words")
# The most words that one text may ask for.
MAX_WORDS = 10_000

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_WORDS = re.compile(r"words(?:\s+(\d+)(?:\s*\.\.\s*(\d+))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """A placeholder for a value of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """A placeholder for `low` to `high` words."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Template:
    """A text, cut at its placeholders."""

    source: str
    parts: tuple[str | Field | Words, ...]

    @property
    def fields(self) -> frozenset[str]:
        """The names of its placeholders; `words` is one."""
        named = {part.name for part in self.parts if isinstance(part, Field)}
        return frozenset(named | {"words"} if self.is_made_up else named)

    @property
    def is_made_up(self) -> bool:
        """Whether there are random words in it."""
        return any(isinstance(part, Words) for part in self.parts)

    def render(self, values: Mapping[str, str], chance: Random | None = None) -> str:
        """Return the text with its placeholders filled in; `chance` picks the words, where there are any."""
        return "".join(_filled(part, values, chance) for part in self.parts)


def _filled(part: str | Field | Words, values: Mapping[str, str], chance: Random | None) -> str:
    match part:
        case Field(name):
            return values[name]
        case Words(low, high):
            assert chance is not None
            return random_words(low, high, chance)
    return part


def template(source: str) -> Template:
    """Read a text. Raises ValueError for a brace without its other half, and for an impossible number of words."""
    parts: list[str | Field | Words] = []
    literal = ""
    end = 0
    for token in _TOKEN.finditer(source):
        literal += source[end : token.start()]
        end = token.end()
        if token[0] in ("{{", "}}"):
            literal += token[0][0]
        elif token[1] is None:
            raise ValueError(
                f"a {token[0]} without its other half; a brace that is meant as such is doubled, {token[0] * 2}"
            )
        else:
            parts += [literal, _placeholder(token[1].strip())]
            literal = ""
    parts.append(literal + source[end:])
    return Template(source, tuple(part for part in parts if part != ""))


def escape(text: str) -> str:
    """Return a text as the source of a template that says just that."""
    return text.replace("{", "{{").replace("}", "}}")


def _placeholder(name: str) -> Field | Words:
    if not name:
        raise ValueError("{} names nothing; a brace that is meant as such is doubled, {{ and }}")
    if name != "words" and not name.startswith("words "):
        return Field(name)
    match = _WORDS.fullmatch(name)
    if not match:
        raise ValueError(f"{{{name}}}: how many words? Like {{words 5}} or {{words 3..8}}")
    low = int(match[1] or 5)
    high = int(match[2] or low)
    if not 1 <= low <= high <= MAX_WORDS:
        raise ValueError(f"{{{name}}}: from 1 to {MAX_WORDS:,} words, the smaller number first")
    return Words(low, high)
