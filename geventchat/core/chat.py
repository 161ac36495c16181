"""The whole chat without its connections: who is here, which rooms there are, and what becomes of each command.

Nothing takes effect in the eyes of others before it is in the log. So what comes of a command, events for rooms and
replies for the user alike, is posted into a batch, in order; the batch's events are appended to the log together; and
`publish` then shows what the log gave back.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from geventchat.core.dedup import SentRef
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.nicks import Nicks, profile
from geventchat.core.room import Room, RoomFeed
from geventchat.core.watchers import Watchers
from geventchat.delivery.outbox import Outbox
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_LISTED, Limits
from geventchat.protocol.replies import AnyReply, Message

# The most that one batch holds: a few milliseconds of work, or some 50 ms for joins of a very large room.
_MAX_BATCH = 256


class Everywhere(NamedTuple):
    """The rooms in which the same happens, and who has been told, of those who are told once."""

    rooms: list[Room]
    told: set[Member]


class PendingEvent(NamedTuple):
    """An event that a member wants to cause in a room. `sent_ref` is what it is recognised by if it is sent again.

    Where the same happens in several rooms, `everywhere` is one for all of them.
    """

    member: Member
    room: Room
    entry: Entry
    sent_ref: SentRef | None = None
    everywhere: Everywhere | None = None


class PendingReply(NamedTuple):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn.

    A function may also return what the member's dialect has encoded itself. Or it is a piece of the past: events that
    others were shown long ago.
    """

    member: Member
    reply: Message | Callable[[], Message | bytes] | list[events.AnyEvent]


class PendingNews(NamedTuple):
    """Something for all who share a room with a member, that is no event of any room."""

    member: Member
    news: AnyReply


Batch = list[PendingEvent | PendingReply | PendingNews]


class Chat:
    """All rooms and all members of one server; `server` is its name and version, as newcomers are told."""

    def __init__(self, limits: Limits, server: str) -> None:
        self.limits = limits
        self._server = server
        self._rooms: dict[str, Room] = {}
        self.nicks = Nicks(limits.max_name)
        self.watchers = Watchers()
        self._posted: deque[PendingEvent | PendingReply | PendingNews] = deque()
        self._new_rooms: list[Room] = []
        self._changed: dict[RoomFeed, None] = {}
        self._outboxes: dict[Outbox, None] = {}

    # The state that commands change at once; others see it when the batch is published.

    def claim(self, member: Member, name: str, now: float) -> None:
        """Give a member this nick. Raises Refused when it is no name, or somebody else's."""
        old, old_key = member.nick, member.key
        self.nicks.claim(member, name, now)
        if member.key != old_key:
            if old_key:
                self._tell_watchers(old_key, replies.Watched(here=[], gone=[old]))
            self._tell_watchers(member.key, replies.Watched(here=[member.nick], gone=[]))

    def release_nick(self, member: Member, now: float) -> None:
        """Give others the chance to take a member's nick; `now` is in seconds since 1970."""
        if self.nicks.release(member, now):
            self._tell_watchers(member.key, replies.Watched(here=[], gone=[member.nick]))
        self.watchers.remove(member, member.watched)

    def _tell_watchers(self, key: str, watched: replies.Watched) -> None:
        for watcher in self.watchers.of(key):
            self.tell(watcher, watched)

    def room_of(self, member: Member, name: str | None) -> Room:
        """Return the member's room of this name, or its only room. Raises Refused."""
        if name is None:
            if len(member.rooms) == 1:
                return self._rooms[member.rooms[0]]
            raise Refused("room-needed", "say which room is meant: you are in none, or in several")
        key = names.key(name, self.limits.max_name)
        if key not in member.rooms:
            raise Refused("not-in-room", "you are not in that room; join it first", about=name)
        return self._rooms[key]

    def find_room(self, name: str) -> Room | None:
        """Return the room of this name, if anybody is in it."""
        return self._rooms.get(names.key(name, self.limits.max_name))

    def rooms_of(self, member: Member) -> list[Room]:
        """Return all rooms that a member is in."""
        return [self._rooms[key] for key in member.rooms]

    def room_list(self, ref: str | None) -> replies.RoomList:
        """Return which rooms there are; of many only some."""
        rooms = list(islice(self._rooms.values(), MAX_LISTED))
        sizes = {room.name: len(room.members) for room in rooms}
        return replies.RoomList(rooms=sizes, topics={room.name: room.topic for room in rooms if room.topic}, ref=ref)

    def profile(self, member: Member, now: float) -> replies.Profile:
        """Return what is known of a member; `now` is in seconds since 1970."""
        return profile(member, [room.name for room in self.rooms_of(member) if member in room.members], now)

    def status(self, now: float, ref: str | None) -> replies.Status:
        """Return how the server stands at this time, in seconds since 1970."""
        time = events.iso_time(int(now * 1000))
        return replies.Status(
            server=self._server, time=time, users=len(self.nicks), most=self.nicks.most, rooms=len(self._rooms), ref=ref
        )

    # What becomes of commands, and of the ends of connections.

    def tell(self, member: Member, reply: Message | Callable[[], Message | bytes]) -> None:
        """Reply to a member, behind all that was posted before."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, reply))

    def tell_own(self, member: Member, event: events.AnyEvent, ref: str | None) -> None:
        """Show a member an event that it has caused, in a room that it may have left by that."""
        self.tell(member, lambda: _encode_own(member, event, ref))

    def tell_others(self, member: Member, news: AnyReply) -> None:
        """Tell all who share a room with a member, or watch it closely, something that is no event of any room."""
        member.unpublished += 1
        self._posted.append(PendingNews(member, news))

    def speak(self, member: Member, encoder: Encoder, can: Capabilities, answer: Callable[[], bytes]) -> None:
        """Give a member an answer of its dialect's, and from there on, encode for it so."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, lambda: self._change_encoder(member, encoder, can, answer)))

    def welcome(self, member: Member) -> None:
        """Welcome a member who is to be in no room yet."""
        nowhere = replies.Members(room="", members=[], count=0, topic="", id="")
        self.tell(member, lambda: self._welcome(member, nowhere))

    def tell_past(self, member: Member, past: list[events.AnyEvent]) -> None:
        """Show a member events of the past, behind all that was posted before."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, past))

    def refuse(self, member: Member, refusal: Refused, ref: str | None = None) -> None:
        """Tell a member why something was not done."""
        error = replies.Error(code=refusal.code, message=refusal.message, about=refusal.about, ref=ref)
        self.tell(member, error)

    def post(
        self,
        member: Member,
        room: Room,
        entry: Entry,
        sent_ref: SentRef | None = None,
        everywhere: Everywhere | None = None,
    ) -> None:
        """Post an event that a member causes in a room; the log will give it its id and time.

        Where the same happens in several rooms, `everywhere` is one for all of them.
        """
        member.unpublished += 1
        self._posted.append(PendingEvent(member, room, entry, sent_ref, everywhere))

    def join(self, member: Member, room_name: str, ref: str | None = None) -> None:
        """Take a member into a room, which is made if it is not there. Raises Refused if that is no name."""
        name, key = names.room(room_name, self.limits.max_name)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(name, key, self.limits.feed_window)
            self._new_rooms.append(room)
        room.expected += 1
        member.rooms.append(key)
        self.post(member, room, Entry(key, events.Joined("", "", room.name, member.nick, member.about), ref))

    def leave(self, member: Member, room: Room, reason: str = "") -> events.Left:
        """Take a member out of a room; return the event, which has its id once it is published."""
        left = events.Left("", "", room.name, member.nick, reason)
        member.rooms.remove(room.key)
        self.post(member, room, Entry(room.key, left, None))
        return left

    def depart(self, member: Member, reason: str = "") -> None:
        """Take a member out of all its rooms, for good. Its nick is free once it has been told a Closing."""
        rooms = self.rooms_of(member)
        everywhere = Everywhere(rooms, set()) if len(rooms) > 1 else None
        member.rooms.clear()
        for room in rooms:
            departed = events.Departed("", "", room.name, member.nick, reason)
            self.post(member, room, Entry(room.key, departed, None), everywhere=everywhere)

    def rename(self, member: Member, old: str, ref: str | None) -> None:
        """Tell all rooms that a member is in that it has another nick now."""
        rooms = self.rooms_of(member)
        everywhere = Everywhere(rooms, set()) if len(rooms) > 1 else None
        for room in rooms:
            renamed = events.Renamed("", "", room.name, old, member.nick)
            self.post(member, room, Entry(room.key, renamed, ref), everywhere=everywhere)
        if not member.rooms:
            self.tell(member, lambda: self._renamed_nowhere(member, old, ref))

    # For whoever carries the batches out.

    def take_batch(self) -> Batch:
        """Return what has been posted since the last call, or the first part of it if that is long."""
        return [self._posted.popleft() for _ in range(min(self.posted, _MAX_BATCH))]

    @property
    def posted(self) -> int:
        """How much has been posted that is not in a batch yet."""
        return len(self._posted)

    def new_rooms(self) -> list[Room]:
        """Return the rooms made since the last call: the log may know a topic that they had earlier."""
        new, self._new_rooms = self._new_rooms, []
        return new

    def without_messages(self, batch: Batch, why: str) -> Batch:
        """Return what remains of a batch that the log could not store.

        Senders are told that their messages were not stored. Joins, leaves and new names still take effect, for the
        state has changed already.
        """
        remaining: Batch = []
        for post in batch:
            if isinstance(post, PendingEvent) and _is_message(post):
                if post.sent_ref is not None:
                    post.member.sent_refs.forget(post.sent_ref)
                remaining.append(PendingReply(post.member, not_stored(post.entry.ref, f": {why}")))
            else:
                remaining.append(post)
        return remaining

    def publish(self, batch: Batch, logged: Sequence[Entry], wall_time: float, now: float) -> dict[Outbox, None]:
        """Show what the log gave back of a batch; return the outboxes that got private lines.

        `wall_time` is in seconds since 1970, `now` on a clock that never goes back. Everything comes in the order of
        the batch, but acks before the messages that follow each other, so that a sender's are one run of bytes. What
        other servers have put into the log between is shown in its place.
        """
        entries = iter(logged)
        for are_messages, run in groupby(batch, _is_message):
            posts = list(run)
            if are_messages:
                self._acknowledge(posts)
            for post in posts:
                post.member.unpublished -= 1
                if isinstance(post, PendingReply):
                    self._reply(post, wall_time)
                    continue
                if isinstance(post, PendingNews):
                    self._tell_others(post)
                    continue
                for entry in entries:
                    if entry is post.entry:
                        self._show_own(post, now)
                        break
                    self._show(entry, now)
        for entry in entries:
            self._show(entry, now)
        outboxes, self._outboxes = self._outboxes, {}
        return outboxes

    def seal(self, now: float) -> list[RoomFeed]:
        """Make what was published sendable; return the feeds that have something new for their readers."""
        sealed = []
        for feed in list(self._changed):
            due = feed.summary.due
            if due is not None and due <= now:
                feed.tell_summary()
            if feed.summary.due is None:
                del self._changed[feed]
            if feed.seal():
                sealed.append(feed)
        return sealed

    def due(self) -> float | None:
        """Return when `seal` has to be called though nothing is posted, if at all."""
        return min((feed.summary.due for feed in self._changed if feed.summary.due is not None), default=None)

    # How a batch is carried out.

    def _acknowledge(self, posts: Batch) -> None:
        for post in posts:
            if isinstance(post, PendingEvent) and post.entry.ref is not None:
                if post.sent_ref is not None:
                    post.sent_ref.id = post.entry.event.id
                self._put(post.member, replies.Ack(ref=post.entry.ref, id=post.entry.event.id))

    def _show(self, entry: Entry, now: float) -> None:
        """Show an event to all in its room who are connected to this server."""
        room = self._rooms.get(entry.room)
        if room is not None:
            self._publish_in(room, entry.event, now)

    def _show_own(self, post: PendingEvent, now: float) -> None:
        """Show an event that a member of this server caused, and what it means for that member."""
        member, room, entry, _, everywhere = post
        event = entry.event
        if isinstance(event, events.Left):  # the one who leaves does not hear it
            self._withdraw(member, room)
        elif isinstance(event, events.Renamed):
            member.published_nick = event.new
        if everywhere is not None:
            self._tell_once(room, entry, member, everywhere)
        elif member in room.members and (own := member.encoder.own(member, event, entry.ref)) is not None:
            self._tell_instead(room, member, own)
        self._publish_in(room, event, now)
        if isinstance(event, events.Joined):  # nor does the one who enters; in a crowd, a gathered line may count it
            self._enter(member, room, event, entry.ref)

    def _tell_instead(self, room: Room, member: Member, data: bytes) -> None:
        """Tell a member this, and not what the room says next."""
        self._put_bytes(member, data)
        room.pass_over_next(member)

    def _tell_once(self, room: Room, entry: Entry, member: Member, everywhere: Everywhere) -> None:
        """Tell those who are told once, and share several rooms with a member, what happens next in all of them.

        It has its place in what all these rooms say: behind the member's last words in each, and ahead of its next.
        """
        others = [other for other in everywhere.rooms if other is not room]
        for reader in room.members:
            if not reader.can.told_once:
                continue
            if reader in everywhere.told:
                room.pass_over_next(reader)
            elif any(reader in other.members for other in others):
                everywhere.told.add(reader)
                ref = entry.ref if reader is member else None
                self._tell_instead(room, reader, _encode_own(reader, entry.event, ref))

    def _publish_in(self, room: Room, event: events.AnyEvent, now: float) -> None:
        if isinstance(event, events.TopicSet):
            room.topic = event.text
        for feed in room.publish(event, now):
            self._changed[feed] = None

    def _enter(self, member: Member, room: Room, joined: events.Joined, ref: str | None) -> None:
        first = not member.welcomed
        member.joined_id, member.published_nick = joined.id, joined.nick
        room.since = room.since or joined.time
        if member.away is not None:
            self._tell(room.members, replies.AwayChanged(nick=joined.nick, text=member.away))
        room.enter(member)
        if member.catching_up:
            member.outbox.hold()
        named = MAX_LISTED if member.can.welcomed_with_list or not first else 0
        members = room.members_reply(joined.id, ref, named)
        self._put(member, self._welcome(member, members) if first else members)

    def _welcome(self, member: Member, members: replies.Members) -> replies.Welcome:
        limits = self.limits
        member.welcomed = True
        member.published_nick = member.published_nick or member.nick
        return replies.Welcome(
            nick=member.published_nick,
            room=members.room,
            members=members.members,
            count=members.count,
            topic=members.topic,
            id=member.joined_id,
            token=member.token,
            server=self._server,
            limits={"line": limits.max_line, "nick": limits.max_name, "rate": limits.rate, "burst": limits.burst},
        )

    def _withdraw(self, member: Member, room: Room) -> None:
        room.depart(member)
        self._outboxes[member.outbox] = None  # what it is still owed of the room is a private line from now on
        room.expected -= 1
        if not room.expected:
            del self._rooms[room.key]

    def _renamed_nowhere(self, member: Member, old: str, ref: str | None) -> bytes:
        member.published_nick = member.nick
        return _encode_own(member, events.Renamed("", "", "", old, member.nick), ref)

    def _change_encoder(
        self, member: Member, encoder: Encoder, can: Capabilities, answer: Callable[[], bytes]
    ) -> bytes:
        rooms = [room for room in self.rooms_of(member) if member in room.members]
        for room in rooms:
            room.unfollow(member)
        member.encoder, member.can = encoder, can
        for room in rooms:
            room.follow(member)
        return answer()

    def _tell_others(self, post: PendingNews) -> None:
        member, news = post
        others = {other: None for room in self.rooms_of(member) for other in room.members if other is not member}
        watching = {other: None for other in self.watchers.of(member.key) if other.can.watches_closely}
        self._tell(others | watching, news)

    def _tell(self, members: Iterable[Member], news: AnyReply) -> None:
        for member in members:
            self._put(member, news)

    def _reply(self, post: PendingReply, wall_time: float) -> None:
        member, reply = post
        if member.closed:  # nothing comes behind the last word
            return
        if isinstance(reply, list):
            self._put(member, *reply)
            return
        message = reply() if callable(reply) else reply
        if isinstance(message, bytes):
            self._put_bytes(member, message)
            return
        self._put(member, message)
        if isinstance(message, replies.Closing):
            member.closed = True
            self.release_nick(member, wall_time)

    def _put(self, member: Member, *messages: Message) -> None:
        self._put_bytes(member, b"".join([_encode(member, message) for message in messages]))

    def _put_bytes(self, member: Member, data: bytes) -> None:
        member.outbox.put(data)
        self._outboxes[member.outbox] = None


def _encode(member: Member, message: events.AnyEvent | AnyReply) -> bytes:
    if isinstance(message, events.Event):
        return member.encoder.event(message)
    return member.encoder.reply(member, message)


def _encode_own(member: Member, event: events.AnyEvent, ref: str | None) -> bytes:
    own = member.encoder.own(member, event, ref)
    return member.encoder.event(event) if own is None else own


def not_stored(ref: str | None, why: str = "") -> replies.Error:
    """Return what to answer to a message that the log did not take."""
    return replies.Error(code="not-stored", message=f"not stored and not sent{why}", ref=ref)


def _is_message(post: PendingEvent | PendingReply | PendingNews) -> bool:
    return isinstance(post, PendingEvent) and isinstance(post.entry.event, events.Said | events.Acted | events.TopicSet)
