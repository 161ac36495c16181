"""geventchat-client in a pseudo-terminal, and what its screen shows."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyte
from gevent.socket import wait_read
from prompt_toolkit.utils import get_cwidth

from tests.processes import fail_at_traceback
from tests.raw import Address

# How long a screen may take to show what is waited for.
_PATIENCE_S = 20.0
_CLIENT = "from geventchat.cli.client import main; import sys; sys.exit(main())"


class Terminal:
    """A program at a terminal. `screen` shows what a user would see; `raw` is every byte that the program wrote."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 80, rows: int = 24, environment: Mapping[str, str]
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.may_fail = False  # with a traceback
        self._master, self._slave = os.openpty()
        self._descriptors = [self._master, self._slave]
        self._set_size(columns, rows)
        self.modes = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.on_terminal", *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()
        if not self.may_fail:
            fail_at_traceback(self.raw.decode(errors="replace"))

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, without spaces at their ends."""
        return [line.rstrip() for line in self.rows]

    @property
    def rows(self) -> list[str]:
        """The rows of the screen. The second cell of a wide character is empty, and a space when it is left alone."""
        return [self._row(y) for y in range(self.screen.lines)]

    def _row(self, y: int) -> str:
        cells = [self.screen.buffer[y][x].data for x in range(self.screen.columns)]
        pairs = zip([" ", *cells], cells, strict=False)
        return "".join(cell if cell or get_cwidth(before) == 2 else " " for before, cell in pairs)

    @property
    def typing(self) -> str:
        """The line in which the cursor stands."""
        return self.lines[self.screen.cursor.y]

    def type(self, keys: str) -> None:
        """Press keys; Enter is \r."""
        os.write(self._master, keys.encode())

    def until(self, seen: Callable[[], Any] | str) -> None:
        """Wait until a line of the screen holds a text, or until something else is true of it."""
        deadline = time.monotonic() + _PATIENCE_S
        text = seen if isinstance(seen, str) else None
        while not (any(text in line for line in self.lines) if text is not None else seen()):  # type: ignore[operator]
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen: {text}\n" + "\n".join(self.lines))
            self.look(0.1)

    def look(self, timeout: float) -> None:
        """Let the screen show what the program has written, waiting for it for a moment."""
        try:
            wait_read(self._master, timeout=timeout, timeout_exc=TimeoutError())
        except TimeoutError:
            return
        fresh = os.read(self._master, 65536)
        self.raw += fresh
        self._stream.feed(fresh)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)

    def ended(self) -> int:
        """Wait for the program to end; return its exit status."""
        self.until(lambda: self.process.poll() is not None)
        while True:
            before = len(self.raw)
            self.look(0.1)
            if len(self.raw) == before:
                return self.process.wait()

    def is_restored(self) -> bool:
        """Whether the terminal is as it was before the program began."""
        switched = all(
            self.raw.rfind(b"\x1b[?%dl" % mode) >= self.raw.rfind(b"\x1b[?%dh" % mode) for mode in (1049, 2004)
        )
        wheel = self.raw.rfind(b"\x1b[?1007h") >= self.raw.rfind(b"\x1b[?1007l")
        return self.has_modes_restored() and switched and wheel and not self.screen.cursor.hidden

    def has_modes_restored(self) -> bool:
        """Whether the terminal echoes and edits lines as it did before the program began."""
        return termios.tcgetattr(self._slave) == self.modes

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        while self._descriptors:
            os.close(self._descriptors.pop())

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def at_terminal(
    address: Address,
    name: str,
    state: Path,
    *options: str,
    columns: int = 80,
    rows: int = 24,
    program: str = _CLIENT,
    environment: Mapping[str, str] | None = None,
) -> Terminal:
    """Return geventchat-client at a terminal of its own, with its history in the folder `state`."""
    command = [sys.executable, "-c", program, f"{address[0]}:{address[1]}", "--name", name, *options]
    given = {"XDG_STATE_HOME": str(state), **(environment or {})}
    return Terminal(command, columns=columns, rows=rows, environment=given)
