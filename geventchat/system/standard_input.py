"""The lines of the standard input, whatever it is: a terminal, a pipe or a file."""

import errno
import os
import select
import sys
from collections.abc import Iterator

import gevent

from geventchat.dialects.lines import LineBuffer
from geventchat.protocol.errors import ProtocolError

_READ_BYTES = 64 << 10
# A line may be longer than what a server takes, which is for the server to say, but not without end.
MAX_LINE_BYTES = 48 << 10


def read_lines() -> Iterator[bytes | ProtocolError]:
    """Yield each line without its end, or why it is passed over; greenlets go on while none comes.

    The process may end meanwhile. Raises OSError for an input that cannot be read.
    """
    lines = LineBuffer(MAX_LINE_BYTES, sys.maxsize)
    pool = gevent.get_hub().threadpool  # what is read may be a file, which can only block
    while data := pool.apply(_read):
        if isinstance(data, OSError):
            raise data
        lines.receive(data)
        yield from _whole(lines)
    lines.end()
    yield from _whole(lines)


def _whole(lines: LineBuffer) -> Iterator[bytes | ProtocolError]:
    while True:
        try:
            line = lines.next_line()
        except ProtocolError as error:
            yield error
        else:
            if line is None:
                return
            yield line


def _read() -> bytes | OSError:
    """Return what went wrong: gevent would print what is raised here."""
    if sys.stdin is None:  # it was closed before we began; the number stands for something else by now
        return b""
    while True:
        try:
            return os.read(0, _READ_BYTES)
        except BlockingIOError:  # whoever shares it with us has made it so
            select.select([0], [], [])
        except OSError as error:
            return b"" if error.errno == errno.EIO else error  # EIO: the terminal is gone
