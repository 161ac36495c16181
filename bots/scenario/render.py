"""What an actor says: a template, filled in for one act."""

from collections.abc import Mapping

from bots.scenario.model import Line, Scenario
from bots.scenario.pattern import Matcher, Pattern
from bots.scenario.schedule import PlannedAct
from bots.scenario.seeded_random import chance
from bots.scenario.template import Template


def text_of(
    template: Template, scenario: Scenario, line: Line, act: PlannedAct, *, nick: str | None = None, sender: str = ""
) -> str:
    """Return what is said in one act of a line.

    `nick` is what the actor is called now, when it has renamed itself. `sender` is whom `{sender}` stands for: in a
    reply the one who is answered, otherwise the one who spoke last in the lines before this one.
    """
    values = _values(scenario, act, nick, sender)
    return template.render(values, chance(scenario.seed, "words", line.number, act.actor.name, act.repetition))


def matcher_of(
    pattern: Pattern, scenario: Scenario, act: PlannedAct, *, nick: str | None = None, sender: str = ""
) -> Matcher:
    """Return what an actor listens for; `nick` and `sender` as for `text_of`."""
    return pattern.filled(_values(scenario, act, nick, sender))


def _values(scenario: Scenario, act: PlannedAct, nick: str | None, sender: str) -> Mapping[str, str]:
    """Return what placeholders stand for.

    The first actor begins at the data's first row, the second at the second, and so on, round again; each repetition
    takes the next row.
    """
    actor = act.actor
    values = {"name": nick or actor.name, "n": str(actor.n), "sender": sender}
    if scenario.rows:
        values |= scenario.rows[(actor.index + act.repetition) % len(scenario.rows)]
    return values
