"""What a run has shown, held against what was asked for."""

import pytest

from bots.ledger.histogram import Histogram
from bots.ledger.model import About
from bots.report.outcome import Outcome, WorkerSeen
from bots.report.summary import figures, lines
from bots.report.verdict import checks, status_of
from bots.scenario.load import parse

LOBBY = About("room", "lobby")


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
    lobby = outcome.rooms["lobby"] = outcome.make_ledger(["ann"], LOBBY)
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
    lobby = outcome.rooms["lobby"] = outcome.make_ledger(["ann", "ben"], LOBBY)
    ann, ben = (lobby.enter(name, 0.0) for name in ("ann", "ben"))
    ann.entered = ben.entered = 0.0
    for due in (10.0, 20.0):
        lobby.say("ann", f"one {due}", due, due)
        lobby.say("ben", f"two {due}", due, due)
        for nick, text in (("ann", f"one {due}"), ("ben", f"two {due}")):
            lobby.hear(ann, nick, text, due + 0.02)
        lobby.hear(ben, "ann", f"one {due}ben: two {due}", due + 0.06)
    lobby.close()
    assert status_of(outcome) == status
    assert ("looked for them late" in outcome.why_invalid) == (status == 5)


def test_bots_that_looked_late_for_what_had_come_say_nothing_about_the_server_with_workers_or_without() -> None:
    scenario = parse(b"script: [ann: hi]", "test.yaml", lambda _: b"")
    late, in_time = Histogram(), Histogram()
    late.add(1.2)
    in_time.add(0.001)
    alone = Outcome(scenario, looked_late=late)
    worker = WorkerSeen("worker 1", lag=in_time, looked_late=late)
    spread = Outcome(scenario, workers=[worker, WorkerSeen("worker 2", lag=in_time, looked_late=in_time)])
    for outcome, who in ((alone, "the bots themselves were late"), (spread, "worker 1 was late")):
        assert status_of(outcome) == 5
        assert outcome.why_invalid.startswith(f"{who}, by 1200 ms where 250 may be")
        assert any(line.startswith("bots late    p99 1200.0 ms") for line in lines(outcome))
        assert figures(outcome)["lag_ms"] == {"p99": 1200.0}
    assert [one["lag_ms"] for one in figures(spread)["workers"]] == [{"p99": 1200.0}, {"p99": 1.0}]
    assert status_of(Outcome(scenario, looked_late=in_time)) == 0
