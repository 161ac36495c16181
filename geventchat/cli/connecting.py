"""How our commands reach a server that speaks TLS: whom they trust there."""

import argparse
import sys
from typing import TYPE_CHECKING

from geventchat.protocol import address

if TYPE_CHECKING:
    from geventchat.tls.trust import Trust

# What can be done where nobody can be asked: after these refusals.
HINTS = {
    "password-needed": ": give it in a file, with --password-file FILE, or in GEVENTCHAT_PASSWORD",
    "tls-needed": "; use --tls",
}


def add_tls(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to speak TLS."""
    parser.add_argument("--tls", action="store_true", help="speak TLS; a server that is new is trusted, and known then")
    parser.add_argument(
        "--tls-ca",
        metavar="FILE",
        help="speak TLS; an authority in FILE (or system) vouches for the server",
    )


def add_password(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the server's password."""
    parser.add_argument(
        "--password-file", metavar="FILE", help="the server's password (default: what GEVENTCHAT_PASSWORD holds)"
    )


def warn_of_no_tls(at: tuple[str, int], command: str) -> None:
    """Say so on standard error, where a server that is known by its key is about to be spoken to without TLS."""
    from geventchat.tls.trust import known_servers

    if known_servers(print).knows(at):
        print(
            f"{command}: NOT ENCRYPTED: {address.show(at)} is known to speak TLS, and all on the way can read along; "
            "use --tls",
            file=sys.stderr,
        )


def vouching(options: argparse.Namespace, otherwise: str = "") -> str:
    """Return who vouches for the server: a file of authorities, `system`, or `true` for its key; empty for no TLS.

    Where the options say nothing, it is as `otherwise` says.
    """
    return options.tls_ca or ("true" if options.tls else otherwise)


def trust(options: argparse.Namespace, command: str, otherwise: str = "") -> "Trust | None":
    """Return whom to trust inside TLS, as `vouching` says; None for no TLS. Raises UsageError.

    What is new is told on standard error.
    """
    who = vouching(options, otherwise)
    if not who:
        return None
    from geventchat.tls.trust import Authorities, known_servers

    if who != "true":
        return Authorities(who)
    return known_servers(lambda line: print(f"{command}: {line}", file=sys.stderr))
