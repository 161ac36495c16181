"""The process that started this one: when it is gone, nobody needs us any more."""

import os

import gevent

_READ_BYTES = 4_096


def wait_until_gone() -> None:
    """Return when the standard input ends; other greenlets run meanwhile.

    Who starts a process with a pipe as its standard input, and keeps the other end, is known to be gone when the pipe
    ends, however it went. This holds on every system, and needs no process numbers, which may be given to others.
    """
    gevent.get_hub().threadpool.apply(_read_to_the_end)


def _read_to_the_end() -> None:
    try:
        while os.read(0, _READ_BYTES):
            pass
    except OSError:
        return  # as good as an end
