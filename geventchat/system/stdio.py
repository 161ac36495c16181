"""Standard input, output and error, whatever they are; greenlets and signals go on while one of them holds us up.

Reading and writing happen in a thread, for a file, a terminal or a stuck pipe can only block. They go past Python's own
buffers: the end of the process would wait for whatever is stuck in those.
"""

import errno
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from threading import Event
from typing import TextIO, TypeVar, cast

from geventchat.protocol.errors import ProtocolError, UsageError
from geventchat.protocol.lines import LineBuffer

_READ_BYTES = 64 << 10
# A line may be longer than what a server takes, which is for the server to say, but not without end.
MAX_LINE_BYTES = 48 << 10
# How long standard error may take a line that nobody may be reading.
_ERROR_S = 1.0

_T = TypeVar("_T")
_error_is_stuck = Event()


class CannotPrint(UsageError):
    """Standard output cannot be written; the message says why."""


def read_lines() -> Iterator[bytes | ProtocolError]:
    """Yield each line of standard input without its end, or why the line is skipped.

    The process may end while none comes. Raises OSError for an input that cannot be read.
    """
    lines = LineBuffer(MAX_LINE_BYTES, sys.maxsize)
    while data := _in_a_thread(lambda: _read(sys.stdin)):
        if isinstance(data, OSError):
            raise data
        lines.receive(data)
        yield from _whole(lines)
    lines.end()
    yield from _whole(lines)


def write(text: str) -> None:
    """Write a text to standard output, waiting until all of it is taken. Raises OSError, BrokenPipeError for one."""
    failure = _in_a_thread(lambda: _write(sys.stdout, text))
    if failure is not None:
        raise failure


def write_error(text: str) -> None:
    """Write a text to standard error; once it has taken nothing for a second, all further errors are dropped."""
    import gevent

    if _error_is_stuck.is_set():
        return
    waited = gevent.with_timeout(_ERROR_S, _in_a_thread, lambda: _write(sys.stderr, text), timeout_value="in vain")
    if waited == "in vain":
        _error_is_stuck.set()


@contextmanager
def printing() -> Iterator[None]:
    """End the block where nobody reads standard output any more, and print nowhere from then on. Raises CannotPrint."""
    try:
        yield
    except BrokenPipeError:  # whoever reads has seen enough; nor must Python's own flush at the end complain
        print_nowhere()
    except OSError as error:
        print_nowhere()
        raise CannotPrint(f"standard output cannot be written: {(error.strerror or str(error)).lower()}") from None


def print_nowhere() -> None:
    """Drop all that is printed from now on, and what Python has still to flush: standard output takes no more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _in_a_thread(do: Callable[[], _T]) -> _T:
    import gevent  # here, because a command that only prints does not need it

    return gevent.get_hub().threadpool.apply(do)


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


def _read(stream: TextIO | None) -> bytes | OSError:
    """Return what has come, or what went wrong: gevent would print what is raised here."""
    if stream is None:  # it was closed before we began; its number stands for something else by now
        return b""
    raw = _raw(stream, "rb")
    while True:
        try:
            data: bytes | None = raw.read(_READ_BYTES)
        except OSError as error:
            return b"" if error.errno == errno.EIO else error  # EIO: the terminal is gone
        if data is not None:
            return data
        select.select([raw], [], [])  # another program that has it too made it one that does not block


def _write(stream: TextIO | None, text: str) -> OSError | None:
    """Return what went wrong: gevent would print what is raised here."""
    if stream is None:
        return None
    data, raw = text.encode(stream.encoding, "replace"), _raw(stream, "wb")
    while data:
        try:
            taken = raw.write(data)
        except OSError as error:
            return error
        if taken is None:
            select.select([], [raw], [])
        else:
            data = data[taken:]
    return None


def _raw(stream: TextIO, mode: str) -> RawIOBase:
    """Return a standard stream without a buffer, on any system: Windows has bytes of its own for a console."""
    return cast(RawIOBase, open(stream.fileno(), mode, buffering=0, closefd=False))
