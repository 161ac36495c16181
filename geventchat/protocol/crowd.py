"""Joins and leaves of a crowd, gathered into one line, so that N users who join do not cost N * N lines."""

from collections import Counter

from geventchat.protocol.events import Joined, Left
from geventchat.protocol.limits import CROWD_GATHER_S

# So few are still named, each on a line.
_NAMED = 3
_WORDS = ((True, "joined"), (False, "left"))


class JoinLeaveSummary:
    """The arrivals and departures that a room has not told its readers about yet."""

    __slots__ = ("_gathered", "due", "last_id")

    def __init__(self) -> None:
        self._gathered: list[Joined | Left] = []
        self.due: float | None = None  # when to tell at the latest, on the clock of `add`
        self.last_id = ""  # of the newest event gathered

    def add(self, event: Joined | Left, now: float) -> None:
        """Gather one more."""
        self._gathered.append(event)
        self.last_id = event.id
        if self.due is None:
            self.due = now + CROWD_GATHER_S

    def take(self) -> list[Joined | Left | str]:
        """Return what to tell: a count in words for many, few as they happened, in order; and gather anew."""
        counts = Counter(isinstance(event, Joined) for event in self._gathered)
        many = [f"{counts[is_join]} {word}" for is_join, word in _WORDS if counts[is_join] > _NAMED]
        few = [event for event in self._gathered if counts[isinstance(event, Joined)] <= _NAMED]
        self._gathered, self.due = [], None
        return [*many, *few]
