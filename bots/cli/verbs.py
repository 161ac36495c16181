"""What can be asked of geventchat-bots besides a run: the options of each verb, with examples."""

import argparse
from pathlib import Path

from geventchat.cli.options import OptionParser

VERBS = ("check", "import", "record", "scenarios", "schema")

_CHECK = """\
examples:
  geventchat-bots check talk.yaml
  geventchat-bots check scenarios/

exit status: 0 nothing is wrong, 2 something is
"""
_IMPORT = """\
examples:
  geventchat-bots import channel.log -o talk.yaml
  geventchat-bots import channel.log | less
  geventchat-bots import result.json --format telegram -o talk.yaml
"""
_RECORD = """\
A user named recorder joins to listen; whispers and topics are not recorded.

examples:
  geventchat-bots record localhost -o talk.yaml
  geventchat-bots record HOST:2003 --room tea -o tea.yaml
"""
_SCENARIOS = """\
They can be run from anywhere, by the names shown here; the first to try is scenarios/ten_users.yaml.

examples:
  geventchat-bots scenarios
"""
_SCHEMA = """\
examples:
  geventchat-bots schema > scenario.schema.json
"""


def parser(verb: str) -> argparse.ArgumentParser:
    """Return the options of a verb."""
    match verb:
        case "check":
            options = _of(verb, "Say what is wrong in scenarios; nothing is connected.", _CHECK)
            options.add_argument("files", metavar="SCENARIO", nargs="+", type=Path, help="YAML files or folders")
        case "import":
            from bots.transcripts.formats import FORMATS

            options = _of(verb, "Write the log of a chat down as a scenario.", _IMPORT)
            options.add_argument("source", metavar="LOG")
            names = [one.name for one in FORMATS]
            known = f"the log's format, if it is not found by itself: {', '.join(names)}"
            options.add_argument("--format", metavar="NAME", choices=names, default="", help=known)
            _add_output(options)
        case "record":
            options = _of(verb, "Record a room of a live server as a scenario, until Ctrl-C.", _RECORD)
            options.add_argument("source", metavar="HOST:PORT")
            _add_output(options)
            options.add_argument("--room", default="lobby", help="which room (default: %(default)s)")
        case "scenarios":
            options = _of(verb, "List the scenarios that ship with geventchat-bots.", _SCENARIOS)
        case _:
            options = _of(verb, "Print the JSON Schema of scenarios, for editors.", _SCHEMA)
    return options


def _of(verb: str, description: str, examples: str) -> OptionParser:
    return OptionParser(f"geventchat-bots {verb}", description, examples)


def _add_output(options: argparse.ArgumentParser) -> None:
    options.add_argument("-o", dest="output", metavar="FILE", type=Path, help="where to; default: standard output")
