"""The command geventchat-serve."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from geventchat import address
from geventchat.errors import UsageError
from geventchat.limits import Limits

_EXAMPLES = """\
examples:
  geventchat-serve                              a chat for this machine, on 127.0.0.1:2003
  geventchat-serve --listen 0.0.0.0:2003        for the whole network
  geventchat-serve --listen [::1]:0 --rate off  on a free port, nobody slowed down
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status: 0, or 2 for what cannot be meant."""
    options = _parser().parse_args(arguments)
    try:
        limits = _limits(options)
        listen = address.parse(options.listen)
        from geventchat.service import serve  # gevent loads only when there is something to serve

        serve(listen, limits, options.log_level)
    except UsageError as error:
        print(f"geventchat-serve: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="geventchat-serve",
        description="A chat server: one port, any client (nc, telnet, geventchat-client, programs).",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--listen",
        default="127.0.0.1:2003",
        metavar="HOST:PORT",
        help="where to listen; port 0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--log-level",
        default="info",
        choices=("debug", "info", "warning", "error"),
        help="what is said on standard error (default: %(default)s)",
    )
    limits = parser.add_argument_group("limits")
    for field in dataclasses.fields(Limits):
        limits.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=field.name,
            metavar=field.metadata["unit"],
            help=f"{field.metadata['reason']} (default: {field.default:g})",
        )
    return parser


def _limits(options: argparse.Namespace) -> Limits:
    """Return the limits as given. Raises UsageError for one that is no positive number."""
    given: dict[str, Any] = {}
    for field in dataclasses.fields(Limits):
        text = getattr(options, field.name)
        if text is not None:
            given[field.name] = _limit(field, text)
    return Limits(**given)


def _limit(field: "dataclasses.Field[float | None]", text: str) -> float | None:
    option = f"--{field.name.replace('_', '-')}"
    if text == "off" and "off" in field.metadata["unit"]:
        return None
    kind = int if isinstance(field.default, int) else float
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e12:
        hint = " or off" if "off" in field.metadata["unit"] else ""
        word = "whole number" if kind is int else "number"
        raise UsageError(f"{option} {text}: give a positive {word}{hint}, for example {option} {field.default:g}")
    return value


if __name__ == "__main__":
    sys.exit(main())
