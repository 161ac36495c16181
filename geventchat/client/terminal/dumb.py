"""The client at a terminal that can only print, TERM=dumb: what is typed and what happens take turns."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import gevent
from gevent.queue import Queue

from geventchat.client.terminal.status import Status
from geventchat.client.terminal.user_input import Entered
from geventchat.client.terminal.view import Line
from geventchat.protocol.text import clean, decode
from geventchat.system import standard_output
from geventchat.system.standard_input import read_lines

# How long the terminal may take, in the end, to show what is still to be shown.
_END_S = 2.0
# Lines that may wait to be shown.
_MOST_WAITING = 1000


class Plain:
    """Prints lines; the terminal itself edits what is typed."""

    def __init__(self, entered: Callable[[Entered], None], *, bell: bool) -> None:
        self._entered = entered
        self._bell = bell
        self._texts: Queue[str | None] = Queue()
        self._printing = gevent.spawn(self._print)

    def run(self) -> None:
        """Read until the input ends."""
        with suppress(OSError):  # the terminal is gone
            for line in read_lines():
                if isinstance(line, bytes):  # a terminal that edits lines itself has none that are too long
                    self._entered(clean(decode(line)))
        self._entered(None)

    def takes(self) -> int:
        """Return how many further lines can be shown now."""
        return max(0, _MOST_WAITING - self._texts.qsize())

    def update(self, status: Status, lines: Sequence[Line] = (), *, alert: bool = False) -> None:
        """Print these lines; `alert` rings the bell."""
        del status
        for line in lines:
            self._texts.put("".join(text for _, text in line) + "\n")
        if alert and self._bell:
            self._texts.put("\a")

    def resized(self) -> None:
        """Nothing depends on the size."""

    def stop(self) -> None:
        """Print what is still to be printed; nothing else was changed that would have to be restored."""
        self._texts.put(None)
        self._printing.join(_END_S)

    def _print(self) -> None:
        with suppress(OSError):  # the terminal is gone: `run` says so
            while (text := self._texts.get()) is not None:
                standard_output.write(text)
