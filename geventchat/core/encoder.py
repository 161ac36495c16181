"""What the core knows of a dialect: how it turns what is told into bytes, and what its clients can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geventchat.protocol.events import AnyEvent
from geventchat.protocol.replies import AnyReply, Gap

if TYPE_CHECKING:
    from geventchat.core.member import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the clients of a dialect can do, or expect."""

    several_rooms: bool  # be in more than one room at once; who cannot goes from one to another
    gathers_joins: bool  # in a crowd, be told in one line who came and went
    welcomed_with_list: bool  # be told who is here with the welcome, and not only how many
    greeted_with_history: bool  # be shown what was said before they came in
    returns_by_nick: bool = False  # be shown what was said since their nick was there last; they know no ids
    past_is_talk: bool = False  # of the past, be shown only what was said
    watches_closely: bool = False  # of those whom they watch, be told also what else only who shares a room is told
    resends: bool = True  # send a message again, with the same ref, if they have seen no ack
    told_once: bool = False  # hear of a new name, and of a departure, once and not in each room that they share


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Encoder:
    """How one dialect, or one variant of it, encodes. Members whose `event` is the same share each room's feed.

    `event` and `gap` are encoded once for all readers of a room; `crowd` is how many came and went there, in words.
    `reply` is for one member alone. Each returns whole lines or frames; no bytes where the dialect has no such thing.

    `own`, where there is one, is what a member is sent instead of an event of its own, with the ref that it gave it;
    None for what all others are sent.
    """

    name: str
    event: Callable[[AnyEvent], bytes]
    gap: Callable[[Gap], bytes]
    crowd: Callable[[str, str], bytes]  # room, words
    reply: Callable[["Member", AnyReply], bytes]
    own: Callable[["Member", AnyEvent, str | None], bytes | None] | None = None
