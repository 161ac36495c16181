"""The signals that ask a program to end, which differ between systems."""

import signal
from collections.abc import Callable

import gevent

# Ctrl-C; kill; the terminal was closed; Ctrl-Break or the closed window of a console.
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def on_end(do: Callable[[], object]) -> None:
    """Call `do` in a greenlet for each signal that asks us to end, but not for one that we were told to ignore."""
    for name in _ENDS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and `&` ask for
            gevent.signal_handler(number, do)
