"""How a run is going, on standard error while it goes."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, cast

import gevent

from bots.report.outcome import Outcome
from bots.scenario.schedule import ends
from geventchat.system.background_stream import BackgroundStream

# How often the line on a terminal changes, and how often there is another one where there is no terminal.
_REFRESH_S = 0.25
_LINE_S = 10.0
# How long a run that has ended waits for the last of it to be read.
_FINISH_S = 1.0


@contextmanager
def shown(outcome: Outcome, speed: float) -> Iterator[None]:
    """Show how a run goes on while the block runs: a bar on a terminal, elsewhere a line now and then.

    The run does not wait for whoever is to see it: a terminal may be stopped (Ctrl-S), a pipe be full.
    """
    if sys.stderr is None:  # it was closed
        yield
        return
    stream = BackgroundStream(sys.stderr.fileno(), lambda _: "", sys.stderr.encoding)
    planned = ends(outcome.scenario, outcome.scenario.script) / speed
    watch: Callable[[Outcome, float, TextIO], None] = _on_terminal if sys.stderr.isatty() else _in_lines
    watching = gevent.spawn(watch, outcome, planned, cast(TextIO, stream))
    try:
        yield
    finally:
        watching.kill(timeout=1)
        stream.finish(_FINISH_S)


class Rates:
    """What passed between two looks at an outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._at, self._said, self._delivered = time.monotonic(), 0, 0

    def words(self) -> str:
        """Return the state of things in one line."""
        outcome, timeline, now = self._outcome, self._outcome.timeline, time.monotonic()
        passed = max(now - self._at, 1e-3)
        said, delivered = (timeline.said - self._said) / passed, (timeline.delivered - self._delivered) / passed
        self._at, self._said, self._delivered = now, timeline.said, timeline.delivered
        last = timeline.seconds[-1] if timeline.seconds else None
        late = f"p50 {last.p50 * 1000:.0f} ms  p99 {last.p99 * 1000:.0f} ms  " if last else ""
        wrong = sum(outcome.anomalies.values()) + outcome.failures.many + sum(one.wrong for one in outcome.workers)
        found = f"{wrong:,} anomalies" if wrong else "no anomalies"
        workers = f"{len(outcome.workers)} workers  " if outcome.workers else ""
        return f"{workers}{outcome.users:,} users  {said:,.0f} messages/s  {delivered:,.0f} deliveries/s  {late}{found}"


def _on_terminal(outcome: Outcome, planned: float, stream: TextIO) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn

    bar: tuple[ProgressColumn, ...] = (BarColumn(bar_width=20), TaskProgressColumn())
    if planned == math.inf:
        bar = (TextColumn("{task.completed:.0f} s"),)
    rates = Rates(outcome)
    columns = *bar, TextColumn("{task.description}")
    console = Console(file=stream, force_terminal=True)
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("", total=max(planned, 1e-3))
        while True:
            progress.update(task, completed=_played(outcome), description=rates.words())
            progress.refresh()
            gevent.sleep(_REFRESH_S)


def _in_lines(outcome: Outcome, planned: float, stream: TextIO) -> None:
    rates = Rates(outcome)
    of_all = "" if planned == math.inf else f" of about {planned:.0f} s"
    while True:
        gevent.sleep(_LINE_S)
        print(f"{_played(outcome):.0f} s{of_all}: {rates.words()}", file=stream, flush=True)


def _played(outcome: Outcome) -> float:
    """Return how many seconds the script has been going on."""
    return time.monotonic() - outcome.began if outcome.began else 0.0
