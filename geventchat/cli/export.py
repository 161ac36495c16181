"""geventchat-serve export: prints history, also while a server writes it."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from geventchat.cli import verb_runner
from geventchat.cli.options import OptionParser
from geventchat.protocol import durations, names
from geventchat.protocol.errors import Refused, UsageError
from geventchat.protocol.events import LARGEST, SEQUENCES, AnyEvent, number_of
from geventchat.protocol.wording import line_of
from geventchat.store import registry
from geventchat.system.stdio import print_nowhere

_PROG = "geventchat-serve export"
_EPILOG = """\
examples:
  geventchat-serve export --since 2h --text           print what was said in the last two hours
  geventchat-serve export --room lobby > lobby.jsonl  the events of one room
  geventchat-serve export --redis redis://HOST:6379/0

exit status: 0 done, also where nothing fits; 1 cannot be written; 2 an option, or the history, cannot be used;
             130 interrupted
"""
# Events read at once.
PAGE = 1_000


def main(arguments: Sequence[str]) -> int:
    """Print the history; return the exit status: 0, 1 if it cannot be written, 2 for an option that makes no sense."""

    def work() -> None:
        options = _parser().parse_args(arguments)
        try:
            _export(options)
        except BrokenPipeError:  # whoever reads has seen enough; nor must Python's own flush at the end complain
            print_nowhere()

    return verb_runner.run(_PROG, work)


def _export(options: argparse.Namespace) -> None:
    if options.redis is not None and options.history is not None:
        raise UsageError("--history is not for --redis: what is said is kept in Redis")
    past = registry.past(options.history) if options.redis is None else registry.past(options.redis, "--redis")
    write = _write_text if options.text else _write_json
    after = _number_before(options.since, time.time()) if options.since else -LARGEST
    room_key = names.key(options.room) if options.room is not None else None
    nothing = True
    for events in past.pages(room_key, after, PAGE):
        write(events)
        sys.stdout.flush()
        nothing = False
    if nothing:
        print(f"note: there is no such event in {past.location}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        prog=_PROG,
        description="Print history as JSON Lines, oldest first, also while the server runs.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--history", metavar="FILE", help="the file (default: history.sqlite in the user's state folder)"
    )
    parser.add_argument("--redis", metavar="URL", help="the Redis of servers that share one chat, as they are given it")
    parser.add_argument("--room", help="only what happened in this room")
    parser.add_argument(
        "--since",
        metavar="ID|TIME|AGE",
        help="only what is later than an id, a time such as 2024-11-23 or 2024-11-23T12:00 (in UTC, or with an offset "
        "such as +01:00) or an age such as 2h",
    )
    parser.add_argument("--text", action="store_true", help="print lines for people; times are in UTC")
    return parser


def _number_before(since: str, now: float) -> int:
    """Return what all that is wanted is later than, as the number of an id. Raises UsageError."""
    with suppress(ValueError):
        return _number_at(now - durations.seconds(since))
    try:
        return number_of(since)
    except Refused:
        pass
    try:
        moment = datetime.fromisoformat(since)
        return _number_at((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {since}: give an id, a time such as 2024-11-23 or 2024-11-23T12:00, or an age such as 2h"
        ) from None


def _number_at(seconds: float) -> int:
    """Return the last number before a time, as far as the file can keep it."""
    return max(-1, min(int(seconds * 1000) * SEQUENCES - 1, LARGEST))


def _write_json(events: Sequence[AnyEvent]) -> None:
    sys.stdout.buffer.write(b"".join(msgspec.json.encode(event) + b"\n" for event in events))


def _write_text(events: Sequence[AnyEvent]) -> None:
    lines = "".join(f"{event.time[:10]} {event.time[11:19]} {event.room} {line_of(event)}\n" for event in events)
    sys.stdout.buffer.write(lines.encode())
