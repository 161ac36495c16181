"""One user as the rooms see it: a nick, an outbox, and the encoder of its dialect."""

from collections.abc import Callable
from weakref import ref

from geventchat.core.dedup import Marks
from geventchat.core.encoder import Encoder
from geventchat.delivery.outbox import Outbox


class Member:
    """A connected user. `rooms` holds the keys of the rooms asked to enter; a room decides from when on it is heard."""

    __slots__ = (
        "__weakref__",
        "behind",
        "encoder",
        "entered",
        "gone",
        "key",
        "known_as",
        "make_way",
        "marks",
        "nick",
        "outbox",
        "pending",
        "rooms",
        "token",
        "whispered_by",
    )

    def __init__(self, encoder: Encoder, outbox: Outbox, token: str) -> None:
        self.encoder = encoder
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
        self.marks = Marks()
        self.rooms: list[str] = []
        self.whispered_by: ref[Member] | None = None  # who whispered last, and may have gone


def nothing() -> None:
    """Do nothing."""
