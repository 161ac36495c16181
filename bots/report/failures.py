"""What could not be carried out in a run. No I/O."""

from collections.abc import Callable, Iterable
from typing import Self

# What goes wrong once may go wrong with each message of a long run: so many are kept, and the others are counted.
MAX_FAILURES = 1_000


class Failures(list[str]):
    """The first failures, each in words, and in the same words once; `many` is how many there were.

    `told` is called with each of them.
    """

    told: Callable[[str], None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.many = 0
        self._kept: set[str] = set()

    def append(self, failure: str) -> None:
        """Note one more."""
        self.many += 1
        if self.told is not None:
            self.told(failure)
        if len(self) < MAX_FAILURES and failure not in self._kept:
            self._kept.add(failure)
            super().append(failure)

    def __iadd__(self, failures: Iterable[str]) -> Self:  # type: ignore[misc, override]
        """Note some more."""
        for failure in failures:
            self.append(failure)
        return self
