"""What can be wrong in a script once all who take part are known: names, texts, times, and who is there when."""

from collections.abc import Mapping

from bots.scenario.actions import ACTIONS
from bots.scenario.actions.base import WHY_NOT, Action, State
from bots.scenario.cast import Casting, unknown_field
from bots.scenario.mistakes import Report
from bots.scenario.model import Actor, Line, Pause, Scenario, Script
from bots.scenario.pattern import Pattern
from bots.scenario.schedule import chosen, ends, latecomers
from bots.scenario.selector import ANYONE
from bots.scenario.template import BUILT_IN, Template
from bots.scenario.units import show_duration
from bots.scenario.yaml_tree import Node
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits

# Times that differ by less are the same: sums of floats.
_SAME_S = 1e-6

States = Mapping[Actor, State]


# A line by itself.


def check_line(line: Line, node: Node, casting: Casting, columns: frozenset[str] | None, report: Report) -> None:
    """Report what is wrong in a line; `node` is what it does, `columns` are None when they are not known."""
    _check_number(line, casting, report)
    if columns is not None:
        _check_fields(line.action, node, columns, report)
    if line.action.new_nick is not None:
        _check_nick(line, line.action.new_nick, node, casting, report)


def check_names(node: Node, casting: Casting, report: Report) -> None:
    """Report names in what a line does of users who do not take part."""
    kind = next((ACTIONS[key] for key in node.parts if key in ACTIONS), Action)
    for key, part in node.parts.items():
        if key not in (*kind.names, "from") or not isinstance(part.value, str):
            continue
        if part.value == ANYONE and key == "from":
            continue
        many = len(casting.group(part.value)) if casting.known(part.value, part.place) else 0
        if key in kind.names_one and many > 1:
            report.wrong(part.place, f"a {kind.key} has one hearer, and {part.value} are {many}")


def _check_number(line: Line, casting: Casting, report: Report) -> None:
    if line.who.count is None or casting.is_unread(line.who.group):
        return
    there = len(casting.group(line.who.group))
    if line.who.count > there:
        report.wrong(line.place, f"{line.who.count} of {line.who.group} cannot be, there are {there}")


def _check_fields(action: Action, node: Node, columns: frozenset[str], report: Report) -> None:
    for key, value in action:
        is_pattern = isinstance(value, Pattern)
        text = value.wanted if isinstance(value, Pattern) else value
        if isinstance(text, Template):
            known = [name for name in (*BUILT_IN, *columns) if not (is_pattern and name == "words")]
            for name in sorted(text.fields.difference(known)):
                report.wrong(node.at([key]).place, unknown_field(name, known))


def _check_nick(line: Line, nick: Template, node: Node, casting: Casting, report: Report) -> None:
    place = node.at([line.action.key]).place
    if nick.fields:
        return
    try:
        names.nick(nick.render({}), Limits().max_name)
    except Refused as refusal:
        report.wrong(place, f"this cannot be a nick: {refusal.message}")
    many = line.who.count or len(casting.group(line.who.group))
    if many > 1:
        report.wrong(place, f"all {many} would be called {nick.source}: put {{n}} into their name")


# A line among the others.


def check_script(scenario: Scenario, report: Report, *, torn: bool) -> None:
    """Report what cannot be as the script goes on; `torn` is whether lines are missing from it."""
    _check_times(scenario, report)
    if not torn:
        _check_senders(scenario.script, False, report)
        states: dict[Actor, State] = dict.fromkeys(scenario.actors, "here")
        states.update(dict.fromkeys(latecomers(scenario), "to come"))
        _check_presence(scenario, scenario.script, states, report)


def _check_times(scenario: Scenario, report: Report) -> None:
    def check(line: Line, clock: float) -> None:
        at = line.action.at
        if at is not None and at < clock - _SAME_S:
            late = f"this cannot be at {show_duration(at)}: what stands before it lasts to {show_duration(clock)}"
            report.wrong(line.place, late)

    ends(scenario, scenario.script, met=check)


def _check_senders(script: Script, spoken: bool, report: Report) -> bool:
    """Return whether somebody has spoken by the end of a part of the script."""
    for step in script:
        if isinstance(step, Line):
            if step.action.asks_who_spoke and not spoken:
                report.wrong(step.place, "{sender} is who spoke before, and nobody has spoken before this line")
            spoken = spoken or step.action.gives_sender
        elif not isinstance(step, Pause):
            branches = [_check_senders(branch, spoken, report) for branch in step.branches]
            spoken = any(branches)
    return spoken


def _check_presence(scenario: Scenario, script: Script, states: States, report: Report) -> States:
    """Report lines of one actor by name that cannot do it where it is; return who is where after them."""
    now = dict(states)
    for step in script:
        if isinstance(step, Line):
            actors = chosen(scenario, step)
            if len(actors) == 1 and not step.who.is_choice:
                (actor,) = actors
                if why_not := step.action.why_not(now[actor]):
                    report.wrong(step.place, f"{actor.name} {why_not}")
            if step.action.addressee is not None:
                _check_addressee(scenario, step, step.action.addressee, now, report)
            for actor in actors if step.action.changes_state else ():
                now[actor] = step.action.state_after(now[actor], reconnects=actor.reconnects)
        elif not isinstance(step, Pause):
            branches = [_check_presence(scenario, branch, now, report) for branch in step.branches]
            now.update({actor: _agreed(now[actor], {end[actor] for end in branches}) for actor in now})
    return now


def _check_addressee(scenario: Scenario, line: Line, name: str, states: States, report: Report) -> None:
    for hearer in scenario.group(name):
        if states[hearer] in WHY_NOT:
            report.wrong(line.place, f"nobody can {line.action.key} to {hearer.name}, who {WHY_NOT[states[hearer]]}")


def _agreed(before: State, ends: set[State]) -> State:
    """Return where somebody is after branches that ran together, from where it was before and after each."""
    changed = ends - {before}
    return changed.pop() if len(changed) == 1 else "unsure" if changed else before
