"""The keyboard and the modes of a terminal: by termios where there is one; Windows has a console of its own."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from itertools import dropwhile

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

# After an Enter, what follows within this time was not typed: nobody is so fast.
_TYPED_S = 0.03
# What follows within this time belongs to the same paste, which may come in pieces.
_PASTE_S = 0.1
# A signal that stops the process reaches the thread that sent it a moment later.
_STOP_S = 0.3
# A paste is not waited for without end.
_MOST_KEYS = 1 << 16
_ENTER = (Keys.ControlM, Keys.ControlJ)


def can_draw() -> bool:
    """Whether the terminal can do more than print lines. Only Windows has terminals of which nobody says the kind."""
    return os.environ.get("TERM", "") not in (("dumb",) if sys.platform == "win32" else ("dumb", "unknown", ""))


if sys.platform == "win32":
    # What is raised where the terminal is gone.
    GONE: tuple[type[Exception], ...] = (EOFError, OSError)

    def keyboard() -> Input:
        """Return the keys as they are pressed; what is pasted is one key of its own."""
        return create_input()

    def suspend() -> None:
        """Do nothing: there are no jobs."""

    def modes() -> Callable[[], None]:
        """Return what gives the terminal the modes back that it has now."""
        return lambda: None  # the console takes them back by itself

else:
    import termios

    from prompt_toolkit.input.vt100 import Vt100Input

    GONE: tuple[type[Exception], ...] = (EOFError, OSError, termios.error)

    class _Keyboard(Vt100Input):
        """Tells a paste by its speed where the terminal does not mark it, as prompt_toolkit does on Windows."""

        def read_keys(self) -> list[KeyPress]:
            keys = super().read_keys()
            if keys and keys[-1].key in _ENTER and self._more_within(_TYPED_S):
                keys += super().read_keys()
            if not is_paste(keys):
                return keys
            while len(keys) < _MOST_KEYS and self._more_within(_PASTE_S):
                more = super().read_keys()
                if not more:  # the terminal is gone
                    break
                keys += more
            return [KeyPress(Keys.BracketedPaste, pasted(keys))]

        def _more_within(self, seconds: float) -> bool:
            return not self.closed and bool(select.select([self.fileno()], [], [], seconds)[0])

    def keyboard() -> Input:
        """Return the keys as they are pressed; what is pasted is one key of its own."""
        return _Keyboard(sys.stdin)

    def modes() -> Callable[[], None]:
        """Return what gives the terminal the modes back that it has now."""
        was = termios.tcgetattr(0)

        def restore() -> None:
            termios.tcsetattr(0, termios.TCSANOW, was)

        return restore

    def suspend() -> None:
        """Stop the job that we are, as Ctrl-Z does elsewhere; return when the shell lets it go on."""
        os.kill(0, signal.SIGTSTP)
        time.sleep(_STOP_S)


def is_paste(keys: list[KeyPress]) -> bool:
    """Whether keys that came at once are text of several lines: an Enter, and text after it."""
    after_enter = dropwhile(lambda key: key.key not in _ENTER, keys)
    return any(_text(key) and key.key not in _ENTER for key in after_enter)


def pasted(keys: list[KeyPress]) -> str:
    """Return the text that keys stand for; the keys that stand for none are left out."""
    return "".join(map(_text, keys))


def _text(key: KeyPress) -> str:
    if key.key in _ENTER:
        return "\n"
    if key.key == Keys.ControlI:
        return "\t"
    return "" if isinstance(key.key, Keys) else key.data
