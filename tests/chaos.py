"""Faults of servers and of Redis, at random and often several at once, while bots prove the delivery.

    python -m tests.chaos [--seconds 60] [--seed 1] [--dialect json]

It ends with status 1 when the bots find anything, with what happened and when.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import gevent

from bots.engine.runner import Runner
from bots.protocols.registry import DIALECTS
from bots.report.outcome import Outcome
from bots.report.summary import lines
from bots.report.verdict import status_of
from bots.scenario.load import parse
from tests.cluster import LEASE_S, Cluster, cluster
from tests.proxy import Proxy

_TALK = """\
seed: {seed}
cast:
  user: {{count: 40, reconnect: 90s}}  # at a server that is stopped they wait for 10 s, perhaps several times
script:
  - together:
      - user: {{say: "{{words 2..6}}", every: 400ms, jitter: 50%, for: {seconds}s}}
      - 5 of user: {{drop: reset, every: 3s, jitter: 90%, for: {seconds}s}}
check: {{delivery: {delivery}, order: same for everyone, errors: any}}
"""
# How long everything is well before the end, so that all can come back.
_CALM_S = 4.0


class Chaos:
    """Does harm at random for so many seconds, and notes what."""

    def __init__(
        self, servers: Cluster, ways: list[Proxy], chance: random.Random, seconds: float, outcome: Outcome
    ) -> None:
        self._servers = servers
        self._ways = ways
        self._chance = chance
        self._seconds = seconds
        self._outcome = outcome
        self._began = 0.0
        self._redis_is_down = False
        self._down: set[int] = set()
        self.noted: list[str] = []

    def run(self) -> None:
        """Begin one harm after another once all bots are in, and wait for the end of all."""
        while not self._outcome.began:
            gevent.sleep(0.1)
        self._began = time.monotonic()
        harms: tuple[Callable[[], None], ...] = (self._kill, self._stop, self._end, self._cut, self._redis)
        begun = []
        while time.monotonic() < self._began + self._seconds:
            gevent.sleep(self._chance.uniform(0.3, 2))
            begun.append(gevent.spawn(self._chance.choice(harms)))
        gevent.joinall(begun, raise_error=True)

    def _note(self, what: str) -> None:
        self.noted.append(f"{time.monotonic() - self._began:6.2f} s  {what}")

    def _one(self) -> int | None:
        up = [number for number in range(3) if number not in self._down]
        return self._chance.choice(up) if len(up) > 1 else None

    def _down_for_a_while(self, how: int, back: Callable[[int], None], longest: float) -> None:
        if (number := self._one()) is None:
            return
        self._down.add(number)
        self._note(f"server {number}: {signal.Signals(how).name}")
        self._servers.signal(number, how)
        gevent.sleep(self._chance.uniform(0, longest))
        back(number)
        self._note(f"server {number} is back")
        self._down.remove(number)

    def _start(self, number: int) -> None:
        """Run a server again and again until it finds Redis, as a service manager does."""
        while True:
            try:
                self._servers.start(number)
                return
            except AssertionError:
                gevent.sleep(0.2)

    def _kill(self) -> None:
        self._down_for_a_while(signal.SIGKILL, self._start, 3)

    def _end(self) -> None:
        self._down_for_a_while(signal.SIGTERM, self._start, 3)

    def _stop(self) -> None:
        self._down_for_a_while(signal.SIGSTOP, lambda number: self._servers.signal(number, signal.SIGCONT), 3 * LEASE_S)

    def _cut(self) -> None:
        number, silently = self._chance.randrange(3), self._chance.random() < 0.5
        self._note(f"server {number} is cut off, {'silently' if silently else 'with a reset'}")
        with self._ways[number].cut(silently=silently):
            gevent.sleep(self._chance.uniform(0, 2 * LEASE_S))
        self._note(f"server {number} can reach Redis again")

    def _redis(self) -> None:
        if self._redis_is_down:
            return
        self._redis_is_down = True
        cut = self._chance.choice((0, 0, 2_000, 20_000))
        if self._down:  # who has heard it may be gone, too
            cut = 0
        self._note(f"Redis is killed, and loses {cut} bytes")
        self._servers.redis.kill(cut=cut)
        gevent.sleep(self._chance.uniform(0, 2))
        self._servers.redis.start()
        self._note("Redis is back")
        self._redis_is_down = False


def main() -> int:
    """Run for a while; return 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--dialect", default="json", choices=DIALECTS)
    options = parser.parse_args()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        ways = [opened.enter_context(Proxy(("127.0.0.1", 1))) for _ in range(3)]
        servers = opened.enter_context(cluster(folder, ways))
        # Who is at a server that is cut off, and killed then, and is not told later what it missed, has missed that.
        delivery = "exactly once" if DIALECTS[options.dialect]("").catches_up else "at most once"
        text = _TALK.format(seed=options.seed, seconds=f"{options.seconds:g}", delivery=delivery)
        first, *others = servers.addresses
        runner = Runner(parse(text.encode(), "chaos", lambda _: b""), first, DIALECTS[options.dialect], others=others)
        chance = random.Random(options.seed)
        chaos = Chaos(servers, ways, chance, options.seconds - _CALM_S, runner.outcome)
        harming = gevent.spawn(chaos.run)
        outcome = runner.run()
        harming.get()
        told = lines(outcome)
        logs = [servers.log_file(number).read_text() for number in range(3)]
    print(f"seed {options.seed}", *chaos.noted, *told, sep="\n")
    found = status_of(outcome) == 1
    if found or any("Traceback" in log for log in logs):
        print(*logs, sep="\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
