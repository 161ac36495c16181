"""How people are told what moderators do: in rooms, and with all there is to know in the moderators' own room."""

from collections.abc import Iterable

from msgspec import structs

from geventchat.core.chat import Chat
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.moderation.targets import Target
from geventchat.core.posts import Transaction
from geventchat.core.room import Room
from geventchat.protocol import events
from geventchat.protocol.names import LOG_ROOM
from geventchat.protocol.wording import EVERYBODY

_SOMEBODY = "somebody"  # in rooms, for who is no name: moderators alone may know which address it was


def tell(
    chat: Chat,
    member: Member,
    event: events.AnyModeration,
    target: Target,
    room: Room | None,
    hit: list[Member],
    transaction: Transaction,
) -> None:
    """Tell of what hits a target: in the room that it holds for, or where the doer and those whom it hits are."""
    note(chat, member, _copy(event, who=target.shown, of=room.name if room else ""), transaction)
    public = target.shown if target.is_name or target.id == EVERYBODY else _SOMEBODY
    own = [room] if room else chat.rooms.all_of(member)
    told: dict[tuple[str, str], Room] = {}
    for one in hit:
        for place in [room] if room else [*chat.rooms.all_of(one), *own]:
            told[(place.key, one.nick)] = place
    if not hit:
        told = {(place.key, public): place for place in own}
    for (_, who), place in told.items():
        if place.key != LOG_ROOM:
            chat.post(
                member, place, Entry(place.key, _copy(event, who=who, room=place.name), None), transaction=transaction
            )


def post(
    chat: Chat, member: Member, event: events.AnyModeration, rooms: Iterable[Room], transaction: Transaction
) -> None:
    """Tell of something in rooms."""
    note(chat, member, event, transaction)
    for room in rooms:
        chat.post(member, room, Entry(room.key, _copy(event, room=room.name), None), transaction=transaction)


def note(chat: Chat, member: Member, event: events.AnyModeration, transaction: Transaction) -> None:
    """Write down for moderators what was done; if the transaction has a `ref`, the doer is told that it is."""
    noted = _copy(event, room=LOG_ROOM, of=event.of or (event.room if event.room != LOG_ROOM else ""))
    chat.post(member, chat.rooms.log(), Entry(LOG_ROOM, noted, transaction.ref), transaction=transaction)


def _copy(event: events.AnyModeration, **changed: str) -> events.AnyModeration:
    return structs.replace(event, **changed)
