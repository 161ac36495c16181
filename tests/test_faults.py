"""Each thing that a server can do wrong is found, and named, whatever the seed; a right server is never accused."""

import pytest

from bots.report.transcript import heard_instead, transcript
from bots.report.verdict import checks
from tests.simulated_chat import FAULTS, Apart, SimulatedChat

# What must be found where a fault is committed once, and what else may be.
VERDICTS = {
    "drop": {"missing"},
    "double": {"duplicate"},
    "swap": {"reordered"},
    "alter": {"corrupt", "missing"},
    "nick": {"corrupt", "missing"},
    "outsider": {"missing"},
    "leak": {"leaked"},
    "echo": {"missing"},
    "stall": {"missing"},
    "forget": {"missing"},
    "tail": {"missing"},
    "shuffle": {"reordered"},
}
_APART: tuple[Apart, ...] = ("ids", "marks", "words")
_SEEDS = pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 20), marks=pytest.mark.slow)], ids=str)


@_SEEDS
@pytest.mark.parametrize("apart", _APART)
@pytest.mark.parametrize("fault", [*VERDICTS])
def test_a_fault_is_found_and_named_whatever_the_seed(fault: str, apart: Apart, seeds: range) -> None:
    for seed in seeds:
        chat = SimulatedChat(seed, apart, fault)
        found = chat.run()
        verdicts = {one.fault for one in found}
        if fault == "outsider" and apart == "ids":  # others may have heard before whose message that was
            verdicts.discard("corrupt")
        assert verdicts == VERDICTS[fault], f"seed {seed}"
        if fault == "shuffle":
            continue
        assert {one.reader.name for one in found} == chat.guilty, f"seed {seed}"
        if chat.committed is not None:
            _check_named(chat, fault)


def _check_named(chat: SimulatedChat, fault: str) -> None:
    """Make sure that a fault which was committed once is told with its message, and what was heard instead."""
    assert chat.committed is not None
    nick, text, _ = chat.committed
    for room in chat.outcome.ledgers.values():
        for finding in room.findings:
            if finding.fault in ("missing", "duplicate", "leaked"):
                assert (finding.nick, finding.text) == (nick, text)
            if finding.fault == "missing" and fault in ("alter", "nick", "outsider"):
                instead = heard_instead(room, finding)
                assert instead is not None
                assert (instead.nick, instead.text) != (nick, text)
    assert any(line.startswith("> ") for line in transcript(chat.outcome))


@_SEEDS
@pytest.mark.parametrize("apart", [*_APART, "nothing"])
@pytest.mark.parametrize("delay_s", [0.0, 0.3, 2.0])
def test_a_server_that_keeps_the_order_is_not_accused_however_late_it_is(
    apart: Apart, delay_s: float, seeds: range
) -> None:
    for seed in seeds:
        chat = SimulatedChat(seed, apart, delay_s=delay_s)
        assert chat.run() == [], f"seed {seed}"
        assert chat.outcome.from_others == 10
        assert all(check.result != "not met" for check in checks(chat.outcome))


# In which protocols messages can be told apart in which way; json with ids and plain without are what is tried above.
_SPOKEN: list[tuple[str, Apart]] = [
    ("ws", "ids"),
    ("file", "ids"),
    ("json", "marks"),
    ("irc", "marks"),
    ("irc", "words"),
    ("hub", "ids"),
]
_FEW = pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 20), marks=pytest.mark.slow)], ids=str)


@_FEW
@pytest.mark.parametrize(("spoken", "apart"), _SPOKEN)
@pytest.mark.parametrize("fault", ["none", *VERDICTS])
def test_it_is_found_whatever_is_spoken(fault: str, spoken: str, apart: Apart, seeds: range) -> None:
    for seed in seeds:
        chat = SimulatedChat(seed, apart, fault, spoken=spoken)
        if fault == "echo" and spoken == "irc":
            continue  # nobody hears itself there
        verdicts = {one.fault for one in chat.run()}
        if fault == "outsider" and apart == "ids":
            verdicts.discard("corrupt")
        assert verdicts == VERDICTS.get(fault, set()), f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("apart", [*_APART, "nothing"])
def test_nor_in_two_hundred_runs(apart: Apart) -> None:
    for seed in range(1000, 1200):
        assert SimulatedChat(seed, apart).run() == [], f"seed {seed}"


_LATE = pytest.mark.parametrize("seeds", [range(15, 19), pytest.param(range(150), marks=pytest.mark.slow)], ids=str)


@_LATE
@pytest.mark.parametrize("fault", ["drop", "echo"])
def test_what_a_late_server_with_ids_loses_is_found_though_equal_words_were_in_doubt(fault: str, seeds: range) -> None:
    for seed in seeds:
        chat = SimulatedChat(seed, "ids", fault, delay_s=2.0)
        found = chat.run()
        assert {one.fault for one in found} == {"missing"}, f"seed {seed}"
        assert {one.reader.name for one in found} == chat.guilty, f"seed {seed}"


@_SEEDS
@pytest.mark.parametrize("fault", ["drop", "echo", "alter", "stall", "tail"])
def test_where_nothing_tells_messages_apart_what_is_missing_is_found_by_its_number(fault: str, seeds: range) -> None:
    for seed in seeds:
        chat = SimulatedChat(seed, "nothing", fault)
        found = chat.run()
        assert "missing" in {one.fault for one in found}, f"seed {seed}"
        assert {one.reader.name for one in found} >= chat.guilty, f"seed {seed}"


def test_every_fault_is_tried() -> None:
    assert {*VERDICTS, "none"} == FAULTS.keys()
