"""What waits to be carried out: events that members want to cause, replies to them, and news of them, in one order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from geventchat.core.dedup import SentRef
from geventchat.core.kept import Change
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol import events, replies
from geventchat.protocol.replies import AnyReply, Message


@dataclass(eq=False, slots=True)
class Transaction:
    """What somebody does that counts as a whole or not at all: what is posted of it falls if it cannot be stored.

    `changes` are those of kept records. If it falls, `by` is told so, once, under `ref`; it is None where nobody asked
    for it. It `is_settled` once it is known whether it is stored.
    """

    by: Member | None
    changes: Sequence[Change] = ()
    ref: str | None = None
    is_settled: bool = False


class Everywhere(NamedTuple):
    """The rooms in which the same happens, and who has been told, of those who are told once."""

    rooms: list[Room]
    told: set[Member]


class _Pending(msgspec.Struct, frozen=True, eq=False):
    """Something that a member has posted. One is made for each message: this kind of class is quick in that."""

    member: Member


class PendingEvent(_Pending, frozen=True):
    """An event that a member wants to cause in a room. `sent_ref` is what it is recognised by if it is sent again.

    Where the same happens in several rooms, `everywhere` is one for all of them. `transaction` is what it is a part of.
    """

    room: Room
    entry: Entry
    sent_ref: SentRef | None = None
    everywhere: Everywhere | None = None
    transaction: Transaction | None = None


class PendingReply(_Pending, frozen=True):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn.

    A function may also return what the member's dialect has encoded itself. Or it is a piece of the past: events that
    others were shown long ago.
    """

    reply: Message | Callable[[], Message | bytes] | list[events.AnyEvent]
    transaction: Transaction | None = None


class PendingNews(_Pending, frozen=True):
    """Something for all who share a room with a member, that is no event of any room."""

    news: AnyReply
    transaction: Transaction | None = None


class PendingStep(_Pending, frozen=True):
    """Something to be done, of which nobody is told by this: what follows from a transaction, once that is stored."""

    step: Callable[[], None]
    transaction: Transaction | None = None


Post = PendingEvent | PendingReply | PendingNews | PendingStep
Batch = list[Post]


def unsettled(batch: Iterable[Post]) -> list[Transaction]:
    """Return the transactions of a batch that are to be stored with it, each once, in their order."""
    return list(
        {post.transaction: None for post in batch if post.transaction is not None and not post.transaction.is_settled}
    )


def without_unstored(batch: Batch, why: str) -> Batch:
    """Return what remains of a batch that the log could not store.

    Senders are told that their messages were not stored. Nothing of a transaction remains, and the member who began it
    is told once. Joins, leaves and new names still take effect, for the state has changed already.
    """
    remaining: Batch = []
    told: set[Transaction | None] = set()
    for post in batch:
        transaction = post.transaction
        if (transaction is None or transaction.is_settled) and not is_message(post):
            remaining.append(post)
            continue
        post.member.unpublished -= 1
        if isinstance(post, PendingEvent) and post.sent_ref is not None:
            post.member.sent_refs.forget(post.sent_ref)
        by, ref = (transaction.by, transaction.ref) if transaction is not None else (post.member, _ref_of(post))
        if by is not None and (transaction is None or transaction not in told):
            by.unpublished += 1
            remaining.append(PendingReply(by, not_stored(ref, f": {why}")))
        told.add(transaction)
    return remaining


def _ref_of(post: Post) -> str | None:
    return post.entry.ref if isinstance(post, PendingEvent) else None


def not_stored(ref: str | None, why: str = "") -> replies.Error:
    """Return what to answer to a message, or a change, that the log did not take."""
    return replies.Error(code="not-stored", message=f"not stored and not sent{why}", ref=ref)


_TALK = (events.Said, events.Acted, events.TopicSet)


def is_message(post: Post) -> bool:
    """Return whether a post is something that is said or done, which the log may refuse."""
    if not isinstance(post, PendingEvent):
        return False
    event = post.entry.event
    return isinstance(event, _TALK) or (isinstance(event, events.Moderation) and not is_kick(event))


def refusals_of(unstored: Iterable[Post]) -> list[PendingReply]:
    """Return what to answer to those of these messages, which will not be stored, that no client sends again.

    A transaction is answered once.
    """
    refusals: list[PendingReply] = []
    answered: set[Transaction] = set()
    for post in unstored:
        if not (isinstance(post, PendingEvent) and is_message(post)) or post.entry.sender:
            continue
        if (transaction := post.transaction) is None:
            refusals.append(PendingReply(post.member, not_stored(post.entry.ref)))
        elif transaction.by is not None and not transaction.is_settled and transaction not in answered:
            answered.add(transaction)
            refusals.append(PendingReply(transaction.by, not_stored(transaction.ref)))
    return refusals


def is_kick(event: events.AnyEvent) -> bool:
    """Return whether somebody is out of the room by this, and it is not only noted for moderators."""
    return isinstance(event, events.Kicked) and not event.of


def ends_stay(event: events.AnyEvent) -> bool:
    """Return whether somebody is out of the room by this, of its own will or not."""
    return isinstance(event, events.Left) or is_kick(event)
