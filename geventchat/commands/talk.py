"""What the commands do by which users talk: in a room, or to one user alone."""

from weakref import ref

from msgspec.structs import replace

from geventchat.commands import commands
from geventchat.commands.followups import Actions
from geventchat.commands.lookup import user_reading, visible_room
from geventchat.core.chat import Chat
from geventchat.core.log import Entry
from geventchat.core.member import Member, account_of
from geventchat.core.posts import not_stored
from geventchat.core.room import Room
from geventchat.protocol import events, replies
from geventchat.protocol.errors import Refused


def say(chat: Chat, member: Member, say: commands.Say, now: float) -> None:
    """Say something in a room."""
    room = chat.rooms.of(member, say.room)
    said = events.Noticed if say.notice else events.Said
    _post_once(chat, member, room, said("", "", room.name, member.nick, checked_text(say.text)), say.ref, now)


def act(chat: Chat, member: Member, act: commands.Act, now: float) -> None:
    """Do something before everyone in a room."""
    room = chat.rooms.of(member, act.room)
    _post_once(chat, member, room, events.Acted("", "", room.name, member.nick, checked_text(act.text)), act.ref, now)


def topic(chat: Chat, member: Member, topic: commands.Topic, now: float) -> None:
    """Set a room's topic, or tell it."""
    if topic.text is None:
        asked = visible_room(chat, member, topic.room)
        chat.tell(member, lambda: replies.TopicIs(room=asked.name, text=asked.topic, ref=topic.ref))
    else:
        room = chat.rooms.of(member, topic.room)
        _post_once(chat, member, room, events.TopicSet("", "", room.name, member.nick, topic.text), topic.ref, now)


def is_said_again(member: Member, asked: object) -> bool:
    """Return whether a member's client says this again, on this server or another one, as it sees no ack of it."""
    return isinstance(asked, commands.Say | commands.Act | commands.Topic) and _comes_again(member, asked.ref)


def _comes_again(member: Member, ref: str | None) -> bool:
    return ref is not None and member.can.resends


def _post_once(chat: Chat, member: Member, room: Room, event: events.AnyEvent, ref: str | None, now: float) -> None:
    """Post a message; one that a client sends again because it has seen no ack is answered, not posted again."""
    sender = member.sender if _comes_again(member, ref) else ""
    entry = Entry(room.key, event, ref, sender)
    earlier = member.sent_refs.find(entry) if sender else None
    if earlier is None or ref is None:
        chat.moderation.check_slow(member, room.key, now)
        chat.post(member, room, entry, member.sent_refs.add(entry) if sender else None)
    else:
        chat.tell(member, lambda: replies.Ack(ref=ref, id=earlier.id) if earlier.id else not_stored(ref))


def whisper(chat: Chat, member: Member, whisper: commands.Whisper, now: float) -> None:
    """Say something to one user alone."""
    target = user_reading(chat, whisper.to)
    time = events.iso_time(int(now * 1000))
    whispered = replies.Whispered(
        time=time,
        nick=member.nick,
        to=target.nick,
        text=checked_text(whisper.text),
        notice=whisper.notice,
        account=account_of(member),
    )
    own = replace(whispered, ref=whisper.ref)
    target.whispered_by = ref(member)
    if target is not member:
        chat.tell(target, whispered)
    chat.tell(member, own)
    if target.away is not None and not whisper.notice:
        chat.tell(member, replies.AwayIs(nick=target.nick, text=target.away))
    if whisper.ref is not None:
        chat.tell(member, replies.Ack(ref=whisper.ref, id=None))


def whisper_back(chat: Chat, member: Member, back: commands.WhisperBack, now: float) -> None:
    """Whisper to the user who whispered to this one last."""
    if member.whispered_by is None:
        raise Refused("no-such-nick", "nobody has whispered to you yet")
    target = member.whispered_by()
    if target is None or chat.nicks.find(target.nick) is not target:  # the name may be somebody else's by now
        raise Refused("no-such-nick", "the user who whispered to you last has left")
    whisper(chat, member, commands.Whisper(to=target.nick, text=back.text, ref=back.ref), now)


def checked_text(text: str) -> str:
    """Return a text that others are to read. Raises Refused ("empty") when nothing stands in it."""
    if not text.strip():
        raise Refused("empty", "there is nothing to say in that")
    return text


ACTIONS: Actions = {
    commands.Say: say,
    commands.Act: act,
    commands.Topic: topic,
    commands.Whisper: whisper,
    commands.WhisperBack: whisper_back,
}
