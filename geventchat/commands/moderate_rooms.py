"""What the commands of those who moderate do to rooms, and to what is said in them."""

from geventchat.commands import moderation
from geventchat.commands.followups import Actions, FindEvent, Followup
from geventchat.commands.lookup import moderated_room
from geventchat.commands.moderation_notices import post
from geventchat.commands.talk import checked_text
from geventchat.core.chat import Chat
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.posts import Transaction
from geventchat.core.room import Room
from geventchat.protocol import durations, events
from geventchat.protocol.errors import Refused
from geventchat.protocol.names import LOBBY, LOG_ROOM
from geventchat.protocol.text import clean

_LONGEST_S = 100 * 365 * 86_400.0  # longer than any server lasts; later years could not be written


def slow(chat: Chat, member: Member, slow: moderation.Slow, now: float) -> None:
    """Set how long each must wait between two messages in a room."""
    room = moderated_room(chat, member, slow.room)
    every = 0.0 if slow.every is None else seconds(slow.every)
    slowed = events.Slowed("", "", room.name, member.nick, every=every)
    post(chat, member, slowed, [room], Transaction(member, [chat.moderation.rules.slow(room.key, every)], slow.ref))


def lock(chat: Chat, member: Member, lock: moderation.Lock, now: float) -> None:
    """Lock a room: only who is invited comes in; all who are there are invited."""
    room = moderated_room(chat, member, lock.room)
    if lock.password and room.key == LOBBY:
        raise Refused("bad-room", "who comes in is asked for no room's password: give the server one", about=room.name)
    rules = chat.moderation.rules
    changes = [rules.lock(room.key, lock.password, now)]
    for one in room.members:
        changes += rules.invite(room.key, chat.moderation.account(one), one.proof)
    locked = events.Locked("", "", room.name, member.nick, password=bool(lock.password))
    post(chat, member, locked, [room], Transaction(member, changes, lock.ref))


def unlock(chat: Chat, member: Member, unlock: moderation.Unlock, now: float) -> None:
    """Unlock a room."""
    room = moderated_room(chat, member, unlock.room)
    unlocked = events.Unlocked("", "", room.name, member.nick)
    transaction = Transaction(member, chat.moderation.rules.unlock(room.key), unlock.ref)
    post(chat, member, unlocked, [room], transaction)
    chat.commit(member, transaction, lambda: chat.moderation.rules.forget_guests(room.key))


def delete(chat: Chat, member: Member, delete: moderation.Delete, now: float) -> Followup:
    """Look for a message in the log, to take it back."""
    room = moderated_room(chat, member, delete.room)

    def found(event: events.AnyEvent | None) -> None:
        if not isinstance(event, events.Said | events.Acted | events.TopicSet):
            raise Refused("no-such-message", f"nothing like that was said in {room.name}")
        deleted = events.Deleted("", "", room.name, member.nick, event.nick, delete.reason, target=event.id)
        transaction = Transaction(member, ref=delete.ref)
        post(chat, member, deleted, [room], transaction)
        if isinstance(event, events.TopicSet) and event.text == room.topic:
            cleared = events.TopicSet("", "", room.name, member.nick, "")
            chat.post(member, room, Entry(room.key, cleared, None), transaction=transaction)

    return FindEvent(room.key, delete.id, found, delete.ref)


def approve(chat: Chat, member: Member, approve: moderation.Approve, now: float) -> Followup:
    """Look in the moderators' room for what was held back, to let it be said."""

    def found(event: events.AnyEvent | None) -> None:
        if not isinstance(event, events.Held):
            raise Refused("no-such-message", f"nothing is held back under that id; {LOG_ROOM} has the ids")
        approving = chat.moderation.approving
        if event.id in approving:  # by another moderator, at the same time
            raise Refused("no-such-message", "that is being approved already")
        room = chat.rooms.find(event.of)
        if room is None:
            raise Refused("no-such-room", f"nobody is in {event.of} any more", about=event.of)
        kind = events.Acted if event.action else events.Said
        said = kind("", "", room.name, event.nick, event.text, account=event.account)
        transaction = Transaction(member, ref=approve.ref)
        chat.post(member, room, Entry(room.key, said, approve.ref), transaction=transaction, is_own=False)
        taken = events.Deleted("", "", LOG_ROOM, member.nick, event.nick, "approved", target=event.id)
        chat.post(member, chat.rooms.log(), Entry(LOG_ROOM, taken, None), transaction=transaction)
        approving.add(event.id)
        # When this comes to its turn, it is gone from the log, or it was not approved.
        chat.commit(member, None, lambda: approving.discard(event.id))

    return FindEvent(LOG_ROOM, approve.id, found, approve.ref, once=True)


def hold(chat: Chat, member: Member, room: Room, text: str, *, action: bool) -> None:
    """Keep what a member wants to say, or to do, for moderators to look at."""
    held = events.Held("", "", LOG_ROOM, member.nick, of=room.name, text=text, action=action)
    chat.post(member, chat.rooms.log(), Entry(LOG_ROOM, held, None))


def announce(chat: Chat, member: Member, announce: moderation.Announce, now: float) -> None:
    """Say something in all rooms."""
    rooms = [room for room in chat.rooms if room.key != LOG_ROOM]
    announced = events.Announced("", "", "", member.nick, text=checked_text(announce.text))
    post(chat, member, announced, rooms, Transaction(member, ref=announce.ref))


def seconds(written: str) -> float:
    """Return a duration as a command has it. Raises Refused ("bad-duration")."""
    try:
        return min(durations.seconds(written), _LONGEST_S)
    except ValueError as error:
        raise Refused("bad-duration", clean(str(error))) from None


ACTIONS: Actions = {
    moderation.Slow: slow,
    moderation.Lock: lock,
    moderation.Unlock: unlock,
    moderation.Delete: delete,
    moderation.Approve: approve,
    moderation.Announce: announce,
}
