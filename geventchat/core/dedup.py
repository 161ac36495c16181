"""Messages that a client marked with a ref: one that it repeats, because it has seen no answer, is known again."""

from geventchat.core.log import Entry

# How many of a user's messages are known again: more than a client that keeps to the rate has unanswered at once.
MAX_REFS = 256


class Marked:
    """A message with a ref: a hash of its room and words, and its id, empty until it is stored."""

    __slots__ = ("digest", "id", "ref")

    def __init__(self, ref: str, digest: int, event_id: str) -> None:
        self.ref = ref
        self.digest = digest
        self.id = event_id


class Marks:
    """The last messages of one user that have a ref."""

    __slots__ = ("_marked",)

    def __init__(self) -> None:
        self._marked: dict[str, Marked] = {}  # by ref

    def __len__(self) -> int:
        return len(self._marked)

    def add(self, entry: Entry) -> Marked | None:
        """Keep track of a message, if it has a ref."""
        if not entry.ref:
            return None
        marked = self._marked[entry.ref] = Marked(entry.ref, _digest(entry), entry.event.id)
        if len(self._marked) > MAX_REFS:
            del self._marked[next(iter(self._marked))]
        return marked

    def forget(self, marked: Marked) -> None:
        """Let a message be posted again, which could not be stored."""
        if self._marked.get(marked.ref) is marked:
            del self._marked[marked.ref]

    def find(self, entry: Entry) -> Marked | None:
        """Return the message that this one repeats: with the same ref, in the same room, in the same words."""
        earlier = self._marked.get(entry.ref or "")
        return earlier if earlier is not None and earlier.digest == _digest(entry) else None


def _digest(entry: Entry) -> int:
    return hash((entry.room, type(entry.event), getattr(entry.event, "text", "")))
