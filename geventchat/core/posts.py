"""What waits to be carried out: events that members want to cause, replies to them, and news of them, in one order."""

from collections.abc import Callable
from typing import NamedTuple

from geventchat.core.dedup import SentRef
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol import events, replies
from geventchat.protocol.replies import AnyReply, Message


class Everywhere(NamedTuple):
    """The rooms in which the same happens, and who has been told, of those who are told once."""

    rooms: list[Room]
    told: set[Member]


class PendingEvent(NamedTuple):
    """An event that a member wants to cause in a room. `sent_ref` is what it is recognised by if it is sent again.

    Where the same happens in several rooms, `everywhere` is one for all of them.
    """

    member: Member
    room: Room
    entry: Entry
    sent_ref: SentRef | None = None
    everywhere: Everywhere | None = None


class PendingReply(NamedTuple):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn.

    A function may also return what the member's dialect has encoded itself. Or it is a piece of the past: events that
    others were shown long ago.
    """

    member: Member
    reply: Message | Callable[[], Message | bytes] | list[events.AnyEvent]


class PendingNews(NamedTuple):
    """Something for all who share a room with a member, that is no event of any room."""

    member: Member
    news: AnyReply


Post = PendingEvent | PendingReply | PendingNews
Batch = list[Post]


def without_messages(batch: Batch, why: str) -> Batch:
    """Return what remains of a batch that the log could not store.

    Senders are told that their messages were not stored. Joins, leaves and new names still take effect, for the
    state has changed already.
    """
    remaining: Batch = []
    for post in batch:
        if isinstance(post, PendingEvent) and is_message(post):
            if post.sent_ref is not None:
                post.member.sent_refs.forget(post.sent_ref)
            remaining.append(PendingReply(post.member, not_stored(post.entry.ref, f": {why}")))
        else:
            remaining.append(post)
    return remaining


def not_stored(ref: str | None, why: str = "") -> replies.Error:
    """Return what to answer to a message that the log did not take."""
    return replies.Error(code="not-stored", message=f"not stored and not sent{why}", ref=ref)


def is_message(post: Post) -> bool:
    """Return whether a post is something that is said, which the log may refuse."""
    return isinstance(post, PendingEvent) and isinstance(post.entry.event, events.Said | events.Acted | events.TopicSet)
