"""What a scenario has its actors do, and the protocol that is asked for has no way to do. No I/O."""

from bots.protocols.one_room import said_elsewhere
from bots.protocols.registry import Spoken
from bots.scenario.abilities import WITHOUT
from bots.scenario.mistakes import Report
from bots.scenario.model import Scenario
from geventchat.commands import commands


def check_sayable(scenario: Scenario, spoken: Spoken) -> None:
    """Raise ScenarioMistakes for lines that cannot be carried out in a protocol.

    Texts with placeholders are known only when they are said: there it is a failure of the run.
    """
    dialect, report = spoken.make(""), Report(scenario.file)
    which = f"the {'dialect' if spoken.option == '--dialect' else 'protocol'} {spoken.name}"
    for line in scenario.lines():
        reconnects = any(actor.reconnects for actor in scenario.group(line.who.group))
        for ability in line.action.asks_for(reconnects=reconnects):
            if ability in dialect.cannot:
                report.wrong(line.place, f"in {which}, {WITHOUT[ability]}")
        words = line.action.said_to_room
        text = words.render({}) if words is not None and not words.fields else ""
        if text and (why := dialect.cannot_say(commands.Say(text=text))):
            report.wrong(line.place, f"{text!r} cannot be said in {which}: {why}")
    if not dialect.several_rooms and "rooms" not in dialect.cannot:
        for line, why in said_elsewhere(scenario):
            report.wrong(line.place, f"in {which}, {why}")
    report.close()
