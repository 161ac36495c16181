"""The command geventchat-serve."""

import argparse
import dataclasses
import ipaddress
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geventchat.cli import config
from geventchat.cli.options import OptionParser
from geventchat.protocol import address, durations
from geventchat.protocol.errors import UsageError
from geventchat.protocol.ip import Network
from geventchat.protocol.limits import GREET_WITH, LEAST_NAME, MAX_HISTORY, Limits
from geventchat.server import house_rules
from geventchat.server.access import Access
from geventchat.server.live_settings import FIXED_LIMITS, LiveSettings
from geventchat.store import registry
from geventchat.system.passwords import server_password
from geventchat.system.private_files import state_folder

if TYPE_CHECKING:
    from geventchat.tls.server_keys import ServerKeys

_EXAMPLES = """\
examples:
  geventchat-serve                                a chat for this machine, on 127.0.0.1:2003
  geventchat-serve --listen 0.0.0.0:2003          for the whole network
  geventchat-serve --listen '[::1]:0' --rate off  on a free port, nobody slowed down
  geventchat-serve --history none                 keeps nothing on disk
  geventchat-serve --redis redis://HOST:6379/0    one of several servers, which share one chat
  geventchat-serve --config chat.toml             with the options that stand there
  geventchat-serve --tls self-signed              nobody on the way reads along
  geventchat-serve export --since 2h --text       print what was said; export --help says more
  geventchat-serve account add alice              make a name somebody's; account --help says more

exit status: 0 ended in order; 1 ended by a second signal, or by a fault of its own; 2 an invalid option or address
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it; return the exit status: 0, 1 after a bug, 2 for an invalid option."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] == "export":
        from geventchat.cli import export

        return export.main(words[1:])
    if words and words[0] == "account":
        from geventchat.cli import account

        return account.main(words[1:])
    try:
        options = _options(words)
        limits = _limits(options)
        listen = [address.parse(text) for text in options.listen or [address.DEFAULT]]
        open_log = _opener(options)
        access = _access(options)
        from geventchat.server.process import serve  # gevent loads only when there is something to serve

        link = secrets.token_urlsafe(24) if options.moderator_token else ""

        return serve(
            listen,
            limits,
            open_log,
            options.greet_with,
            access=access,
            house_rules=house_rules.read(options.motd, options.filter, link),
            hosts=options.host,
            log_level=options.log_level,
            log_format=options.log_format,
            again=None if options.config is None else lambda: _live(_options(words)),
            metrics=None if options.metrics is None else address.parse(options.metrics),
            until_input_ends=options.until_input_ends,
        )
    except UsageError as error:
        print(f"geventchat-serve: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before there was anything to end
        return 0


# What can be changed while the server runs, beside most limits: `LiveSettings` has it, and `ChatServer.change` does it.
_LIVE = ("config", "host", "password_file", "greet_with", "log_level", "motd", "filter")


def _options(words: Sequence[str]) -> argparse.Namespace:
    """Return the options, from a configuration file too, if one is named. Raises UsageError."""
    parser = _parser()
    options: argparse.Namespace = parser.parse_args(words)
    if options.config is not None:
        options = parser.parse_args([*config.words(options.config, parser.shown, words), *words])
    return options


def _live(options: argparse.Namespace) -> LiveSettings:
    """Return what can be changed while the server runs, and what cannot. Raises UsageError."""
    limits = {field.name for field in dataclasses.fields(Limits)} - set(FIXED_LIMITS)
    fixed = {name.replace("_", "-"): value for name, value in vars(options).items() if name not in limits | {*_LIVE}}
    return LiveSettings(
        limits=_limits(options),
        greet_with=options.greet_with,
        hosts=options.host,
        password=server_password(options.password_file),
        log_level=options.log_level,
        house_rules=house_rules.read(options.motd, options.filter),
        fixed=fixed,
    )


def _parser() -> OptionParser:
    parser = OptionParser(
        "geventchat-serve",
        "A chat server: one port, any client (browsers, nc, telnet, IRC clients, geventchat-client, programs).",
        _EXAMPLES,
        verbs=("account", "export"),
        meant=_meant,
    )
    parser.add_argument("--config", metavar="FILE", help="options from a file in TOML; SIGHUP has it read again")
    parser.add_argument(
        "--listen",
        action="append",
        metavar="HOST:PORT",
        help=f"where to listen, more than once if wanted; port 0 takes a free one (default: {address.DEFAULT})",
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that browsers may call this server by, besides its addresses; more than once if wanted",
    )
    parser.add_argument(
        "--log-level",
        default="info",
        choices=("debug", "info", "warning", "error"),
        help="what is said on standard error (default: %(default)s)",
    )
    parser.add_argument(
        "--log-format", default="text", choices=("text", "json"), help="how it is said (default: %(default)s)"
    )
    parser.add_argument(
        "--metrics",
        metavar="HOST:PORT",
        help="where programs are told how the server is: /metrics for Prometheus, /healthz and /readyz",
    )
    # For programs that start a server: it ends with them, even if they are killed, when the pipe that they keep ends.
    parser.add_argument("--until-input-ends", action="store_true", help=argparse.SUPPRESS)
    history = parser.add_argument_group("history")
    history.add_argument(
        "--history",
        metavar=registry.written("--history"),
        help="the file to keep what is said in, or memory only (default: history.sqlite in the user's state folder)",
    )
    history.add_argument(
        "--durability",
        default="normal",
        choices=("normal", "full"),
        help="what was shown survives the end of the process, or with full a power cut too (default: %(default)s)",
    )
    history.add_argument(
        "--redis",
        metavar=registry.written("--redis"),
        help="share one chat with other servers, in this Redis: redis://HOST:PORT/DB",
    )
    history.add_argument(
        "--lease",
        metavar="TIME",
        default="5s",
        help="with --redis: a server that is not heard of for so long is taken for dead (default: %(default)s)",
    )
    history.add_argument("--keep", metavar="AGE", help="remove what is older, for example 30d (default: keep it all)")
    history.add_argument("--keep-messages", metavar="N", help="keep the last N events only (default: keep them all)")
    history.add_argument(
        "--greet-with",
        default=GREET_WITH,
        type=_lines,
        metavar="N",
        help="lines of the talk before that people who come in are shown (default: %(default)s)",
    )
    house = parser.add_argument_group("what holds in the house")
    house.add_argument("--motd", metavar="FILE", type=Path, help="the message of the day, for all who come in")
    house.add_argument(
        "--filter",
        metavar="FILE",
        type=Path,
        help="patterns of what is not said: lines of mask, refuse or hold PATTERN",
    )
    house.add_argument(
        "--moderator-token", action="store_true", help="print a link: whoever opens the page with it first moderates"
    )
    access = parser.add_argument_group("who may come in")
    access.add_argument(
        "--password-file", metavar="FILE", help="the server's password; or it is in GEVENTCHAT_PASSWORD (default: none)"
    )
    access.add_argument("--tls-cert", metavar="FILE", help="speak TLS too, with this certificate, in PEM")
    access.add_argument("--tls-key", metavar="FILE", help="its key (default: in the same file)")
    access.add_argument(
        "--tls", choices=("self-signed",), help="speak TLS too, with a certificate that is made once, by ourselves"
    )
    access.add_argument("--tls-only", action="store_true", help="speak nothing but TLS")
    access.add_argument(
        "--proxy-from",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a proxy, or a network of them, whose PROXY headers are believed; more than once if wanted",
    )
    limits = parser.add_argument_group("limits")
    for field in dataclasses.fields(Limits):
        limits.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=field.name,
            metavar=field.metadata["unit"],
            help=f"{field.metadata['reason']} (default: {field.default:.15g})",
        )
    return parser


def _access(options: argparse.Namespace) -> Access:
    """Return who may come in, and how. Raises UsageError."""
    keys = _keys(options)
    if options.tls_only and keys is None:
        raise UsageError("--tls-only needs a certificate: --tls-cert FILE with --tls-key FILE, or --tls self-signed")
    password, proxies = server_password(options.password_file), tuple(map(_network, options.proxy_from))
    return Access(password=password, keys=keys, tls_only=options.tls_only, proxies=proxies)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UsageError(f"--proxy-from {text}: give an address, such as 127.0.0.1, or a network, 10.0.0.0/8") from None


def _keys(options: argparse.Namespace) -> "ServerKeys | None":
    if options.tls is not None and options.tls_cert is not None:
        raise UsageError("--tls self-signed and --tls-cert both say which certificate; leave one out")
    if options.tls_key is not None and options.tls_cert is None:
        raise UsageError("--tls-key needs --tls-cert FILE: the certificate that belongs to the key")
    if options.tls is not None:
        from geventchat.tls.self_signed import own_keys

        return own_keys(state_folder(), options.host)
    if options.tls_cert is not None:
        from geventchat.tls.server_keys import ServerKeys

        return ServerKeys(Path(options.tls_cert), None if options.tls_key is None else Path(options.tls_key))
    return None


def _lines(text: str) -> int:
    if not (text.isdecimal() and len(text) < 9 and int(text) <= MAX_HISTORY):
        raise argparse.ArgumentTypeError(f"{text}: give a number from 0 to {MAX_HISTORY}")
    return int(text)


def _meant(word: str) -> str | None:
    """Return what a word that is no option was perhaps meant as: an address, as it is given to the client."""
    if word.split("=")[0] in ("--port", "--bind", "--address"):
        return "--listen"
    try:
        address.parse(word)
    except UsageError:
        return f"--listen :{word}" if word.isdecimal() else None
    return f"--listen {word}" if ":" in word else None


def _opener(options: argparse.Namespace) -> registry.Opener:
    """Return what opens the log. Raises UsageError for an invalid option."""
    retention = _retention(options)
    if options.redis is None:
        return registry.opener(options.history, registry.StoreOptions(retention))
    if options.history is not None:
        raise UsageError("--history is not for --redis: what is said is kept in Redis")
    lease_s = 0.0
    with suppress(ValueError):
        lease_s = durations.seconds(options.lease)
    if not 1 <= lease_s <= 3600:
        raise UsageError(f"--lease {options.lease}: give a time from 1s to 1h, for example 5s")
    return registry.opener(options.redis, registry.StoreOptions(retention, lease_s), "--redis")


def _retention(options: argparse.Namespace) -> registry.Retention:
    """Return how long the log keeps what is said. Raises UsageError for an invalid option."""
    age = messages = None
    if options.keep is not None:
        with suppress(ValueError):
            age = durations.seconds(options.keep)
        if not age:
            raise UsageError(f"--keep {options.keep}: give an age, for example 30d, 12h or 90m")
    if options.keep_messages is not None:
        is_number = options.keep_messages.isdecimal() and len(options.keep_messages) < 16
        messages = int(options.keep_messages) if is_number else 0
        if messages == 0:
            raise UsageError(f"--keep-messages {options.keep_messages}: give a positive whole number")
    return registry.Retention(options.durability == "full", age, messages)


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
    if field.name == "max_name" and value < LEAST_NAME:
        raise UsageError(f"{option} {text}: give at least {LEAST_NAME}, for the server gives such names itself")
    if not 0 < value < 1e12:
        hint = " or off" if "off" in field.metadata["unit"] else ""
        word = "whole number" if kind is int else "number"
        raise UsageError(f"{option} {text}: give a positive {word}{hint}, for example {option} {field.default:.15g}")
    return value


if __name__ == "__main__":
    sys.exit(main())
