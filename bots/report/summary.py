"""What a run has shown, in words and in figures for programs. No I/O."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from bots.ledger.histogram import Histogram
from bots.ledger.room import Finding, RoomLedger
from bots.ledger.timeline import Timeline
from bots.report.outcome import MAX_LAG_S, Outcome, title_of
from bots.report.transcript import heard_instead, in_order, transcript
from bots.report.verdict import checks, status_of, verdict
from bots.scenario.units import counted

_RESULTS = {"met": "met", "not met": "NOT MET", "not tested": "not tested"}
# Failures and findings that are shown one by one.
_SHOWN = 10
_WIDTH = 60
# Of one of them. Words of a server may be in it, and those have any length.
_FAILURE_WIDTH = 1_000
# If a hundredth is later than this at a server that limits the rate, that limit was probably what was measured.
_SLOW_S = 1.0


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield the summary."""
    timeline = outcome.timeline
    latency = timeline.latency
    yield f"users        {outcome.users:,}, in {outcome.seconds:.1f} s"
    yield f"said         {timeline.said:,} messages{_rate(timeline, timeline.said)}"
    yield f"delivered    {timeline.delivered:,} (messages x readers){_rate(timeline, timeline.delivered)}"
    percentiles = ", ".join(f"p{percent} {_ms(latency, percent)}" for percent in (50, 90, 99))
    yield f"latency      {percentiles}, max {latency.largest_s * 1000:.1f} ms" if latency.count else "latency      -"
    yield f"bots late    p99 {outcome.late_s * 1000:.1f} ms (a run is valid up to {MAX_LAG_S * 1000:g} ms)"
    if outcome.workers:
        error_s = outcome.clock_error_s
        clocks = "" if error_s is None else f"; their clocks agree to {error_s * 1000:.2f} ms"
        yield f"workers      {len(outcome.workers)}{clocks}"
    found = outcome.anomalies
    yield f"anomalies    {', '.join(f'{count:,} {title_of(one)}' for one, count in found.items()) or 'none'}"
    if outcome.from_others:
        yield f"from others  {counted(outcome.from_others, 'message')} of users who take no part in the scenario"
    if outcome.rate is not None and latency.percentile(99) > _SLOW_S:
        limit = f"{outcome.rate:g} messages a second from one user"
        yield f"note         this server takes {limit}: what waited for its turn counts as latency"
    if outcome.guessed and not outcome.interrupted:
        yield "note         this server cannot say that nothing more is coming; the end was a quiet moment"
    if any(
        one.fault == "corrupt" and outcome.run_together(room, one)
        for room in outcome.ledgers.values()
        for one in room.findings
    ):
        yield "note         messages ran together: nothing in this dialect says where one ends; try --speed 0.2"
    yield ""
    for check in checks(outcome):
        yield f"{_RESULTS[check.result]:<13}{check.name}: {check.found}"
    yield from _shortened([f"failed: {failure}" for failure in outcome.failures], outcome.failures.many)
    findings = [(room, finding) for _, room, finding in in_order(outcome.ledgers)]
    yield from _shortened(
        [f"{_finding(room, one)}, at {one.at - outcome.zero:.3f} s" for room, one in findings[:_SHOWN]],
        sum(found.values()),
    )
    if findings:
        yield ""
        yield from transcript(outcome)
    yield ""
    yield verdict(outcome)


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return the summary for programs; times in milliseconds."""
    timeline, latency = outcome.timeline, outcome.timeline.latency
    percentiles = {f"p{percent}": _round_ms(latency.percentile(percent)) for percent in (50, 90, 95, 99)}
    rate = timeline.rate(timeline.delivered)
    return {
        "title": outcome.scenario.title,
        "status": status_of(outcome),
        "verdict": verdict(outcome),
        "users": outcome.users,
        "seconds": round(outcome.seconds, 3),
        "said": timeline.said,
        "delivered": timeline.delivered,
        "lasted": round(timeline.lasted, 3),
        "deliveries_per_s": None if rate is None else round(rate),
        "latency_ms": percentiles | {"max": _round_ms(latency.largest_s)},
        "lag_ms": {"p99": _round_ms(outcome.late_s)},
        "anomalies": outcome.anomalies,
        "from_others": outcome.from_others,
        "checks": [check._asdict() for check in checks(outcome)],
        "failures": outcome.failures,
        "findings": [
            _figures_of(about.shown, finding, outcome.zero)
            for about, room in outcome.ledgers.items()
            for finding in room.findings
        ],
        "transcript": list(transcript(outcome)),
        "settled": outcome.settled,
        "workers": [
            {"name": one.name, "lag_ms": {"p99": _round_ms(one.late_s)}, "lost": one.lost} for one in outcome.workers
        ],
        "clock_error_ms": None if outcome.clock_error_s is None else _round_ms(outcome.clock_error_s),
    }


def _finding(room: RoomLedger, finding: Finding) -> str:
    instead = heard_instead(room, finding)
    at = 0 if instead is None else _same(finding.text, instead.text)
    heard = f", who heard {instead.nick}: {_cut(instead.text, at)!r}" if instead is not None else ""
    return f"{title_of(finding.fault)}: {finding.nick}: {_cut(finding.text, at)!r} for {finding.reader.name}{heard}"


def _same(one: str, other: str) -> int:
    """Return how many letters at their beginning two texts have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _cut(text: str, at: int) -> str:
    """Return a part of a text that fits into a line, and in which this place is."""
    begin = max(0, at - _WIDTH // 2)
    return ("…" if begin else "") + text[begin : begin + _WIDTH]


def _figures_of(room: str, finding: Finding, begin: float) -> dict[str, Any]:
    return {
        "verdict": finding.fault,
        "room": room,
        "nick": finding.nick,
        "text": finding.text,
        "reader": finding.reader.name,
        "at_ms": _round_ms(finding.at - begin),
    }


def _shortened(words: list[str], count: int | None = None) -> Iterator[str]:
    count = len(words) if count is None else count
    for line in words[:_SHOWN]:
        yield f"  {line}" if len(line) <= _FAILURE_WIDTH else f"  {line[:_FAILURE_WIDTH]}…"
    if count > _SHOWN:
        yield f"  … and {count - _SHOWN:,} more"


def _rate(timeline: Timeline, count: int) -> str:
    """Return over what time so many were counted, and how many that is a second."""
    if not timeline.lasted:
        return ""
    rate = timeline.rate(count)
    return f" in {timeline.lasted:.1f} s" + ("" if rate is None else f", {rate:,.0f} a second")


def _ms(histogram: Histogram, percent: float) -> str:
    return f"{histogram.percentile(percent) * 1000:.1f} ms"


def _round_ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
