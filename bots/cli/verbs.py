"""What can be asked of geventchat-bots besides a run: the options of each verb, with examples."""

import argparse
from pathlib import Path

from geventchat.cli.connecting import add_password, add_tls
from geventchat.cli.options import OptionParser

VERBS = ("check", "import", "record", "scenarios", "schema", "try", "worker")

_CHECK = """\
examples:
  geventchat-bots check talk.yaml
  geventchat-bots check scenarios/
  geventchat-bots check talk.yaml --protocol theirs.yaml

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
  geventchat-bots schema --protocol > protocol.schema.json
"""
_TRY = """\
Two bots named ann and ben join, ann says one thing, and both leave.

examples:
  geventchat-bots try HOST:9000 --protocol theirs.yaml
  geventchat-bots try HOST:9000 --dialect shouting

exit status: 0 all went well, 1 something did not, 2 the file or an option is wrong, 4 no server
"""
_WORKER = """\
Elsewhere, geventchat-bots SCENARIO --workers N --bind HOST:PORT waits for workers, and sends them all they need.

examples:
  geventchat-bots worker HOST:5557

exit status: 0 the master has ended, 2 it does not want this worker, 130 interrupted
"""


def parser(verb: str) -> argparse.ArgumentParser:
    """Return the options of a verb."""
    match verb:
        case "check":
            options = _of(verb, "Say what is wrong in scenarios; nothing is connected.", _CHECK)
            options.add_argument("files", metavar="SCENARIO", nargs="*", type=Path, help="YAML files or folders")
            asked = "also say what this protocol cannot do; alone, check only it"
            options.add_argument("--protocol", metavar="FILE", type=Path, help=asked)
        case "import":
            from bots.transcripts.formats import FORMATS

            options = _of(verb, "Write the log of a chat down as a scenario.", _IMPORT)
            options.add_argument("source", metavar="LOG")
            names = [one.name for one in FORMATS]
            known = f"the log's format, if it is not found by itself: {', '.join(names)}"
            options.add_argument("--format", metavar="NAME", choices=names, default="", help=known)
            _add_output(options)
        case "record":
            from geventchat.protocol.names import LOBBY

            options = _of(verb, "Record a room of a live server as a scenario, until Ctrl-C.", _RECORD)
            options.add_argument("source", metavar="HOST:PORT")
            _add_output(options)
            options.add_argument("--room", default=LOBBY, help="which room (default: %(default)s)")
            add_tls(options)
            add_password(options)
        case "scenarios":
            options = _of(verb, "List the scenarios that ship with geventchat-bots.", _SCENARIOS)
        case "try":
            options = _of(verb, "Try a protocol: show each frame beside what it was understood as.", _TRY)
            options.add_argument("server", metavar="HOST:PORT")
            options.add_argument("--protocol", metavar="FILE", type=Path, help="says how the server is spoken to")
            options.add_argument("--dialect", metavar="NAME", help="a protocol that a package offers, or one of ours")
            add_tls(options)
        case "worker":
            options = _of(verb, "Play some of the users of a run that is led from elsewhere.", _WORKER)
            options.add_argument("master", metavar="HOST:PORT", help="where --bind waits for workers")
            options.add_argument("--until-input-ends", action="store_true", help=argparse.SUPPRESS)
        case _:
            options = _of(verb, "Print the JSON Schema of scenarios, or of protocols, for editors.", _SCHEMA)
            options.add_argument("--protocol", action="store_true", help="of the files that describe protocols")
    return options


def _of(verb: str, description: str, examples: str) -> OptionParser:
    return OptionParser(f"geventchat-bots {verb}", description, examples)


def _add_output(options: argparse.ArgumentParser) -> None:
    options.add_argument("-o", dest="output", metavar="FILE", type=Path, help="where to; default: standard output")
