"""Standard output, which may have no reader any more, or no space."""

from geventchat.protocol.errors import ChatError
from geventchat.system.stdio import print_nowhere


class CannotPrint(ChatError):
    """Standard output cannot be written; the message says why."""


def show(text: str) -> None:
    """Print a text at once, as it is; if nobody reads any more, print nowhere from now on. Raises CannotPrint."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:  # whoever reads has seen enough; nor must Python's own flush at the end complain
        print_nowhere()
    except OSError as error:
        print_nowhere()
        raise CannotPrint(f"standard output cannot be written: {(error.strerror or str(error)).lower()}") from None
