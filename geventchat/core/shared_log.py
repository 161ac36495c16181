"""A log that several servers write: what they tell each other through it, beside the events of rooms.

Each user has a *uid*, by which all servers know who does something: of two connections that have had the same nick,
one after the other, each has its own.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from geventchat.core.kept import Change
from geventchat.core.log import Entry, Log
from geventchat.core.posts import Batch
from geventchat.protocol.events import Kicked
from geventchat.protocol.replies import AnyReply, Closing
from geventchat.protocol.roles import Role


class SendAway(Closing, tag="send_away"):
    """The last word to somebody whom a moderator sends away from another server; `reason` is what others hear."""

    reason: str


class Person(msgspec.Struct, array_like=True, gc=False):
    """What all servers know of a user, beside its nick and its rooms. Times are in seconds since 1970."""

    about: str
    username: str
    account: str | None
    era: int
    role: Role
    away: str | None
    since: float
    origin: str = ""


class News(msgspec.Struct, frozen=True, gc=False):
    """Something that one server tells all others, about the user with the uid `by`."""

    by: str


class Happened(News, frozen=True, gc=False):
    """The user has caused an event."""

    entry: Entry


class Arrived(News, frozen=True, gc=False):
    """The user goes by this nick from now on; `proof` is that of its token."""

    nick: str
    key: str
    proof: str
    person: Person


class Changed(News, frozen=True, gc=False):
    """What is known of the user is this from now on."""

    person: Person


class Gone(News, frozen=True, gc=False):
    """The user is here no more; `why` is `left`, `replaced` or `lost`, with its server or the way to that."""

    why: str


class Told(News, frozen=True, gc=False):
    """The user, wherever it is, is to be told something, or put out of a room or the chat. Never stored."""

    reply: "AnyReply | Kicked | SendAway"


class Lost(News, frozen=True, gc=False):
    """Nobody has any more what the user, who is told so already, was shown between these ids."""

    first: str
    last: str


class Forgotten(News, frozen=True, gc=False):
    """What was known of all others may be wrong: what comes next says who is here."""


class Written(NamedTuple):
    """A batch that is in the log, in one piece; and what other servers have written, before it and behind."""

    batch: Batch
    before: Sequence[News] = ()
    after: Sequence[News] = ()


class Figure(NamedTuple):
    """Something that a log measures of itself, for whoever runs the server; times are in seconds."""

    name: str
    what: str  # it is, in words
    value: float
    is_count: bool = False  # whether it only grows: how often something has happened


class SharedLog(Log, Protocol):
    """A log that several servers write. All of them are shown the same events in the same order."""

    def figures(self) -> Sequence[Figure]:
        """Return how it stands between this server and the others."""

    def follow(self, wake: Callable[[], None]) -> None:
        """Call this, from now on, whenever others have written something."""

    def watch(self) -> None:
        """Raise the error by which something has ended that follows the others; wait for that until killed."""

    def news(self) -> Sequence[News]:
        """Return what others have written since the last call, without waiting."""

    def write(
        self, items: Sequence[News], now: float, changes: Sequence[Change] = (), *, always: bool = False
    ) -> tuple[Sequence[News], Sequence[News]]:
        """Do as `append` does, with all that is to be told to others; return what they wrote, before it and behind.

        Returns once everything is here that any server had written before the call, also if there are no items. Items
        of users who are not with this server any more are not written, and their events get no id. With `always`, there
        is room for them also where `append` would raise NotStored.
        """

    def claim(self, arrived: Arrived, earlier: str = "") -> str:
        """Give a user of this server a nick, on all servers; return the id up to which to follow.

        Whoever has the nick, and `earlier` as its proof, is sent away for it. Raises Refused ("nick-taken") when it is,
        or looks like, somebody else's.
        """

    def release(self, uid: str) -> None:
        """Take the nick of a user, who has not come in with it."""

    def reserve(self, event_id: str) -> bool:
        """Return whether this server is to do what can be done once with an event: the first that asks is.

        Raises Refused when it cannot be known.
        """

    def has_shown(self, event_id: str) -> bool:
        """Return whether all up to this id has been returned, to be shown."""

    def lost(self, event_id: str, uid: str) -> list[tuple[str, str]]:
        """Return between which ids events are lost that somebody was shown, from this one on.

        The user with this uid was shown the event with this id: where it is lost itself, all others are told that.
        """
