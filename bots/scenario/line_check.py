"""What can be wrong in a line once all who take part are known: names, and what its texts refer to."""

from bots.scenario.actions import AnyAction, Rename
from bots.scenario.cast import Casting, unknown_field
from bots.scenario.mistakes import Report
from bots.scenario.model import Line
from bots.scenario.pattern import Pattern
from bots.scenario.template import BUILT_IN, Template
from bots.scenario.yaml_tree import Node
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits


def check_line(line: Line, node: Node, casting: Casting, columns: frozenset[str] | None, report: Report) -> None:
    """Report what is wrong in a line; `node` is what it does, `columns` are None when they are not known."""
    _check_number(line, casting, report)
    if columns is not None:
        _check_fields(line.action, node, columns, report)
    if isinstance(line.action, Rename):
        _check_nick(line, line.action.rename, node, casting, report)


def check_names(node: Node, casting: Casting, report: Report) -> None:
    """Report whoever is named in what a line does, and does not take part."""
    named = {key: part for key, part in node.parts.items() if key in _naming(node) and isinstance(part.value, str)}
    for key, part in named.items():
        many = len(casting.group(part.value)) if casting.known(part.value, part.place) else 0
        if key == "to" and many > 1:
            report.wrong(part.place, f"a whisper has one hearer, and {part.value} are {many}")


def _naming(node: Node) -> tuple[str, ...]:
    """Return the keys that name somebody; a reply's `to` is what it listens for."""
    return ("from", "to") if "whisper" in node.parts else ("from",)


def _check_number(line: Line, casting: Casting, report: Report) -> None:
    if line.who.count is None or casting.is_unread(line.who.group):
        return
    there = len(casting.group(line.who.group))
    if line.who.count > there:
        report.wrong(line.place, f"{line.who.count} of {line.who.group} cannot be, there are {there}")


def _check_fields(action: AnyAction, node: Node, columns: frozenset[str], report: Report) -> None:
    for key, value in action:
        is_pattern = isinstance(value, Pattern)
        text = value.wanted if isinstance(value, Pattern) else value
        if isinstance(text, Template):
            known = [name for name in (*BUILT_IN, *columns) if not (is_pattern and name == "words")]
            for name in sorted(text.fields.difference(known)):
                report.wrong(node.at([key]).place, unknown_field(name, known))


def _check_nick(line: Line, nick: Template, node: Node, casting: Casting, report: Report) -> None:
    place = node.at(["rename"]).place
    if nick.fields:
        return
    try:
        names.nick(nick.render({}), Limits().max_name)
    except Refused as refusal:
        report.wrong(place, f"this cannot be a nick: {refusal.message}")
    many = line.who.count or len(casting.group(line.who.group))
    if many > 1:
        report.wrong(place, f"all {many} would be called {nick.source}: put {{n}} into their name")
