"""What the chat counts, for whoever runs it."""

from collections import Counter


class Tally:
    """How many there have been since the start: messages of own users, refusals by their codes, gaps that were told."""

    __slots__ = ("gaps", "messages", "refusals")

    def __init__(self) -> None:
        self.messages = 0
        self.refusals: Counter[str] = Counter()
        self.gaps = 0
