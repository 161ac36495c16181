"""Who is there when a line comes: whoever has left, or lost the connection, cannot speak before coming back."""

from collections.abc import Mapping
from typing import Literal

from bots.scenario.actions import AnyAction, Drop, Join, Leave, Reconnect, Wait, Whisper
from bots.scenario.mistakes import Report
from bots.scenario.model import Actor, Line, Pause, Scenario, Script
from bots.scenario.schedule import chosen, latecomers

# Whether an actor is there; "unsure" when branches that ran together say different things.
State = Literal["here", "to come", "gone", "lost", "unsure"]
States = Mapping[Actor, State]

_WHY_NOT: dict[State, str] = {
    "to come": "has not come in yet",
    "gone": "has left, and must join before this",
    "lost": "has lost the connection, and must reconnect before this",
}


def check_presence(scenario: Scenario, report: Report) -> None:
    """Report lines of one actor by name that is not there, or that joins while it is."""
    states: dict[Actor, State] = dict.fromkeys(scenario.actors, "here")
    states.update(dict.fromkeys(latecomers(scenario), "to come"))
    _follow(scenario, scenario.script, states, report)


def _follow(scenario: Scenario, script: Script, states: States, report: Report) -> States:
    """Return who is there after a part of the script."""
    now = dict(states)
    for step in script:
        if isinstance(step, Line):
            actors = chosen(scenario, step)
            if len(actors) == 1 and not step.who.is_choice:
                _check(actors[0], step, now[actors[0]], report)
            if isinstance(step.action, Whisper):
                _check_hearer(scenario, step, step.action, now, report)
            if isinstance(step.action, Join | Leave | Drop | Reconnect):
                now.update({actor: _after(actor, step.action, now[actor]) for actor in actors})
        elif not isinstance(step, Pause):
            ends = [_follow(scenario, branch, now, report) for branch in step.branches]
            now.update({actor: _agreed(now[actor], {end[actor] for end in ends}) for actor in now})
    return now


def _agreed(before: State, ends: set[State]) -> State:
    changed = ends - {before}
    return changed.pop() if len(changed) == 1 else "unsure" if changed else before


def _check(actor: Actor, line: Line, state: State, report: Report) -> None:
    match line.action:
        case Wait() | Join(join=str()):
            return
        case Join():
            if state == "here":
                report.wrong(line.place, f"{actor.name} is there already, since no earlier line of theirs is a join")
        case Reconnect() if state == "lost":
            return
        case _:
            if state in _WHY_NOT:
                report.wrong(line.place, f"{actor.name} {_WHY_NOT[state]}")


def _check_hearer(scenario: Scenario, line: Line, whisper: Whisper, states: States, report: Report) -> None:
    for hearer in scenario.group(whisper.to):
        if states[hearer] in _WHY_NOT:
            report.wrong(line.place, f"nobody can whisper to {hearer.name}, who {_WHY_NOT[states[hearer]]}")


def _after(actor: Actor, action: AnyAction, state: State) -> State:
    match action:
        case Join() | Reconnect() if state != "here":
            return "here" if isinstance(action, Join) or state != "gone" else state
        case Leave(room=None) if state != "to come":
            return "gone"
        case Drop() if state == "here" and not actor.comes_back:
            return "lost"
    return state
