"""The options of a run, and how their values are read; those of the verbs are in `verbs`."""

import argparse
import sys
from pathlib import Path

from bots.cli import verbs
from geventchat.cli.connecting import add_password, add_tls
from geventchat.cli.options import OptionParser
from geventchat.protocol.errors import UsageError

_EXAMPLES = """\
examples:
  geventchat-bots scenarios/ten_users.yaml                    on a server that is started for this run
  geventchat-bots scenarios/meet_the_bots.yaml                bots to chat with, until Ctrl-C
  geventchat-bots scenarios/                                  all in a folder, with a line for each
  geventchat-bots scenarios/ten_users.yaml --server HOST:2003
  geventchat-bots scenarios/busy_room.yaml --workers 4        its users in four processes
  geventchat-bots scenarios/small_talk.yaml --server HOST --dialect unframed
  geventchat-bots scenarios/small_talk.yaml --server HOST:9000 --protocol theirs.yaml
  geventchat-bots check scenarios/*.yaml                      only look for mistakes
  geventchat-bots scenarios                                   which ones ship with it
  geventchat-bots schema > scenario.schema.json               for editors
  geventchat-bots import channel.log -o talk.yaml             a log as a scenario
  geventchat-bots try HOST:9000 --protocol theirs.yaml        every frame, and what it was understood as
  geventchat-bots record HOST:2003 -o talk.yaml               a live room as a scenario, until Ctrl-C

exit status: 0 all met; 1 a check or expectation not met; 2 the scenario or an option is wrong;
             4 no server; 5 invalid, because the bots themselves were late, or a worker was lost; 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """Return the options of a run."""
    options = OptionParser(
        "geventchat-bots",
        "Simulated users replay a scenario against a chat server; every delivery is checked.",
        _EXAMPLES,
        meant=dict.fromkeys(("--host", "--port"), "--server").get,
    )
    options.add_argument(
        "scenarios",
        metavar="SCENARIO",
        nargs="+",
        type=Path,
        help=f"YAML files or folders; or one of the verbs {', '.join(verbs.VERBS)}",
    )
    options.add_argument(
        "--server",
        action="append",
        metavar="HOST:PORT",
        help="the server to test, any that speaks the dialect; more than once for several that share one chat",
    )
    _add_protocol(options)
    add_tls(options)
    add_password(options)
    options.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="play N times as fast")
    options.add_argument(
        "--seed", type=_seed, metavar="N", help="other words, choices and times than the scenario's own"
    )
    options.add_argument(
        "--only",
        type=_lines,
        metavar="LINE",
        help="play only this line of the file, or these, like 12-15, with everyone where the whole script has them",
    )
    _add_workers(options)
    options.add_argument("--json", action="store_true", help="print the result as JSON")
    options.add_argument("--junit", metavar="FILE", type=Path, help="write the checks as JUnit XML")
    options.add_argument("--report", metavar="FILE", type=Path, help="write a page of HTML with charts")
    return options


def _add_workers(options: argparse.ArgumentParser) -> None:
    options.add_argument("--workers", type=_count, metavar="N", help="spread the users over so many processes")
    waits = "wait here for workers from anywhere: geventchat-bots worker HOST:PORT"
    options.add_argument("--bind", metavar="HOST:PORT", help=waits)
    options.add_argument("--wait", type=_duration, metavar="TIME", help="how long to wait for them (default: 60s)")
    options.add_argument("--join-rate", type=_rate, metavar="N", help="let so many users a second come in at first")
    options.add_argument("--web", type=_port, metavar="PORT", help="show the run on Locust's page, on 127.0.0.1")


def _add_protocol(options: argparse.ArgumentParser) -> None:
    options.add_argument("--dialect", metavar="NAME", help="json (the default), ws, plain, unframed or irc")
    options.add_argument("--protocol", metavar="FILE", type=Path, help="a file that says how the server is spoken to")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
        raise UsageError("--workers is a number from 1 to 99999, for example --workers 4")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 1 << 16):
        raise UsageError(f"--web {text}: a port is a number from 1 to 65535")
    return int(text)


def _rate(text: str) -> float:
    return _positive(text, "--join-rate is how many users come in a second, for example --join-rate 500")


def _speed(text: str) -> float:
    return _positive(text, "--speed is a number above 0, for example --speed 10")


def _positive(text: str, otherwise: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(otherwise)
    return number


def _duration(text: str) -> float:
    from bots.scenario.units import duration

    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"--wait: {error}") from None


def _lines(text: str) -> tuple[int, int]:
    begin, _, end = text.partition("-")
    try:
        first, last = int(begin), int(end or begin)
    except ValueError:
        raise UsageError("--only is a line of the scenario's file, or several: --only 12, --only 12-15") from None
    if last < first:
        raise UsageError(f"--only {text} ends before it begins; write --only {last}-{first}")
    return first, min(last, sys.maxsize)


def _seed(text: str) -> int:
    from bots.scenario.document import MAX_SEED

    try:
        seed = int(text)
    except ValueError:
        raise UsageError(f"--seed is a whole number, not {text}") from None
    if abs(seed) > MAX_SEED:
        raise UsageError(f"--seed {text} is too much; it can be {MAX_SEED:,} at most")
    return seed
