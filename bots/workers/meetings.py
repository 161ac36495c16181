"""Where workers are in the script, and who spoke last. No I/O."""

from dataclasses import dataclass, field

from bots.workers.messages import Arrived, Go


@dataclass
class _Meeting:
    """Who has come to one place."""

    here: set[int] = field(default_factory=set)
    spoke: tuple[int, float, int, str] | None = None
    is_so: bool = False


class Meetings:
    """Places in a script to which all parts of a run must come before any of them goes on."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._open: dict[str, _Meeting] = {}

    def arrive(self, part: int, arrived: Arrived, now: float) -> Go | None:
        """Note that a part has come to a place; return what all are to be told if it is the last one."""
        meeting = self._open.setdefault(arrived.place, _Meeting())
        meeting.here.add(part)
        meeting.is_so |= arrived.is_so
        if arrived.spoke is not None:
            meeting.spoke = max(meeting.spoke or arrived.spoke, arrived.spoke)
        if len(meeting.here) < self._parts:
            return None
        del self._open[arrived.place]
        return Go(arrived.place, now, meeting.spoke[3] if meeting.spoke is not None else "", meeting.is_so)
