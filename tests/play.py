"""Scenarios, played against servers in this process."""

import json
import re
from textwrap import dedent
from typing import Any

import gevent

from bots.engine.runner import Runner
from bots.protocols.registry import DIALECTS, MakeDialect
from bots.report.outcome import Outcome
from bots.report.verdict import checks
from bots.scenario.load import parse
from geventchat import ChatServer, Limits
from tests.raw import Address, programmed


def play(
    scenario: str, address: Address, dialect: str | MakeDialect = "json", speed: float = 1.0, **beside: bytes
) -> Outcome:
    """Return what came of a scenario; `beside` are files beside it, by their name without `.csv`."""

    def read(name: str) -> bytes:
        return beside[name.removesuffix(".csv")]

    make = DIALECTS[dialect] if isinstance(dialect, str) else dialect
    return Runner(parse(dedent(scenario).encode(), "test.yaml", read), address, make, speed).run()


def watched(scenario: str, **limits: Any) -> tuple[Outcome, list[dict[str, Any]]]:
    """Play a scenario on a server of ours; return what came of it, and what somebody else in the lobby was sent."""
    with ChatServer(limits=Limits(**({"rate": None} | limits))) as server:
        watcher, _ = programmed(server.address, "watcher")
        watching = gevent.spawn(watcher.rest)
        outcome = play(scenario, server.address)
        server.stop()
        return outcome, [json.loads(line) for line in watching.get().splitlines()]


# How a run ends on a machine that has too much to do: the bots are late themselves, or all of it is.
_LATE = re.compile("^(INVALID: the bots themselves were late|FAILED: latency p99 [^;]*$)", re.MULTILINE)


def is_late(told: str) -> bool:
    """Whether `geventchat-bots`, which told this, says only that all was too late."""
    return _LATE.search(told) is not None


def said_to_pass(status: int, told: str) -> None:
    """Hold that `geventchat-bots`, which ended with this status and told this, found no fault."""
    assert status == 0 or is_late(told), told
    assert status or "PASSED: everyone got every message, once, in order\n" in told
    assert "anomalies    none" in told


def passed(outcome: Outcome) -> Outcome:
    """Hold that a run met all that was asked of it; whether this machine was on time is not the server's doing."""
    assert (outcome.failures, outcome.anomalies, outcome.interrupted) == ([], {}, False)
    assert [one for one in checks(outcome) if one.result == "not met"] == []
    return outcome
