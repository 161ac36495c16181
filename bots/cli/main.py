"""What geventchat-bots does with its words: a run, or one of the verbs."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bots.cli import shipped, verbs
from bots.cli.output import show, write
from bots.cli.try_protocol import try_protocol
from bots.workers.errors import TooFewWorkers
from geventchat.cli.connecting import HINTS, add_password, add_tls, trust
from geventchat.cli.options import OptionParser
from geventchat.protocol import address
from geventchat.protocol.errors import ChatError, Refused, ServerUnavailable, UsageError
from geventchat.system.passwords import server_password
from geventchat.system.stdio import CannotPrint

if TYPE_CHECKING:
    from bots.transcripts.writer import Transcript

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a scenario, or one of the verbs; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _carry_out(words)
    except UsageError as error:
        print(f"geventchat-bots: {error}", file=sys.stderr)
        return 1 if isinstance(error, CannotPrint) else 2
    except TooFewWorkers as error:
        print(f"geventchat-bots: {error}", file=sys.stderr)
        return 5
    except ServerUnavailable as error:
        print(f"geventchat-bots: {error}", file=sys.stderr)
        return 4
    except ChatError as error:
        hint = HINTS.get(error.code, "") if isinstance(error, Refused) else ""
        print(f"geventchat-bots: {error}{hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before a run has begun, or while its results are written
        return 130


def _carry_out(words: Sequence[str]) -> int:
    if words and words[0] in verbs.VERBS:
        return _VERBS[words[0]](verbs.parser(words[0]).parse_args(words[1:]))
    if len(words) > 1 and not words[0].startswith("-") and not words[1].startswith("-"):
        _refuse_no_verb(words[0])
    options = _parser().parse_args(words)
    from bots.cli.run import run

    return run(options)


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        "geventchat-bots",
        "Simulated users replay a scenario against a chat server; every delivery is checked.",
        _EXAMPLES,
        meant=dict.fromkeys(("--host", "--port"), "--server").get,
    )
    parser.add_argument(
        "scenarios",
        metavar="SCENARIO",
        nargs="+",
        type=Path,
        help=f"YAML files or folders; or one of the verbs {', '.join(verbs.VERBS)}",
    )
    parser.add_argument(
        "--server",
        action="append",
        metavar="HOST:PORT",
        help="the server to test, any that speaks the dialect; more than once for several that share one chat",
    )
    _add_protocol(parser)
    add_tls(parser)
    add_password(parser)
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="play N times as fast")
    parser.add_argument(
        "--seed", type=_seed, metavar="N", help="other words, choices and times than the scenario's own"
    )
    parser.add_argument(
        "--only",
        type=_lines,
        metavar="LINE",
        help="play only this line of the file, or these, like 12-15, with everyone where the whole script has them",
    )
    _add_workers(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the checks as JUnit XML")
    parser.add_argument("--report", metavar="FILE", type=Path, help="write a page of HTML with charts")
    return parser


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=_count, metavar="N", help="spread the users over so many processes")
    waits = "wait here for workers from anywhere: geventchat-bots worker HOST:PORT"
    parser.add_argument("--bind", metavar="HOST:PORT", help=waits)
    parser.add_argument("--wait", type=_duration, metavar="TIME", help="how long to wait for them (default: 60s)")
    parser.add_argument("--join-rate", type=_rate, metavar="N", help="let so many users a second come in at first")
    parser.add_argument("--web", type=_port, metavar="PORT", help="show the run on Locust's page, on 127.0.0.1")


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dialect", metavar="NAME", help="json (the default), ws, plain, unframed or irc")
    parser.add_argument("--protocol", metavar="FILE", type=Path, help="a file that says how the server is spoken to")


def _refuse_no_verb(word: str) -> None:
    """Raise UsageError if a word with a file behind it is neither a verb nor itself a file."""
    from bots.scenario.mistakes import did_you_mean

    if word == "run":
        raise UsageError("run is not a verb; to run a scenario, name its file alone: geventchat-bots FILE")
    if not shipped.is_there(Path(word)):
        raise UsageError(f"{word} is neither a verb nor a file{did_you_mean(word, verbs.VERBS)}")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
        raise UsageError(f"{text} is no number from 1 on")
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


def _check(options: argparse.Namespace) -> int:
    from bots.cli.run import asked_for
    from bots.protocols.sayable import check_sayable
    from bots.scenario.load import load
    from bots.scenario.mistakes import ScenarioMistakes
    from bots.scenario.units import counted

    ended, spoken = 0, None
    if not options.files and options.protocol is None:
        raise UsageError("check needs a SCENARIO, or --protocol FILE")
    if options.protocol is not None:
        try:
            spoken = asked_for(None, options.protocol)
        except ScenarioMistakes as mistakes:
            print(mistakes, file=sys.stderr)
            return 2
        show(f"{options.protocol}: nothing is wrong\n")
    for file, _ in shipped.files(options.files):
        try:
            scenario = load(file)
            if spoken is not None:
                check_sayable(scenario, spoken)
            users, lines = counted(len(scenario.actors), "user"), counted(len(list(scenario.lines())), "line")
            show(f"{file}: {scenario.title}: {users}, {lines}\n")
        except ScenarioMistakes as mistakes:
            print(mistakes, file=sys.stderr)
            ended = 2
    return ended


def _import(options: argparse.Namespace) -> int:
    from bots.scenario.data_file import read_file
    from bots.transcripts.importer import import_log
    from bots.transcripts.log_text import MAX_BYTES

    try:
        source = read_file(Path(options.source), MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{options.source} cannot be read: {(error.strerror or str(error)).lower()}") from None
    return _write_transcript(import_log(source, Path(options.source).name, options.format), options.output)


def _record(options: argparse.Namespace) -> int:
    at = address.parse(options.source)
    from bots.engine.interrupt import interruptible
    from bots.transcripts.record import record

    with interruptible():
        print(f"recording {options.room} at {address.show(at)}; Ctrl-C ends it", file=sys.stderr)
        trusted, password = trust(options, "geventchat-bots"), server_password(options.password_file)
        return _write_transcript(record(at, options.room, trusted, password), options.output)


def _write_transcript(transcript: "Transcript", output: Path | None) -> int:
    for note in transcript.notes:
        print(f"note: {note}", file=sys.stderr)
    if output is None:
        show(transcript.text)
    else:
        write(transcript.text, output)
        print(f"written to {output}: {transcript.title}", file=sys.stderr)
    return 0


def _scenarios(_: argparse.Namespace) -> int:
    show(shipped.listing())
    return 0


def _schema(options: argparse.Namespace) -> int:
    from bots.protocols import json_schema as of_protocols
    from bots.scenario import json_schema as of_scenarios

    schema = of_protocols.json_schema() if options.protocol else of_scenarios.json_schema()
    show(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return 0


def _worker(options: argparse.Namespace) -> int:
    from bots.cli.workers import work

    return work(options)


_VERBS = {
    "check": _check,
    "import": _import,
    "record": _record,
    "scenarios": _scenarios,
    "schema": _schema,
    "try": try_protocol,
    "worker": _worker,
}
