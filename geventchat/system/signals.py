"""The signals that ask a program to end, which differ between systems."""

import signal
from collections.abc import Callable

import gevent

# Ctrl-C; kill; Ctrl-Break or the closed window of a console.
_ASKING = ("SIGINT", "SIGTERM", "SIGBREAK")
# The terminal was closed: that is sent twice, by the system and by the shell, and asks once.
_HANG_UP = "SIGHUP"


def on_end(do: Callable[[], object], insist: Callable[[], object] | None = None) -> None:
    """Call `do` in a greenlet for each signal that asks us to end, but not for one that we were told to ignore.

    With `insist`, that is called instead when a person or a program asks for the second time.
    """
    asked = False

    def ask() -> None:
        nonlocal asked
        (insist if asked and insist else do)()
        asked = True

    for name, handler in (*((name, ask) for name in _ASKING), (_HANG_UP, do)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and `&` ask for
            gevent.signal_handler(number, handler)
