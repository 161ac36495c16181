"""Standard output, which may have no reader any more, or no space."""

import os
import sys

from geventchat.protocol.errors import ChatError


class CannotPrint(ChatError):
    """Standard output cannot be written; the message says why."""


def show(text: str) -> None:
    """Print a text at once, as it is; if nobody reads any more, print nowhere from now on. Raises CannotPrint."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:  # whoever reads has seen enough; nor must Python's own flush at the end complain
        _print_nowhere()
    except OSError as error:
        _print_nowhere()
        raise CannotPrint(f"standard output cannot be written: {(error.strerror or str(error)).lower()}") from None


def _print_nowhere() -> None:
    """Let nothing more be written, also of what Python has still to flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
