"""What the server allows, in one place: each limit with its default and its reason."""

from dataclasses import dataclass, field
from typing import Any

# The names that the server gives itself, such as `guest9999999`, must be names.
LEAST_NAME = 12


def limit(default: Any, reason: str, unit: str) -> Any:
    """Declare one limit. The command line makes an option of it, so `reason` is also what `--help` shows."""
    return field(default=default, metadata={"reason": reason, "unit": unit})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All limits of one server. Sizes are in bytes or characters, times in seconds; None is no limit."""

    max_line: int = limit(4_096, "the longest line a user may send; room for a paragraph, none for a flood", "BYTES")
    max_name: int = limit(32, "the longest nick or room name; longer ones would push the text off the line", "CHARS")
    rate: float | None = limit(10.0, "messages a second from one user; past it that user is read more slowly", "N|off")
    burst: int = limit(40, "messages that may come at once before the rate holds: a pasted paragraph", "N")
    max_users: int = limit(10_000, "connections at once; what one core serves well", "N")
    max_per_address: int = limit(256, "connections from one address, loopback exempt: a class behind one router", "N")
    connect_rate: float = limit(20.0, "new connections a second from one address, once those at once are used up", "N")
    name_timeout: float = limit(60.0, "time to give a name; a connection that is merely held open is closed", "S")
    stall_timeout: float = limit(30.0, "a reader that takes no byte for so long is closed", "S")
    keepalive: float = limit(120.0, "a peer that vanished without a word is noticed after about this time", "S")
    feed_window: int = limit(4 << 20, "what a room keeps per dialect for readers who fall behind", "BYTES")

    def __post_init__(self) -> None:
        """Raise ValueError for what no server can live with."""
        if self.max_name < LEAST_NAME:
            raise ValueError(f"a name must have room for {LEAST_NAME} characters: the server gives such itself")


# Without an end of line after so much, it is no chat client that speaks: the connection is closed.
MAX_UNENDED_BYTES = 64 << 10
# How long the server waits for a newcomer's first bytes before it speaks first.
SNIFF_S = 0.150
# How long a handshake of TLS may take, or a proxy's header: half of one is held by nobody for longer.
HANDSHAKE_S = 10.0
# How long the server waits for the next key of somebody whose telnet sends each key at once, as that on Windows does.
TYPING_S = 2.0
# What may wait for one user besides what rooms say; past it, whispers to the user are refused, news of others that it
# can ask for are left out, and its own commands are not read until the answers to earlier ones have been taken.
MAX_PRIVATE_BYTES = 256 << 10
# Rooms that one session may be in; whenever it is sent something, the feed of each is looked at.
MAX_ROOMS_PER_USER = 64
# What all rooms keep together for readers who fall behind, in windows: one reader who takes next to nothing in 64 rooms
# would else make the server keep 256 MiB.
MAX_WINDOWS = 16
# The longest `ref`: room for a UUID or a hash, or for IRC's label and what was asked. The last of each user are kept.
MAX_REF = 128
# Wrong passwords from one address that cost nothing: somebody mistypes. Past it, each further try waits longer.
FREE_TRIES = 5
LONGEST_PAUSE_S = 60.0
# Accounts that users can make: each is kept for ever. More can be made with geventchat-serve account.
MAX_ACCOUNTS = 100_000
# How many one address may make at once, a class behind one router, and how many a second after that.
REGISTRATIONS_AT_ONCE = 60
REGISTRATION_RATE = 1 / 60
# Newcomers who are coming in at the same time; the others wait, so that a storm of joins delays nobody who is in.
JOINS_AT_ONCE = 8
# How long a newcomer, or a new name, waits while nothing can be stored: the client of either may not wait much longer.
NEWCOMER_S = 3.0
# The longest text in which users say of themselves who they are, or why they are away, in characters.
MAX_ABOUT = 200
# How many of those who have gone, or go by another name now, are remembered.
MAX_FORMER = 1_000
# Nicks that one user may watch: a list of friends.
MAX_WATCHED = 100
# Nicks that a list of members names; the count beside it is always exact.
MAX_LISTED = 1_000
# In rooms larger than this, joins and leaves are gathered for people: N users joining would cost N * N lines.
CROWD = 50
# How long they are gathered, unless somebody says something before.
CROWD_GATHER_S = 1.0
# Events that an answer to /history or `history` holds when their number is not said, and at most.
DEFAULT_HISTORY = 50
MAX_HISTORY = 500
# What their texts have at most, in characters: a user who asks and does not read is owed no more than this.
MAX_PAGE_CHARS = 128 << 10
# What people who come in are shown of the talk before: a screenful.
GREET_WITH = 20
# Bans, and mutes, of the whole server and of one room: past it some have to end first. Each newcomer is compared.
MAX_SANCTIONS = 2_000
MAX_SANCTIONS_OF_ROOM = 200
# Rooms that one account has: who makes one more makes it for everybody.
MAX_OWNED = 64
# Who is invited into one locked room at once.
MAX_INVITED = 1_000
# For how long a moderator's link, once opened, lets that page come back as a moderator: a day in class.
LINK_S = 24 * 3_600.0
