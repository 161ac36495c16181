"""Joins and leaves of a crowd, gathered into one line, so that N users who join do not cost N * N lines."""

from geventchat.events import Joined, Left
from geventchat.limits import CROWD_GATHER_S

# So few are still named, each on a line.
_NAMED = 3


class Presence:
    """What a room has not yet told people about who came and went."""

    __slots__ = ("_joined", "_left", "due", "last_id")

    def __init__(self) -> None:
        self._joined: list[Joined] = []
        self._left: list[Left] = []
        self.due: float | None = None  # when to tell at the latest, on the clock of `add`
        self.last_id = ""  # of the newest event gathered

    def add(self, event: Joined | Left, now: float) -> None:
        """Gather one more."""
        if isinstance(event, Joined):
            self._joined.append(event)
        else:
            self._left.append(event)
        self.last_id = event.id
        if self.due is None:
            self.due = now + CROWD_GATHER_S

    def take(self) -> list[Joined | Left | str]:
        """Return what to tell, in order: single events, or a count in words for many; and gather anew."""
        told: list[Joined | Left | str] = []
        for events, word in ((self._joined, "joined"), (self._left, "left")):
            if len(events) <= _NAMED:
                told += events
            else:
                told.append(f"{len(events)} {word}")
        self._joined, self._left, self.due = [], [], None
        return told
