"""A few lines of a scenario, to be played alone: the line that went wrong, again and again until it is mended."""

import dataclasses

from bots.scenario.actions.connection import Read
from bots.scenario.model import Line, Pause, Scenario, Script, Together, lines_of


def excerpt(scenario: Scenario, first: int, last: int) -> Scenario | None:
    """Return a scenario of only what the file's lines from `first` to `last` say; None where no line begins there.

    Before it stands who comes, goes, takes another name and reads at another pace above it, so that everyone is where
    and how that line finds them; who comes in by a `join` is known from the whole.
    What is said has the same words as in the whole: they hang on the line's number, which it keeps. Nothing waits for
    a time of its own.
    """

    def is_wanted(line: Line) -> bool:
        return first <= line.place.line <= last

    wanted = [line.number for line in scenario.lines() if is_wanted(line)]
    if not wanted:
        return None

    def is_kept(line: Line) -> bool:
        action = line.action
        changes = action.changes_state or action.changes_nick or isinstance(action, Read)
        return is_wanted(line) or (changes and line.number < wanted[-1])

    def kept(script: Script) -> Script:
        steps: list[Line | Pause | Together] = []
        for step in script:
            if isinstance(step, Line) and is_kept(step):
                steps.append(dataclasses.replace(step, action=step.action.model_copy(update={"at": None})))
            elif isinstance(step, Together):
                branches = tuple(filter(None, map(kept, step.branches)))
                steps += [dataclasses.replace(step, branches=branches)] if branches else []
        return tuple(steps)

    return dataclasses.replace(scenario, script=kept(scenario.script), whole=scenario.script)


def nearest_line(scenario: Scenario, line: int) -> int:
    """Return the line of the file nearest to this one where a line of the script begins; the script must have one."""
    return min((one.place.line for one in lines_of(scenario.script)), key=lambda place: abs(place - line))
