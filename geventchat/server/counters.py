"""What a server counts, and the line that says so."""

from dataclasses import dataclass, fields, replace


@dataclass(slots=True)
class Counters:
    """How many there have been since the start."""

    connections: int = 0
    refused: int = 0  # connections that were not let in
    joined: int = 0
    left: int = 0
    throttled: int = 0  # commands that waited because their user was over the rate

    def copy(self) -> "Counters":
        """Return the counts as they are now."""
        return replace(self)

    def since(self, earlier: "Counters") -> str:
        """Return in words what has been counted since then; an empty string for nothing."""
        grown = ((field.name, getattr(self, field.name) - getattr(earlier, field.name)) for field in fields(self))
        return ", ".join(f"{count} {name}" for name, count in grown if count)
