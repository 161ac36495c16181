"""The command geventchat-bots: a run, or what one of the verbs does."""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bots.cli import run_options, shipped, verbs
from bots.cli.output import show, write
from bots.cli.try_protocol import try_protocol
from bots.workers.errors import TooFewWorkers
from geventchat.cli.connecting import HINTS, trust
from geventchat.protocol import address
from geventchat.protocol.errors import ChatError, NotTrusted, Refused, ServerUnavailable, UsageError
from geventchat.system.passwords import server_password
from geventchat.system.stdio import CannotPrint

if TYPE_CHECKING:
    from bots.transcripts.writer import Transcript


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
    except (ServerUnavailable, NotTrusted) as error:
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
    options = run_options.parser().parse_args(words)
    from bots.cli.run import run

    return run(options)


def _refuse_no_verb(word: str) -> None:
    """Raise UsageError if a word with a file behind it is neither a verb nor itself a file."""
    from bots.scenario.mistakes import did_you_mean

    if word == "run":
        raise UsageError("run is not a verb; to run a scenario, name its file alone: geventchat-bots FILE")
    if not shipped.is_there(Path(word)):
        raise UsageError(f"{word} is neither a verb nor a file{did_you_mean(word, verbs.VERBS)}")


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
    with suppress(OSError):  # most often as there is no such file yet; why it cannot be written is told where it is
        if options.output is not None and options.output.samefile(options.source):
            raise UsageError(f"{options.output} is the log itself: name another file")
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
