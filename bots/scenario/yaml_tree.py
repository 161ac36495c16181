"""YAML text as a tree that knows where each of its parts stands. Scalars stay text, just as they are written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

from bots.scenario.mistakes import SourcePosition
from geventchat.protocol.errors import ChatError

# A scenario of a day's busy talk has 1 MiB; a larger file than this is none.
MAX_BYTES = 8 << 20
# Parts that a tree may have, those that aliases repeat counted each time: what 8 MiB can hold, and no alias bomb can.
MAX_NODES = 1_000_000
# A script that is nested deeper than this is no play any more.
MAX_DEPTH = 50
_TOO_DEEP = f"more than {MAX_DEPTH} levels deep"

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What libyaml, and PyYAML's own parser, say of a line that is indented otherwise than those it should go with.
_MISPLACED = ("did not find expected '-' indicator", "did not find expected key", "expected <block end>")
_QUOTES = "; a text that holds any of : # { [ * & ! @ % needs quotes"


class BadYaml(ChatError):
    """The text is no YAML, or more of it than a scenario can have."""

    def __init__(self, place: SourcePosition, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


@dataclass(slots=True)
class Node:
    """A part of the file. `value` is plain data: text, None for nothing, a list, or a dict with text for keys.

    `in_quotes` says whether a text stands in quotes, or in a block; `parts` are the nodes of a list's items or a dict's
    values, `keys` the places of a dict's keys.
    """

    place: SourcePosition
    value: Any
    parts: "dict[str | int, Node]" = field(default_factory=dict)
    keys: dict[str, SourcePosition] = field(default_factory=dict)
    size: int = 1
    in_quotes: bool = False

    def at(self, path: Iterable[Any]) -> "Node":
        """Return the part at a path; what of the path there is not is passed over."""
        node = self
        for step in path:
            node = node.parts.get(step, node)
        return node


def read_tree(source: bytes) -> tuple[Node | None, list[tuple[SourcePosition, str]]]:
    """Return the tree, None for a file with nothing in it, and the keys that stand twice. Raises BadYaml."""
    builder = _Builder()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(_printable(source), Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _bad_yaml(error, source) from None
    return builder.root, builder.doubled


def _bad_yaml(error: yaml.YAMLError, source: bytes) -> BadYaml:
    problem = getattr(error, "problem", None) or str(error)
    place = _place(getattr(error, "problem_mark", None))
    line = "".join(source.decode("utf-8-sig").splitlines()[place.line - 1 : place.line])
    if "nesting depth" in problem:  # libyaml from 0.2.6 on looks ahead, and gives up before the builder sees a level
        return BadYaml(place, _TOO_DEEP)
    if "\t" in line[: place.column] and not line[: place.column - 1].strip():
        return BadYaml(place, "a tab cannot indent a line of YAML; spaces can")
    if problem.startswith(_MISPLACED) and not line[: place.column - 1].strip():
        return BadYaml(place, "this line belongs to none above it: what belongs together begins in the same column")
    return BadYaml(place, f"this is not valid YAML: {problem}{_QUOTES}")


def _printable(source: bytes) -> str:
    if len(source) > MAX_BYTES:
        raise BadYaml(SourcePosition(1, 1), f"a file has {MAX_BYTES >> 20} MiB at most, and this one has more")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = source[: error.start].decode("utf-8-sig", "replace")
        raise BadYaml(_end(good), f"this byte, 0x{source[error.start]:02x}, is not UTF-8 text") from None
    if match := _UNPRINTABLE.search(text):
        message = (
            f'U+{ord(match[0]):04X} cannot stand in YAML; in a text in double quotes, write "\\u{ord(match[0]):04x}"'
        )
        raise BadYaml(_end(text[: match.start()]), message)
    return text


def _end(text: str) -> SourcePosition:
    return SourcePosition(text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def _place(mark: Any) -> SourcePosition:
    return SourcePosition(mark.line + 1, mark.column + 1) if mark is not None else SourcePosition(1, 1)


@dataclass(slots=True)
class _Open:
    """A list or a dict whose end has not come yet; `key` is a dict's key whose value has not come yet."""

    node: Node
    anchor: str | None
    key: str | None = None
    key_place: SourcePosition | None = None


class _Builder:
    """Puts the tree together from the parser's events. It never calls itself, so depth costs no stack."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.doubled: list[tuple[SourcePosition, str]] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._nodes = 0

    def take(self, event: Any) -> None:
        """Take in one event of the parser. Raises BadYaml."""
        place = _place(event.start_mark)
        match event:
            case events.DocumentStartEvent() if self.root is not None:
                raise BadYaml(place, "a second document begins here; a file holds one")
            case events.AliasEvent(anchor=anchor):
                node = self._aliased(anchor, place)
                self._count(node.size, place)
                self._put(node, place)
            case events.ScalarEvent(value=value, implicit=(is_plain, _)):
                self._refuse_tag(event, place)
                nothing = value == "" and is_plain
                node = Node(place, None if nothing else value, in_quotes=not is_plain)
                self._remember(event.anchor, node, place)
            case events.SequenceStartEvent() | events.MappingStartEvent():
                self._refuse_tag(event, place)
                if self._open and isinstance(self._open[-1].node.value, dict) and self._open[-1].key is None:
                    raise BadYaml(place, "a key must be a plain word; a text that begins with [ or { needs quotes")
                if len(self._open) == MAX_DEPTH:
                    raise BadYaml(place, _TOO_DEEP)
                is_list = isinstance(event, events.SequenceStartEvent)
                self._open.append(_Open(Node(place, [] if is_list else {}), event.anchor))
                if event.anchor:
                    self._anchors[event.anchor] = None
            case events.SequenceEndEvent() | events.MappingEndEvent():
                done = self._open.pop()
                self._remember(done.anchor, done.node, done.node.place)

    def _refuse_tag(self, event: Any, place: SourcePosition) -> None:
        if event.tag is not None and event.tag != "!":
            raise BadYaml(place, f"tags like {event.tag} have no meaning here{_QUOTES}")

    def _aliased(self, anchor: str | None, place: SourcePosition) -> Node:
        assert anchor is not None
        node = self._anchors.get(anchor)
        if node is None:
            why = "refers to what it is part of" if anchor in self._anchors else "refers to nothing before it"
            raise BadYaml(place, f"*{anchor} {why}{_QUOTES}")
        return node

    def _remember(self, anchor: str | None, node: Node, place: SourcePosition) -> None:
        self._count(1, place)
        if anchor:
            self._anchors[anchor] = node
        self._put(node, place)

    def _count(self, nodes: int, place: SourcePosition) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise BadYaml(place, f"more than {MAX_NODES:,} parts, aliases counted each time: too much for a file")

    def _put(self, node: Node, place: SourcePosition) -> None:
        """Put a finished node into what is open around it."""
        if not self._open:
            self.root = node
            return
        around = self._open[-1]
        parent = around.node
        if isinstance(parent.value, list):
            parent.parts[len(parent.value)] = node
            parent.value.append(node.value)
        elif around.key is None:
            around.key = _key(node, place)
            around.key_place = place
            return
        else:
            self._put_value(around, node)
        parent.size += node.size

    def _put_value(self, around: _Open, node: Node) -> None:
        key, around.key = around.key, None
        assert key is not None
        assert around.key_place is not None
        if key in around.node.keys:
            first = around.node.keys[key].line
            self.doubled.append((around.key_place, f"{key} stands here a second time; the first is in line {first}"))
            return
        around.node.keys[key] = around.key_place
        around.node.parts[key] = node
        around.node.value[key] = node.value


def _key(node: Node, place: SourcePosition) -> str:
    if not isinstance(node.value, str):
        raise BadYaml(place, "a key is missing here")
    return node.value
