"""What is wrong in a scenario's file: where, what, and what was perhaps meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from geventchat.protocol.errors import ChatError
from geventchat.protocol.text import clean

# What is told at most, of one mistake and of mistakes: a file may be anything, also one that was made to do harm.
_MAX_CHARS = 400
_MAX_MISTAKES = 1_000
# Words longer than this are no slips of other words.
_MAX_WORD = 100


class SourcePosition(NamedTuple):
    """A position in a file; both count from 1."""

    line: int
    column: int


class Mistake(NamedTuple):
    """One thing that is wrong; prints as `file:line:column: what is wrong`."""

    file: str
    place: SourcePosition
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.place.line}:{self.place.column}: {self.message}"


class ScenarioMistakes(ChatError):
    """A scenario that cannot be meant as it stands; `mistakes` are all of them, in the file's order."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known word that is most like this one; None when none is. `likeness` is 1 for the same word."""
    if len(word) > _MAX_WORD:
        return None
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean …?` where something known is near, otherwise nothing."""
    near = nearest(word, known)
    return f", did you mean {near}?" if near else ""


class Report:
    """Gathers what is wrong in a file, so that all of it can be told at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []

    def wrong(self, place: SourcePosition, message: str) -> None:
        """Add one mistake. Raises ScenarioMistakes when there are so many that nobody would read on."""
        message = clean(message)
        shown = message if len(message) <= _MAX_CHARS else message[:_MAX_CHARS] + "…"
        self.mistakes.append(Mistake(self.file, place, shown))
        if len(self.mistakes) == _MAX_MISTAKES:
            more = Mistake(self.file, place, f"{_MAX_MISTAKES:,} mistakes are told; there may be more")
            raise ScenarioMistakes([*self._in_order(), more])

    def close(self) -> None:
        """Raise ScenarioMistakes if there are any."""
        if self.mistakes:
            raise ScenarioMistakes(self._in_order())

    def _in_order(self) -> list[Mistake]:
        return sorted(set(self.mistakes))
