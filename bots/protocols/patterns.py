"""Patterns over what servers send, and messages to send: literals, and names in braces, in text or in JSON. No I/O.

In a pattern, literals must match, and `{name}` takes out what stands in its place; in a message, it is put in. Of JSON
objects, a pattern names the keys that matter; a frame may have more of them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec
import re2  # type: ignore[import-untyped]

from bots.protocols.base import shown

NAME = re.compile(r"\{([A-Za-z_]\w*)(\??)\}", re.ASCII)
# An object with this key alone is a text: what stands behind the key, as JSON.
JSON_TEXT = "{json}"
_REGEX = re.compile(r"/(.+)/", re.DOTALL)
# The name that takes all that is left, also when that is nothing.
_REST = "text"
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_MAX_SHOWN = 60

Names = dict[str, str]


class Pattern(Protocol):
    """What a frame, or a part of one, is held against."""

    def match(self, value: Any, names: Names) -> bool:
        """Whether a value fits; what it is called by name is added. A name that is there already must fit too."""

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield in words how a value, which stands at `where`, differs."""

    def parts(self) -> int:
        """Return of how many parts the pattern consists, each of which can differ."""

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield each name, and whether what it stands for may be missing."""


class Literal:
    """A text, a number, true, false or null: just this."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def match(self, value: Any, names: Names) -> bool:
        """Whether it is the same, and of the same kind."""
        del names
        return value == self._value and isinstance(value, bool) == isinstance(self._value, bool)

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield what there is instead."""
        if not self.match(value, {}):
            yield f"{where} is {_short(value)}, not {_short(self._value)}"

    def parts(self) -> int:
        """Return 1."""
        return 1

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield nothing."""
        yield from ()


class Name:
    """One name alone: any value of JSON."""

    def __init__(self, name: str, *, optional: bool) -> None:
        self.name = name
        self.optional = optional

    def match(self, value: Any, names: Names) -> bool:
        """Whether there is something, and what the name stands for already."""
        if value is None:
            return self.optional
        text = shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        return names.setdefault(self.name, text) == text

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield that nothing is there."""
        if value is None and not self.optional:
            yield f"{where} is null"

    def parts(self) -> int:
        """Return 1."""
        return 1

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield its own."""
        yield self.name, self.optional


class Text:
    """A text with names in it, or a regular expression with groups. Raises ValueError for what is none."""

    def __init__(self, source: str) -> None:
        self._source = source
        if regex := _REGEX.fullmatch(source):
            self._names = [(name, True) for name in re.findall(r"\(\?P?<(\w+)>", regex[1])]
            expression, self._search = regex[1], True
        else:
            self._names = [(name, bool(optional)) for name, optional in NAME.findall(source)]
            expression, self._search = _expression(source), False
        try:
            self._regex = re2.compile(expression, _OPTIONS)
        except re2.error as error:
            (why,) = error.args
            raise ValueError(f"{source} is no pattern: {why.decode('utf-8', 'replace')}") from None
        literals = [part for part in NAME.sub("\0", source).split("\0") if part]
        self._literals = [] if self._search else literals

    def match(self, value: Any, names: Names) -> bool:
        """Whether a text fits from its beginning to its end; a regular expression is searched for."""
        if not isinstance(value, str):
            return False
        found = self._regex.search(value) if self._search else self._regex.fullmatch(value)
        if found is None:
            return False
        taken = {name: shown(text) for name, text in found.groupdict().items() if text}
        if any(names.get(name, text) != text for name, text in taken.items()):
            return False
        names.update(taken)
        return True

    def _beyond(self, value: str, end: int) -> str:
        """Return what stands before the first part, or behind the last one, which ends at `end`, and must not."""
        if not self._literals:
            return ""
        first, last = self._literals[0], self._literals[-1]
        if self._source.endswith(last) and end < len(value):
            return f"behind {last!r} stands {_short(value[end:])}"
        if self._source.startswith(first) and not value.startswith(first):
            return f"before {first!r} stands {_short(value[: value.find(first)])}"
        return ""

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield which parts of it are not there."""
        if self.match(value, {}):
            return
        if not isinstance(value, str):
            yield f"{where} is {_short(value)}, no text"
            return
        at, missing = 0, False
        for part in self._literals:
            found = value.find(part, at)
            if found < 0:
                missing = True
                yield f"{part!r} is not in {where or 'it'}"
            else:
                at = found + len(part)
        if not missing and self.match(value.strip(), {}):
            yield f"{where or 'it'} has more blanks: {_short(value)}"
        elif not missing:
            beyond = self._beyond(value, at)
            yield beyond or f"{where or 'it'} is not like {self._source}{self._for_nothing(value)}"

    def _for_nothing(self, value: str) -> str:
        """Return which name would have to stand for nothing, if that is what is wrong."""
        for name in (found[0] for found in NAME.finditer(self._source) if not self._search and not found[2]):
            if Text(self._source.replace(name, f"{name[:-1]}?}}")).match(value, {}):
                return f": {name} is empty, and {name[:-1]}?}} may be"
        return ""

    def parts(self) -> int:
        """Return how many literal parts there are, and one more."""
        return len(self._literals) + 1

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield all names and groups."""
        yield from self._names


class Object:
    """An object of JSON that has these keys at least."""

    def __init__(self, keys: Mapping[str, Pattern]) -> None:
        self._keys = keys

    def match(self, value: Any, names: Names) -> bool:
        """Whether each key's value fits; one that is missing counts as null for a name that may be missing."""
        return isinstance(value, dict) and all(
            one.match(value.get(key), names) if key in value or isinstance(one, Name) else False
            for key, one in self._keys.items()
        )

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield what is missing, and what is otherwise."""
        if not isinstance(value, dict):
            yield f"{where or 'it'} is {_short(value)}, no object"
            return
        for key, one in self._keys.items():
            if key in value:
                yield from one.differences(value[key], f"{where}.{key}" if where else key)
            elif not (isinstance(one, Name) and one.optional):
                yield f"{key} is missing"

    def parts(self) -> int:
        """Return how many parts all keys' patterns have."""
        return sum(one.parts() for one in self._keys.values()) + 1

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield those of all keys."""
        for one in self._keys.values():
            yield from one.names()


class Array:
    """A list of JSON with just so many items."""

    def __init__(self, items: list[Pattern]) -> None:
        self._items = items

    def match(self, value: Any, names: Names) -> bool:
        """Whether each item fits."""
        return (
            isinstance(value, list)
            and len(value) == len(self._items)
            and all(one.match(item, names) for one, item in zip(self._items, value, strict=True))
        )

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield what is otherwise."""
        if not isinstance(value, list):
            yield f"{where or 'it'} is {_short(value)}, no list"
            return
        if len(value) != len(self._items):
            yield f"{where or 'it'} has {len(value)} items, not {len(self._items)}"
        for number, (one, item) in enumerate(zip(self._items, value, strict=False), 1):
            yield from one.differences(item, f"{where}[{number}]")

    def parts(self) -> int:
        """Return how many parts all items' patterns have."""
        return sum(one.parts() for one in self._items) + 1

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield those of all items."""
        for one in self._items:
            yield from one.names()


class JsonText:
    """A text that is JSON: what it says is held against another pattern."""

    def __init__(self, said: Pattern) -> None:
        self._said = said

    def match(self, value: Any, names: Names) -> bool:
        """Whether it is a text, and what it says fits."""
        return isinstance(value, str) and self._said.match(_read(value), names)

    def differences(self, value: Any, where: str) -> Iterator[str]:
        """Yield what is otherwise in it."""
        if isinstance(value, str):
            yield from self._said.differences(_read(value), where)
        else:
            yield f"{where or 'it'} is {_short(value)}, no text"

    def parts(self) -> int:
        """Return how many parts its pattern has."""
        return self._said.parts() + 1

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield those of its pattern."""
        yield from self._said.names()


def text_pattern(source: str, *, within_json: bool) -> Pattern:
    """Return the pattern that a text in quotes, or a plain word, is. Raises ValueError for what is none."""
    if within_json and (alone := NAME.fullmatch(source)):
        return Name(alone[1], optional=bool(alone[2]))
    if within_json and not NAME.search(source) and not _REGEX.fullmatch(source):
        return Literal(source)
    return Text(source)


def filled(message: Any, values: Mapping[str, str | int]) -> Any:
    """Return a message with the names in all its texts filled in, each once: what is put in is no pattern.

    A name alone that stands for a number gives the number.
    """
    match message:
        case str():
            if (alone := NAME.fullmatch(message)) and isinstance(number := values.get(alone[1]), int):
                return number
            return NAME.sub(lambda name: str(values.get(name[1], "")), message)
        case list():
            return [filled(one, values) for one in message]
        case dict() if list(message) == [JSON_TEXT]:
            return as_json(filled(message[JSON_TEXT], values))
        case dict():
            return {str(filled(key, values)): filled(one, values) for key, one in message.items()}
    return message


def as_json(value: Any) -> str:
    """Return a value as JSON, as short as can be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def names_in(message: Any) -> Iterator[str]:
    """Yield the names in a message to send."""
    match message:
        case str():
            yield from (name for name, _ in NAME.findall(message))
        case list():
            for one in message:
                yield from names_in(one)
        case dict():
            for key, one in message.items():
                yield from names_in(key if key != JSON_TEXT else "")
                yield from names_in(one)


def _expression(source: str) -> str:
    """Return the regular expression for a text with names in it. Raises ValueError if that says too little."""
    expression, at, seen = "(?s)", 0, set[str]()
    for found in NAME.finditer(source):
        name, optional = found.groups()
        if name in seen:
            raise ValueError(f"{{{name}}} stands twice in this text")
        if seen and found.start() == at:
            raise ValueError(f"nothing stands between {found[0]} and the name before it: where does the one end?")
        seen.add(name)
        any_text = ".*" if name == _REST else ".*?" if optional else ".+?"
        expression += re2.escape(source[at : found.start()]) + f"(?P<{name}>{any_text})"
        at = found.end()
    return expression + str(re2.escape(source[at:]))


def _read(text: str) -> Any:
    """Return what a text says as JSON; None if it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _short(value: Any) -> str:
    text = shown(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
