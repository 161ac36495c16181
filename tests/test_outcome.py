"""What a run has shown, held against what was asked for."""

import pytest

from bots.report.outcome import Outcome, checks
from bots.scenario.load import parse


@pytest.mark.parametrize(
    ("limit", "result"),
    [
        ("p50: 20ms", "met"),
        ("p90: 20ms", "met"),
        ("p99: 20ms", "not met"),
        ("max: 2s", "met"),
        ("max: 900ms", "not met"),
    ],
)
def test_each_limit_on_latency_is_held_against_its_own_percentile(limit: str, result: str) -> None:
    scenario = parse(f"script: [ann: hi]\ncheck: {{latency: {{{limit}}}}}".encode(), "test.yaml", lambda _: b"")
    outcome = Outcome(scenario)
    lobby = outcome.rooms["lobby"] = outcome.make_ledger(["ann"], "lobby")
    ann = lobby.enter("ann", 0.0)
    ann.entered = 0.0
    for number in range(100):
        lobby.say("ann", f"{number}", 10.0, 10.0)
        lobby.hear(ann, "ann", f"{number}", 10.01 if number < 95 else 11.0)
    lobby.close()
    (check,) = [check for check in checks(outcome) if check.name.startswith("latency")]
    assert check.result == result
