"""What the client itself has to tell its user."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """One line, of no room."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The user looks at another room: what stands below is of that one."""

    room: str
    count: int
    topic: str = ""
