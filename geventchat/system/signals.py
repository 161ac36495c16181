"""The signals that end a server, those of them that the system has."""

import signal
from collections.abc import Callable

import gevent


def on_end(end: Callable[[], None], insist: Callable[[], None]) -> None:
    """Call `end` for each signal that asks the process to end, and then `insist` if a person or a program asks again.

    A terminal that closes asks once or twice, by SIGHUP, and never insists; nor is it heard where the process was
    started to outlive it, by nohup for one.
    """
    asked = False

    def ask() -> None:
        nonlocal asked
        (insist if asked else end)()
        asked = True

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # the last is Ctrl-Break, on Windows
        if hasattr(signal, name):
            gevent.signal_handler(getattr(signal, name), ask)
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        gevent.signal_handler(hang_up, end)
