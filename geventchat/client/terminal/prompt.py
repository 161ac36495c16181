"""The screen: a line that is typed, the status below it, and above it what happens. It runs in a thread of its own."""

import asyncio
import os
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil
from typing import Any

import gevent
from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from geventchat.client.terminal.input_history import typed_before
from geventchat.client.terminal.keys import Keys
from geventchat.client.terminal.status import Status, fit
from geventchat.client.terminal.user_input import Entered
from geventchat.client.terminal.view import STYLE, Line

# How long the terminal may take to be given back; one that is stopped, with Ctrl-S, takes nothing.
_END_S = 2.0
# The longest name of a room before the line that is typed.
_ROOM_COLUMNS = 16
# Lines drawn at once: between such bunches, keys are looked at.
_BUNCH = 200
# Lines that may wait to be drawn.
_MOST_WAITING = 1000


class _WholeScreens(Vt100_Output):
    """Writes nothing to the terminal while it is held, so that nobody sees a screen half changed.

    A terminal takes a large change in pieces; many have a mode in which they show it when it is whole.
    """

    _held = False

    def hold(self) -> None:
        if not self._held:
            self.write_raw("\x1b[?2026h")
            self._held = True

    def release(self) -> None:
        if self._held:
            self.write_raw("\x1b[?2026l")
            self._held = False
        self.flush()

    def flush(self) -> None:
        if not self._held:
            super().flush()

    def get_rows_below_cursor_position(self) -> int:
        """Spare prompt_toolkit the question to the terminal, which it would ask, and wait for, after every message."""
        return 1


class Prompt:
    """The terminal, with a line to type in. `entered` is called in the terminal's thread."""

    def __init__(self, entered: Callable[[Entered], None], *, bell: bool) -> None:
        self._status = Status()
        self._lines: deque[Line] = deque()  # to be shown
        self._ring = False
        output = _WholeScreens.from_pty(
            sys.stdout, term=os.environ.get("TERM"), default_color_depth=ColorDepth.from_env(), enable_bell=bell
        )
        assert isinstance(output, _WholeScreens)
        self._output = output
        self._keys = Keys(entered, lambda: self._status)
        self._style = Style.from_dict(STYLE)
        self._session: PromptSession[None] = PromptSession(
            message=self._message,
            bottom_toolbar=self._toolbar,
            history=typed_before(),
            key_bindings=self._keys.bindings,
            style=self._style,
            output=self._output,
            erase_when_done=True,
            enable_suspend=True,
        )
        self._app = self._session.app
        self._app.after_render += self._release
        self._size = self._output.get_size()
        self._modes = termios.tcgetattr(0)
        self._ended = threading.Event()
        self._ended.set()

    # In the thread of the greenlets.

    def run(self) -> None:
        """Let the user type until `stop`. The terminal is as it was before when this returns or raises."""
        failure = gevent.get_hub().threadpool.apply(self._run)
        if failure is not None:
            raise failure

    def takes(self) -> int:
        """Return how many further lines can be shown now; the rest must wait until the terminal has taken these."""
        return max(0, _MOST_WAITING - len(self._lines))

    def update(self, status: Status, lines: Sequence[Line] = (), *, alert: bool = False) -> None:
        """Show the status, and these lines below those that are shown already; `alert` rings the bell."""
        self._status = status
        self._lines.extend(lines)
        self._ring = self._ring or alert
        self._call(self._draw)

    def resized(self) -> None:
        """Take note that the terminal has another size."""
        self._call(self._refit)

    def stop(self) -> None:
        """Leave the terminal as it was, also when its thread waits for ever for a terminal that takes nothing."""
        self._call(self._exit)
        if not self._ended.wait(_END_S):
            termios.tcsetattr(0, termios.TCSANOW, self._modes)

    def _call(self, do: Callable[[], None]) -> None:
        loop = self._app.loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(do)

    # In the terminal's thread.

    def _run(self) -> Exception | None:
        """Return what went wrong: gevent would print what is raised here, and the terminal may be gone."""
        self._ended.clear()
        try:
            self._app.run(pre_run=self._begin, handle_sigint=False, set_exception_handler=False)
        except (EOFError, OSError, termios.error):
            return None  # the terminal is gone
        except Exception as error:
            return error
        finally:
            with suppress(OSError):
                while self._lines or self._ring:
                    self._print()
                self._release()
            self._ended.set()
        return None

    def _begin(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._failed)
        self._call(self._draw)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if self._app.future is not None and not self._app.future.done():
            self._app.exit(exception=context.get("exception") or RuntimeError(context["message"]))
        else:
            loop.default_exception_handler(context)

    def _exit(self) -> None:
        if not self._app.is_done:
            self._app.exit()

    def _draw(self) -> None:
        if self._lines or self._ring:
            self._output.hold()  # until all is drawn
            self._app.renderer.erase()
            self._print()
        self._app.invalidate()
        if self._lines:
            self._call(self._draw)

    def _print(self) -> None:
        fragments: Line = []
        for _ in range(min(len(self._lines), _BUNCH)):
            fragments += [*self._lines.popleft(), ("", "\n")]
        print_formatted_text(self._output, FormattedText(fragments), self._style, color_depth=self._app.color_depth)
        if self._ring:
            self._output.bell()
            self._ring = False

    def _release(self, *_: object) -> None:
        self._output.release()

    def _refit(self) -> None:
        """Draw again after a change of size, from where what is drawn has begun by then."""
        if not self._app.is_done:
            self._output.hold()
            self._output.cursor_up(self._rows_more())
            self._app.renderer.erase(leave_alternate_screen=False)
            self._app.invalidate()

    def _rows_more(self) -> int:
        """Return by how many rows the cursor is further down because the terminal has wrapped what is above it."""
        columns, was = self._output.get_size().columns, self._app.renderer.last_rendered_screen
        if was is None or columns >= self._size.columns:
            self._size = self._output.get_size()
            return 0
        self._size = self._output.get_size()
        cursor = was.get_cursor_position(self._app.layout.current_window)
        above = sum(max(1, ceil((max(was.data_buffer[row], default=0) + 1) / columns)) for row in range(cursor.y))
        return above + cursor.x // columns - cursor.y

    def _message(self) -> FormattedText:
        room = self._status.room[:_ROOM_COLUMNS]
        while get_cwidth(room) > _ROOM_COLUMNS:
            room = room[:-1]
        return FormattedText([("class:prompt", f"{room}> ")])

    def _toolbar(self) -> FormattedText:
        columns = self._output.get_size().columns
        return FormattedText(fit(self._keys.pieces() or self._status.pieces, columns, get_cwidth))
