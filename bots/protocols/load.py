"""A protocol's file, read: a Description, or all that is wrong in it at once, each with its line and column."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException

from bots.protocols.base import shown
from bots.protocols.description import Await, Description, Named, Send
from bots.protocols.document import ProtocolFile
from bots.protocols.framing import (
    Content,
    Ended,
    Framing,
    JsonContent,
    LengthPrefixed,
    Lines,
    NumberedContent,
    Packets,
    TextContent,
    Whole,
)
from bots.protocols.patterns import (
    JSON_TEXT,
    Array,
    JsonText,
    Literal,
    Object,
    Pattern,
    filled,
    names_in,
    text_pattern,
)
from bots.protocols.websocket import WebSocket
from bots.scenario.data_file import read_file
from bots.scenario.mistakes import Mistake, Report, ScenarioMistakes, SourcePosition, did_you_mean, nearest
from bots.scenario.root import read_root
from bots.scenario.validate import validate
from bots.scenario.yaml_tree import MAX_BYTES, Node

_JSON_FRAMES = ("json-line", "json", "socket.io")
_TEXT_FRAMES = ("line", "text")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_CONSTANTS = {"true": True, "false": False, "null": None}
_NO_FILES = ("", "true", "system")
_STEP_KEYS = {"send", "answer"}
_NO_JSON = (
    "this is JSON, and frames hold text here, as say does; of a server that is sent the one and sends the other, "
    f'write what is JSON as {{"{JSON_TEXT}": …}}'
)
_MADE_OF_KEYS = "a protocol is made of keys, like protocol:, say: and heard:; here is none"
# What can be filled into each message, besides what was taken out of answers on the way in.
_AT_JOINING = ("nick", "room")
_IN_HEARD = ("nick", "text", "id", "room")
# What others call these names.
_ALSO_CALLED = {
    **dict.fromkeys(("user", "username", "name", "from", "sender", "author", "login"), "nick"),
    **dict.fromkeys(("message", "msg", "body", "content", "words"), "text"),
    **dict.fromkeys(("channel", "chat", "group"), "room"),
}


def load(path: Path) -> Description:
    """Read a protocol's file. Raises ScenarioMistakes with all that is wrong in it, also when it cannot be read."""
    try:
        source = read_file(path, MAX_BYTES + 1)
    except OSError as error:
        raise ScenarioMistakes(
            [Mistake(str(path), SourcePosition(1, 1), f"cannot be read: {error.strerror}")]
        ) from None
    return parse(source, str(path))


def parse(source: bytes, file: str) -> Description:
    """Return what a file's bytes describe; `file` is what to call it. Raises ScenarioMistakes."""
    report = Report(file)
    root = read_root(source, report, if_empty=_MADE_OF_KEYS, if_no_keys=_MADE_OF_KEYS)
    document, _ = validate(ProtocolFile, root.value, root, report)
    if document is None:
        report.close()
    assert document is not None
    return _Reader(document, root, report).read()


class _Reader:
    """Makes the description of one file."""

    def __init__(self, document: ProtocolFile, root: Node, report: Report) -> None:
        self._document = document
        self._root = root
        self._report = report
        self._framing, self._content = self._frame()
        self._known = [*_AT_JOINING]  # names that are known once one is in

    def read(self) -> Description:
        """Return it. Raises ScenarioMistakes."""
        document = self._document
        steps = tuple(self._steps())
        pong = self._pattern("pong")
        has_token = pong is not None and "token" in dict(pong.pattern.names())  # else pongs are counted
        joined = self._pattern("joined")
        mistakes = len(self._report.mistakes)
        heard = self._pattern("heard")
        if len(self._report.mistakes) == mistakes:  # else what is missing may only be what could not be read
            self._check_heard(heard)
        description = Description(
            file=self._report.file,
            tls=self._tls(),
            is_websocket=document.protocol == "websocket",
            path=self._path(),
            headers=document.headers,
            subprotocol=document.subprotocol or "",
            framing=self._framing,
            content=self._content,
            steps=(*steps, Await(joined)) if joined is not None else steps,
            say=self._message("say", needed=("text",), more=("text",)),
            heard=heard or Named("heard", "", Literal("")),
            refused=self._pattern("refused"),
            ignore=tuple(self._named(node, "ignore") for node in self._items("ignore")),
            answers=tuple(self._answers()),
            ping=self._message("ping", needed=("token",) if has_token else (), more=("token",)),
            pong=pong,
            leave=self._message("leave"),
            quiet_s=document.quiet,
            echo=document.echo,
            rooms=document.rooms,
            names=dict(heard.pattern.names()) if heard is not None else {},
        )
        self._check_rooms(description)
        self._report.close()
        return description

    # The connection.

    def _frame(self) -> tuple[Framing, Content]:
        document = self._document
        told = [self._root.at([key]).value for key in ("say", "heard")]
        first = next((value for value in told if value is not None), None)
        frame = document.frame
        is_json = frame in _JSON_FRAMES if frame in (*_JSON_FRAMES, *_TEXT_FRAMES) else isinstance(first, dict | list)
        content: Content = JsonContent() if is_json else TextContent()
        if frame == "socket.io":
            content = NumberedContent()
        if isinstance(frame, int):
            return LengthPrefixed(frame), content
        if isinstance(frame, bytes):
            return Ended(frame), content
        if document.protocol == "websocket":
            return Whole(), content
        return Packets() if frame == "packet" else Lines(), content

    def _tls(self) -> str:
        """Return who vouches for the server: a file stands beside this one, unless its path says otherwise."""
        tls = self._document.tls
        return tls if tls in _NO_FILES else str(Path(self._report.file).parent / tls)

    def _path(self) -> str:
        document = self._document
        path = document.url or "/"
        if not path.startswith("/"):
            self._report.wrong(self._root.at(["url"]).place, "a path begins with /; the host is what --server says")
        for text, key in [(path, "url"), *((value, "headers") for value in document.headers.values())]:
            self._check_names(text, self._root.at([key]), _AT_JOINING)
        if document.protocol == "websocket":
            self._check_handshake("url", path, {})
            for name, value in document.headers.items():
                self._check_handshake("headers", "/", {name: value})
            self._check_handshake("subprotocol", "/", {}, document.subprotocol or "")
        return path

    def _check_handshake(self, key: str, path: str, headers: dict[str, str], subprotocol: str = "") -> None:
        """Report what cannot stand in a WebSocket's handshake."""
        if path.startswith("/"):  # else that is the mistake
            try:
                WebSocket("", filled(path, {}), filled(headers, {}), subprotocol).connect()
            except WebSocketException as error:
                self._report.wrong(self._root.at([key]).place, shown(str(error)))

    # Messages to send.

    def _steps(self) -> Iterator[Send | Await]:
        node = self._root.parts.get("join")
        if node is None:
            return
        if not _are_steps(node):
            yield Send(self._message_of(node, _AT_JOINING))
            return
        for step in node.parts.values():
            if len(step.parts) != 1 or not step.parts.keys() <= _STEP_KEYS:
                meant = did_you_mean(str(next(iter(step.parts.keys() - _STEP_KEYS), "")), _STEP_KEYS)
                self._report.wrong(step.place, f"a step is either send: or answer:{meant}")
            for key, part in step.parts.items():
                if key == "send":
                    yield Send(self._message_of(part, self._known))
                elif key == "answer":
                    awaited = self._named(part, "answer")
                    self._known += [name for name, _ in awaited.pattern.names()]
                    yield Await(awaited)

    def _message(self, key: str, needed: Iterable[str] = (), more: Iterable[str] = ()) -> Any:
        node = self._root.parts.get(key)
        if node is None:
            return None
        message = self._message_of(node, [*self._known, *more])
        for name in needed:
            if name not in names_in(message):
                self._report.wrong(node.place, f'"{{{name}}}" is missing in {key}')
        return message

    def _message_of(self, node: Node, known: Iterable[str]) -> Any:
        mistakes = len(self._report.mistakes)
        self._check_names(_value(node), node, [*known, "number"])
        if self._is_out_of_place(node):
            self._report.wrong(node.place, _NO_JSON)
        if isinstance(self._content, NumberedContent):
            self._check_numbered(node)
        if node.value is None and not self._content.is_json:
            self._report.wrong(node.place, "a message is missing here")
        self._check_quotes(node)
        message = _value(node) if self._content.is_json or isinstance(node.value, dict) else node.value
        if len(self._report.mistakes) == mistakes:
            self._check_framed(message, node)
        return message

    def _check_framed(self, message: Any, node: Node) -> None:
        """Report what can be no frame, whatever is filled in."""
        try:
            self._framing.frame(self._content.write(filled(message, {})))
        except ValueError as error:
            block = "; a text behind | ends with a line end, one behind |- does not"
            hint = block if isinstance(message, str) and message.endswith("\n") else ""
            self._report.wrong(node.place, f"this cannot be sent as one frame: {error}{hint}")

    def _is_out_of_place(self, node: Node) -> bool:
        """Whether this is JSON where frames hold text, and not said to be a text of it."""
        return isinstance(node.value, dict | list) and not self._content.is_json and list(node.parts) != [JSON_TEXT]

    def _check_names(self, message: Any, node: Node, known: Iterable[str]) -> None:
        allowed = list(dict.fromkeys(known))
        for name in names_in(message):
            if name not in allowed:
                is_called = _ALSO_CALLED.get(name.lower())
                meant = f", did you mean {is_called}?" if is_called in allowed else did_you_mean(name, allowed)
                self._report.wrong(node.place, f"{{{name}}} is not known here, only {', '.join(allowed)}{meant}")

    def _check_quotes(self, node: Node) -> None:
        """Report {name} without quotes, which is a dict in YAML, and a text of JSON that has more in its braces."""
        for part in _all_parts(node):
            if JSON_TEXT in part.parts and len(part.parts) > 1:
                self._report.wrong(part.place, f'"{JSON_TEXT}" is the only key in its braces')
            if isinstance(part.value, dict) and len(part.value) == 1 and list(part.value.values()) == [None]:
                (name,) = part.value
                self._report.wrong(part.place, f'a name in braces needs quotes: "{{{name}}}"')

    def _check_numbered(self, node: Node) -> None:
        first = node.parts.get(0)
        if not isinstance(node.value, list) or not 1 <= len(node.value) <= 2 or not isinstance(_value(first), int):
            self._report.wrong(
                node.place, "with frame: socket.io, this is a list of a number and perhaps one more thing"
            )

    def _answers(self) -> Iterator[tuple[Named, Any]]:
        for node in self._items("answers"):
            if set(node.parts) != {"to", "with"}:
                self._report.wrong(node.place, "an answer has the keys to: and with:")
                continue
            to = self._named(node.parts["to"], "answers")
            known = [*self._known, *(name for name, _ in to.pattern.names())]
            yield to, self._message_of(node.parts["with"], known)

    # Patterns for what comes.

    def _items(self, key: str) -> Iterator[Node]:
        if isinstance(self._root.value.get(key), list):
            yield from self._root.parts[key].parts.values()

    def _pattern(self, key: str) -> Named | None:
        node = self._root.parts.get(key)
        return self._named(node, key) if node is not None else None

    def _named(self, node: Node, name: str) -> Named:
        self._check_quotes(node)
        is_json = self._content.is_json or isinstance(node.value, dict)
        source = json.dumps(_value(node), ensure_ascii=False) if is_json else str(node.value)
        return Named(name, source, self._pattern_of(node, is_json=self._content.is_json))

    def _pattern_of(self, node: Node, *, is_json: bool) -> Pattern:
        try:
            match node.value:
                case dict() if list(node.parts) == [JSON_TEXT]:
                    return JsonText(self._pattern_of(node.parts[JSON_TEXT], is_json=True))
                case dict() if is_json:
                    return Object({str(key): self._pattern_of(part, is_json=True) for key, part in node.parts.items()})
                case list() if is_json:
                    return Array([self._pattern_of(part, is_json=True) for part in node.parts.values()])
                case dict() | list():
                    self._report.wrong(node.place, _NO_JSON)
                case None if not is_json:
                    self._report.wrong(node.place, "a pattern is missing here")
                case _ if is_json and not isinstance(_value(node), str):
                    return Literal(_value(node))
                case str(text):
                    return text_pattern(text, within_json=is_json)
        except ValueError as error:
            self._report.wrong(node.place, str(error))
        return Literal(None)

    # What has to be there for bots to be of use.

    def _check_heard(self, heard: Named | None) -> None:
        if heard is None:
            return
        names, node = dict(heard.pattern.names()), self._root.at(["heard"])
        if self._is_out_of_place(node):
            return  # that is the mistake
        for name in ("nick", "text"):
            if name not in names:
                hint = (
                    "; if the server does not say who spoke, say it: put {nick} into say too" if name == "nick" else ""
                )
                others = [one for one in names if one not in _IN_HEARD]
                also = next((one for one in others if _ALSO_CALLED.get(one.lower()) == name), None)
                if near := also or nearest(name, others):
                    hint = f"; is it {{{near}}}?"
                self._report.wrong(node.place, f'"{{{name}}}" is missing in heard{hint}')

    def _check_rooms(self, description: Description) -> None:
        if not description.rooms:
            return
        sent = [one.message for one in description.steps if isinstance(one, Send)]
        if not any("room" in names_in(message) for message in sent):
            self._report.wrong(self._root.at(["rooms"]).place, "with several rooms, join has to say which {room}")
        in_leave = names_in(description.leave)
        for key, names in (("say", names_in(description.say)), ("heard", description.names), ("leave", in_leave)):
            if "room" not in names:
                node = self._root.parts.get(key, self._root.at(["rooms"]))
                self._report.wrong(node.place, f"with several rooms, {key} has to say which {{room}}")


def _are_steps(node: Node) -> bool:
    return isinstance(node.value, list) and any(
        isinstance(one, dict) and one and set(one) <= _STEP_KEYS for one in node.value
    )


def _all_parts(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts.values():
        yield from _all_parts(part)


def _value(node: Node | None) -> Any:
    """Return what a part of the file is as JSON: what stands in quotes is text, even if it looks like a number."""
    if node is None:
        return None
    match node.value:
        case dict():
            return {str(key): _value(part) for key, part in node.parts.items()}
        case list():
            return [_value(part) for part in node.parts.values()]
        case str(text) if not node.in_quotes and text in _CONSTANTS:
            return _CONSTANTS[text]
        case str(text) if not node.in_quotes and _NUMBER.fullmatch(text):
            return json.loads(text)
    return node.value
