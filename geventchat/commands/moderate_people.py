"""What the commands of those who moderate do to people. Whether they may is decided in `permission`, before."""

from typing import TypeVar

from msgspec.structs import replace

from geventchat.commands import moderation
from geventchat.commands.followups import Actions
from geventchat.commands.lookup import moderated_room
from geventchat.commands.moderate_rooms import seconds
from geventchat.commands.moderation_notices import note, tell
from geventchat.core.chat import Chat
from geventchat.core.kept import Change
from geventchat.core.member import Member, account_of
from geventchat.core.moderation import targets
from geventchat.core.moderation.moderation import until_of
from geventchat.core.moderation.sanctions import Ban, Mute, Sanction, Sanctions
from geventchat.core.moderation.targets import Target
from geventchat.core.posts import Transaction
from geventchat.core.room import Room
from geventchat.protocol import events, names, replies, wording
from geventchat.protocol.errors import Refused
from geventchat.protocol.ip import is_in
from geventchat.protocol.text import clean
from geventchat.protocol.wording import EVERYBODY

# Being put out, kept out, and muted.


def kick(chat: Chat, member: Member, kick: moderation.Kick, now: float) -> None:
    """Put a user out of a room."""
    room = moderated_room(chat, member, kick.room)
    target = chat.nicks.find(kick.nick)
    if target is None or room.key not in target.rooms:
        raise Refused("no-such-nick", f"nobody called {clean(kick.nick)} is in {room.name}", about=clean(kick.nick))
    _check_rank(chat, member, target, room)
    kicked = events.Kicked("", "", room.name, member.nick, target.nick, kick.reason, account=account_of(member))
    transaction = Transaction(member, ref=kick.ref)
    note(chat, member, kicked, transaction)
    chat.commit(member, transaction, lambda: _put_out(chat, target, room, kicked, now))


def ban(chat: Chat, member: Member, ban: moderation.Ban, now: float) -> None:
    """Keep somebody out, of one room or of all; who is there is put out."""
    room = _scope(chat, member, ban.room)
    target = _target(chat, member, ban.who)
    hit = _hit(chat, member, target, room)
    record = _sanction(Ban, member, target, room, ban.lasts, ban.reason, now)
    changes = chat.moderation.bans.put(record, now)
    if room is None:
        changes += [change for one in hit for change in chat.moderation.links.end(one.proof)]
    banned = events.Banned("", "", "", member.nick, reason=ban.reason, until=until_of(record))
    transaction, by, account = Transaction(member, changes, ban.ref), member.nick, account_of(member)
    tell(chat, member, banned, target, room, hit, transaction)

    def keep_out() -> None:
        for one in hit:
            if room is not None:
                kicked = events.Kicked("", "", room.name, by, one.nick, ban.reason, account=account)
                _put_out(chat, one, room, kicked, now)
            elif not one.closed:
                why = f": {ban.reason}" if ban.reason else ""
                closing = replies.Closing(code="banned", message=f"you are banned{wording.until(banned.until)}{why}")
                chat.enforcement.send_away(one, closing, f"banned by {by}{why}")

    chat.commit(member, transaction, keep_out)


def _put_out(chat: Chat, one: Member, room: Room, kicked: events.Kicked, now: float) -> None:
    """Put a user out of a room once that is stored: meanwhile, it may have been renamed."""
    chat.enforcement.put_out(one, room, replace(kicked, who=one.nick), now)


def unban(chat: Chat, member: Member, unban: moderation.Unban, now: float) -> None:
    """Lift a ban."""
    room = _scope(chat, member, unban.room)
    target = _target(chat, member, unban.who)
    change = _end(chat.moderation.bans, target, room, unban.who)
    transaction = Transaction(member, [change], unban.ref)
    tell(chat, member, events.Unbanned("", "", "", member.nick), target, room, [], transaction)


def bans(chat: Chat, member: Member, asked: moderation.Bans, now: float) -> None:
    """Tell who is banned and muted: in a room, or everywhere."""
    room = _scope(chat, member, asked.room)
    key = room.key if room else ""

    def listed() -> replies.BanList:
        state = chat.moderation
        return replies.BanList(
            room=room.name if room else None,
            bans=[_listed(one) for one in state.bans.of(key, now)],
            mutes=[_listed(one) for one in state.mutes.of(key, now)],
            ref=asked.ref,
        )

    chat.tell(member, listed)


def mute(chat: Chat, member: Member, mute: moderation.Mute, now: float) -> None:
    """Keep somebody from speaking, in one room or everywhere; or everybody in a room."""
    room, target = _muted(chat, member, mute)
    hit = _hit(chat, member, target, room)
    record = _sanction(Mute, member, target, room, mute.lasts, mute.reason, now)
    changes = chat.moderation.mutes.put(record, now)
    muted = events.Muted("", "", "", member.nick, reason=mute.reason, until=until_of(record))
    tell(chat, member, muted, target, room, hit, Transaction(member, changes, mute.ref))


def unmute(chat: Chat, member: Member, unmute: moderation.Unmute, now: float) -> None:
    """Lift a mute."""
    room, target = _muted(chat, member, unmute)
    hit = _fitting(chat, target, room)
    change = _end(chat.moderation.mutes, target, room, unmute.nick)
    transaction = Transaction(member, [change], unmute.ref)
    tell(chat, member, events.Unmuted("", "", "", member.nick), target, room, hit, transaction)


# Whom, where, for how long.


def _scope(chat: Chat, member: Member, room: str | None) -> Room | None:
    """Return the room that something is to hold for; None where it holds everywhere, as a moderator may want."""
    if room is None and chat.moderation.is_moderator(member):
        return None
    return moderated_room(chat, member, room)


def _target(chat: Chat, member: Member, written: str) -> Target:
    """Return whom a doer means: a pseudonym that IRC shows is the one who has it. Raises Refused."""
    if written.startswith(names.HOST):
        host = written.removeprefix(names.HOST)
        written = next((one.nick for one in chat.nicks.members() if names.pseudonym(one.nick) == host), "")
        if not written:
            raise Refused("no-such-nick", "whoever that was is not here any more: ban the nick")
    target = targets.read(written, chat.limits.max_name)
    if not target.is_name and not chat.moderation.is_moderator(member):
        raise Refused("forbidden", "addresses are for moderators of the server only")
    return target


def _muted(chat: Chat, member: Member, asked: moderation.Mute | moderation.Unmute) -> tuple[Room | None, Target]:
    """Return where somebody is to speak or not, and who: of everybody, in a room."""
    if asked.nick == EVERYBODY:
        return moderated_room(chat, member, asked.room), Target(EVERYBODY, EVERYBODY)
    return _scope(chat, member, asked.room), _target(chat, member, asked.nick)


def _fitting(chat: Chat, target: Target, room: Room | None) -> list[Member]:
    """Return who is here, in a room if one is given, of those whom a target means; nobody for everybody."""
    network = targets.network_of(target.id)
    here = (one for one in chat.nicks.members() if room is None or room.key in one.rooms)
    people = ((one, chat.moderation.person(one)) for one in here)
    if network is not None:
        return [one for one, person in people if is_in(person.address, [network])]
    return [one for one, person in people if target.id in targets.ids_of(person)]


def _hit(chat: Chat, member: Member, target: Target, room: Room | None) -> list[Member]:
    """Return who is here, in a room if one is given, of those whom a target means. Raises Refused if one may not be."""
    hit = _fitting(chat, target, room)
    for one in hit:
        _check_rank(chat, member, one, room)
    if target.is_name and (account := chat.accounts.reserving(target.shown)) is not None:
        chat.moderation.check_account(member, account)
    return hit


def _check_rank(chat: Chat, member: Member, other: Member, room: Room | None) -> None:
    """Raise Refused where somebody is not below the doer."""
    if other is member:
        raise Refused("forbidden", "that would be yourself", about=member.nick)
    if not chat.moderation.outranks(member, other, room.key if room else ""):
        raise Refused("forbidden", f"{other.nick} moderates too", about=other.nick)


_Kind = TypeVar("_Kind", Ban, Mute)


def _sanction(
    kind: type[_Kind],
    member: Member,
    target: Target,
    room: Room | None,
    lasts: str | None,
    reason: str,
    now: float,
) -> _Kind:
    until = None if lasts is None else now + seconds(lasts)
    key, name = (room.key, room.name) if room else ("", "")
    return kind(
        target=target.id,
        who=target.shown,
        room=key,
        room_name=name,
        by=member.nick,
        reason=reason,
        since=now,
        until=until,
    )


def _end(sanctions: Sanctions[_Kind], target: Target, room: Room | None, written: str) -> Change:
    record = sanctions.get(room.key if room else "", target)
    if record is None:
        raise Refused("no-such-ban", f"there is none of {clean(written)}; /bans lists them", about=clean(written))
    return sanctions.remove(record)


def _listed(one: Sanction) -> replies.BanEntry:
    since = events.iso_time(int(one.since * 1000))
    return replies.BanEntry(who=one.who, by=one.by, reason=one.reason, since=since, until=until_of(one) or None)


ACTIONS: Actions = {
    moderation.Kick: kick,
    moderation.Ban: ban,
    moderation.Unban: unban,
    moderation.Bans: bans,
    moderation.Mute: mute,
    moderation.Unmute: unmute,
}
