"""How a run is going, on standard error while it goes."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import TextIO, cast

import gevent

from bots.report.outcome import Outcome
from bots.scenario.schedule import ends
from bots.scenario.units import counted
from geventchat.system.background_stream import BackgroundStream

# How often the line on a terminal changes, and how often there is another one where there is no terminal.
_REFRESH_S = 0.25
_LINE_S = 10.0
# How long a run that has ended waits for the last of it to be read.
_FINISH_S = 1.0
# So long after a second is over, all workers have told what they saw in it.
_TOLD_S = 2


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
        self._since = int(self._at) - _TOLD_S  # of what workers tell, the seconds before this one were shown
        self._told = 0.0, 0.0

    def words(self) -> str:
        """Return the state of things in one line."""
        outcome, timeline, now = self._outcome, self._outcome.timeline, time.monotonic()
        said, delivered = self._told_by_workers(now) if outcome.workers else self._counted(now)
        last = timeline.seconds[-1] if timeline.seconds else None
        late = f"p50 {last.p50 * 1000:.0f} ms  p99 {last.p99 * 1000:.0f} ms  " if last else ""
        wrong = sum(outcome.anomalies.values()) + outcome.failures.many + sum(one.wrong for one in outcome.workers)
        found = f"{wrong:,} anomalies" if wrong else "no anomalies"
        workers = f"{counted(len(outcome.workers), 'worker')}  " if outcome.workers else ""
        return f"{workers}{outcome.users:,} users  {said:,.0f} messages/s  {delivered:,.0f} deliveries/s  {late}{found}"

    def _counted(self, now: float) -> tuple[float, float]:
        """Return how much was said and heard a second since the last look."""
        timeline, passed = self._outcome.timeline, max(now - self._at, 1e-3)
        said, delivered = (timeline.said - self._said) / passed, (timeline.delivered - self._delivered) / passed
        self._at, self._said, self._delivered = now, timeline.said, timeline.delivered
        return said, delivered

    def _told_by_workers(self, now: float) -> tuple[float, float]:
        """Return the same by what workers tell, which is whole seconds, each of them some time after it."""
        since, until = self._since, int(now) - _TOLD_S
        if until > since:
            latest = takewhile(lambda one: one.at >= since, reversed(self._outcome.timeline.seconds))
            seconds, passed = [one for one in latest if one.at < until], until - since
            self._told = sum(one.said for one in seconds) / passed, sum(one.delivered for one in seconds) / passed
            self._since = until
        return self._told


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
