"""The lines of the standard input, whatever it is: a terminal, a pipe or a file."""

import os
import sys
from collections.abc import Iterator

import gevent

_READ_BYTES = 64 << 10


def read_lines() -> Iterator[bytes]:
    """Yield each line without its end; greenlets go on while none comes, and the process may end meanwhile."""
    rest = b""
    pool = gevent.get_hub().threadpool  # what is read may be a file, which can only block
    while data := pool.apply(_read):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _read() -> bytes:
    if sys.stdin is None:  # it was closed before we began; the number stands for something else by now
        return b""
    try:
        return os.read(0, _READ_BYTES)
    except OSError:  # the terminal is gone
        return b""
