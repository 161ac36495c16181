"""The client at a terminal that can only print, TERM=dumb: what is typed and what happens take turns."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import gevent
from gevent.queue import Queue

from geventchat.client.terminal.status import Status
from geventchat.client.terminal.transcript import KEPT_LINES
from geventchat.client.terminal.user_input import UserInput
from geventchat.client.terminal.view import Line
from geventchat.protocol.text import clean, decode
from geventchat.system import stdio

# How long the terminal may take, in the end, to show what is still to be shown.
_END_S = 2.0
# Lines that may wait to be shown.
_MOST_WAITING = 1000
# Lines that a search shows.
_MOST_FOUND = 20


class Plain:
    """Prints lines; the terminal itself edits what is typed."""

    def __init__(self, entered: Callable[[UserInput], None], *, bell: bool) -> None:
        self._entered = entered
        self._bell = bell
        self._sought = ""
        self._printed: deque[str] = deque(maxlen=KEPT_LINES)
        self._texts: Queue[str | None] = Queue()
        self._printing = gevent.spawn(self._print)

    def run(self) -> None:
        """Read until the input ends."""
        with suppress(OSError):  # the terminal is gone
            for line in stdio.read_lines():
                if isinstance(line, bytes):  # a terminal that edits lines itself has none that are too long
                    self._entered(clean(decode(line)))

    def takes(self) -> int:
        """Return how many further lines can be shown now."""
        return max(0, _MOST_WAITING - self._texts.qsize())

    def update(self, status: Status, lines: Sequence[Line] = (), *, alert: bool = False) -> None:
        """Print these lines; `alert` rings the bell."""
        del status
        for line in lines:
            text = "".join(text for _, text in line) + "\n"
            self._printed.append(text)
            self._texts.put(text)
        if alert and self._bell:
            self._texts.put("\a")

    def find(self, text: str) -> None:
        """Print the last lines again that contain a text; an empty one is the text before."""
        self._sought = text.casefold() or self._sought
        found = [line for line in self._printed if self._sought in line.casefold()]
        for line in found[-_MOST_FOUND:]:
            self._texts.put(f"found: {line}")
        if not found:
            self._texts.put("not found\n")

    def stop(self) -> None:
        """Print what is still to be printed; nothing else was changed that would have to be restored."""
        self._texts.put(None)
        self._printing.join(_END_S)

    def _print(self) -> None:
        with suppress(OSError):  # the terminal is gone: `run` says so
            while (text := self._texts.get()) is not None:
                stdio.write(text)
