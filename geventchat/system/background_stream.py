"""A stream for people, such as standard error, that never makes the program wait for them to read it."""

import io
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

# What is kept for a reader that is slow: some ten thousand lines.
MAX_BYTES = 1 << 20


class BackgroundStream(io.TextIOBase):
    """Writes text to the file descriptor `fd` from a thread of its own.

    At most MAX_BYTES wait for the reader. Lines that do not fit are dropped and counted; where they are missing stands
    `notice(count)` once there is room again. What cannot be written, because nobody reads any more, is dropped too.
    """

    def __init__(self, fd: int, notice: Callable[[int], str], encoding: str = "utf-8") -> None:
        self._fd = fd
        self._notice = notice
        self._encoding = encoding
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0  # that wait, or are being written
        self._dropped = 0  # lines, after what waits
        self._is_finished = False
        self._thread = threading.Thread(target=self._run, name=f"writer of {fd}", daemon=True)
        self._thread.start()

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Write a text, at once or later, unless there is no room for it."""
        data = text.encode(self._encoding, "backslashreplace")
        with self._changed:
            if self._dropped or self._bytes + len(data) > MAX_BYTES:
                self._dropped += text.count("\n")
            else:
                self._waiting.append(data)
                self._bytes += len(data)
            self._changed.notify()
        return len(text)

    def finish(self, timeout: float) -> None:
        """Wait until all that was written is out, for at most `timeout` seconds; nothing may be written afterwards."""
        with self._changed:
            self._is_finished = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._dropped or self._is_finished)
                data = b"".join(self._waiting)
                dropped, self._dropped = self._dropped, 0
                self._waiting.clear()
                if not data and not dropped:
                    return
            notice = self._notice(dropped).encode(self._encoding, "backslashreplace") if dropped else b""
            with suppress(OSError):  # nobody reads any more, or the disk is full: there is nobody to tell
                _write_all(self._fd, data + notice)
            with self._changed:
                self._bytes -= len(data)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:  # somebody who shares it has made it so
            select.select([], [fd], [])
