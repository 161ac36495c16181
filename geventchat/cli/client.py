"""The command geventchat-client."""

import argparse
import getpass
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from io import TextIOWrapper

from geventchat.cli.connecting import HINTS, add_tls, trust, warn_of_no_tls
from geventchat.cli.options import OptionParser
from geventchat.commands.commands import Credentials
from geventchat.protocol import address
from geventchat.protocol.errors import ChatError, Refused, UsageError
from geventchat.protocol.names import LOBBY
from geventchat.system.passwords import ask, read, server_password

_EXAMPLES = """\
examples:
  geventchat-client                          join the chat on this machine
  geventchat-client 192.168.1.5 --name ann   or on another one
  geventchat-client chat.example --tls       so that nobody on the way reads along
  printf 'hi\\nexit\\n' | geventchat-client --name me
  geventchat-client --name log --json > chat.jsonl

Without a terminal it is a filter: lines in are said, what happens comes out as lines. It ends when all that was said
is known to be stored. GEVENTCHAT_SERVER is the server where none is given.

exit status: 0 all that was said is stored; 1 it is not, or nobody answers; 2 an invalid option,
or no password given; 130 interrupted there
"""


_HINTS = HINTS | {
    "nick-registered": "; give its password in a file, with --login-file FILE, or choose another name with --name NAME",
}
# What is asked for after these refusals, at a terminal.
_SERVER_S = ("password-needed", "wrong-password")
_ACCOUNT_S = ("nick-registered", "login-failed")
# How often somebody at a terminal is asked for the password.
_TRIES = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Join a chat; return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # it is None where it was closed before we began
            stream.reconfigure(errors="replace")  # what cannot be shown in the user's locale is no reason to end
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is ignored where a shell asks for that
        # Until there is a chat to end in order, Ctrl-C ends at once. (A shell may have had it ignored.)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        options = _parser().parse_args(arguments)
        at = address.parse(options.server or os.environ.get("GEVENTCHAT_SERVER") or address.DEFAULT)
        name = _login_name() if options.name is None else options.name
        for option, value in (("--name", name), ("--room", options.room)):
            if not value.strip():
                raise UsageError(f"{option} is empty")
        password = server_password(options.password_file)
        own = None if options.login_file is None else read(options.login_file, "--login-file")
        if not (options.tls or options.tls_ca):
            warn_of_no_tls(at, "geventchat-client")
        return _join(options, at, name, password, own)
    except UsageError as error:
        print(f"geventchat-client: {error}", file=sys.stderr)
        return 2
    except ChatError as error:
        is_about_the_name = isinstance(error, Refused) and error.code in ("nick-taken", "bad-nick")
        hint = "; choose another with --name NAME" if is_about_the_name else ""
        if isinstance(error, Refused):
            hint = _HINTS.get(error.code, hint)
        print(f"geventchat-client: {error}{hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # where it asks for a password
        return 130


def _join(options: argparse.Namespace, at: tuple[str, int], name: str, password: str, own: str | None) -> int:
    """Chat; return the exit status.

    Somebody at a terminal is asked for the server's password, and for the own one, where these are needed.
    """
    tries = {"Server password: ": _TRIES, "Password: ": _TRIES}
    while True:
        try:
            return _chat(options, at, name, password, own)
        except Refused as refusal:
            prompt = "Server password: " if refusal.code in _SERVER_S else "Password: "
            tries[prompt] -= 1
            if refusal.code not in _SERVER_S + _ACCOUNT_S or not tries[prompt] or not os.isatty(0):
                raise
            if refusal.code != "password-needed":
                print(f"geventchat-client: {refusal}", file=sys.stderr)
            given = ask(prompt)
            if refusal.code in _SERVER_S:
                password = given
            else:
                own = given


def _chat(options: argparse.Namespace, at: tuple[str, int], name: str, password: str, own: str | None) -> int:
    from geventchat.client.client import ChatClient  # gevent loads only when there is something to do

    dial = partial(ChatClient, at, password=password or None, tls=trust(options, "geventchat-client"))
    login = None if own is None else Credentials(account=name, password=own)
    if os.isatty(0) and os.isatty(1) and not options.json:
        from geventchat.client.terminal import app  # slow to load, so only for a terminal

        return app.run(dial, name, options.room, login, bell=not options.no_bell)
    from geventchat.client import filter as without_terminal

    return without_terminal.run(dial, name, options.room, login, as_json=options.json)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        raise UsageError("there is no login name to go by; say who you are with --name NAME") from None


def _parser() -> argparse.ArgumentParser:
    meant = dict.fromkeys(("--nick", "--user"), "--name")
    meant |= dict.fromkeys(("--server", "--host", "--port"), "HOST:PORT without an option")
    parser = OptionParser(
        "geventchat-client", "Talk in a chat, at a terminal or in a pipeline.", _EXAMPLES, meant=meant.get
    )
    parser.add_argument("server", nargs="?", metavar="HOST[:PORT]", help="default: 127.0.0.1:2003")
    parser.add_argument("--name", help="what to be called (default: your login name)")
    parser.add_argument("--room", default=LOBBY, help="where to go first (default: %(default)s)")
    add_tls(parser)
    parser.add_argument(
        "--password-file", metavar="FILE", help="the server's password (default: GEVENTCHAT_PASSWORD, or you are asked)"
    )
    parser.add_argument(
        "--login-file", metavar="FILE", help="the password, or the token, of NAME's account (default: you are asked)"
    )
    parser.add_argument("--json", action="store_true", help="print what happens as JSON Lines")
    parser.add_argument("--no-bell", action="store_true", help="do not ring when mentioned or whispered to")
    return parser


if __name__ == "__main__":
    sys.exit(main())
