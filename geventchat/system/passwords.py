"""Passwords from a file, the environment or a terminal: never from the command line, which others can see."""

import getpass
import os
import signal
import sys
from pathlib import Path

from geventchat.protocol.errors import UsageError
from geventchat.protocol.text import clean

VARIABLE = "GEVENTCHAT_PASSWORD"
# Room for any phrase; a message of IRC has to hold it.
_MAX_BYTES = 400
# What people type to leave, also where they are asked.
_LEAVES = "exit"


def server_password(file: str | None) -> str:
    """Return the server's password, from the environment where no file is named; empty for none. Raises UsageError."""
    return _checked(os.environ.get(VARIABLE, ""), VARIABLE) if file is None else read(file)


def read(file: str, option: str = "--password-file") -> str:
    """Return the password in a file that an option names. Raises UsageError."""
    try:
        text = Path(file).read_bytes()[: _MAX_BYTES + 2].decode()
    except OSError as error:
        raise UsageError(f"{option} {file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option} {file}: a password is written in UTF-8") from None
    if not text.strip():
        raise UsageError(f"{option} {file} is empty: write the password into it")
    return _checked(text, f"{option} {file}")


def ask(prompt: str) -> str:
    """Return a password that somebody types at the terminal, where it is not shown.

    Raises UsageError where none is typed, and KeyboardInterrupt for Ctrl-C: what is typed then is shown again after it.
    """
    ends_at_once = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    if ends_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return getpass.getpass(prompt)
    except EOFError:
        print(file=sys.stderr)  # the cursor stands behind the question still
        raise UsageError("no password was given") from None
    finally:
        if ends_at_once:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _checked(text: str, where: str) -> str:
    password = text.strip()
    if len(password.encode(errors="replace")) > _MAX_BYTES:
        raise UsageError(f"{where}: a password has at most {_MAX_BYTES} bytes")
    if clean(password) != password or password == _LEAVES:
        raise UsageError(f"{where}: a password is one line without control characters, and not the word {_LEAVES}")
    return password
