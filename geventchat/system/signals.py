"""Signals, which differ between systems: those that ask a program to end, and the one for another size of window."""

import signal
from collections.abc import Callable

import gevent

# Ctrl-C; kill; the terminal was closed; Ctrl-Break or the closed window of a console.
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_RESIZED = ("SIGWINCH",)


def on_end(do: Callable[[], object]) -> None:
    """Call `do` in a greenlet for each signal that asks us to end, but not for one that we were told to ignore."""
    _on(_ENDS, do)


def on_resize(do: Callable[[], object]) -> None:
    """Call `do` in a greenlet when the terminal has another size, where a signal says so."""
    _on(_RESIZED, do)


def _on(names: tuple[str, ...], do: Callable[[], object]) -> None:
    for name in names:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and `&` ask for
            gevent.signal_handler(number, do)
