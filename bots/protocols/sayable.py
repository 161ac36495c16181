"""What a scenario has its actors do, and the protocol that is asked for has no way to do. No I/O."""

from collections.abc import Iterator

from bots.protocols.base import Need
from bots.protocols.registry import Spoken
from bots.scenario.actions.base import Action
from bots.scenario.actions.connection import Drop, Ping
from bots.scenario.actions.moving import Join, Leave, Rename
from bots.scenario.actions.speaking import Act, Greet, Say, Whisper
from bots.scenario.mistakes import Report
from bots.scenario.model import Line, Scenario
from geventchat.commands.commands import LOBBY
from geventchat.protocol import names

_KINDS: dict[type[Action], Need] = {Act: "act", Whisper: "whisper", Rename: "rename", Greet: "greet", Ping: "ping"}
_WHY: dict[Need, str] = {
    "act": "nobody can act, as with /me",
    "whisper": "nobody can whisper",
    "rename": "nobody can take another name",
    "greet": "nobody hears who comes in",
    "rooms": "there is only one room",
    "ping": "nothing is answered as a ping is",
    "catch up": "who comes back is not told what it missed; without reconnect: true, it can reconnect in the script",
}


def check_sayable(scenario: Scenario, spoken: Spoken) -> None:
    """Raise ScenarioMistakes for lines that cannot be carried out in a protocol.

    Of texts with placeholders that is known only when they are said: then it is a failure of the run.
    """
    dialect, report = spoken.make(""), Report(scenario.file)
    which = f"the {'dialect' if spoken.option == '--dialect' else 'protocol'} {spoken.name}"
    for line in scenario.lines():
        for need in _needs(line, scenario):
            if need in dialect.cannot:
                report.wrong(line.place, f"in {which}, {_WHY[need]}")
        words = line.action.said_to_room
        text = words.render({}) if words is not None and not words.fields else ""
        if text and (why := dialect.cannot_say(text)):
            report.wrong(line.place, f"{text!r} cannot be said in {which}: {why}")
    report.close()


def _needs(line: Line, scenario: Scenario) -> Iterator[Need]:
    """Yield what a protocol must have for a line."""
    action = line.action
    if type(action) in _KINDS:
        yield _KINDS[type(action)]
    room = action.join if isinstance(action, Join) else action.room if isinstance(action, Say | Act | Leave) else None
    if room is not None and (isinstance(action, Leave) or names.key(room) != LOBBY):
        yield "rooms"
    if isinstance(action, Drop) and any(actor.reconnects for actor in scenario.group(line.who.group)):
        yield "catch up"
