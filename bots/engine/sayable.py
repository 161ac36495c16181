"""What a scenario has its actors say, and the dialect that is asked for has no way to say. No I/O."""

from bots.protocols.registry import DIALECTS
from bots.scenario.mistakes import Report
from bots.scenario.model import Scenario


def check_sayable(scenario: Scenario, dialect: str) -> None:
    """Raise ScenarioMistakes for texts that cannot be said in a dialect.

    Of texts with placeholders that is known only when they are said: then it is a failure of the run.
    """
    spoken, report = DIALECTS[dialect](""), Report(scenario.file)
    for line in scenario.lines():
        words = line.action.said_to_room
        text = words.render({}) if words is not None and not words.fields else ""
        if why := spoken.cannot_say(text):
            report.wrong(line.place, f"{text!r} cannot be said in the dialect {dialect}: {why}")
    report.close()
