"""What keys do beyond editing a line: enter it, complete it, scroll, switch rooms, and ask before a paste is said."""

from collections.abc import Callable

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys as Key

from geventchat.client.terminal.completion import Completion
from geventchat.client.terminal.status import Piece, Status
from geventchat.client.terminal.transcript import Transcript
from geventchat.client.terminal.user_input import Paste, Switch, UserInput, has_secret, is_search
from geventchat.protocol.text import clean
from geventchat.system import terminal

_YES = ("\r", "\n", "y", "Y", "д", "Д")
_LAST_NUMBER = 9


class Keys:
    """Key bindings for the line being typed; `entered` is called with what the user has entered."""

    def __init__(
        self, entered: Callable[[UserInput], None], status: Callable[[], Status], transcript: Transcript
    ) -> None:
        self._entered = entered
        self._status = status
        self._transcript = transcript
        self._completion = Completion()
        self._asking = False  # whether to say several lines
        self._note = ""  # what the last key has done
        self._leaves = self._left = False  # whether Ctrl-C leaves now; whether it did before this key
        self.bindings = KeyBindings()
        self._bind()

    def before_key(self, _: object) -> None:
        """Drop what was said of the key before this one."""
        self._note, self._left, self._leaves = "", self._leaves, False

    def say(self, note: str) -> None:
        """Say something in the status line, until a key is pressed."""
        self._note = note

    def pieces(self) -> tuple[Piece, ...]:
        """Return what the status line has to say of the keys; nothing, most of the time."""
        buffer = get_app().current_buffer
        if self._asking:
            count = len(_lines(buffer.text))
            return (Piece(0, "class:status.trouble", f"send these {count} lines?  Enter or y: send  n: edit"),)
        if self._note:
            return (Piece(0, "class:status.trouble", self._note),)
        before = buffer.document.text_before_cursor
        return tuple(
            Piece(rank, "class:status.chosen" if chosen else "class:status", choice)
            for rank, (choice, chosen) in enumerate(self._completion.choices(before))
        )

    def _bind(self) -> None:
        typing = has_focus(DEFAULT_BUFFER) & Condition(lambda: not self._asking)
        asking = Condition(lambda: self._asking)
        add = self.bindings.add
        add("enter", filter=typing)(self._enter)
        add("c-j", filter=typing)(self._enter)
        add("tab", filter=typing)(lambda event: self._complete(event.current_buffer, 1))
        add("s-tab", filter=typing)(lambda event: self._complete(event.current_buffer, -1))
        add("c-c", filter=typing)(self._interrupt)
        add("c-d", filter=typing & Condition(lambda: not get_app().current_buffer.text))(self._leave)
        add("c-z")(lambda _: run_in_terminal(terminal.suspend))
        add("pageup", filter=typing)(lambda _: self._transcript.scroll(1))
        add("pagedown", filter=typing)(lambda _: self._transcript.scroll(-1))
        add(Key.BracketedPaste, filter=typing)(self._paste)
        add("escape", "a", filter=typing)(lambda _: self._entered(Switch()))
        add("escape", "left", filter=typing)(lambda _: self._entered(Switch(step=-1)))
        add("escape", "right", filter=typing)(lambda _: self._entered(Switch(step=1)))
        for number in map(str, range(1, _LAST_NUMBER + 1)):
            add("escape", number, filter=typing)(lambda _, number=number: self._entered(Switch(number)))
        add(Key.BracketedPaste, filter=asking, eager=True)(self._paste)
        add(Key.Any, filter=asking, eager=True)(self._answer)

    def _enter(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if len(_lines(buffer.text)) > 1:
            self._asking = True
            return
        line = clean(" ".join(_lines(buffer.text)))
        _clear(buffer)
        if not is_search(line):
            self._transcript.to_end()
        self._entered(line)

    def _paste(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        pasted = event.data.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        buffer.insert_text("\n".join(map(clean, pasted.split("\n"))))
        self._asking = len(_lines(buffer.text)) > 1

    def _answer(self, event: KeyPressEvent) -> None:
        self._asking = False
        if event.data in _YES:
            buffer = event.current_buffer
            lines = tuple(_lines(buffer.text))
            _clear(buffer)
            self._transcript.to_end()
            self._entered(Paste(lines))

    def _complete(self, buffer: Buffer, step: int) -> None:
        was = buffer.document
        before = self._completion.press(was.text_before_cursor, self._status(), step)
        if before is not None:
            buffer.document = Document(before + was.text_after_cursor, len(before))

    def _interrupt(self, event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            is_kept = _clear(event.current_buffer)
            self._note = f"the line is cleared{', Up brings it back' if is_kept else ''}; Ctrl-C again leaves"
        elif self._left:
            self._leave(event)
            return
        else:
            self._note = "Ctrl-C again leaves, as do Ctrl-D and exit"
        self._leaves = True

    def _leave(self, _: KeyPressEvent) -> None:
        self._entered(None)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _clear(buffer: Buffer) -> bool:
    """Begin a new line; return whether the one that was typed is kept, which one with a password is not."""
    is_kept = not any(map(has_secret, buffer.text.split("\n")))
    buffer.reset(append_to_history=is_kept)
    return is_kept
