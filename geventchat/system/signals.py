"""The signals that ask a program to end, which differ between systems."""

import os
import signal
from collections.abc import Callable

import gevent

# Ctrl-C; kill; Ctrl-Break or the closed window of a console.
_ASKING = ("SIGINT", "SIGTERM", "SIGBREAK")
# The terminal was closed: that is sent twice, by the system and by the shell, and asks once.
_HANG_UP = "SIGHUP"


def on_end(
    do: Callable[[], object],
    insist: Callable[[], object] | None = None,
    reload: Callable[[], object] | None = None,
) -> None:
    """Call `do` in a greenlet for each signal that asks us to end, but not for one that we were told to ignore.

    With `insist`, that is called instead when a person or a program asks for the second time. With `reload`, that is
    called for a SIGHUP, unless it comes because the terminal was closed.
    """
    asked = False

    def ask() -> None:
        nonlocal asked
        (insist if asked and insist else do)()
        asked = True

    hang_up = do if reload is None else _told_apart(do, reload)
    for name, handler in (*((name, ask) for name in _ASKING), (_HANG_UP, hang_up)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and `&` ask for
            gevent.signal_handler(number, handler)


def _told_apart(end: Callable[[], object], reload: Callable[[], object]) -> Callable[[], object]:
    """Return what to do for a SIGHUP: the terminal was closed, or what was read at the start has changed."""
    had_terminal = _has_terminal()
    return lambda: (reload if not had_terminal or _has_terminal() else end)()


def _has_terminal() -> bool:
    """Return whether this process is controlled from a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True
