"""A scenario with fewer users, for a machine that is busy or small."""

import math
from dataclasses import replace

from bots.scenario.actions.speaking import Whisper
from bots.scenario.model import Line, Scenario


def smaller(scenario: Scenario, share: float) -> Scenario:
    """Return the scenario with this share (0 to 1) of each cast's users, from the first on.

    One of a cast whom the script names stays, with those before; so do as many as a `3 of user` needs.
    """
    needed = dict.fromkeys(scenario.casts, 1)
    for line in scenario.lines():
        for name in _named(line):
            group = scenario.group(name)
            if len(group) == 1:
                needed[group[0].cast] = max(needed[group[0].cast], group[0].n)
        if line.who.count is not None and line.who.group in needed:
            needed[line.who.group] = max(needed[line.who.group], line.who.count)
    kept = {name: max(needed[name], math.ceil(len(cast) * share)) for name, cast in scenario.casts.items()}
    return replace(scenario, casts={name: cast[: kept[name]] for name, cast in scenario.casts.items()})


def _named(line: Line) -> set[str]:
    from_ = getattr(line.action, "from_", None)
    to = line.action.to if isinstance(line.action, Whisper) else None
    return {name for name in (line.who.group, from_, to) if name is not None}
