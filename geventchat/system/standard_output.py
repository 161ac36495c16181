"""Lines to the standard output, whatever it is; greenlets and signals go on while nobody takes them."""

import os
import select
import sys

import gevent


def write(text: str) -> None:
    """Write a text, waiting until all of it has been taken. Raises OSError, BrokenPipeError for one.

    It goes past Python's own buffer: the end of the process would wait for whatever is stuck in that.
    """
    if sys.stdout is None:  # it was closed before we began; the number stands for something else by now
        return
    data = text.encode(sys.stdout.encoding, "replace")
    failure = gevent.get_hub().threadpool.apply(_write, (data,))
    if failure is not None:
        raise failure


def _write(data: bytes) -> OSError | None:
    """Return what went wrong: gevent would print what is raised here."""
    while data:
        try:
            data = data[os.write(1, data) :]
        except BlockingIOError:
            select.select([], [1], [])
        except OSError as error:
            return error
    return None
