"""What a server counts, for whoever runs it, and the line that says so."""

from collections import Counter
from dataclasses import dataclass, field, replace

# What the line tells, every minute.
_TOLD = ("connections", "refused", "joined", "left", "throttled")


@dataclass(slots=True)
class Counters:
    """How many there have been since the start."""

    connections: int = 0
    refused: int = 0  # connections that were not let in
    joined: int = 0
    left: int = 0
    throttled: int = 0  # commands that waited because their user was over the rate
    messages: int = 0  # of own users
    gaps: int = 0  # that readers were told
    refusals: Counter[str] = field(default_factory=Counter)  # of commands, by their codes

    def copy(self) -> "Counters":
        """Return the counts as they are now."""
        return replace(self, refusals=self.refusals.copy())

    def since(self, earlier: "Counters") -> str:
        """Return in words what has been counted since then; an empty string for nothing."""
        grown = ((name, getattr(self, name) - getattr(earlier, name)) for name in _TOLD)
        return ", ".join(f"{count} {name}" for name, count in grown if count)
