"""What bots on workers carry: `python -m tests.benchmark_workers carry`, or `… many`. Wants a machine that is idle.

`carry` looks for the highest speed at which a room of so many users is valid and passes, with one worker and with four.
`many` brings so many users into one server, of whom twenty talk: nothing may be lost.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_BOTS = [sys.executable, "-m", "bots.cli"]
# At speed 1, so many messages a second; all hear all.
_ROOM = """\
cast: {{user: {users}}}
script:
  - user: {{say: "{{words 3..8}}", every: {every}s, spread: {every}s, for: {seconds}s}}
"""
_MESSAGES_PER_S = 50
_MANY = """\
cast: {{user: {users}}}
script:
  - 20 of user: {{say: "{{words 5}}", times: 5, every: 2s, spread: 2s}}
"""
# Speeds are tried in steps of so much, up from 1; each may fail so often before it is too high.
_STEP = 1.15
_TRIES = 2


@contextmanager
def server(users: int) -> Iterator[str]:
    """Run a server for so many users; yield where it is."""
    words = [sys.executable, "-m", "geventchat.cli.serve", "--listen", "127.0.0.1:0", "--rate", "off"]
    words += ["--max-users", str(users + 10), "--history", "none"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split("geventchat serves on ")[1].split(";")[0].strip()
        finally:
            process.terminate()


def played(scenario: str, at: str, *options: str) -> dict[str, Any]:
    """Return what came of a scenario."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "play.yaml"
        file.write_text(scenario)
        words = [*_BOTS, str(file), "--server", at, "--json", *options]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def carried(workers: int, users: int, seconds: float) -> float:
    """Return how many deliveries a second so many workers carry at the highest speed that they are valid at."""
    best, speed = 0.0, 1.0
    while True:
        for _ in range(_TRIES):
            every, lasts = users / _MESSAGES_PER_S, seconds * speed
            with server(users) as at:
                words = "--workers", str(workers), "--speed", str(speed), "--join-rate", "200"
                result = played(_ROOM.format(users=users, every=every, seconds=lasts), at, *words)
            rate = result["deliveries_per_s"] or 0.0
            print(f"{workers} workers, speed {speed:.2f}: {rate:,.0f} deliveries/s, {result['verdict']}", flush=True)
            if result["status"] == 0:
                break
        else:
            return best
        best, speed = max(best, rate), speed * _STEP


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("carry", "many"))
    parser.add_argument("--users", type=int, help="400 for carry, 19000 for many")
    parser.add_argument("--workers", type=int, help="4 for carry, 2 for many")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each speed is tried")
    parser.add_argument("--join-rate", default="300", help="users a second, for many")
    asked = parser.parse_args(arguments)
    if asked.what == "carry":
        one, several = (carried(workers, asked.users or 400, asked.seconds) for workers in (1, asked.workers or 4))
        print(f"one carries {one:,.0f} deliveries/s, {asked.workers or 4} carry {several:,.0f}: {several / one:.2f} x")
        return
    users = asked.users or 19_000
    with server(users) as at:
        words = "--workers", str(asked.workers or 2), "--join-rate", asked.join_rate
        result = played(_MANY.format(users=users), at, *words)
    print(json.dumps({key: result[key] for key in ("verdict", "users", "said", "delivered", "anomalies", "failures")}))


if __name__ == "__main__":
    main()
