"""The screen: what was said, below it the line that is typed, and the status. It runs in a thread of its own."""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import gevent
from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER, SEARCH_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.layout import BufferControl, ConditionalContainer, HSplit, Layout, SearchBufferControl, Window
from prompt_toolkit.layout.controls import FormattedTextControl, UIContent, UIControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import (
    BeforeInput,
    HighlightIncrementalSearchProcessor,
    Processor,
    ReverseSearchProcessor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.output import create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from geventchat.client.terminal.input_history import open_history
from geventchat.client.terminal.keys import Keys
from geventchat.client.terminal.status import Piece, Status, fit
from geventchat.client.terminal.transcript import Transcript
from geventchat.client.terminal.user_input import UserInput, hidden_from
from geventchat.client.terminal.view import STYLE, Line
from geventchat.system import terminal

# How long the terminal may take to be given back; one that is stopped takes nothing.
_END_S = 5.0
# The longest name of a room before the line that is typed.
_ROOM_COLUMNS = 16
# Lines that may wait to be taken by the terminal's thread.
_MOST_WAITING = 1000
# The screen is not drawn more often: nobody would see it.
_REDRAW_S = 0.03
_RESIZE_S = 0.2
# Many terminals make the Up and Down keys of a mouse's wheel: it would bring back what was typed. (Modes of xterm.)
_WHEEL_OFF, _WHEEL_ON = "\x1b[?1007l", "\x1b[?1007h"


class Prompt:
    """The terminal, with a line to type in. `entered` is called in the terminal's thread."""

    def __init__(self, entered: Callable[[UserInput], None], *, bell: bool) -> None:
        self._bell = bell
        self._status = Status()
        self._fresh: deque[Line] = deque()  # to be shown
        self._ring = False
        self._transcript = Transcript(get_cwidth)
        self._keys = Keys(entered, lambda: self._status, self._transcript)
        self._output = create_output(sys.stdout)
        self._app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=self._keys.bindings,
            style=Style.from_dict(STYLE),
            include_default_pygments_style=False,
            input=terminal.keyboard(),
            output=self._output,
            full_screen=True,
            min_redraw_interval=_REDRAW_S,
            terminal_size_polling_interval=_RESIZE_S,
        )
        self._app.key_processor.before_key_press += self._keys.before_key
        self._restore = terminal.modes()
        self._ended = threading.Event()
        self._ended.set()
        self._stopped = False  # perhaps before the application has begun

    # In the thread of the greenlets.

    def run(self) -> None:
        """Let the user type until `stop`. The terminal is as it was before when this returns or raises."""
        if self._stopped:
            return
        self._ended.clear()  # here, for `stop` may come before the thread has begun
        failure = gevent.get_hub().threadpool.apply(self._run)
        if failure is not None:
            raise failure

    def takes(self) -> int:
        """Return how many further lines can be shown now; the rest must wait until the terminal has taken these."""
        return max(0, _MOST_WAITING - len(self._fresh))

    def update(self, status: Status, lines: Sequence[Line] = (), *, alert: bool = False) -> None:
        """Show the status, and these lines below those that are shown already; `alert` rings the bell."""
        self._status = status
        self._fresh.extend(lines)
        self._ring = self._ring or (alert and self._bell)
        self._call(self._draw)

    def find(self, text: str) -> None:
        """Scroll up to the next line that contains a text."""
        self._call(lambda: self._find(text))

    def stop(self) -> None:
        """Leave the terminal as it was, also when its thread waits for ever for a terminal that takes nothing."""
        self._stopped = True
        self._call(self._exit)
        if not self._ended.wait(_END_S):
            self._restore()

    def _call(self, do: Callable[[], None]) -> None:
        loop = self._app.loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(do)

    # In the terminal's thread.

    def _run(self) -> Exception | None:
        """Return what went wrong: gevent would print what is raised here, and the terminal may be gone."""
        try:
            self._raw(_WHEEL_OFF)
            self._app.run(pre_run=self._begin, handle_sigint=False, set_exception_handler=False)
        except terminal.GONE:
            return None
        except Exception as error:
            return error
        finally:
            with suppress(OSError):
                self._raw(_WHEEL_ON)
            self._ended.set()
        return None

    def _begin(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._failed)
        self._call(self._exit if self._stopped else self._draw)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if self._app.future is not None and not self._app.future.done():
            self._app.exit(exception=context.get("exception") or RuntimeError(context["message"]))
        else:
            loop.default_exception_handler(context)

    def _exit(self) -> None:
        if not self._app.is_done:
            self._app.exit()

    def _raw(self, sequence: str) -> None:
        if isinstance(self._output, Vt100_Output):
            self._output.write_raw(sequence)
            self._output.flush()

    def _draw(self) -> None:
        while self._fresh:
            self._transcript.add([self._fresh.popleft()])
        if self._ring:
            self._output.bell()
            self._ring = False
        self._app.invalidate()

    def _find(self, text: str) -> None:
        found = self._transcript.find(text)
        self._keys.say("/find looks further up, PgDn goes down" if found else "not found further up")
        self._app.invalidate()

    # What is drawn.

    def _layout(self) -> Layout:
        search = SearchBufferControl(
            Buffer(name=SEARCH_BUFFER), input_processors=[ReverseSearchProcessor()], ignore_case=True
        )
        typed = BufferControl(
            Buffer(name=DEFAULT_BUFFER, history=open_history(), multiline=False),
            search_buffer_control=search,
            preview_search=True,
            input_processors=[_Hidden(), HighlightIncrementalSearchProcessor(), BeforeInput(self._before_input)],
            include_default_input_processors=False,
        )
        lowest = Dimension(min=1)
        typing = Window(typed, wrap_lines=True, height=lowest, dont_extend_height=True)
        searching = Window(search, wrap_lines=True, height=lowest, dont_extend_height=True)
        return Layout(
            HSplit(
                [
                    Window(_Said(self._transcript)),
                    ConditionalContainer(typing, ~has_focus(SEARCH_BUFFER)),
                    ConditionalContainer(searching, has_focus(SEARCH_BUFFER)),
                    Window(
                        FormattedTextControl(self._status_line),
                        height=Dimension(min=0, preferred=1, max=1),
                        style="class:status",
                    ),
                ]
            ),
            typing,
        )

    def _before_input(self) -> FormattedText:
        room = self._status.room[:_ROOM_COLUMNS]
        while get_cwidth(room) > _ROOM_COLUMNS:
            room = room[:-1]
        return FormattedText([("class:prompt", f"{room}> ")])

    def _status_line(self) -> FormattedText:
        pieces = self._keys.pieces() or self._status.pieces
        if below := self._transcript.below:
            pieces = (Piece(0, "class:status.trouble", f"{below} below: PgDn"), *pieces)
        return FormattedText(fit(pieces, self._output.get_size().columns, get_cwidth))


class _Hidden(Processor):
    """Shows stars in place of a password."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        begin = hidden_from(transformation_input.document.text)
        if begin is None:
            return Transformation(transformation_input.fragments)
        shown = [(style, char) for style, text, *_ in transformation_input.fragments for char in text]
        return Transformation([*shown[:begin], *[(style, "*") for style, _ in shown[begin:]]])


class _Said(UIControl):
    """Shows the transcript, whose last row stands at the bottom."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def create_content(self, width: int, height: int) -> UIContent:
        """Return the rows of a window of this size."""
        rows = self._transcript.rows(width, height)
        above = height - len(rows)
        return UIContent(lambda row: [*rows[row - above]] if row >= above else [], height, show_cursor=False)
