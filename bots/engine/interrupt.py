"""Ctrl-C as an exception where it is waited for, and nowhere else."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import gevent


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt in the greenlet that runs the block when SIGINT comes, whichever greenlet it meets."""
    waiting = gevent.getcurrent()
    loop = gevent.get_hub().loop
    handler = gevent.signal_handler(signal.SIGINT, lambda: loop.run_callback(waiting.throw, KeyboardInterrupt))
    try:
        yield
    finally:
        handler.cancel()
