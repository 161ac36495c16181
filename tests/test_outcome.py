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


@pytest.mark.parametrize(
    ("looked_away", "status"),
    [
        ([], 1),
        ([(10.005, 10.055)], 1),
        ([(10.005, 10.055), (20.0, 20.06)], 5),
    ],
    ids=["the bots looked all the while", "one came when they looked", "none did"],
)
def test_messages_that_ran_together_say_nothing_about_a_server_if_the_bots_did_not_look(
    looked_away: list[tuple[float, float]], status: int
) -> None:
    outcome = Outcome(parse(b"script: [ann: hi, ben: ho]", "test.yaml", lambda _: b""), looked_away=looked_away)
    lobby = outcome.rooms["lobby"] = outcome.make_ledger(["ann", "ben"], "lobby")
    ann, ben = (lobby.enter(name, 0.0) for name in ("ann", "ben"))
    ann.entered = ben.entered = 0.0
    for due in (10.0, 20.0):
        lobby.say("ann", f"one {due}", due, due)
        lobby.say("ben", f"two {due}", due, due)
        for nick, text in (("ann", f"one {due}"), ("ben", f"two {due}")):
            lobby.hear(ann, nick, text, due + 0.02)
        lobby.hear(ben, "ann", f"one {due}ben: two {due}", due + 0.06)
    lobby.close()
    assert outcome.status == status
    assert ("looked for them late" in outcome.why_invalid) == (status == 5)
