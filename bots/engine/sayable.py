"""What a scenario has its actors say, and the dialect that is asked for has no way to say. No I/O."""

from bots.protocols.dialects import DIALECTS
from bots.scenario.actions import Reply, Say
from bots.scenario.mistakes import Report
from bots.scenario.model import Line, Scenario


def check_sayable(scenario: Scenario, dialect: str) -> None:
    """Raise ScenarioMistakes for texts that cannot be said in a dialect.

    Of texts with placeholders that is known only when they are said: then it is a failure of the run.
    """
    speech, report = DIALECTS[dialect](), Report(scenario.file)
    for line in scenario.lines():
        text = _text(line)
        if text is not None and (why := speech.cannot_say(text)):
            report.wrong(line.place, f"{text!r} cannot be said in the dialect {dialect}: {why}")
    report.close()


def _text(line: Line) -> str | None:
    """Return what is said in a line; None if nothing is, or if it depends on who says it when."""
    match line.action:
        case Say(say=words) | Reply(reply=words) if not words.fields:
            return words.render({})
    return None
