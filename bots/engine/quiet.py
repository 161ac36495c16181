"""Waiting for a silence, at servers that cannot say that nothing more is coming."""

import time
from collections.abc import Callable

import gevent


def wait_for_quiet(last_at: Callable[[], float], quiet_s: float, patience_s: float) -> None:
    """Wait until nothing has come for so long; `last_at` says when something came last.

    A server that is never quiet is waited for with some patience.
    """
    began = time.monotonic()
    while (now := time.monotonic()) < began + patience_s:
        silent_s = now - max(began, last_at())
        if silent_s >= quiet_s:
            break
        gevent.sleep(quiet_s - silent_s)
