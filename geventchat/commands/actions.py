"""What each command does: one function per command, and the table of them at the end.

A function acts on the chat alone. Where more is needed, reading the log or ending the connection, it returns a
`Followup`, which is for the session to do.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import ref

import msgspec

from geventchat.commands import (
    accounts,
    commands,
    filtering,
    moderate_people,
    moderate_rooms,
    moderation,
    people,
    permission,
)
from geventchat.commands.command import Command
from geventchat.commands.followups import CatchUp, ClaimNick, Followup, Goodbye, ReadHistory, ReadRecent
from geventchat.commands.lookup import user_reading, visible_room
from geventchat.commands.people import about_of
from geventchat.commands.table import INFO, help_lines
from geventchat.core.chat import Chat
from geventchat.core.log import Entry
from geventchat.core.member import Member, account_of
from geventchat.core.posts import Transaction, not_stored
from geventchat.core.room import Room
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_REF, MAX_ROOMS_PER_USER
from geventchat.protocol.names import LOBBY

# Ours have 16 characters.
_MAX_TOKEN = 64


_Next = TypeVar("_Next")


def do(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> Followup | None:
    """Do what a member asks for, or tell it why not; `now` is in seconds since 1970."""
    ref = commands.ref_of(command)

    def act() -> Followup | None:
        if ref is not None and len(ref) > MAX_REF:
            raise Refused("bad-ref", f"a ref can have at most {MAX_REF} characters")
        if isinstance(command, commands.Talk):
            member.spoke = now
        permission.check(chat, member, command, now)
        if isinstance(command, commands.Leave | commands.Bye):
            _check_last_words(chat, member, command, now)
        else:
            filtering.check(chat, member, command, now)
        return ACTIONS[type(command)](chat, member, command, now)

    return _attempt(chat, member, act, ref)


def _check_last_words(chat: Chat, member: Member, leaving: commands.Leave | commands.Bye, now: float) -> None:
    """Leave out what a member may not say by leaving: it may go all the same."""
    if leaving.reason:
        try:
            filtering.check(chat, member, leaving, now)
            permission.check_last_words(chat, member, leaving, now)
        except Refused:
            leaving.reason = ""


def go_on(
    chat: Chat, member: Member, find_out: Callable[[], Callable[[], _Next] | None], ref: str | None
) -> _Next | None:
    """Find out what a followup asks for, and go on with that; return what is to be done next, if anything.

    `find_out` may wait, and changes no records; it returns how to go on, if at all. Both may raise Refused.
    """
    try:
        act = find_out()
    except Refused as refusal:
        _refuse(chat, member, refusal, ref)
        return None
    return None if act is None else _attempt(chat, member, act, ref)


def _attempt(chat: Chat, member: Member, act: Callable[[], _Next], ref: str | None) -> _Next | None:
    """Do something that does not wait; if it fails, leave nothing half done, and tell the member why it was refused.

    As nobody else does anything meanwhile, all that was begun since is its own. Raises any error but Refused.
    """
    begun = len(chat.kept.unstored)
    try:
        return act()
    except Refused as refusal:
        chat.undo_since(begun)
        _refuse(chat, member, refusal, ref)
    except Exception:
        chat.undo_since(begun)
        raise
    return None


def _refuse(chat: Chat, member: Member, refusal: Refused, ref: str | None) -> None:
    chat.refuse(member, refusal, ref if ref is None else ref[:MAX_REF])
    if not member.key:
        asked_again = member.wants_account and refusal.code in ("login-failed", "slow-down")
        # Who mistyped a password types it again: taken for a name, it would be told to all.
        member.wants_account = refusal.code == "nick-registered" or asked_again
        chat.ask(member)


def cost(chat: Chat, member: Member, command: commands.AnyCommand) -> int:
    """Return how many messages a command counts as, against the rate."""
    return INFO[type(command)].cost(chat, member, command)


def _hello(chat: Chat, member: Member, hello: commands.Hello, now: float) -> Followup | None:
    if member.key:
        raise Refused("already-here", f"you are here already, as {member.nick}")
    chat.door.check(member, hello.password)
    if hello.login is not None:
        login, hello = hello.login, msgspec.structs.replace(hello, login=None)
        return accounts.log_in(chat, member, login.account, login.password, now, None, hello)
    called, room = names.room(hello.room, chat.limits.max_name) if hello.room else ("", "")
    _check_id(hello.after)
    earlier, token = _earlier(chat, hello), hello.token or ""
    if earlier is not None and member.account is None and (account := chat.logins.account_of(earlier)) is not None:
        chat.logins.log_in(member, account)  # as it was
    if 0 < len(token) <= _MAX_TOKEN:  # it is kept: the welcome with a new one may be lost too
        member.token = token
    chat.moderation.recognise(member, now)
    if earlier is None:  # first: no ban of an address, and no lock, keeps out who moderates and has only to log in
        chat.naming.check_login(member, hello.nick)
    opens_link = hello.link is not None and chat.moderation.links.check(hello.link)
    if not opens_link:
        is_there = earlier is not None and room in earlier.rooms  # a lock lets stay who is in
        chat.moderation.check_entry(member, hello.nick, "" if is_there else room, None, now, called)
    nick = hello.nick if earlier is not None else chat.naming.free(member, hello.nick)

    def come_in() -> Followup | None:
        if (earlier := _earlier(chat, hello)) is not None:
            _replace(chat, earlier, now)
        chat.naming.claim(member, nick, now)
        changes = chat.moderation.open_link(member, hello.link, now) if hello.link is not None else []
        catch_up = _enter(chat, member, hello.room, hello.after, None) if hello.room else None
        if not hello.room:
            chat.welcome(member)
        if changes:  # not with the welcome: if they cannot be stored, the member comes in all the same
            chat.commit(member, Transaction(member, changes))
        if chat.motd:
            chat.tell(member, replies.Motd(lines=chat.motd))
        return catch_up

    member.since = member.spoke = now
    if not chat.moderation.is_muted(member, nick, room, now):  # else it would say something by coming in
        member.about, member.username = about_of(hello.about), about_of(hello.username)
    return ClaimNick(nick, come_in, None, hello.token) if chat.is_shared else come_in()


def _earlier(chat: Chat, hello: commands.Hello) -> Member | None:
    """Return the user who has the nick already, if whoever says hello is the same one."""
    member = chat.nicks.find(hello.nick)
    return member if member is not None and member.has_token(hello.token or "") else None


def _take_password(chat: Chat, member: Member, given: commands.ServerPassword, now: float) -> None:
    if member.key:
        raise Refused("already-here", f"you are here already, as {member.nick}")
    chat.door.check(member, given.password)
    chat.ask(member)


def _replace(chat: Chat, earlier: Member, now: float) -> None:
    """Send away the lost connection of a user who has come back."""
    closing = replies.Closing(code="replaced", message="you came back on another connection")
    chat.enforcement.send_away(earlier, closing, "came back on another connection")
    chat.naming.release(earlier, now)


def _enter(chat: Chat, member: Member, room_name: str, after: str | None, ref: str | None) -> CatchUp:
    member.catching_up = after is not None or member.can.greeted_with_history
    chat.join(member, room_name, ref)
    return CatchUp(chat.rooms.of(member, room_name), after, ref)


def _say(chat: Chat, member: Member, say: commands.Say, now: float) -> None:
    room = chat.rooms.of(member, say.room)
    said = events.Noticed if say.notice else events.Said
    _post_once(chat, member, room, said("", "", room.name, member.nick, _some(say.text)), say.ref, now)


def _act(chat: Chat, member: Member, act: commands.Act, now: float) -> None:
    room = chat.rooms.of(member, act.room)
    _post_once(chat, member, room, events.Acted("", "", room.name, member.nick, _some(act.text)), act.ref, now)


def _post_once(chat: Chat, member: Member, room: Room, event: events.AnyEvent, ref: str | None, now: float) -> None:
    """Post a message; one that a client sends again because it has seen no ack is answered, not posted again."""
    sender = member.sender if ref is not None and member.can.resends else ""
    entry = Entry(room.key, event, ref, sender)
    earlier = member.sent_refs.find(entry) if sender else None
    if earlier is None or ref is None:
        chat.moderation.check_slow(member, room.key, now)
        chat.post(member, room, entry, member.sent_refs.add(entry) if sender else None)
    else:
        chat.tell(member, lambda: replies.Ack(ref=ref, id=earlier.id) if earlier.id else not_stored(ref))


def _whisper(chat: Chat, member: Member, whisper: commands.Whisper, now: float) -> None:
    target = user_reading(chat, whisper.to)
    time = events.iso_time(int(now * 1000))
    whispered = replies.Whispered(
        time=time,
        nick=member.nick,
        to=target.nick,
        text=_some(whisper.text),
        notice=whisper.notice,
        account=account_of(member),
    )
    own = msgspec.structs.replace(whispered, ref=whisper.ref)
    target.whispered_by = ref(member)
    if target is not member:
        chat.tell(target, whispered)
    chat.tell(member, own)
    if target.away is not None and not whisper.notice:
        chat.tell(member, replies.AwayIs(nick=target.nick, text=target.away))
    if whisper.ref is not None:
        chat.tell(member, replies.Ack(ref=whisper.ref, id=None))


def _whisper_back(chat: Chat, member: Member, back: commands.WhisperBack, now: float) -> None:
    if member.whispered_by is None:
        raise Refused("no-such-nick", "nobody has whispered to you yet")
    target = member.whispered_by()
    if target is None or chat.nicks.find(target.nick) is not target:  # the name may be somebody else's by now
        raise Refused("no-such-nick", "the user who whispered to you last has left")
    _whisper(chat, member, commands.Whisper(to=target.nick, text=back.text, ref=back.ref), now)


def _rename(chat: Chat, member: Member, rename: commands.Rename, now: float) -> Followup | None:
    old = member.nick
    if names.nick(rename.nick, chat.limits.max_name)[0] == old:
        raise Refused("nick-taken", f"you are called {old} already", about=old)
    nick = chat.naming.check(member, rename.nick)
    for key in ("", *member.rooms):
        chat.moderation.check_ban(member, nick, key, now)

    def go_by_it() -> Followup | None:
        chat.naming.claim(member, nick, now)
        chat.rename(member, old, rename.ref)
        if rename.ref is not None:
            chat.tell(member, replies.Ack(ref=rename.ref, id=None))
        return None

    return ClaimNick(nick, go_by_it, rename.ref) if chat.is_shared else go_by_it()


def _join(chat: Chat, member: Member, join: commands.Join, now: float) -> CatchUp:
    called, key = names.room(join.room, chat.limits.max_name)
    _check_id(join.after)
    if key in member.rooms:
        room = chat.rooms.of(member, join.room)
        raise Refused("already-here", f"you are in {room.name} already", about=room.name)
    chat.moderation.check_entry(member, member.nick, key, join.password, now, called)
    if not member.can.several_rooms:
        for left in chat.rooms.all_of(member):
            chat.leave(member, left)
    elif len(member.rooms) >= MAX_ROOMS_PER_USER:
        raise Refused(
            "too-many-rooms", f"you can be in {MAX_ROOMS_PER_USER} rooms at once; leave one first", about=join.room
        )
    return _enter(chat, member, join.room, join.after, join.ref)


def _leave(chat: Chat, member: Member, leave: commands.Leave, now: float) -> None:
    room = chat.rooms.of(member, leave.room)
    if not member.can.several_rooms:
        if room.key == LOBBY:
            raise Refused("not-in-room", "you are in the lobby; /exit leaves the chat")
        chat.moderation.check_entry(member, member.nick, LOBBY, None, now)
    left = chat.leave(member, room, leave.reason)
    if not member.can.several_rooms:
        chat.join(member, LOBBY)
        return
    chat.tell_own(member, left, leave.ref)
    if leave.ref is not None:
        ref = leave.ref
        chat.tell(member, lambda: replies.Ack(ref=ref, id=left.id))


def _topic(chat: Chat, member: Member, topic: commands.Topic, now: float) -> None:
    if topic.text is None:
        asked = visible_room(chat, member, topic.room)
        chat.tell(member, lambda: replies.TopicIs(room=asked.name, text=asked.topic, ref=topic.ref))
    else:
        room = chat.rooms.of(member, topic.room)
        _post_once(chat, member, room, events.TopicSet("", "", room.name, member.nick, topic.text), topic.ref, now)


def _who(chat: Chat, member: Member, who: commands.Who, now: float) -> None:
    room = visible_room(chat, member, who.room)
    chat.tell(member, lambda: chat.publisher.members_of(room, now, ref=who.ref))


def _rooms(chat: Chat, member: Member, rooms: commands.Rooms, now: float) -> None:
    chat.tell(member, lambda: chat.room_list(member, rooms.ref))


def _ping(chat: Chat, member: Member, ping: commands.Ping, now: float) -> None:
    chat.tell(member, replies.Pong(token=ping.token))


def _help(chat: Chat, member: Member, asked: commands.Help, now: float) -> None:
    moderates = any(chat.moderation.moderates(member, key) for key in ("", *member.rooms))
    chat.tell(member, replies.HelpText(lines=help_lines(moderates=moderates)))


def _motd(chat: Chat, member: Member, asked: commands.Motd, now: float) -> None:
    chat.tell(member, replies.Motd(lines=chat.motd, ref=asked.ref))


def _history(chat: Chat, member: Member, history: commands.History, now: float) -> ReadHistory:
    return ReadHistory(history)


def _recent(chat: Chat, member: Member, recent: commands.Recent, now: float) -> ReadRecent:
    return ReadRecent(recent)


def _bye(chat: Chat, member: Member, bye: commands.Bye, now: float) -> Goodbye:
    return Goodbye(bye.reason)


def _check_id(event_id: str | None) -> None:
    if event_id is not None:
        events.number_of(event_id)


def _some(text: str) -> str:
    if not text.strip():
        raise Refused("empty", "there is nothing to say in that")
    return text


def _status(chat: Chat, member: Member, status: commands.Status, now: float) -> None:
    chat.tell(member, lambda: chat.status(now, status.ref))


ACTIONS: dict[type[Command], Callable[[Chat, Member, Any, float], Followup | None]] = {
    commands.Hello: _hello,
    commands.ServerPassword: _take_password,
    commands.Say: _say,
    commands.Act: _act,
    commands.Whisper: _whisper,
    commands.WhisperBack: _whisper_back,
    commands.Rename: _rename,
    commands.Join: _join,
    commands.Leave: _leave,
    commands.Topic: _topic,
    commands.Who: _who,
    commands.Rooms: _rooms,
    commands.Whois: people.whois,
    commands.Find: people.find,
    commands.Whowas: people.whowas,
    commands.Watch: people.watch,
    commands.Away: people.away,
    commands.Describe: people.describe,
    commands.Invite: people.invite,
    commands.Status: _status,
    commands.Register: accounts.register,
    commands.Login: accounts.login,
    commands.Logout: accounts.logout,
    commands.Password: accounts.password,
    commands.Unregister: accounts.unregister,
    commands.Recover: accounts.recover,
    commands.Ping: _ping,
    commands.Help: _help,
    commands.History: _history,
    commands.Recent: _recent,
    commands.Bye: _bye,
    commands.Motd: _motd,
    moderation.Kick: moderate_people.kick,
    moderation.Ban: moderate_people.ban,
    moderation.Unban: moderate_people.unban,
    moderation.Bans: moderate_people.bans,
    moderation.Mute: moderate_people.mute,
    moderation.Unmute: moderate_people.unmute,
    moderation.Slow: moderate_rooms.slow,
    moderation.Lock: moderate_rooms.lock,
    moderation.Unlock: moderate_rooms.unlock,
    moderation.Delete: moderate_rooms.delete,
    moderation.Approve: moderate_rooms.approve,
    moderation.Announce: moderate_rooms.announce,
}
