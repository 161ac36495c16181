"""What a scenario has its actors say to a room where they are not, in a protocol with one room at a time. No I/O."""

from collections.abc import Iterator

from bots.scenario.actions.moving import Join, Leave
from bots.scenario.actions.speaking import Act, Say
from bots.scenario.model import Actor, Line, Scenario, Script, Together, lines_of
from bots.scenario.schedule import chosen, latecomers
from geventchat.protocol import names
from geventchat.protocol.names import LOBBY

# Where actors are, by the key of the room's name; those of whom that is not known are left out.
_Rooms = dict[Actor, str]


def said_elsewhere(scenario: Scenario) -> Iterator[tuple[Line, str]]:
    """Yield each line that speaks to another room than its actor's, and why that cannot be.

    An actor that moves in one of several branches may be anywhere until it moves again.
    """
    late = latecomers(scenario)
    yield from _said_elsewhere(scenario, scenario.script, {one: LOBBY for one in scenario.actors if one not in late})


def _said_elsewhere(scenario: Scenario, script: Script, rooms: _Rooms) -> Iterator[tuple[Line, str]]:
    for step in script:
        if isinstance(step, Line):
            yield from _at(scenario, step, rooms)
            _move(scenario, step, rooms)
        elif isinstance(step, Together):
            moved = [_moved(scenario, branch) for branch in step.branches]
            for number, branch in enumerate(step.branches):
                elsewhere = set().union(*moved[:number], *moved[number + 1 :])
                known = {actor: room for actor, room in rooms.items() if actor not in elsewhere}
                yield from _said_elsewhere(scenario, branch, known)
            for actor in set().union(*moved):
                rooms.pop(actor, None)


def _at(scenario: Scenario, line: Line, rooms: _Rooms) -> Iterator[tuple[Line, str]]:
    action = line.action
    if not isinstance(action, Say | Act) or action.room is None:
        return
    room = names.key(action.room)
    for actor in chosen(scenario, line):
        if (there := rooms.get(actor, room)) != room:
            yield line, f"{actor.name} is in {there} then and not in {action.room}, and one is heard only where one is"
            return


def _move(scenario: Scenario, line: Line, rooms: _Rooms) -> None:
    match line.action:
        case Join(join=room):
            rooms.update(dict.fromkeys(chosen(scenario, line), names.key(room or LOBBY)))
        case Leave(room=None):
            for actor in chosen(scenario, line):
                rooms.pop(actor, None)
        case Leave():
            rooms.update(dict.fromkeys(chosen(scenario, line), LOBBY))


def _moved(scenario: Scenario, script: Script) -> set[Actor]:
    moving = (line for line in lines_of(script) if isinstance(line.action, Join | Leave))
    return {actor for line in moving for actor in chosen(scenario, line)}
