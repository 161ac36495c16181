"""What can be wrong in how a script goes on: times that cannot be, and a {sender} before anyone has spoken."""

from bots.scenario.actions import Act, Expect, Reply, Say, Whisper
from bots.scenario.mistakes import Report
from bots.scenario.model import Line, Pause, Scenario, Script
from bots.scenario.pattern import Pattern
from bots.scenario.presence import check_presence
from bots.scenario.schedule import ends
from bots.scenario.template import Template
from bots.scenario.units import show_duration

# Times that differ by less are the same: sums of floats.
_SAME_S = 1e-6


def check_story(scenario: Scenario, report: Report, *, torn: bool) -> None:
    """Report what cannot be as the script goes on; `torn` is whether lines are missing from it."""
    _check_times(scenario, report)
    if not torn:
        _check_senders(scenario.script, False, report)
        check_presence(scenario, report)


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
            texts = [value.wanted if isinstance(value, Pattern) else value for _, value in step.action]
            asks = any("sender" in text.fields for text in texts if isinstance(text, Template))
            if asks and not spoken and not isinstance(step.action, Reply):
                report.wrong(step.place, "{sender} is who spoke before, and nobody has spoken before this line")
            spoken = spoken or isinstance(step.action, Say | Act | Whisper | Expect | Reply)
        elif not isinstance(step, Pause):
            branches = [_check_senders(branch, spoken, report) for branch in step.branches]
            spoken = any(branches)
    return spoken
