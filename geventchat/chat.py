"""The whole chat without its connections: who is here, which rooms there are, and what each command does.

Nothing takes effect in the eyes of others before it is in the log. So every command puts what comes of it, events for
rooms and answers for the user alike, into the `turn`, in order; the turn's events go to the log together; and `publish`
then carries the turn out.
"""

from collections.abc import Callable
from hmac import compare_digest
from itertools import groupby, islice
from typing import Any, NamedTuple

from geventchat import commands, events, names, replies
from geventchat.errors import Refused
from geventchat.limits import MAX_LISTED, MAX_PRIVATE_BYTES, MAX_ROOMS_PER_USER, Limits
from geventchat.member import Member
from geventchat.outbox import Outbox
from geventchat.room import Room, RoomFeed

LOBBY = "lobby"


Message = replies.AnyReply | events.AnyEvent


class Happening(NamedTuple):
    """An event that a member caused in a room; `ref` when the member wants to be told its id."""

    member: Member
    room: Room
    event: events.AnyEvent
    ref: str | None = None


class Answer(NamedTuple):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn."""

    member: Member
    reply: Message | Callable[[], Message]


Turn = list[Happening | Answer]


class Chat:
    """All rooms and all members of one server; `server` is its name and version, as newcomers are told."""

    def __init__(self, limits: Limits, server: str) -> None:
        self.limits = limits
        self._server = server
        self._rooms: dict[str, Room] = {}
        self._members: dict[str, Member] = {}
        self._turn: Turn = []
        self._changed: dict[RoomFeed, None] = {}
        self._told: dict[Outbox, None] = {}
        self._now = 0.0
        self._actions: dict[type[commands.Command], Callable[[Member, Any], None]] = {
            commands.Hello: self._hello,
            commands.Say: self._say,
            commands.Act: self._act,
            commands.Whisper: self._whisper,
            commands.Reply: self._reply,
            commands.Rename: self._rename,
            commands.Join: self._join,
            commands.Leave: self._leave,
            commands.Who: self._who,
            commands.Rooms: self._list_rooms,
            commands.Topic: self._topic,
            commands.Ping: self._ping,
        }

    # For sessions.

    def handle(self, member: Member, command: commands.Command, now: float) -> None:
        """Do what a member asks for, or tell it why not; `now` is in seconds since 1970."""
        self._now = now
        try:
            if not member.key and not isinstance(command, commands.Hello):
                raise Refused("hello-first", 'say who you are first: {"type":"hello","nick":"alice"}')
            self._actions[type(command)](member, command)
        except Refused as refusal:
            self.refuse(member, refusal, getattr(command, "ref", None))

    def tell(self, member: Member, reply: Message | Callable[[], Message]) -> None:
        """Answer a member, behind all that was posted before."""
        member.pending += 1
        self._turn.append(Answer(member, reply))

    def refuse(self, member: Member, refusal: Refused, ref: str | None = None) -> None:
        """Tell a member why something was not done."""
        self.tell(member, replies.Error(code=refusal.code, message=refusal.message, ref=ref))

    def depart(self, member: Member, reason: str = "") -> None:
        """Take a member out of all its rooms. Its nick is free once it has been told a Closing."""
        for key in member.rooms:
            self._post_left(member, self._rooms[key], reason)
        member.rooms = []

    def room_of(self, member: Member, name: str | None) -> Room:
        """Return the member's room of this name, or its only room. Raises Refused."""
        if name is None:
            if len(member.rooms) == 1:
                return self._rooms[member.rooms[0]]
            raise Refused("room-needed", "say which room is meant: you are in none, or in several")
        key = names.key(name)
        if key not in member.rooms:
            raise Refused("not-in-room", "you are not in that room; join it first")
        return self._rooms[key]

    # For the pump.

    def take_turn(self) -> Turn:
        """Return what has been posted since the last call."""
        turn, self._turn = self._turn, []
        return turn

    def unstored(self, turn: Turn, why: str) -> Turn:
        """Return what is left of a turn that the log could not keep.

        Who spoke is told that it was not stored. Coming, going and new names still happen: they are so already.
        """
        left: Turn = []
        for post in turn:
            if isinstance(post, Happening) and _is_message(post):
                error = replies.Error(code="not-stored", message=f"not stored and not sent: {why}", ref=post.ref)
                left.append(Answer(post.member, error))
            else:
                left.append(post)
        return left

    def publish(self, turn: Turn, now: float) -> dict[Outbox, None]:
        """Carry out a turn whose events are in the log; return the outboxes that got private lines.

        `now` is on a clock that never goes back. Everything comes in the order of the turn, but acknowledgements
        before the messages that follow each other, so that a speaker's are one run of bytes.
        """
        for are_messages, run in groupby(turn, _is_message):
            posts = list(run)
            if are_messages:
                self._acknowledge(posts)
            for post in posts:
                post.member.pending -= 1
                if isinstance(post, Happening):
                    self._happen(post, now)
                else:
                    self._answer(post)
        told, self._told = self._told, {}
        return told

    def seal(self, now: float) -> list[RoomFeed]:
        """Make what was published sendable; return the feeds that have something new for their members."""
        sealed = []
        for feed in list(self._changed):
            due = feed.presence.due
            if due is not None and due <= now:
                feed.tell_presence()
            if feed.presence.due is None:
                del self._changed[feed]
            if feed.seal():
                sealed.append(feed)
        return sealed

    def due(self) -> float | None:
        """Return when `seal` has to be called though nothing is posted, if at all."""
        return min((feed.presence.due for feed in self._changed if feed.presence.due is not None), default=None)

    # What each command does.

    def _hello(self, member: Member, hello: commands.Hello) -> None:
        if member.key:
            raise Refused("already-here", f"you are here already, as {member.nick}")
        nick, key = names.nick(hello.nick, self.limits.max_name)
        names.room(hello.room, self.limits.max_name)
        earlier, token = self._members.get(key), (hello.token or "").encode()
        if earlier is not None and compare_digest(token, earlier.token.encode()):
            self._replace(earlier)
        self._claim(member, nick, key)
        self._post_joined(member, hello.room)

    def _say(self, member: Member, say: commands.Say) -> None:
        room = self.room_of(member, say.room)
        if self._is_stored(member, say.ref):
            return
        self._post(member, room, events.Said("", "", room.name, member.nick, _some(say.text)), say.ref)

    def _act(self, member: Member, act: commands.Act) -> None:
        room = self.room_of(member, act.room)
        if self._is_stored(member, act.ref):
            return
        self._post(member, room, events.Acted("", "", room.name, member.nick, _some(act.text)), act.ref)

    def _whisper(self, member: Member, whisper: commands.Whisper) -> None:
        target = self._members.get(names.key(whisper.to))
        if target is None:
            raise Refused("no-such-nick", "nobody of that name is here; /who says who is")
        if target.outbox.private_bytes > MAX_PRIVATE_BYTES:
            raise Refused("not-reading", f"{target.nick} is not reading at the moment, try again later")
        time = events.iso_time(int(self._now * 1000))
        whispered = replies.Whispered(time=time, nick=member.nick, to=target.nick, text=_some(whisper.text))
        target.whispered_by = member
        self.tell(target, whispered)
        if target is not member:
            self.tell(member, whispered)
        if whisper.ref is not None:
            self.tell(member, replies.Ack(ref=whisper.ref, id=None))

    def _reply(self, member: Member, reply: commands.Reply) -> None:
        target = member.whispered_by
        if target is None:
            raise Refused("no-such-nick", "nobody has whispered to you yet")
        if self._members.get(target.key) is not target:  # the name may be somebody else's by now
            raise Refused("no-such-nick", f"{target.nick}, who whispered last, has left")
        self._whisper(member, commands.Whisper(to=target.nick, text=reply.text, ref=reply.ref))

    def _rename(self, member: Member, rename: commands.Rename) -> None:
        old = member.nick
        nick, key = names.nick(rename.nick, self.limits.max_name)
        if nick == old:
            raise Refused("nick-taken", f"you are called {nick} already")
        self._claim(member, nick, key)
        for room_key in member.rooms:
            room = self._rooms[room_key]
            self._post(member, room, events.Renamed("", "", room.name, old, nick))
        if not member.rooms:
            self.tell(member, events.Renamed("", "", "", old, nick))
        if rename.ref is not None:
            self.tell(member, replies.Ack(ref=rename.ref, id=None))

    def _join(self, member: Member, join: commands.Join) -> None:
        _, key = names.room(join.room, self.limits.max_name)
        if key in member.rooms:
            raise Refused("already-here", f"you are in {self._rooms[key].name} already")
        if member.speech.for_people:
            for old in member.rooms:
                self._post_left(member, self._rooms[old], "")
            member.rooms = []
        elif len(member.rooms) >= MAX_ROOMS_PER_USER:
            raise Refused("too-many-rooms", f"you can be in {MAX_ROOMS_PER_USER} rooms at once; leave one first")
        self._post_joined(member, join.room, join.ref)

    def _leave(self, member: Member, leave: commands.Leave) -> None:
        room = self.room_of(member, leave.room)
        if member.speech.for_people and room.key == LOBBY:
            raise Refused("not-in-room", "you are in the lobby; /exit leaves the chat")
        left = self._post_left(member, room, leave.reason)
        member.rooms.remove(room.key)
        if member.speech.for_people:
            self._post_joined(member, LOBBY)
        else:
            self.tell(member, left)
            if leave.ref is not None:
                ref = leave.ref
                self.tell(member, lambda: replies.Ack(ref=ref, id=left.id))

    def _who(self, member: Member, who: commands.Who) -> None:
        room = self.room_of(member, who.room)
        self.tell(member, lambda: room.census(ref=who.ref))

    def _list_rooms(self, member: Member, rooms: commands.Rooms) -> None:
        def census() -> replies.RoomList:
            listed = {room.name: len(room.members) for room in islice(self._rooms.values(), MAX_LISTED)}
            return replies.RoomList(rooms=listed, ref=rooms.ref)

        self.tell(member, census)

    def _topic(self, member: Member, topic: commands.Topic) -> None:
        room = self.room_of(member, topic.room)
        if topic.text is None:
            self.tell(member, lambda: replies.TopicIs(room=room.name, text=room.topic, ref=topic.ref))
        else:
            self._post(member, room, events.TopicSet("", "", room.name, member.nick, topic.text), topic.ref)

    def _ping(self, member: Member, ping: commands.Ping) -> None:
        self.tell(member, replies.Pong(token=ping.token))

    # How a turn is carried out.

    def _acknowledge(self, posts: Turn) -> None:
        for post in posts:
            if isinstance(post, Happening) and post.ref is not None:
                self._put(post.member, replies.Ack(ref=post.ref, id=post.event.id))

    def _happen(self, happening: Happening, now: float) -> None:
        member, room, event, ref = happening
        if isinstance(event, events.Left):  # who leaves does not hear it
            self._withdraw(member, room)
        elif isinstance(event, events.TopicSet):
            room.topic = event.text
        elif isinstance(event, events.Renamed):
            member.known_as = event.new
        self._changed.update(dict.fromkeys(room.publish(event, now)))
        if isinstance(event, events.Joined):  # nor does who enters
            self._enter(member, room, event, ref)

    def _answer(self, answer: Answer) -> None:
        if answer.member.gone:  # nothing comes behind the last word
            return
        reply = answer.reply() if callable(answer.reply) else answer.reply
        self._put(answer.member, reply)
        if isinstance(reply, replies.Closing):
            answer.member.gone = True
            if self._members.get(answer.member.key) is answer.member:
                del self._members[answer.member.key]

    # What commands are made of.

    def _replace(self, earlier: Member) -> None:
        """Send away the lost connection of a user who has come back."""
        earlier.make_way()
        self.depart(earlier, "came back on another connection")
        self.tell(earlier, replies.Closing(code="replaced", message="you came back on another connection"))
        del self._members[earlier.key]

    def _claim(self, member: Member, nick: str, key: str) -> None:
        """Give a member this nick. Raises Refused when somebody else has it."""
        if self._members.get(key, member) is not member:
            raise Refused("nick-taken", f"the name {nick} is taken")
        if member.key:
            del self._members[member.key]
        self._members[key] = member
        member.nick, member.key = nick, key

    def _is_stored(self, member: Member, ref: str | None) -> bool:
        """Whether the member had this stored on an earlier connection; then it is told so again."""
        stored = member.stored.get(ref) if ref is not None else None
        if ref is not None and stored is not None:
            self.tell(member, replies.Ack(ref=ref, id=stored))
        return stored is not None

    def _post(self, member: Member, room: Room, event: events.AnyEvent, ref: str | None = None) -> None:
        member.pending += 1
        self._turn.append(Happening(member, room, event, ref))

    def _post_joined(self, member: Member, room_name: str, ref: str | None = None) -> None:
        name, key = names.room(room_name, self.limits.max_name)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(name, key, self.limits.feed_window)
        room.expected += 1
        member.rooms.append(key)
        self._post(member, room, events.Joined("", "", room.name, member.nick), ref)

    def _post_left(self, member: Member, room: Room, reason: str) -> events.Left:
        left = events.Left("", "", room.name, member.nick, reason)
        self._post(member, room, left)
        return left

    def _put(self, member: Member, message: replies.AnyReply | events.AnyEvent) -> None:
        member.outbox.put(member.speech.encode(message))
        self._told[member.outbox] = None

    def _enter(self, member: Member, room: Room, joined: events.Joined, ref: str | None) -> None:
        first = not member.greeted
        member.greeted = True
        member.entered, member.known_as = joined.id, joined.nick
        room.enter(member)
        if member.behind:
            member.outbox.hold()
        census = room.census(joined.id, ref)
        if first:
            limits = self.limits
            welcome = replies.Welcome(
                nick=member.known_as,
                room=census.room,
                members=census.members,
                count=census.count,
                topic=census.topic,
                id=joined.id,
                token=member.token,
                server=self._server,
                limits={"line": limits.max_line, "nick": limits.max_name, "rate": limits.rate, "burst": limits.burst},
            )
            self._put(member, welcome)
        else:
            self._put(member, census)

    def _withdraw(self, member: Member, room: Room) -> None:
        room.depart(member)
        room.expected -= 1
        if not room.expected:
            del self._rooms[room.key]


def _is_message(post: Happening | Answer) -> bool:
    return isinstance(post, Happening) and isinstance(post.event, events.Said | events.Acted | events.TopicSet)


def _some(text: str) -> str:
    if not text.strip():
        raise Refused("empty", "there is nothing to say in that")
    return text
