"""One user as the rooms see it: a nick, an outbox, and the speech of its dialect."""

from collections.abc import Callable
from weakref import ref

from geventchat.dialects.base import Speech
from geventchat.log import Entry
from geventchat.outbox import Outbox

# How many of a user's messages are recognised when repeated: more than can be unacknowledged at once.
MAX_REFS = 256


class Marked:
    """A message sent with a ref: a hash of its room and words, and its id, empty until it is stored."""

    __slots__ = ("digest", "id")

    def __init__(self, digest: int, event_id: str) -> None:
        self.digest = digest
        self.id = event_id


class Member:
    """A connected user. `rooms` holds the keys of the rooms asked to enter; a room decides from when on it is heard."""

    __slots__ = (
        "__weakref__",
        "behind",
        "entered",
        "gone",
        "key",
        "known_as",
        "make_way",
        "nick",
        "outbox",
        "pending",
        "rooms",
        "said",
        "speech",
        "token",
        "whispered_by",
    )

    def __init__(self, speech: Speech, outbox: Outbox, token: str) -> None:
        self.speech = speech
        self.outbox = outbox
        self.nick = ""
        self.known_as = ""  # the nick as of the last event published: what lists of members show
        self.key = ""  # of the nick; empty until a name was given
        self.token = token  # a secret between the server and this user
        self.make_way: Callable[[], None] = nothing  # called when the same user has come back on another connection
        self.pending = 0  # what it has posted and is not published yet
        self.gone = False  # whether it has been told that it was the last
        self.behind = False  # whether it is to be told the past first when it enters a room
        self.entered = ""  # the id of its last own `joined`; empty before the first
        self.said: dict[str, Marked] = {}  # by their refs, the last messages that it marked with one
        self.rooms: list[str] = []
        self.whispered_by: ref[Member] | None = None  # who whispered last, and may have gone

    def remember(self, entry: Entry) -> None:
        """Keep track of a message that has a ref, to recognise it when it is repeated."""
        if entry.ref:
            self.said[entry.ref] = Marked(_digest(entry), entry.event.id)
            if len(self.said) > MAX_REFS:
                del self.said[next(iter(self.said))]

    def mark_stored(self, ref: str, event_id: str) -> None:
        """Note under which id the message with this ref is stored."""
        if ref in self.said:
            self.said[ref].id = event_id

    def forget(self, ref: str | None) -> None:
        """Let the message with this ref be posted again."""
        self.said.pop(ref or "", None)

    def repeats(self, entry: Entry) -> Marked | None:
        """Return the message that this one repeats: with the same ref, in the same room, in the same words."""
        earlier = self.said.get(entry.ref or "")
        return earlier if earlier is not None and earlier.digest == _digest(entry) else None


def _digest(entry: Entry) -> int:
    return hash((entry.room, type(entry.event), getattr(entry.event, "text", "")))


def nothing() -> None:
    """Do nothing."""
