"""What the commands about people do: who is who, who was, who is away, who is invited."""

from itertools import islice

from msgspec.structs import replace

from geventchat.commands import commands
from geventchat.commands.followups import Actions
from geventchat.commands.lookup import user_called, user_reading
from geventchat.core.chat import Chat
from geventchat.core.kept import Change
from geventchat.core.member import Member, account_of
from geventchat.core.posts import Transaction
from geventchat.core.room import Room
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_ABOUT, MAX_FORMER, MAX_LISTED
from geventchat.protocol.text import clean


def about_of(text: str) -> str:
    """Return what users say of themselves, safe for others, and no longer than it may be."""
    return clean(text)[:MAX_ABOUT]


def whois(chat: Chat, member: Member, asked: commands.Whois, now: float) -> None:
    """Tell who a user is."""
    one = user_called(chat, asked.nick)
    chat.tell(member, lambda: replies.Profiles(users=[chat.profile(one, member, now)], ref=asked.ref))


def find(chat: Chat, member: Member, asked: commands.Find, now: float) -> None:
    """Tell who certain users are, of many only some."""
    chat.tell(member, lambda: _found(chat, member, asked, now))


def _found(chat: Chat, member: Member, asked: commands.Find, now: float) -> replies.Profiles:
    if asked.room is not None:
        room = chat.rooms.find(asked.room)
        if room is not None and not chat.moderation.may_look(member, room.key):
            room = None
        members = list(islice(room.members, MAX_LISTED + 1)) if room else []
        name = room.name if room else asked.room
    else:
        name = None
        called = (chat.nicks.find(nick) for nick in asked.nicks[: MAX_LISTED + 1])
        fitting = chat.nicks.fitting(asked.mask) if asked.mask is not None else iter(())
        members = [one for one in called if one is not None] + list(islice(fitting, MAX_LISTED + 1))
    users = [chat.profile(one, member, now) for one in members[:MAX_LISTED]]
    return replies.Profiles(users=users, room=name, more=len(members) > MAX_LISTED, ref=asked.ref)


def whowas(chat: Chat, member: Member, asked: commands.Whowas, now: float) -> None:
    """Tell who went by a nick."""
    limit = min(asked.limit, MAX_FORMER) if asked.limit > 0 else MAX_FORMER
    chat.tell(
        member, lambda: replies.Former(nick=asked.nick, users=chat.nicks.former(asked.nick, limit), ref=asked.ref)
    )


def watch(chat: Chat, member: Member, watch: commands.Watch, now: float) -> None:
    """Note of whom a user wants to know, and tell whether they are here: of those named, or else of all."""
    if watch.clear:
        chat.watchers.remove(member, list(member.watched))
    chat.watchers.remove(member, watch.stop)
    added: list[str] = []
    try:
        for nick in watch.nicks:
            chat.watchers.add(member, clean(nick))
            added.append(clean(nick))
    finally:
        asked_all = not (watch.nicks or watch.stop or watch.clear)
        named = list(member.watched.values()) if asked_all else added
        if named or not watch.nicks:
            chat.tell(member, lambda: _watched(chat, named, watch.ref))


def _watched(chat: Chat, nicks: list[str], ref: str | None) -> replies.Watched:
    found = {nick: chat.nicks.find(nick) for nick in nicks}
    here = [one.nick for one in found.values() if one is not None]
    return replies.Watched(here=here, gone=[nick for nick, one in found.items() if one is None], ref=ref)


def away(chat: Chat, member: Member, away: commands.Away, now: float) -> None:
    """Note that a user is away, or there again, and tell those who share a room with it."""
    text = clean(away.text)[:MAX_ABOUT] or None
    if text != member.away:
        member.away = text
        chat.tell_others(member, replies.AwayChanged(nick=member.nick, text=text, account=account_of(member)))
    chat.tell(member, replies.AwayIs(nick=member.nick, text=text, ref=away.ref))


def describe(chat: Chat, member: Member, described: commands.Describe, now: float) -> None:
    """Note who a user says that it is, and tell those who share a room with it."""
    member.about = about_of(described.about)
    told = replies.Described(nick=member.nick, about=member.about, account=account_of(member))
    chat.tell_others(member, told)
    chat.tell(member, replace(told, ref=described.ref))


def _let_in(chat: Chat, member: Member, other: Member, room: Room) -> list[Change]:
    """Invite a user into a room, if it is locked. Return what is to be stored.

    Raises Refused if the one who invites does not moderate it.
    """
    if not chat.moderation.rules.of(room.key).locked:
        return []
    if not chat.moderation.moderates(member, room.key):
        raise Refused("forbidden", "the room is locked: who moderates it invites", about=room.name)
    return chat.moderation.rules.invite(room.key, chat.moderation.account(other), other.proof)


def invite(chat: Chat, member: Member, invited: commands.Invite, now: float) -> None:
    """Tell a user that another one would like it to come into a room."""
    other, room = user_reading(chat, invited.nick), chat.rooms.of(member, invited.room)
    if room.key in other.rooms:
        raise Refused("already-here", f"{other.nick} is in {room.name} already", about=other.nick)
    changes = _let_in(chat, member, other, room)
    transaction = Transaction(member, changes, invited.ref) if changes else None
    invitation = replies.Invited(nick=member.nick, to=other.nick, room=room.name, account=account_of(member))
    chat.tell(other, invitation, transaction)
    chat.tell(member, replace(invitation, ref=invited.ref), transaction)
    if other.away is not None:
        chat.tell(member, replies.AwayIs(nick=other.nick, text=other.away), transaction)


ACTIONS: Actions = {
    commands.Whois: whois,
    commands.Find: find,
    commands.Whowas: whowas,
    commands.Watch: watch,
    commands.Away: away,
    commands.Describe: describe,
    commands.Invite: invite,
}
