"""The script of a scenario's file: from the tree to steps."""

from typing import Any

from bots.scenario.actions import ACTIONS
from bots.scenario.actions.base import Action
from bots.scenario.actions.waiting import Wait
from bots.scenario.cast import TOGETHER, Casting
from bots.scenario.mistakes import Report, SourcePosition, did_you_mean
from bots.scenario.model import Line, Pause, Script, Step, Together
from bots.scenario.selector import Selector, selector
from bots.scenario.units import duration_or_forever
from bots.scenario.validate import validate
from bots.scenario.yaml_tree import Node

WAIT = Wait.key


def _options() -> set[str]:
    """Return all that can stand beside an action."""
    return {key for kind in ACTIONS.values() for key in kind.file_keys()} - set(ACTIONS)


class ScriptReader:
    """Reads steps, and reports what is none.

    `lines` are all that could be read, `nodes` what each line does, by number, and `torn` is whether something is
    missing from the script because it could not be read.
    """

    def __init__(self, casting: Casting, report: Report) -> None:
        self.lines: list[Line] = []
        self.nodes: list[Node] = []
        self.torn = False
        self._casting = casting
        self._wrong = report.wrong
        self._report = report

    def read(self, node: Node) -> Script:
        """Return the steps in a list."""
        steps = [self._step(part) for part in node.parts.values()]
        self.torn = self.torn or None in steps
        return tuple(step for step in steps if step is not None)

    def _step(self, node: Node) -> Step | None:
        if not isinstance(node.value, dict) or not node.value:
            self._no_step(node)
            return None
        who, *others = node.value
        for other in others:
            self._second_key(who, other, node.keys[other])
        place, body = node.keys[who], node.parts[who]
        if who == TOGETHER:
            return self._together(place, body)
        return self._pause(place, body) if who == WAIT else self._line(who, place, body)

    def _no_step(self, node: Node) -> None:
        match node.value:
            case str(text):
                self._wrong(node.place, f"who says this? A line is `- somebody: {text}`")
            case list():
                self._wrong(node.place, "a list of lines can stand only among those of together:")
            case _:
                self._wrong(node.place, "there is nothing in this line")

    def _second_key(self, who: str, key: str, place: SourcePosition) -> None:
        if key in _options() or key in ACTIONS:
            self._wrong(place, f"{key} belongs to what {who} does: `- {who}: {{say: …, {key}: …}}`")
        else:
            self._wrong(place, f"a line has one actor; {key} needs a line of its own, with its own dash")

    def _together(self, place: SourcePosition, node: Node) -> Together | None:
        if not node.parts or not isinstance(node.value, list):
            self._wrong(node.place, "lines that run together belong here, each with its own dash")
            return None
        branches = []
        for part in node.parts.values():
            is_list = isinstance(part.value, list) and part.value
            branches.append(self.read(part if is_list else _list_of(part)))
        return Together(place, tuple(branches))

    def _pause(self, place: SourcePosition, node: Node) -> Pause | None:
        try:
            return Pause(place, duration_or_forever(node.value))
        except ValueError as error:
            self._wrong(node.place, str(error))
            return None

    def _line(self, who: str, place: SourcePosition, node: Node) -> Line | None:
        number = len(self.nodes)
        self.nodes.append(node)
        selected = self._selected(who, place)
        action = self._action(who, node)
        if selected is None or action is None:
            return None
        line = Line(number, place, selected, action)
        self.lines.append(line)
        return None if self._casting.is_unread(selected.group) else line

    def _selected(self, who: str, place: SourcePosition) -> Selector | None:
        try:
            selected = selector(who)
        except ValueError as error:
            self._wrong(place, str(error))
            return None
        known = self._casting.known if selected.is_choice else self._casting.meet
        return selected if known(selected.group, place) else None

    def _action(self, who: str, node: Node) -> Action | None:
        body: Any = {"say": node.value} if isinstance(node.value, str) else node.value
        if not isinstance(body, dict) or not body:
            what = "a text that begins with [ needs quotes" if isinstance(body, list) else "a text is said"
            self._wrong(node.place, f"what does {who} do? {what[0].upper()}{what[1:]}, {{leave}} and the like are done")
            return None
        actions = [key for key in body if key in ACTIONS]
        if not actions:
            self._no_action(who, node)
            return None
        for second in actions[1:]:
            self._wrong(node.keys[second], f"a line has one action, and {actions[0]} is here already")
        kept = {key: value for key, value in body.items() if key not in actions[1:]}
        action, is_right = validate(ACTIONS[actions[0]], kept, node, self._report)
        self.torn = self.torn or not is_right
        return action

    def _no_action(self, who: str, node: Node) -> None:
        strangers = [key for key in node.keys if key not in _options()]
        if not strangers:
            self._wrong(node.place, f"{who} does nothing here: an action is missing, like say or leave")
        for key in strangers:
            meant = did_you_mean(key, ACTIONS) or f"; there are {', '.join(ACTIONS)}"
            self._wrong(node.keys[key], f"{key} is not an action{meant}")


def _list_of(node: Node) -> Node:
    return Node(node.place, [node.value], {0: node})
