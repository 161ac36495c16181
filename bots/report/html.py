"""A run on one page of HTML, which needs nothing else and opens offline. No I/O."""

from collections.abc import Iterator
from html import escape

from bots.ledger.room import RoomLedger
from bots.report.charts import Curve, Shade, line_chart, shade_table
from bots.report.delivery_matrix import who_heard_whom
from bots.report.outcome import MAX_LAG_S, Outcome, title_of
from bots.report.transcript import in_order, transcript
from bots.report.verdict import checks, status_of, verdict
from bots.scenario.units import counted
from geventchat import __version__

_PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0)
_FINDINGS = 100
_CLASSES = {"met": "good", "not met": "bad", "not tested": "soft"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #6b7280; --rule: #e3e6ea;
        --one: #2563eb; --two: #d97706; --good: #15803d; --bad: #c2261b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #15181c; --soft: #9aa3ad; --rule: #2b3138;
        --one: #6ea2ff; --two: #f0a94b; --good: #4ec77d; --bad: #ff7b6b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.soft, svg text { color: var(--soft); fill: var(--soft); } svg text { font-size: 11px; }
.verdict { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem; margin: 1rem 0; }
.tiles div { border: 1px solid var(--rule); border-radius: .5rem; padding: .5rem .75rem; }
.tiles b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
pre { background: color-mix(in srgb, var(--ink) 6%, transparent); padding: .75rem; border-radius: .5rem;
      white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } .wide td, .wide th { white-space: nowrap; }
.findings { overflow-wrap: normal; } td.good, td.bad, td.soft { white-space: nowrap; }
.wide .findings td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 12rem; }
svg { width: 100%; height: auto; overflow: visible; } .grid { stroke: var(--rule); }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; } .c0 { stroke: var(--one); } .c1 { stroke: var(--two); }
.dot.c0 { fill: var(--one); } .dot.c1 { fill: var(--two); } .keys { margin: 0; font-size: .85rem; color: var(--soft); }
.key::before { content: ""; display: inline-block; width: 1rem; height: .2rem; margin: 0 .35rem .2rem .75rem; }
.key.c0::before { background: var(--one); } .key.c1::before { background: var(--two); }
@media (max-width: 40rem) { .tiles { grid-template-columns: repeat(2, 1fr); } .chart text { font-size: 16px; } }
rect.full { fill: var(--good); } rect.part { fill: var(--bad); } rect.none { fill: var(--rule); }
"""


def page(outcome: Outcome, which: str, when: str) -> str:
    """Return the page; `which` says what server it was, and how it was spoken to; `when` is the date and time."""
    scenario = outcome.scenario
    title, file = escape(scenario.title), escape(scenario.file)
    lines = counted(len(list(scenario.lines())), "line")
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style></head><body>",
            f'<h1>{title}</h1><p class="soft">{file}, {lines}; {escape(which)}<br>',
            f"{escape(when)}, geventchat {__version__}</p>",
            f'<p class="verdict {"good" if status_of(outcome) == 0 else "bad"}">{escape(verdict(outcome))}</p>',
            *_tiles(outcome),
            *_checks(outcome),
            *_first_failing(outcome),
            *_over_time(outcome),
            *_percentiles(outcome),
            *_who_heard_whom(outcome),
            *_findings(outcome),
            "</body></html>\n",
        ]
    )


def _tiles(outcome: Outcome) -> Iterator[str]:
    timeline, latency = outcome.timeline, outcome.timeline.latency
    rate = timeline.rate(timeline.delivered)
    tiles = {
        "users": f"{outcome.users:,}",
        "messages said": f"{timeline.said:,}",
        "deliveries": f"{timeline.delivered:,}",
        f"deliveries a second, over {timeline.lasted:.1f} s": "-" if rate is None else f"{rate:,.0f}",
        "latency p50": f"{latency.percentile(50) * 1000:.1f} ms" if latency.count else "-",
        "latency p99": f"{latency.percentile(99) * 1000:.1f} ms" if latency.count else "-",
        "anomalies": f"{sum(outcome.anomalies.values()):,}",
        **({"messages from others": f"{outcome.from_others:,}"} if outcome.from_others else {}),
        f"bots late, p99 (at most {MAX_LAG_S * 1000:g} ms)": f"{outcome.late_s * 1000:.1f} ms",
    }
    if outcome.workers:
        tiles["workers"] = f"{len(outcome.workers)}"
    if outcome.workers and outcome.clock_error_s is not None:
        tiles["their clocks agree to"] = f"{outcome.clock_error_s * 1000:.2f} ms"
    bad = {"anomalies"} if outcome.anomalies else set()
    cells = "".join(
        f'<div><b{" class=bad" if name in bad else ""}>{value}</b><span class="soft">{name}</span></div>'
        for name, value in tiles.items()
    )
    yield f'<div class="tiles">{cells}</div>'


def _checks(outcome: Outcome) -> Iterator[str]:
    yield "<h2>Checks</h2><table>"
    for check in checks(outcome):
        result = f'<td class="{_CLASSES[check.result]}">{check.result}</td>'
        yield f"<tr>{result}<td>{escape(check.name)}</td><td>{escape(check.found)}</td></tr>"
    yield "</table>"
    if outcome.guessed and not outcome.interrupted:
        yield '<p class="soft">This server cannot say that nothing more is coming; the end was a quiet moment.</p>'
    if outcome.failures:
        yield f"<pre>{escape(_first_of(outcome.failures, outcome.failures.many))}</pre>"


def _first_failing(outcome: Outcome) -> Iterator[str]:
    if lines := list(transcript(outcome)):
        shown = [f'<b class="bad">{escape(line)}</b>' if line.startswith(">") else escape(line) for line in lines]
        yield f"<h2>The first failing exchange</h2><pre>{chr(10).join(shown)}</pre>"


def _over_time(outcome: Outcome) -> Iterator[str]:
    seconds = outcome.timeline.seconds
    if not seconds:
        return
    begin = seconds[0].at
    heard = [second for second in seconds if second.delivered]
    p50 = Curve("p50", [(second.at - begin, second.p50 * 1000) for second in heard])
    p99 = Curve("p99", [(second.at - begin, second.p99 * 1000) for second in heard])
    yield "<h2>Latency over time, from when a message was due</h2>"
    yield line_chart([p50, p99], "seconds", "ms")
    counts = {second.at: second for second in seconds}
    every = range(begin, seconds[-1].at + 1) if seconds[-1].at - begin < len(seconds) * 10 else sorted(counts)
    delivered = [(at - begin, float(counts[at].delivered if at in counts else 0)) for at in every]
    yield "<h2>Deliveries a second</h2>"
    yield line_chart([Curve("deliveries", delivered)], "seconds", "a second")


def _percentiles(outcome: Outcome) -> Iterator[str]:
    latency = outcome.timeline.latency
    if not latency.count:
        return
    values = [latency.percentile(percent) * 1000 for percent in _PERCENTILES]
    names = [f"p{percent:g}" if percent < 100 else "max" for percent in _PERCENTILES]
    yield "<h2>Latency percentiles</h2>"
    yield line_chart([Curve("latency", list(enumerate(values)))], "", "ms", names)
    yield '<div class="wide"><table><tr>' + "".join(f"<th>{name}</th>" for name in names) + "</tr><tr>"
    yield "".join(f"<td>{value:.1f} ms</td>" for value in values) + "</tr></table></div>"


def _who_heard_whom(outcome: Outcome) -> Iterator[str]:
    for name, room in outcome.rooms.items():
        if room.messages:
            yield f"<h2>Who heard whom in {escape(name)}</h2>"
            yield from _hearings(room)


def _hearings(room: RoomLedger) -> Iterator[str]:
    readers, senders, table = who_heard_whom(room)
    cells = []
    for reader in readers:
        row = []
        for sender in senders:
            heard, due = table[reader, sender]
            words = f"{reader} heard {heard:,} of {due:,} messages of {sender}"
            row.append(Shade(heard / due if due else None, words))
        cells.append(row)
    yield shade_table(readers, senders, cells)
    everyone = len({reader.name for reader in room.readers})
    if len(readers) < everyone:
        yield f'<p class="soft">{len(readers)} of {everyone:,} readers, those who missed something first.</p>'
    meaning = "green heard all that was due, red did not; where it is grey, nothing was due"
    yield f'<p class="soft">Readers downwards, speakers across: {meaning}.</p>'


def _findings(outcome: Outcome) -> Iterator[str]:
    found = in_order(outcome.ledgers)
    if not found:
        return
    heads = "".join(f"<th>{head}</th>" for head in ("second", "what", "reader", "room", "message"))
    yield f'<h2>Findings</h2><div class="wide"><table class="findings"><tr>{heads}</tr>'
    for name, _, finding in found[:_FINDINGS]:
        at = f"{finding.at - outcome.zero:.3f}"
        said = escape(f"{finding.nick}: {finding.text}")
        reader, what = escape(finding.reader.name), title_of(finding.fault)
        yield f"<tr><td>{at}</td><td>{what}</td><td>{reader}</td><td>{escape(name)}</td><td>{said}</td></tr>"
    yield "</table></div>"
    total = sum(outcome.anomalies.values())
    if total > _FINDINGS:
        yield f'<p class="soft">and {total - _FINDINGS:,} more</p>'


def _first_of(lines: list[str], many: int) -> str:
    more = [f"… and {many - _FINDINGS:,} more"] if many > _FINDINGS else []
    return "\n".join([*lines[:_FINDINGS], *more])
