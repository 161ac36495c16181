"""The command geventchat-bots."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from geventchat import address
from geventchat.errors import ChatError, ServerUnavailable, UsageError

_EXAMPLES = """\
examples:
  geventchat-bots scenarios/ten_users.yaml                    at the default address, or a server of its own
  geventchat-bots scenarios/ten_users.yaml --server HOST:2003
  geventchat-bots scenarios/small_talk.yaml --server HOST --dialect unframed
  geventchat-bots check scenarios/*.yaml                      only look for mistakes
  geventchat-bots schema > scenario.schema.json               for editors

exit status: 0 all met; 1 a check or expectation not met; 2 the scenario or an option is wrong;
             4 no server; 5 invalid, because the generator was late; 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a scenario, or one of the verbs; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["check"]:
            return _check(words[1:])
        if words[:1] == ["schema"]:
            return _schema()
        return _run(_parser().parse_args(words))
    except UsageError as error:
        print(f"geventchat-bots: {error}", file=sys.stderr)
        return 2
    except ServerUnavailable as error:
        print(f"geventchat-bots: {error}", file=sys.stderr)
        return 4


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="geventchat-bots",
        description="Simulated users replay a scenario against a chat server; every delivery is checked.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("scenario", type=Path, help="a YAML file; or check FILE…, schema")
    parser.add_argument("--server", metavar="HOST:PORT", help="the server to test; any that speaks the dialect")
    parser.add_argument("--dialect", choices=("json", "plain", "unframed"), default="json", help="default: %(default)s")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="play N times as fast")
    return parser


def _run(options: argparse.Namespace) -> int:
    if not 0 < options.speed < float("inf"):
        raise UsageError("--speed is a number above 0, for example --speed 10")
    asked = address.parse(options.server) if options.server else None
    from bots.load import load
    from bots.mistakes import ScenarioMistakes

    try:
        scenario = load(options.scenario)
    except ScenarioMistakes as mistakes:
        print(mistakes, file=sys.stderr)
        return 2
    from bots.interrupt import interruptible
    from bots.runner import Runner
    from bots.summary import lines, status
    from bots.target import server_at

    with interruptible(), server_at(asked) as (at, which):
        print(f"{scenario.title}: {len(scenario.actors):,} users at {which}", flush=True)
        runner = Runner(scenario, at, options.dialect, options.speed)
        try:
            ended = None
            runner.run()
        except KeyboardInterrupt:
            ended = 130
        except ChatError as error:
            print(f"geventchat-bots: {error}", file=sys.stderr)
            ended = 1
        for line in lines(runner.outcome):
            print(line)
    return status(runner.outcome) if ended is None else ended


def _check(files: Sequence[str]) -> int:
    if not files or any(file in ("-h", "--help") for file in files):
        print("usage: geventchat-bots check FILE…   say what is wrong in scenarios; exit status 2 if anything is")
        return 0 if files else 2
    from bots.load import load
    from bots.mistakes import ScenarioMistakes

    ended = 0
    for file in files:
        try:
            scenario = load(Path(file))
            print(f"{file}: {scenario.title}: {len(scenario.actors):,} users, {len(list(scenario.lines())):,} lines")
        except ScenarioMistakes as mistakes:
            print(mistakes, file=sys.stderr)
            ended = 2
    return ended


def _schema() -> int:
    import json

    from bots.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
