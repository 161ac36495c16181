"""What the commands do by which users come in, take another nick, go from room to room, and leave."""

import msgspec

from geventchat.commands import accounts, commands
from geventchat.commands.followups import Actions, CatchUp, ClaimNick, Followup, Goodbye
from geventchat.commands.people import about_of
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.posts import Transaction
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_ROOMS_PER_USER
from geventchat.protocol.names import LOBBY

# Ours have 16 characters.
_MAX_TOKEN = 64


def hello(chat: Chat, member: Member, hello: commands.Hello, now: float) -> Followup | None:
    """Bring a user in under a nick, and into a room."""
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


def _replace(chat: Chat, earlier: Member, now: float) -> None:
    """Send away the lost connection of a user who has come back."""
    closing = replies.Closing(code="replaced", message="you came back on another connection")
    chat.enforcement.send_away(earlier, closing, "came back on another connection")
    chat.naming.release(earlier, now)


def give_password(chat: Chat, member: Member, given: commands.ServerPassword, now: float) -> None:
    """Take the server's password from somebody who is not in yet."""
    if member.key:
        raise Refused("already-here", f"you are here already, as {member.nick}")
    chat.door.check(member, given.password)
    chat.ask(member)


def rename(chat: Chat, member: Member, rename: commands.Rename, now: float) -> Followup | None:
    """Give a user another nick."""
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


def join(chat: Chat, member: Member, join: commands.Join, now: float) -> CatchUp:
    """Take a user into a room, out of the one that it was in if it can be in one only."""
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


def _enter(chat: Chat, member: Member, room_name: str, after: str | None, ref: str | None) -> CatchUp:
    member.catching_up = after is not None or member.can.greeted_with_history
    chat.join(member, room_name, ref)
    return CatchUp(chat.rooms.of(member, room_name), after, ref)


def _check_id(event_id: str | None) -> None:
    if event_id is not None:
        events.number_of(event_id)


def leave(chat: Chat, member: Member, leave: commands.Leave, now: float) -> None:
    """Take a user out of a room; one who can be in one only goes to the lobby."""
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


def bye(chat: Chat, member: Member, bye: commands.Bye, now: float) -> Goodbye:
    """End the connection of a user who leaves."""
    return Goodbye(bye.reason)


ACTIONS: Actions = {
    commands.Hello: hello,
    commands.ServerPassword: give_password,
    commands.Rename: rename,
    commands.Join: join,
    commands.Leave: leave,
    commands.Bye: bye,
}
