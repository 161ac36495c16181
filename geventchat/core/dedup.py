"""Messages that a client sent with a ref: one that it sends again, because it has seen no ack, is recognised."""

from geventchat.core.log import Entry

# How many of a user's messages are recognised: more than a client that keeps to the rate has unanswered at once.
MAX_REFS = 256


class SentRef:
    """A message with a ref: a hash of its room and words, and its id, empty until it is stored."""

    __slots__ = ("digest", "id", "ref")

    def __init__(self, ref: str, digest: int, event_id: str) -> None:
        self.ref = ref
        self.digest = digest
        self.id = event_id


class SentRefs:
    """The last messages of one user that have a ref."""

    __slots__ = ("_by_ref",)

    def __init__(self) -> None:
        self._by_ref: dict[str, SentRef] | None = None  # none for the many who send no refs

    def __len__(self) -> int:
        return len(self._by_ref or ())

    def add(self, entry: Entry) -> SentRef | None:
        """Remember a message, if it has a ref."""
        if not entry.ref:
            return None
        if self._by_ref is None:
            self._by_ref = {}
        sent = self._by_ref[entry.ref] = SentRef(entry.ref, _digest(entry), entry.event.id)
        if len(self._by_ref) > MAX_REFS:
            del self._by_ref[next(iter(self._by_ref))]
        return sent

    def add_unsure(self, entry: Entry) -> None:
        """Remember a message that may be this user's, unless its ref is known to be that of another message."""
        if entry.ref and entry.ref not in (self._by_ref or ()):
            self.add(entry)

    def forget(self, sent: SentRef) -> None:
        """Forget a message that could not be stored, so that it can be sent again."""
        if self._by_ref is not None and self._by_ref.get(sent.ref) is sent:
            del self._by_ref[sent.ref]

    def find(self, entry: Entry) -> SentRef | None:
        """Return the message that this one repeats: with the same ref, in the same room, in the same words."""
        earlier = self._by_ref.get(entry.ref or "") if self._by_ref else None
        return earlier if earlier is not None and earlier.digest == _digest(entry) else None


def _digest(entry: Entry) -> int:
    return hash((entry.room, entry.event.__struct_config__.tag, getattr(entry.event, "text", "")))
