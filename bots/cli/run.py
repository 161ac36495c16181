"""Runs of scenarios: one, which is told at length, or several, with a line for each and a summary."""

import argparse
import dataclasses
import json
import shlex
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bots.cli import shipped
from bots.cli.output import coloured, show, write
from bots.cli.workers import play, workers
from geventchat.cli.connecting import trust
from geventchat.protocol import address
from geventchat.protocol.address import Address
from geventchat.protocol.errors import UsageError
from geventchat.system.passwords import server_password

if TYPE_CHECKING:
    from bots.protocols.registry import Spoken
    from bots.report.outcome import Outcome
    from bots.scenario.model import Scenario
    from bots.workers.crew import Crew
    from geventchat.tls.trust import Trust

# The exit status of several runs is the first of these that one of them has.
_WORST_FIRST = (130, 1, 5, 0)
_WORDS = {0: "passed", 1: "failed", 5: "invalid", 130: "interrupted"}


def run(options: argparse.Namespace) -> int:
    """Run the scenarios that were named; return the exit status. Raises UsageError and ServerUnavailable."""
    named = [address.parse(text) for text in options.server or ()]
    from bots.protocols.registry import with_password
    from bots.scenario.mistakes import ScenarioMistakes

    try:
        spoken = asked_for(options.dialect, options.protocol)
    except ScenarioMistakes as mistakes:
        print(mistakes, file=sys.stderr)
        return 2
    if not named and options.protocol is not None:
        raise UsageError("--protocol needs --server HOST:PORT: the server that speaks it")
    if not named and (options.tls or options.tls_ca):
        raise UsageError("--tls needs --server HOST:PORT: the server that speaks it")
    spoken = with_password(spoken, server_password(options.password_file))
    trusted = trust(options, "geventchat-bots", spoken.tls)
    scenarios = _load(options, spoken)
    if scenarios is None:
        return 2
    if not scenarios:
        raise UsageError("there is nothing to run: all scenarios there last until Ctrl-C; name one of them to run it")
    if options.only is not None and len(scenarios) > 1:
        raise UsageError(f"--only is for one scenario, and these are {len(scenarios)}")
    if options.report is not None and len(scenarios) > 1:
        raise UsageError(f"--report shows one scenario, and these are {len(scenarios)}; --junit and --json show all")
    for file in (options.junit, options.report):
        if file is not None:
            write("", file)  # rather before the run than after it
    from bots.engine.interrupt import interruptible
    from bots.engine.target import allow_many_connections
    from bots.report.verdict import status_of

    allow_many_connections()
    outcomes: list[Outcome] = []
    why_not = ""
    try:
        with interruptible(), workers(options, named) as crew:
            for scenario in scenarios:
                outcome, how = _play(scenario, named, spoken, options, trusted, crew, alone=len(scenarios) == 1)
                outcomes.append(outcome)
                if len(scenarios) > 1:
                    _tell_in_a_line(outcome, options)
                else:
                    _tell(outcome, how, options)
                if outcome.interrupted:
                    break
    except BaseException as error:
        why_not = str(error) or type(error).__name__
        raise
    finally:
        if options.junit is not None:
            from bots.report.junit import junit

            # A build server is shown what was found, also where one scenario could not be run.
            not_run = [(scenario.title, why_not) for scenario in scenarios[len(outcomes) :][:1] if why_not]
            write(junit(outcomes, not_run), options.junit)
    if len(scenarios) > 1 and not options.json:
        show(_summary(outcomes))
    return worst({status_of(outcome) for outcome in outcomes})


def worst(statuses: Collection[int]) -> int:
    """Return the exit status of several runs that have these."""
    return next(status for status in _WORST_FIRST if status in statuses)


def asked_for(dialect: str | None, protocol: Path | None) -> "Spoken":
    """Return the protocol that the options name. Raises UsageError, and ScenarioMistakes for mistakes in its file."""
    from bots.protocols.registry import by_name, from_file

    if protocol is None:
        return by_name("json" if dialect is None else dialect)
    if dialect is not None:
        raise UsageError("--dialect and --protocol both say how to speak; leave one out")
    return from_file(protocol)


def _load(options: argparse.Namespace, spoken: "Spoken") -> "list[Scenario] | None":
    """Return all scenarios that were named; None if there are mistakes in any of them, which are told then."""
    from bots.protocols.sayable import check_sayable
    from bots.scenario.load import load
    from bots.scenario.mistakes import ScenarioMistakes
    from bots.scenario.schedule import is_endless

    scenarios, wrong = [], False
    for file, is_named in shipped.files(options.scenarios):
        try:
            scenario = load(file)
            if options.only is not None:
                scenario = _excerpt(scenario, *options.only)
            check_sayable(scenario, spoken)
        except ScenarioMistakes as mistakes:
            print(mistakes, file=sys.stderr)
            wrong = True
            continue
        if not is_named and is_endless(scenario):
            print(f"note: {file} lasts until Ctrl-C, and is left out; name it to run it", file=sys.stderr)
        elif options.seed is not None:
            scenarios.append(dataclasses.replace(scenario, seed=options.seed))
        else:
            scenarios.append(scenario)
    return None if wrong else scenarios


def _excerpt(scenario: "Scenario", first: int, last: int) -> "Scenario":
    """Return what lines of the file say. Raises UsageError where none of the script begins there."""
    from bots.scenario.excerpt import excerpt, nearest_line

    if (only := excerpt(scenario, first, last)) is None:
        near = nearest_line(scenario, first)
        raise UsageError(f"no line of the script begins at line {first} of {scenario.file}; the nearest is at {near}")
    return only


def _play(
    scenario: "Scenario",
    named: Sequence[Address],
    spoken: "Spoken",
    options: argparse.Namespace,
    trusted: "Trust | None",
    crew: "Crew | None",
    *,
    alone: bool,
) -> "tuple[Outcome, str]":
    """Run a scenario; return what it has shown, and how it was run."""
    from bots.engine.runner import Runner
    from bots.engine.target import servers_at
    from bots.report.outcome import Outcome
    from bots.report.progress import shown
    from bots.scenario.units import counted

    with servers_at(named) as ((at, *others), which):
        if alone and not options.json:
            users = counted(len(scenario.actors), "user")
            joining = _how_to_join(at, named, spoken.name, with_tls=trusted is not None)
            show(f"{scenario.title}: {users} at {which}{joining}\n")
        if crew is not None:
            outcome = Outcome(scenario)
            with shown(outcome, options.speed):
                play(crew, outcome, [at, *others], spoken, options)
        else:
            runner = Runner(scenario, at, spoken.make, options.speed, others, trusted, join_rate=options.join_rate)
            with shown(runner.outcome, options.speed):
                outcome = runner.run()
    outcome.command = _command(scenario, named, spoken, options)
    return outcome, f"{which}, {spoken.name}, seed {scenario.seed}, speed {options.speed:g}"


def _command(scenario: "Scenario", named: Sequence[Address], spoken: "Spoken", options: argparse.Namespace) -> str:
    """Return the command that plays the same again."""
    words = ["geventchat-bots", scenario.file]
    for server in named:
        words += ["--server", address.show(server)]
    words += ["--tls"] if options.tls else []
    for option, value in (("--tls-ca", options.tls_ca), ("--password-file", options.password_file)):
        words += [] if value is None else [option, value]
    words += [spoken.option, spoken.name, "--seed", str(scenario.seed)]
    if options.only is not None:
        words += ["--only", "{}-{}".format(*options.only)]
    if options.speed != 1:
        words += ["--speed", f"{options.speed:g}"]
    if options.workers is not None:
        words += ["--workers", str(options.workers)]
    return shlex.join(words)


def _how_to_join(at: Address, named: Sequence[Address], dialect: str, *, with_tls: bool) -> str:
    """Return how people can talk to the bots, where that is known: other servers may speak to neither of these."""
    if not named:
        return f"; to join: geventchat-client {address.show(at)}, or http://{address.show(at)} in a browser"
    if dialect in ("json", "ws") or (with_tls and dialect in ("plain", "unframed")):
        return f"; to join: geventchat-client {address.show(at)}{' --tls' if with_tls else ''}"
    return f"; to join: nc {at[0]} {at[1]}" if dialect in ("plain", "unframed") else ""


def _tell(outcome: "Outcome", how: str, options: argparse.Namespace) -> None:
    """Show what a run has shown in all the ways that were asked for."""
    from bots.report.summary import figures, lines
    from bots.report.verdict import status_of

    if options.json:
        show(json.dumps(figures(outcome), ensure_ascii=False) + "\n")
    else:
        *told, verdict = lines(outcome)
        show("\n".join([*told, coloured(verdict, good=status_of(outcome) == 0)]) + "\n")
    if options.report is not None:  # last: where it cannot be written, the verdict stands there all the same
        from bots.report.html import page

        when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
        write(page(outcome, how, when), options.report)


def _tell_in_a_line(outcome: "Outcome", options: argparse.Namespace) -> None:
    from bots.report.summary import figures
    from bots.report.verdict import status_of, verdict

    if options.json:
        show(json.dumps(figures(outcome), ensure_ascii=False) + "\n")
        return
    timeline = outcome.timeline
    counts = f"{timeline.said:,} messages, {timeline.delivered:,} deliveries, {outcome.seconds:.1f} s"
    status = status_of(outcome)
    word = coloured(f"{_WORDS[status]:<11}", good=status == 0)
    show(f"{word} {outcome.scenario.file}: {counts if status == 0 else verdict(outcome)}\n")


def _summary(outcomes: "Sequence[Outcome]") -> str:
    from bots.report.verdict import status_of

    counts = Counter(_WORDS[status_of(outcome)] for outcome in outcomes)
    parts = ", ".join(f"{counts[word]} {word}" for word in _WORDS.values() if counts[word])
    return f"{len(outcomes)} scenarios: {parts}\n"
