"""What each command does."""

from hmac import compare_digest
from weakref import ref

from geventchat.commands import commands
from geventchat.commands.commands import LOBBY
from geventchat.core.chat import Chat, not_stored
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.dialects import slash
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_PRIVATE_BYTES, MAX_ROOMS_PER_USER


def do(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> None:
    """Do what a member asks for, or tell it why not; `now` is in seconds since 1970."""
    try:
        if not member.key and not isinstance(command, commands.Hello):
            raise Refused("hello-first", 'say who you are first: {"type":"hello","nick":"alice"}')
        _do(chat, member, command, now)
    except Refused as refusal:
        chat.refuse(member, refusal, commands.ref_of(command))


def _do(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> None:
    match command:
        case commands.Say() | commands.Act():
            _speak(chat, member, command)
        case commands.Hello():
            _hello(chat, member, command)
        case commands.Whisper():
            _whisper(chat, member, command, now)
        case commands.WhisperBack():
            _whisper_back(chat, member, command, now)
        case commands.Rename():
            _rename(chat, member, command)
        case commands.Join():
            _join(chat, member, command)
        case commands.Leave():
            _leave(chat, member, command)
        case commands.Topic():
            _topic(chat, member, command)
        case commands.Who():
            room = chat.room_of(member, command.room)
            chat.tell(member, lambda: room.census(ref=command.ref))
        case commands.Rooms():
            chat.tell(member, lambda: replies.RoomList(rooms=chat.room_sizes(), ref=command.ref))
        case commands.Ping():
            chat.tell(member, replies.Pong(token=command.token))
        case commands.Help():
            chat.tell(member, replies.HelpText(lines=slash.help_lines()))
        case commands.History() | commands.Bye():
            raise TypeError(f"{command} takes more than the chat to be done")


def _hello(chat: Chat, member: Member, hello: commands.Hello) -> None:
    if member.key:
        raise Refused("already-here", f"you are here already, as {member.nick}")
    names.room(hello.room, chat.limits.max_name)
    earlier, token = chat.find(hello.nick), (hello.token or "").encode()
    if earlier is not None and compare_digest(token, earlier.token.encode()):
        _replace(chat, earlier)
    chat.claim(member, hello.nick)
    chat.join(member, hello.room)


def _replace(chat: Chat, earlier: Member) -> None:
    """Send away the lost connection of a user who has come back."""
    earlier.make_way()
    chat.depart(earlier, "came back on another connection")
    chat.tell(earlier, replies.Closing(code="replaced", message="you came back on another connection"))
    chat.disown(earlier)


def _speak(chat: Chat, member: Member, command: commands.Say | commands.Act) -> None:
    room = chat.room_of(member, command.room)
    kind = events.Said if isinstance(command, commands.Say) else events.Acted
    _post_once(chat, member, room, kind("", "", room.name, member.nick, _some(command.text)), command.ref)


def _post_once(chat: Chat, member: Member, room: Room, event: events.AnyEvent, ref: str | None) -> None:
    """Post a message; one that a client repeats because it has seen no answer is answered, not posted again."""
    entry = Entry(room.key, event, ref)
    earlier = member.marks.find(entry)
    if earlier is None or ref is None:
        chat.post(member, room, event, ref, member.marks.add(entry))
    else:
        chat.tell(member, lambda: replies.Ack(ref=ref, id=earlier.id) if earlier.id else not_stored(ref))


def _whisper(chat: Chat, member: Member, whisper: commands.Whisper, now: float) -> None:
    target = chat.find(whisper.to)
    if target is None:
        raise Refused("no-such-nick", "nobody of that name is here; /who says who is")
    if target.outbox.private_bytes > MAX_PRIVATE_BYTES:
        raise Refused("not-reading", f"{target.nick} is not reading at the moment, try again later")
    time = events.iso_time(int(now * 1000))
    whispered = replies.Whispered(time=time, nick=member.nick, to=target.nick, text=_some(whisper.text))
    target.whispered_by = ref(member)
    chat.tell(target, whispered)
    if target is not member:
        chat.tell(member, whispered)
    if whisper.ref is not None:
        chat.tell(member, replies.Ack(ref=whisper.ref, id=None))


def _whisper_back(chat: Chat, member: Member, back: commands.WhisperBack, now: float) -> None:
    if member.whispered_by is None:
        raise Refused("no-such-nick", "nobody has whispered to you yet")
    target = member.whispered_by()
    if target is None or chat.find(target.nick) is not target:  # the name may be somebody else's by now
        raise Refused("no-such-nick", "whoever whispered to you last has left")
    _whisper(chat, member, commands.Whisper(to=target.nick, text=back.text, ref=back.ref), now)


def _rename(chat: Chat, member: Member, rename: commands.Rename) -> None:
    old = member.nick
    if names.nick(rename.nick, chat.limits.max_name)[0] == old:
        raise Refused("nick-taken", f"you are called {old} already")
    chat.claim(member, rename.nick)
    for room in chat.rooms_of(member):
        chat.post(member, room, events.Renamed("", "", room.name, old, member.nick))
    if not member.rooms:
        chat.tell(member, events.Renamed("", "", "", old, member.nick))
    if rename.ref is not None:
        chat.tell(member, replies.Ack(ref=rename.ref, id=None))


def _join(chat: Chat, member: Member, join: commands.Join) -> None:
    _, key = names.room(join.room, chat.limits.max_name)
    if key in member.rooms:
        raise Refused("already-here", f"you are in {chat.room_of(member, join.room).name} already")
    if member.encoder.for_people:
        chat.depart(member)
    elif len(member.rooms) >= MAX_ROOMS_PER_USER:
        raise Refused("too-many-rooms", f"you can be in {MAX_ROOMS_PER_USER} rooms at once; leave one first")
    chat.join(member, join.room, join.ref)


def _leave(chat: Chat, member: Member, leave: commands.Leave) -> None:
    room = chat.room_of(member, leave.room)
    if member.encoder.for_people and room.key == LOBBY:
        raise Refused("not-in-room", "you are in the lobby; /exit leaves the chat")
    left = chat.leave(member, room, leave.reason)
    if member.encoder.for_people:
        chat.join(member, LOBBY)
        return
    chat.tell(member, left)
    if leave.ref is not None:
        ref = leave.ref
        chat.tell(member, lambda: replies.Ack(ref=ref, id=left.id))


def _topic(chat: Chat, member: Member, topic: commands.Topic) -> None:
    room = chat.room_of(member, topic.room)
    if topic.text is None:
        chat.tell(member, lambda: replies.TopicIs(room=room.name, text=room.topic, ref=topic.ref))
    else:
        _post_once(chat, member, room, events.TopicSet("", "", room.name, member.nick, topic.text), topic.ref)


def _some(text: str) -> str:
    if not text.strip():
        raise Refused("empty", "there is nothing to say in that")
    return text
