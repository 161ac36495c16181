"""What was said and shown, as rows of the screen: it follows what is new, or stays where the user has scrolled to."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from geventchat.client.terminal.view import EventLine, Line
from geventchat.client.terminal.wrap import wrap

# Lines that can be scrolled back to; /history shows what is older.
KEPT_LINES = 5_000

# A row: the number of its line, counted from the first ever, and which row of that line it is.
_Place = tuple[int, int]


class Transcript:
    """Lines and the part of them that a screen shows; `width` measures a text in columns."""

    def __init__(self, width: Callable[[str], int]) -> None:
        self._width = width
        self._lines: deque[Line] = deque()
        self._first = 0  # the number of the oldest line that is kept
        self._columns, self._height = 80, 24
        self._wrapped: dict[int, list[Line]] = {}  # by the number of a line that was looked at lately, its rows
        self._bottom: _Place | None = None  # the last row that is shown; None while the newest is
        self._sought = ""
        self._found: int | None = None

    @property
    def below(self) -> int:
        """How many lines are not shown, or not whole, because the user has scrolled up."""
        if self._bottom is None:
            return 0
        number, row = self._bottom
        return self._first + len(self._lines) - number - (row + 1 == len(self._rows_of(number)))

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines at the end; those that are shown stay where they are if the user has scrolled up."""
        for line in lines:
            if isinstance(line, EventLine) and line.erases:
                self._erase(line.erases)
            self._lines.append(line)
            if len(self._lines) > KEPT_LINES:
                self._lines.popleft()
                self._first += 1
        if self._bottom is not None and self._bottom[0] < self._first:
            self._bottom = (self._first, 0)

    def _erase(self, event_id: str) -> None:
        """Show no more what was said under this id."""
        for place, line in enumerate(self._lines):
            if isinstance(line, EventLine) and line.id == event_id:
                self._lines[place] = line.without_text()
                self._wrapped.pop(self._first + place, None)
                if self._bottom is not None and self._bottom[0] == self._first + place:
                    self._bottom = (self._bottom[0], 0)

    def rows(self, columns: int, height: int) -> list[Line]:
        """Return what a screen of this size shows: at most `height` rows."""
        if (columns, height) != (self._columns, self._height):
            self._columns, self._height = columns, height
            self._wrapped.clear()
            if self._bottom is not None:
                number, row = self._bottom
                self._move((number, min(row, len(self._rows_of(number)) - 1)), 0)
        shown = [self._row(place) for place, _ in zip(self._upwards(self._bottom), range(height), strict=False)]
        return shown[::-1]

    def scroll(self, pages: int) -> None:
        """Scroll up by a page, or down for a number below zero; one row of the page before stays in sight."""
        self._move(self._bottom, pages * max(1, self._height - 1))
        if self._bottom is None:
            self._found = None

    def to_end(self) -> None:
        """Show what is newest, and go on doing so."""
        self._bottom = self._found = None

    def find(self, text: str) -> bool:
        """Scroll up to the next line that contains a text; small or capital letters are the same.

        A search for the same text, or an empty one, goes on above the line that was found before. Return whether there
        is one.
        """
        sought = text.casefold() or self._sought
        end = self._first + len(self._lines)
        above = self._found if self._found is not None and sought == self._sought else end
        self._sought = sought
        for number in range(above - 1, self._first - 1, -1):
            if sought in "".join(part for _, part in self._lines[number - self._first]).casefold():
                self._found = number
                self._move((number, len(self._rows_of(number)) - 1), -(self._height // 2))
                return True
        return False

    def _move(self, bottom: _Place | None, rows: int) -> None:
        """Show what ends so many rows above `bottom`, but never less than a screen full, if there is so much."""
        if not self._lines:
            return
        last = next(self._upwards(None))
        place = bottom or last
        for _ in range(rows):
            place = self._above(place) or place
        for _ in range(-rows):
            place = self._below(place) or place
        full = sum(1 for _ in zip(self._upwards(place), range(self._height), strict=False))
        for _ in range(self._height - full):
            place = self._below(place) or place
        self._bottom = None if place == last else place

    def _upwards(self, place: _Place | None) -> Iterator[_Place]:
        """Yield the places from one upwards; None is the last one."""
        if place is None and self._lines:
            number = self._first + len(self._lines) - 1
            place = (number, len(self._rows_of(number)) - 1)
        while place is not None:
            yield place
            place = self._above(place)

    def _above(self, place: _Place) -> _Place | None:
        number, row = place
        if row > 0:
            return (number, row - 1)
        return (number - 1, len(self._rows_of(number - 1)) - 1) if number > self._first else None

    def _below(self, place: _Place) -> _Place | None:
        number, row = place
        if row + 1 < len(self._rows_of(number)):
            return (number, row + 1)
        return (number + 1, 0) if number + 1 < self._first + len(self._lines) else None

    def _row(self, place: _Place) -> Line:
        number, row = place
        line = self._rows_of(number)[row]
        return [(f"{style} class:found", text) for style, text in line] if number == self._found else line

    def _rows_of(self, number: int) -> list[Line]:
        if number not in self._wrapped:
            if len(self._wrapped) > KEPT_LINES // 10:
                self._wrapped.clear()
            self._wrapped[number] = wrap(self._lines[number - self._first], self._columns, self._width)
        return self._wrapped[number]
