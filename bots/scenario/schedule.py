"""A line of the script, laid out: who does it, how often, and when, in seconds from the line's beginning."""

import heapq
import math
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from bots.scenario.actions.base import ENDLESS, Action
from bots.scenario.actions.moving import Join
from bots.scenario.actions.speaking import Reply
from bots.scenario.actions.waiting import Wait
from bots.scenario.model import Actor, Line, Pause, Scenario, Script, lines_of
from bots.scenario.seeded_random import chance


class ActId(NamedTuple):
    """What tells one act from all others of a scenario, wherever it is planned."""

    line: int
    actor: int
    repetition: int


class PlannedAct(NamedTuple):
    """One thing that one actor is to do: `due` seconds after the line began; `repetition` counts from 0 per actor."""

    due: float
    actor: Actor
    repetition: int

    def id_in(self, line: Line) -> ActId:
        """Return what tells it from all others, given the line that it is of."""
        return ActId(line.number, self.actor.index, self.repetition)


def chosen(scenario: Scenario, line: Line) -> tuple[Actor, ...]:
    """Return who does a line, in the cast's order; a choice is made once per line, by the seed."""
    group = scenario.group(line.who.group)
    if not line.who.is_choice:
        return group
    count = line.who.count if line.who.count is not None else max(1, round((line.who.share or 0) * len(group)))
    dice = chance(scenario.seed, "who", line.number)
    lots = sorted((dice.random(), actor.index) for actor in group)
    picked = {index for _, index in lots[:count]}
    return tuple(actor for actor in group if actor.index in picked)


def plan(scenario: Scenario, line: Line, only: Container[Actor] | None = None) -> Iterator[PlannedAct]:
    """Yield all acts of a line, or `only` those of some actors, in the order in which they are due.

    Each is worked out when it is asked for.
    """
    actors = chosen(scenario, line)
    by_actor = [
        _acts_of(scenario.seed, line, actor, place, len(actors))
        for place, actor in enumerate(actors)
        if only is None or actor in only
    ]
    return heapq.merge(*by_actor, key=lambda act: (act.due, act.actor.index))


def lasts(scenario: Scenario, line: Line) -> float:
    """Return how many seconds a line takes at least, jitter aside: to its last act, and as long as that lasts."""
    action, count = line.action, len(chosen(scenario, line))
    if action.repetitions == ENDLESS:
        return math.inf
    return _due(action, count - 1, count, action.repetitions - 1) + action.lasts


def ends(
    scenario: Scenario, script: Script, begins: float = 0.0, met: Callable[[Line, float], None] | None = None
) -> float:
    """Return when a part of a script that begins at a time can have ended at the earliest, in seconds at speed 1.

    `met` is called for each line, with the time at which what stands before it can have ended.
    """
    clock = begins
    for step in script:
        if isinstance(step, Line):
            if met is not None:
                met(step, clock)
            clock = max(clock, step.action.at or 0.0) + lasts(scenario, step)
        elif isinstance(step, Pause):
            clock += step.seconds
        else:
            clock = max(ends(scenario, branch, clock, met) for branch in step.branches)
    return clock


def is_endless(scenario: Scenario) -> bool:
    """Whether a script goes on until somebody ends it."""
    return ends(scenario, scenario.script) == math.inf


def _acts_of(seed: int, line: Line, actor: Actor, place: int, count: int) -> Iterator[PlannedAct]:
    """Yield what one actor is to do, who is the one at `place` among `count`."""
    action = line.action
    for repetition in range(action.repetitions):
        due = _due(action, place, count, repetition)
        if action.jitter is not None:
            late = action.jitter.seconds + action.jitter.share * action.period
            due += late * chance(seed, "when", line.number, actor.name, repetition).random()
        yield PlannedAct(due, actor, repetition)


def _due(action: Action, place: int, count: int, repetition: int) -> float:
    """Return when an act is due without jitter."""
    if period := action.period:
        return action.spread * place / count + period * repetition
    return action.spread * (repetition * count + place) / (action.repetitions * count)


def latecomers(scenario: Scenario) -> frozenset[Actor]:
    """Return the actors who come in by a `join` of their own; all others are there before the script begins."""
    first: dict[Actor, Action] = {}
    for line in lines_of(scenario.whole or scenario.script):
        if len(first) == len(scenario.actors):
            break
        if not isinstance(line.action, Wait):
            for actor in chosen(scenario, line):
                first.setdefault(actor, line.action)
    return frozenset(actor for actor, action in first.items() if isinstance(action, Join))


def whispered_to(scenario: Scenario) -> frozenset[Actor]:
    """Return the actors to whom others may whisper; who whispers may be whispered an answer, where there are any."""
    names = {line.action.addressee for line in scenario.lines()} - {None}
    if not names:
        return frozenset()
    if any(isinstance(line.action, Reply) for line in scenario.lines()):
        return frozenset(scenario.actors)
    return frozenset(actor for name in names for actor in scenario.group(name or ""))


def who_does(scenario: Scenario, fits: Callable[[Action], bool]) -> frozenset[Actor]:
    """Return the actors who have a line with such an action."""
    lines = (line for line in scenario.lines() if fits(line.action))
    return frozenset(actor for line in lines for actor in chosen(scenario, line))
