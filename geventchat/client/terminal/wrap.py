"""A line of fragments as rows of a screen: broken between words, and indented from the second row on."""

import re
from collections.abc import Callable, Iterator

from geventchat.client.terminal.view import Fragment, Line

_PIECES = re.compile(r"\s+|\S+")
_TAB = "    "
_JOINER = "\u200d"  # what stands after it belongs to what stands before it: a family, a flag


def wrap(line: Line, columns: int, width: Callable[[str], int]) -> list[Line]:
    """Return the rows of a line on a screen of so many columns; `width` measures a text in columns.

    The rows after the first begin below the last fragment, the text, but never further in than a third of the screen.
    A word that is too long for a row is broken, and so may any two characters be that are two columns wide each.
    """
    indent = min(sum(width(text) for _, text in line[:-1]), columns // 3)
    rows: list[Line] = [[]]
    used = margin = 0
    for style, text in _pieces(line, width):
        if text.isspace() and (used + width(text) > columns or (len(rows) > 1 and used == margin)):
            continue  # a row neither ends nor begins with the space at which it was broken
        if used + width(text) > columns and used > margin:
            rows.append(_indented(indent))
            used = margin = indent
        begin, left = 0, width(text)  # the columns of what is still to be placed
        while used + left > columns:
            end = _end(text, begin, columns - used, width)
            rows[-1].append((style, text[begin:end]))
            left -= width(text[begin:end])
            rows.append(_indented(indent))
            used = margin = indent
            begin = end
        rows[-1].append((style, text[begin:]))
        used += left
    return rows


def _indented(columns: int) -> Line:
    return [("", " " * columns)] if columns else []


def _pieces(line: Line, width: Callable[[str], int]) -> Iterator[Fragment]:
    """Yield spaces and words, each with its style; what is wide is a word for itself."""
    for style, text in line:
        for piece in _PIECES.findall(text.replace("\t", _TAB)):
            if piece.isascii() or piece.isspace():
                yield style, piece
            else:
                yield from ((style, word) for word in _words(piece, width))


def _words(piece: str, width: Callable[[str], int]) -> Iterator[str]:
    begin = 0
    for at in range(1, len(piece)):
        before, columns = piece[at - 1], width(piece[at])
        if not (columns == 0 or before == _JOINER or (columns == 1 and width(before) < 2)):
            yield piece[begin:at]
            begin = at
    yield piece[begin:]


def _end(text: str, begin: int, columns: int, width: Callable[[str], int]) -> int:
    """Return the end of as much of the text from `begin` on as fits, but of at least one character."""
    used = 0
    for number in range(begin, len(text)):
        used += width(text[number])
        if used > columns and number > begin:
            return number
    return len(text)
