"""What a run has shown, in words."""

from collections.abc import Iterator
from typing import Any

from bots.histogram import Histogram
from bots.ledger import Verdict
from bots.runner import LAG_PERCENTILE, MAX_LAG_S, Outcome

_ANOMALIES: tuple[Verdict, ...] = ("missing", "duplicate", "reordered", "corrupt", "leaked")
# Findings that are shown one by one.
_SHOWN = 10


def anomalies(outcome: Outcome) -> dict[Verdict, int]:
    """Return how often each thing went wrong, where it did."""
    counts = {verdict: sum(room.counts[verdict] for room in outcome.rooms.values()) for verdict in _ANOMALIES}
    return {verdict: count for verdict, count in counts.items() if count}


def unmet(outcome: Outcome) -> list[str]:
    """Return the checks that do not hold, in words."""
    check, found = outcome.scenario.check, anomalies(outcome)
    against: dict[str, tuple[Verdict, ...]] = {
        "exactly once": ("missing", "duplicate"),
        "at least once": ("missing",),
        "at most once": ("duplicate",),
        "any": (),
    }
    broken = [f"delivery: {found[verdict]:,} {verdict}" for verdict in against[check.delivery] if verdict in found]
    broken += [f"delivery: {found[verdict]:,} {verdict}" for verdict in ("corrupt", "leaked") if verdict in found]
    if check.order != "any" and "reordered" in found:
        broken.append(f"order: {found['reordered']:,} reordered")
    latency = _latency(outcome)
    for name, limit in check.latency.limits().items():
        seen = latency.largest_s if name == "max" else latency.percentile(float(name[1:]))
        if seen > limit:
            broken.append(f"latency {name}: {seen * 1000:.1f} ms, more than {limit * 1000:g} ms")
    return broken


def status(outcome: Outcome) -> int:
    """Return the exit status: 0 all met, 1 not, 5 the generator was too late to be believed."""
    if not outcome.is_valid:
        return 5
    return 1 if unmet(outcome) or outcome.failures else 0


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return the summary for programs; times in milliseconds."""
    latency = _latency(outcome)
    percentiles = {f"p{percent}": round(latency.percentile(percent) * 1000, 3) for percent in (50, 90, 95, 99)}
    rooms = outcome.rooms.values()
    return {
        "title": outcome.scenario.title,
        "status": status(outcome),
        "users": outcome.users,
        "seconds": round(outcome.seconds, 3),
        "said": sum(room.sent for room in rooms),
        "delivered": sum(room.delivered for room in rooms),
        "latency_ms": percentiles | {"max": round(latency.largest_s * 1000, 3)},
        "lag_ms": {"p99": round(outcome.lag.percentile(LAG_PERCENTILE) * 1000, 3)},
        "anomalies": anomalies(outcome),
        "unmet": unmet(outcome),
        "failures": outcome.failures,
        "findings": [finding._asdict() for room in rooms for finding in room.findings],
        "settled": outcome.settled,
    }


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield the summary."""
    rooms = outcome.rooms.values()
    sent = sum(room.sent for room in rooms)
    delivered = sum(room.delivered for room in rooms)
    latency, seconds = _latency(outcome), max(outcome.seconds, 1e-9)
    yield f"users        {outcome.users:,}, in {outcome.seconds:.1f} s"
    yield f"said         {sent:,} messages, {sent / seconds:,.1f} a second"
    yield f"delivered    {delivered:,} (messages x readers), {delivered / seconds:,.1f} a second"
    percentiles = ", ".join(f"p{percent} {_ms(latency, percent)}" for percent in (50, 90, 99))
    yield f"latency      {percentiles}, max {latency.largest_s * 1000:.1f} ms"
    yield f"own lag      p99 {_ms(outcome.lag, LAG_PERCENTILE)} (more than {MAX_LAG_S * 1000:g} ms would be INVALID)"
    found = anomalies(outcome)
    yield f"anomalies    {', '.join(f'{count:,} {verdict}' for verdict, count in found.items()) or 'none'}"
    if not outcome.settled:
        yield "note         this server cannot say that nothing more is coming; the end was a quiet moment"
    for finding in [finding for room in rooms for finding in room.findings][:_SHOWN]:
        yield f"  {finding.verdict}: {finding.nick}: {finding.text[:60]!r} for {finding.reader}"
    for failure in outcome.failures[:_SHOWN]:
        yield f"  failed: {failure}"
    for check in unmet(outcome):
        yield f"  not met: {check}"
    verdicts = {
        0: "PASSED: everyone got every message, once, in order",
        1: "FAILED",
        5: "INVALID: the generator was late",
    }
    if outcome.scenario.check.delivery != "exactly once" or outcome.scenario.check.order == "any":
        verdicts[0] = "PASSED"
    yield verdicts[status(outcome)]


def _latency(outcome: Outcome) -> Histogram:
    merged = Histogram()
    for room in outcome.rooms.values():
        merged.merge(room.latency)
    return merged


def _ms(histogram: Histogram, percent: float) -> str:
    return f"{histogram.percentile(percent) * 1000:.1f} ms"
