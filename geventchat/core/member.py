"""One user as the rooms see it: a nick, an outbox, and how its dialect encodes."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from typing import ClassVar
from weakref import ref

from msgspec import UNSET

from geventchat.core.dedup import SentRefs
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.delivery.outbox import Outbox
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import AccountOf
from geventchat.protocol.limits import MAX_PRIVATE_BYTES
from geventchat.protocol.roles import Role


@lru_cache(maxsize=1_024)  # it is asked for with each message that has a ref
def proof_of(token: str) -> str:
    """Return what shows other servers that somebody has this token, and does not tell them the token."""
    return sha256(token.encode()).hexdigest()[:32]


class Member:
    """A connected user, at this network address. `token` is a secret between the server and the user.

    `rooms` holds the keys of the rooms that it asked to join, also while it is not in yet.
    """

    __slots__ = (
        "__weakref__",
        "about",
        "account",
        "address",
        "away",
        "can",
        "catching_up",
        "closed",
        "encoder",
        "era",
        "gave_password",
        "joined_id",
        "key",
        "nick",
        "on_sent_away",
        "origin",
        "outbox",
        "published_nick",
        "role",
        "rooms",
        "sent_refs",
        "since",
        "spoke",
        "token",
        "uid",
        "unpublished",
        "username",
        "wants_account",
        "watched",
        "welcomed",
        "whispered_by",
    )

    is_remote: ClassVar[bool] = False  # whether it is connected to another server

    def __init__(self, encoder: Encoder, can: Capabilities, outbox: Outbox, token: str, address: str = "") -> None:
        self.address = address
        self.encoder = encoder
        self.can = can
        self.outbox = outbox
        self.nick = ""
        self.published_nick = ""  # the nick as of the last event published: what lists of members show
        self.key = ""  # of the nick; empty until a name was given
        self.about = ""  # who it says that it is
        self.username = ""  # what it is called on its own machine, as it says
        self.wants_account = False  # whether the name that it has given, to come in, belongs to an account
        self.account: str | None = None  # the name of the account that it has logged in to
        self.origin = ""  # a pseudonym of the address, which moderators are shown, once it is needed
        self.era = 0  # of that account, when it did
        self.role = Role.USER  # what it may do beside what its account may
        self.away: str | None = None  # why it is away; None while it is there
        self.since = 0.0  # when it came, in seconds since 1970
        self.spoke = 0.0  # and when it said something last
        self.watched: dict[str, str] = {}  # nicks, by their keys, of which it wants to know whether they are here
        self.welcomed = False
        self.token = token
        self.uid = ""  # by which all servers know this connection, where there are several
        self.gave_password = False  # whether it has given the server's password
        self.on_sent_away: Callable[[str], None] = nothing  # called with the reason when its place is taken away
        self.unpublished = 0  # how much it has posted that is not published yet
        self.closed = False  # whether it has been told the last word
        self.catching_up = False  # whether it is to be told the past first when it enters a room
        self.joined_id = ""  # the id of its last own `joined`; empty before the first
        self.sent_refs = SentRefs()
        self.rooms: list[str] = []
        self.whispered_by: ref[Member] | None = None  # who whispered last, and may have gone

    @property
    def proof(self) -> str:
        """What shows that it has its token, on whatever server it is."""
        return proof_of(self.token)

    @property
    def sender(self) -> str:
        """What shows, beside a ref in the log, that it belongs to whoever has this token."""
        return self.proof[:16]

    @property
    def is_behind(self) -> bool:
        """Whether so much waits for it alone that it is not told what it can ask for, nor what others say to it."""
        return self.outbox.private_bytes > MAX_PRIVATE_BYTES

    def not_reading(self) -> Refused:
        """Return what others are told whose words it does not take while it is behind."""
        return Refused("not-reading", f"{self.nick} is not reading at the moment, try again later", about=self.nick)

    def has_token(self, token: str) -> bool:
        """Return whether this is the member's token."""
        return compare_digest(token.encode(), self.token.encode())


def account_of(member: Member) -> AccountOf:
    """Return the account that a member has logged in to, as events have it."""
    return UNSET if member.account is None else member.account


def nothing(_: str) -> None:
    """Do nothing."""
