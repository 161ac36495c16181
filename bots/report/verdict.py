"""What a run means for its scenario: which checks it met, the exit status, and the verdict in one line. No I/O."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from bots.ledger.model import Fault
from bots.report.outcome import Outcome, title_of

# The check that holds all that users could not do.
SCRIPT = "script carried out"

_AGAINST_DELIVERY: dict[str, tuple[Fault, ...]] = {
    "exactly once": ("missing", "gap", "duplicate", "corrupt", "leaked"),
    "at least once": ("missing", "gap", "corrupt", "leaked"),
    "at most once": ("duplicate", "corrupt", "leaked"),
    "any": ("corrupt", "leaked"),
}


class Checked(NamedTuple):
    """One check: what was asked for, what came of it, and what was found."""

    name: str
    result: Literal["met", "not met", "not tested"]
    found: str


def checks(outcome: Outcome) -> Iterator[Checked]:
    """Yield all that was checked."""
    check, found = outcome.scenario.check, outcome.anomalies
    untested = "" if outcome.timeline.said > 0 else "nothing was said"
    if any(worker.lost for worker in outcome.workers):
        untested = "a worker was lost"
    yield _counted(f"delivery {check.delivery}", found, _AGAINST_DELIVERY[check.delivery], untested)
    if check.order != "any":
        yield _counted(f"order {check.order}", found, ("reordered",), untested)
    if check.others == "none":
        many = outcome.from_others
        yield Checked("others none", "not met" if many else "met", f"{many:,} messages from others")
    latency = outcome.timeline.latency
    for name, limit in check.latency.limits().items():
        title, seen = f"latency {name} at most {limit * 1000:g} ms", latency.largest_s
        if name != "max":
            seen = latency.percentile(float(name[1:]))
        if latency.count:
            yield Checked(title, "met" if seen <= limit else "not met", f"{seen * 1000:.1f} ms")
        else:
            yield Checked(title, "not tested", "nothing was heard")
    many = outcome.failures.many
    yield Checked(SCRIPT, "not met" if many else "met", f"{many:,} failed" if many else "all of it")


def _counted(name: str, found: dict[Fault, int], against: tuple[Fault, ...], untested: str) -> Checked:
    faults = [f"{found[one]:,} {title_of(one)}" for one in against if one in found]
    if faults:
        return Checked(name, "not met", ", ".join(faults))
    return Checked(name, "not tested", untested) if untested else Checked(name, "met", "no exception")


def status_of(outcome: Outcome) -> int:
    """Return the exit status: 0 all met, 1 not, 5 the bots were too late to be believed, 130 interrupted."""
    if outcome.interrupted:
        return 130
    if not outcome.is_valid:
        return 5
    return int(any(check.result == "not met" for check in checks(outcome)))


def verdict(outcome: Outcome) -> str:
    """Return the outcome in one line."""
    match status_of(outcome):
        case 130:
            return "INTERRUPTED: this is what was seen until then"
        case 5:
            lost = any(worker.lost for worker in outcome.workers)
            hint = "" if lost else "; try fewer users, --speed 0.5, or a machine with less to do"
            return f"INVALID: {outcome.why_invalid}{hint}"
        case 1:
            return "FAILED: " + "; ".join(
                f"{one.name}: {one.found}" for one in checks(outcome) if one.result == "not met"
            )
    if not outcome.timeline.said:
        return "PASSED, but nothing was said: no delivery was tested"
    check = outcome.scenario.check
    if check.delivery == "exactly once" and check.order == "same for everyone":
        return "PASSED: everyone got every message, once, in order"
    return "PASSED"
