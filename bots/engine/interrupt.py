"""Ctrl-C, and other signals that ask us to end, as an exception where it is waited for, and nowhere else."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import gevent

# kill, or a build server that waits no longer; the terminal was closed. They ask once: the second may come while
# results are written, as the system and the shell both say that a terminal was closed.
_ASKING_ONCE = ("SIGTERM", "SIGHUP")


class BrokenOff(KeyboardInterrupt):
    """A run is to end at once, also one that has no other end than Ctrl-C: not all of its parts are there any more."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt in the greenlet that runs the block when a signal asks us to end, whichever it meets."""
    waiting = gevent.getcurrent()
    loop = gevent.get_hub().loop
    was_asked = False

    def ask() -> None:
        loop.run_callback(waiting.throw, KeyboardInterrupt)

    def ask_once() -> None:
        nonlocal was_asked
        if not was_asked:
            was_asked = True
            ask()

    once = [number for name in _ASKING_ONCE if (number := getattr(signal, name, None)) is not None]
    once = [number for number in once if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup asks for
    handlers = [gevent.signal_handler(number, ask_once) for number in once]
    handlers.append(gevent.signal_handler(signal.SIGINT, ask))
    try:
        yield
    finally:
        for handler in handlers:
            handler.cancel()
