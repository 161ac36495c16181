"""What waits to be carried out: events that members want to cause, replies to them, and news of them, in one order."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from geventchat.core.dedup import SentRef
from geventchat.core.kept import Change
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

    Where the same happens in several rooms, `everywhere` is one for all of them. `changes` are those that it tells of.
    """

    member: Member
    room: Room
    entry: Entry
    sent_ref: SentRef | None = None
    everywhere: Everywhere | None = None
    changes: Sequence[Change] = ()


class PendingReply(NamedTuple):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn.

    A function may also return what the member's dialect has encoded itself. Or it is a piece of the past: events that
    others were shown long ago. `changes` are those of kept records that it tells of.
    """

    member: Member
    reply: Message | Callable[[], Message | bytes] | list[events.AnyEvent]
    changes: Sequence[Change] = ()


class PendingNews(NamedTuple):
    """Something for all who share a room with a member, that is no event of any room."""

    member: Member
    news: AnyReply


Post = PendingEvent | PendingReply | PendingNews
Batch = list[Post]


def changes_of(batch: Batch) -> list[Change]:
    """Return the changes that a batch tells of, each once, in their order."""
    changes = [change for post in batch if not isinstance(post, PendingNews) for change in post.changes]
    return list({id(change): change for change in changes}.values())


def without_promises(batch: Batch, why: str) -> Batch:
    """Return what remains of a batch that the log could not store.

    Senders are told that their messages were not stored, and so are those who wanted to change what is kept: once,
    however much tells of a change. Joins, leaves and new names still take effect, for the state has changed already.
    """
    remaining: Batch = []
    told: set[int] = set()
    for post in batch:
        if isinstance(post, PendingNews) or not (post.changes or is_message(post)):
            remaining.append(post)
            continue
        ref = post.entry.ref if isinstance(post, PendingEvent) else getattr(post.reply, "ref", None)
        if isinstance(post, PendingEvent) and post.sent_ref is not None:
            post.member.sent_refs.forget(post.sent_ref)
        is_news = not post.changes or told.isdisjoint(map(id, post.changes))
        told.update(map(id, post.changes))
        remaining.append(PendingReply(post.member, not_stored(ref, f": {why}") if is_news else lambda: b""))
    return remaining


def not_stored(ref: str | None, why: str = "") -> replies.Error:
    """Return what to answer to a message, or a change, that the log did not take."""
    return replies.Error(code="not-stored", message=f"not stored and not sent{why}", ref=ref)


_MESSAGES = (events.Said, events.Acted, events.TopicSet, events.Moderation)


def is_message(post: Post) -> bool:
    """Return whether a post is something that is said or done, which the log may refuse."""
    return isinstance(post, PendingEvent) and isinstance(post.entry.event, _MESSAGES) and not is_kick(post.entry.event)


def is_kick(event: events.AnyEvent) -> bool:
    """Return whether somebody is out of the room by this, and it is not only noted for moderators."""
    return isinstance(event, events.Kicked) and not event.of
