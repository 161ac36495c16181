"""The client at a terminal that can only print, TERM=dumb: what is typed and what happens take turns."""

from collections.abc import Callable, Sequence

from geventchat.standard_input import read_lines
from geventchat.terminal.status import Status
from geventchat.terminal.typed import Entered
from geventchat.terminal.view import Line
from geventchat.text import clean, decode


class Plain:
    """Prints lines; the terminal itself edits what is typed."""

    def __init__(self, entered: Callable[[Entered], None], *, bell: bool) -> None:
        self._entered = entered
        self._bell = bell

    def run(self) -> None:
        """Read until the input ends."""
        for line in read_lines():
            if isinstance(line, bytes):  # a terminal that edits lines itself has none that are too long
                self._entered(clean(decode(line)))
        self._entered(None)

    def update(self, status: Status, lines: Sequence[Line] = (), *, alert: bool = False) -> None:
        """Print these lines; `alert` rings the bell."""
        del status
        text = "".join("".join(text for _, text in line) + "\n" for line in lines)
        print(text + ("\a" if alert and self._bell else ""), end="", flush=True)

    def resized(self) -> None:
        """Nothing depends on the size."""

    def stop(self) -> None:
        """Nothing was changed that would have to be restored."""
