"""What the commands of those who moderate do. Whether they may is decided in `permission`, before."""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import structs

from geventchat.commands import moderation
from geventchat.commands.followups import FindEvent, Followup
from geventchat.commands.permission import room_meant
from geventchat.core.chat import Chat
from geventchat.core.kept import Change
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.moderation import targets
from geventchat.core.moderation.moderation import until_of
from geventchat.core.moderation.sanctions import Ban, Mute, Sanction, Sanctions
from geventchat.core.moderation.targets import Target
from geventchat.core.room import Room
from geventchat.protocol import durations, events, names, replies, wording
from geventchat.protocol.errors import Refused
from geventchat.protocol.ip import is_in
from geventchat.protocol.names import LOBBY, LOG_ROOM
from geventchat.protocol.text import clean
from geventchat.protocol.wording import EVERYBODY

_LONGEST_S = 100 * 365 * 86_400.0  # longer than any server lasts; later years could not be written
_SOMEBODY = "somebody"  # in rooms, for who is no name: moderators alone may know which address it was


# Being put out, kept out, and muted.


def kick(chat: Chat, member: Member, kick: moderation.Kick, now: float) -> None:
    """Put a user out of a room."""
    room = room_meant(chat, member, kick.room)
    target = chat.nicks.find(kick.nick)
    if target is None or room.key not in target.rooms:
        raise Refused("no-such-nick", f"nobody called {clean(kick.nick)} is in {room.name}", about=clean(kick.nick))
    _check_rank(chat, member, target, room)
    kicked = events.Kicked("", "", room.name, member.nick, target.nick, kick.reason)
    _note(chat, member, kicked, ref=kick.ref)
    _put_out(chat, target, room, kicked)


def ban(chat: Chat, member: Member, ban: moderation.Ban, now: float) -> None:
    """Keep somebody out, of one room or of all; who is there is put out."""
    room = _scope(chat, member, ban.room)
    target = _target(chat, member, ban.who)
    hit = _hit(chat, member, target, room)
    record = _sanction(Ban, member, target, room, ban.lasts, ban.reason, now)
    changes = chat.moderation.bans.put(record, now)
    banned = events.Banned("", "", "", member.nick, reason=ban.reason, until=until_of(record))
    _tell(chat, member, banned, target, room, hit, changes, ban.ref)
    for one in hit:
        if room is None:
            why = f": {ban.reason}" if ban.reason else ""
            closing = replies.Closing(code="banned", message=f"you are banned{wording.until(banned.until)}{why}")
            chat.send_away(one, closing, f"banned by {member.nick}{why}")
        else:
            kicked = events.Kicked("", "", room.name, member.nick, one.nick, ban.reason)
            _put_out(chat, one, room, kicked)


def unban(chat: Chat, member: Member, unban: moderation.Unban, now: float) -> None:
    """Let somebody in again."""
    room = _scope(chat, member, unban.room)
    target = _target(chat, member, unban.who)
    change = _end(chat.moderation.bans, target, room, unban.who)
    _tell(chat, member, events.Unbanned("", "", "", member.nick), target, room, [], [change], unban.ref)


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
    if mute.nick == EVERYBODY:
        room: Room | None = room_meant(chat, member, mute.room)
        target, hit = Target(EVERYBODY, EVERYBODY), list[Member]()
    else:
        room = _scope(chat, member, mute.room)
        target = _target(chat, member, mute.nick)
        hit = _hit(chat, member, target, room)
    record = _sanction(Mute, member, target, room, mute.lasts, mute.reason, now)
    changes = chat.moderation.mutes.put(record, now)
    muted = events.Muted("", "", "", member.nick, reason=mute.reason, until=until_of(record))
    _tell(chat, member, muted, target, room, hit, changes, mute.ref)


def unmute(chat: Chat, member: Member, unmute: moderation.Unmute, now: float) -> None:
    """Let somebody speak again."""
    if unmute.nick == EVERYBODY:
        room: Room | None = room_meant(chat, member, unmute.room)
        target, hit = Target(EVERYBODY, EVERYBODY), list[Member]()
    else:
        room = _scope(chat, member, unmute.room)
        target = _target(chat, member, unmute.nick)
        hit = [one for one in _fitting(chat, target) if room is None or room.key in one.rooms]
    change = _end(chat.moderation.mutes, target, room, unmute.nick)
    _tell(chat, member, events.Unmuted("", "", "", member.nick), target, room, hit, [change], unmute.ref)


# Rooms.


def slow(chat: Chat, member: Member, slow: moderation.Slow, now: float) -> None:
    """Let everyone speak only now and then."""
    room = room_meant(chat, member, slow.room)
    every = 0.0 if slow.every is None else _seconds(slow.every)
    slowed = events.Slowed("", "", room.name, member.nick, every=every)
    _post(chat, member, slowed, [room], [chat.moderation.rules.slow(room.key, every)], slow.ref)


def lock(chat: Chat, member: Member, lock: moderation.Lock, now: float) -> None:
    """Let into a room only who is invited; all who are there are."""
    room = room_meant(chat, member, lock.room)
    if lock.password and room.key == LOBBY:
        raise Refused("bad-room", "who comes in is asked for no room's password: give the server one", about=room.name)
    rules = chat.moderation.rules
    changes = [rules.lock(room.key, lock.password, now)]
    for one in room.members:
        changes += rules.invite(room.key, chat.moderation.account(one), one.token)
    locked = events.Locked("", "", room.name, member.nick, password=bool(lock.password))
    _post(chat, member, locked, [room], changes, lock.ref)


def unlock(chat: Chat, member: Member, unlock: moderation.Unlock, now: float) -> None:
    """Let everyone into a room again."""
    room = room_meant(chat, member, unlock.room)
    unlocked = events.Unlocked("", "", room.name, member.nick)
    _post(chat, member, unlocked, [room], [chat.moderation.rules.unlock(room.key)], unlock.ref)


# What is said.


def delete(chat: Chat, member: Member, delete: moderation.Delete, now: float) -> Followup:
    """Look for a message in the log, to take it back."""
    room = room_meant(chat, member, delete.room)

    def found(event: events.AnyEvent | None) -> None:
        if not isinstance(event, events.Said | events.Acted):
            raise Refused("no-such-message", f"nothing like that was said in {room.name}")
        deleted = events.Deleted("", "", room.name, member.nick, event.nick, delete.reason, target=event.id)
        _post(chat, member, deleted, [room], [], delete.ref)

    return FindEvent(room.key, delete.id, found, delete.ref)


def approve(chat: Chat, member: Member, approve: moderation.Approve, now: float) -> Followup:
    """Look in the moderators' room for what was held back, to let it be said."""

    def found(event: events.AnyEvent | None) -> None:
        if not isinstance(event, events.Held):
            raise Refused("no-such-message", f"nothing is held back under that id; {LOG_ROOM} has the ids")
        room = chat.find_room(event.of)
        if room is None:
            raise Refused("no-such-room", f"nobody is in {event.of} any more", about=event.of)
        said = events.Said("", "", room.name, event.nick, event.text)
        chat.post(member, room, Entry(room.key, said, approve.ref))
        taken = events.Deleted("", "", LOG_ROOM, member.nick, event.nick, "approved", target=event.id)
        chat.post(member, chat.log_room(), Entry(LOG_ROOM, taken, None))

    return FindEvent(LOG_ROOM, approve.id, found, approve.ref)


def hold(chat: Chat, member: Member, room: Room, text: str) -> None:
    """Keep what a member wants to say for moderators to look at."""
    held = events.Held("", "", LOG_ROOM, member.nick, of=room.name, text=text)
    chat.post(member, chat.log_room(), Entry(LOG_ROOM, held, None))


def announce(chat: Chat, member: Member, announce: moderation.Announce, now: float) -> None:
    """Say something in all rooms."""
    if not announce.text.strip():
        raise Refused("empty", "there is nothing to say in that")
    rooms = [room for room in chat.rooms if room.key != LOG_ROOM]
    announced = events.Announced("", "", "", member.nick, text=announce.text)
    _post(chat, member, announced, rooms, [], announce.ref)


# How all of it is told: in rooms, and with all there is to know in the moderators' own.


def _tell(
    chat: Chat,
    member: Member,
    event: events.AnyModeration,
    target: Target,
    room: Room | None,
    hit: list[Member],
    changes: list[Change],
    ref: str | None,
) -> None:
    """Tell of what hits a target: in the room that it holds for, or where the doer and those whom it hits are."""
    _note(chat, member, _copy(event, who=target.shown, of=room.name if room else ""), changes, ref)
    public = target.shown if target.is_name or target.id == EVERYBODY else _SOMEBODY
    own = [room] if room else chat.rooms_of(member)
    told: dict[tuple[str, str], Room] = {}
    for one in hit:
        for place in [room] if room else [*chat.rooms_of(one), *own]:
            told[(place.key, one.nick)] = place
    if not hit:
        told = {(place.key, public): place for place in own}
    for (_, who), place in told.items():
        if place.key != LOG_ROOM:
            chat.post(member, place, Entry(place.key, _copy(event, who=who, room=place.name), None), changes=changes)


def _post(
    chat: Chat,
    member: Member,
    event: events.AnyModeration,
    rooms: Iterable[Room],
    changes: list[Change],
    ref: str | None,
) -> None:
    """Tell of something in rooms."""
    _note(chat, member, event, changes, ref)
    for room in rooms:
        chat.post(member, room, Entry(room.key, _copy(event, room=room.name), None), changes=changes)


def _note(
    chat: Chat, member: Member, event: events.AnyModeration, changes: Iterable[Change] = (), ref: str | None = None
) -> None:
    """Write down for moderators what was done; with a `ref`, the doer is told that it is."""
    noted = _copy(event, room=LOG_ROOM, of=event.of or (event.room if event.room != LOG_ROOM else ""))
    chat.post(member, chat.log_room(), Entry(LOG_ROOM, noted, ref), changes=list(changes))


def _copy(event: events.AnyModeration, **changed: str) -> events.AnyModeration:
    return structs.replace(event, **changed)


# Whom, where, for how long.


def _scope(chat: Chat, member: Member, room: str | None) -> Room | None:
    """Return the room that something is to hold for; None where it holds everywhere, as a moderator may want."""
    if room is None and chat.moderation.is_moderator(member):
        return None
    return room_meant(chat, member, room)


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


def _fitting(chat: Chat, target: Target) -> list[Member]:
    """Return who is here of those whom a target means."""
    network = targets.network_of(target.id)
    people = ((one, chat.moderation.person(one)) for one in chat.nicks.members())
    if network is not None:
        return [one for one, person in people if is_in(person.address, [network])]
    return [one for one, person in people if target.id in targets.ids_of(person)]


def _hit(chat: Chat, member: Member, target: Target, room: Room | None) -> list[Member]:
    """Return who is here, in a room if one is given, of those whom a target means. Raises Refused if one may not be."""
    hit = [one for one in _fitting(chat, target) if room is None or room.key in one.rooms]
    for one in hit:
        _check_rank(chat, member, one, room)
    if target.is_name:
        chat.moderation.check_account(member, names.key(target.shown))
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
    until = None if lasts is None else now + _seconds(lasts)
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


def _seconds(written: str) -> float:
    try:
        return min(durations.seconds(written), _LONGEST_S)
    except ValueError as error:
        raise Refused("bad-duration", clean(str(error))) from None


def _put_out(chat: Chat, target: Member, room: Room, kicked: events.Kicked) -> None:
    """Put a user out of a room; one who can be in one room only goes to the lobby, or is out of the chat."""
    for change in chat.moderation.rules.uninvite(room.key, chat.moderation.account(target), target.token):
        chat.tell(target, lambda: b"", [change])
    chat.put_out(target, room, kicked)
    if target.can.several_rooms:
        return
    if room.key == LOBBY:
        why = f"{kicked.nick} put you out{f': {kicked.reason}' if kicked.reason else ''}"
        chat.send_away(target, replies.Closing(code="kicked", message=why), why)
    else:
        chat.join(target, LOBBY)


def _listed(one: Sanction) -> replies.BanEntry:
    since = events.iso_time(int(one.since * 1000))
    return replies.BanEntry(who=one.who, by=one.by, reason=one.reason, since=since, until=until_of(one) or None)
