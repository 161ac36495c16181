"""Make the README's picture of geventchat-client from the real program: python -m docs.make_pictures."""

import io
import re
import tempfile
from pathlib import Path

from pyte.screens import Char
from rich.console import Console
from rich.text import Text

from geventchat import ChatClient, ChatServer
from tests.terminal_fixtures import Terminal, at_terminal

_PICTURE = Path(__file__).parent / "client.svg"
_COLUMNS, _ROWS = 78, 16


def main() -> None:
    """Let some people talk, and draw what one of them sees."""
    with (
        tempfile.TemporaryDirectory() as state,
        ChatServer() as server,
        at_terminal(server.address, "ann", Path(state), columns=_COLUMNS, rows=_ROWS) as ann,
    ):
        ann.until("here)")
        bob, ilya, carol = (ChatClient(server.address, name=name) for name in ("bob", "Илья", "carol"))
        _see(ann, "/join release\r", "release>")
        for who in (bob, carol):
            who.join("release")
        _see(ann, "/room lobby\r", "lobby>")
        bob.say("the build is green again 🎉", room="lobby")
        ilya.say("прекрасно! спасибо, bob")
        carol.act("pours tea for everyone", room="lobby")
        bob.say("ann: can you tag it, or shall I?", room="lobby")
        _see(ann, "bob has the notes, I have the tea\r", "ann: bob has")
        carol.whisper("ann", "he has rewritten them twice already")
        bob.say("notes are up", room="release")
        carol.say("ann, please read the last paragraph", room="release")
        _see(ann, "I will tag it as soon as the no", "2:release+2!")
        ann.until("as soon as the no")
        _PICTURE.write_text(_svg(ann))


def _see(terminal: Terminal, keys: str, text: str) -> None:
    terminal.type(keys)
    terminal.until(text)


def _svg(terminal: Terminal) -> str:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), legacy_windows=False)
    cursor = terminal.screen.cursor
    for row in range(_ROWS):
        line = Text()
        for column in range(_COLUMNS):
            cell = terminal.screen.buffer[row][column]
            at_cursor = (row, column) == (cursor.y, cursor.x)
            line.append(cell.data, _style(cell, reverse=cell.reverse or at_cursor))
        console.print(line, no_wrap=True)
    svg = console.export_svg(title="geventchat-client")
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # which would fetch a font from elsewhere


def _style(cell: Char, *, reverse: bool) -> str:
    words = [word for word, holds in (("bold", cell.bold), ("italic", cell.italics), ("reverse", reverse)) if holds]
    if cell.fg != "default":
        words.append(f"#{cell.fg}")
    return " ".join(words)


if __name__ == "__main__":
    main()
