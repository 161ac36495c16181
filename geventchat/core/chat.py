"""The whole chat without its connections: who is here, which rooms there are, and what becomes of each command.

Nothing takes effect in the eyes of others before it is in the log. So what comes of a command, events for rooms and
replies for the user alike, is posted into a batch, in order; the batch's events are appended to the log together; and
`publish` then shows what the log gave back.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from geventchat.core.dedup import SentRef
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.room import Room, RoomFeed
from geventchat.delivery.outbox import Outbox
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_LISTED, Limits
from geventchat.protocol.replies import AnyReply, Message

# The most that one batch holds: a few milliseconds of work, or some 50 ms for joins of a very large room.
_MAX_BATCH = 256


class PendingEvent(NamedTuple):
    """An event that a member wants to cause in a room. `sent_ref` is what it is recognised by if it is sent again."""

    member: Member
    room: Room
    entry: Entry
    sent_ref: SentRef | None = None


class PendingReply(NamedTuple):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn.

    Or a piece of the past: events that others were shown long ago.
    """

    member: Member
    reply: Message | Callable[[], Message] | list[events.AnyEvent]


Batch = list[PendingEvent | PendingReply]


class Chat:
    """All rooms and all members of one server; `server` is its name and version, as newcomers are told."""

    def __init__(self, limits: Limits, server: str) -> None:
        self.limits = limits
        self._server = server
        self._rooms: dict[str, Room] = {}
        self._members: dict[str, Member] = {}  # by the key of the nick
        self._lookalikes: dict[str, Member] = {}  # by what the nick looks like
        self._posted: deque[PendingEvent | PendingReply] = deque()
        self._new_rooms: list[Room] = []
        self._changed: dict[RoomFeed, None] = {}
        self._outboxes: dict[Outbox, None] = {}

    # The state that commands change at once; others see it when the batch is published.

    def find(self, nick: str) -> Member | None:
        """Return the member of this name, however it is written."""
        return self._members.get(names.key(nick, self.limits.max_name))

    def claim(self, member: Member, name: str) -> None:
        """Give a member this nick. Raises Refused when it is no name, or is or looks like somebody else's."""
        nick, key = names.nick(name, self.limits.max_name)
        skeleton = names.skeleton(nick)
        if self._members.get(key, member) is not member:
            raise Refused("nick-taken", f"the name {nick} is taken")
        if (other := self._lookalikes.get(skeleton, member)) is not member:
            raise Refused("nick-taken", f"the name {nick} looks like that of {other.nick}, who is here")
        self.release_nick(member)
        self._members[key] = self._lookalikes[skeleton] = member
        member.nick, member.key = nick, key

    def release_nick(self, member: Member) -> None:
        """Give others the chance to take a member's nick."""
        if self._members.get(member.key) is member:
            del self._members[member.key]
            del self._lookalikes[names.skeleton(member.nick)]

    def room_of(self, member: Member, name: str | None) -> Room:
        """Return the member's room of this name, or its only room. Raises Refused."""
        if name is None:
            if len(member.rooms) == 1:
                return self._rooms[member.rooms[0]]
            raise Refused("room-needed", "say which room is meant: you are in none, or in several")
        key = names.key(name, self.limits.max_name)
        if key not in member.rooms:
            raise Refused("not-in-room", "you are not in that room; join it first")
        return self._rooms[key]

    def rooms_of(self, member: Member) -> list[Room]:
        """Return all rooms that a member is in."""
        return [self._rooms[key] for key in member.rooms]

    def room_sizes(self) -> dict[str, int]:
        """Return how many are in each room, by name; of many rooms only some."""
        return {room.name: len(room.members) for room in islice(self._rooms.values(), MAX_LISTED)}

    # What becomes of commands, and of the ends of connections.

    def tell(self, member: Member, reply: Message | Callable[[], Message]) -> None:
        """Reply to a member, behind all that was posted before."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, reply))

    def tell_past(self, member: Member, past: list[events.AnyEvent]) -> None:
        """Show a member events of the past, behind all that was posted before."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, past))

    def refuse(self, member: Member, refusal: Refused, ref: str | None = None) -> None:
        """Tell a member why something was not done."""
        self.tell(member, replies.Error(code=refusal.code, message=refusal.message, ref=ref))

    def post(self, member: Member, room: Room, entry: Entry, sent_ref: SentRef | None = None) -> None:
        """Post an event that a member causes in a room; the log will give it its id and time."""
        member.unpublished += 1
        self._posted.append(PendingEvent(member, room, entry, sent_ref))

    def join(self, member: Member, room_name: str, ref: str | None = None) -> None:
        """Take a member into a room, which is made if it is not there. Raises Refused if that is no name."""
        name, key = names.room(room_name, self.limits.max_name)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(name, key, self.limits.feed_window)
            self._new_rooms.append(room)
        room.expected += 1
        member.rooms.append(key)
        self.post(member, room, Entry(key, events.Joined("", "", room.name, member.nick), ref))

    def leave(self, member: Member, room: Room, reason: str = "") -> events.Left:
        """Take a member out of a room; return the event, which has its id once it is published."""
        left = events.Left("", "", room.name, member.nick, reason)
        member.rooms.remove(room.key)
        self.post(member, room, Entry(room.key, left, None))
        return left

    def depart(self, member: Member, reason: str = "") -> None:
        """Take a member out of all its rooms. Its nick is free once it has been told a Closing."""
        for room in self.rooms_of(member):
            self.leave(member, room, reason)

    # For `core.batches`, which carries the batches out.

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

    def publish(self, batch: Batch, logged: Sequence[Entry], now: float) -> dict[Outbox, None]:
        """Show what the log gave back of a batch; return the outboxes that got private lines.

        `now` is on a clock that never goes back. Everything comes in the order of the batch, but acks before the
        messages that follow each other, so that a sender's are one run of bytes. What other servers have put into the
        log between is shown in its place.
        """
        entries = iter(logged)
        for are_messages, run in groupby(batch, _is_message):
            posts = list(run)
            if are_messages:
                self._acknowledge(posts)
            for post in posts:
                post.member.unpublished -= 1
                if isinstance(post, PendingReply):
                    self._reply(post)
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
        member, room, entry, _ = post
        event = entry.event
        if isinstance(event, events.Left):  # the one who leaves does not hear it
            self._withdraw(member, room)
        elif isinstance(event, events.Renamed):
            member.published_nick = event.new
        self._publish_in(room, event, now)
        if isinstance(event, events.Joined):  # nor does the one who enters; in a crowd, a gathered line may count it
            self._enter(member, room, event, entry.ref)

    def _publish_in(self, room: Room, event: events.AnyEvent, now: float) -> None:
        if isinstance(event, events.TopicSet):
            room.topic = event.text
        for feed in room.publish(event, now):
            self._changed[feed] = None

    def _enter(self, member: Member, room: Room, joined: events.Joined, ref: str | None) -> None:
        first = not member.joined_id
        member.joined_id, member.published_nick = joined.id, joined.nick
        room.enter(member)
        if member.catching_up:
            member.outbox.hold()
        named = MAX_LISTED if member.can.welcomed_with_list or not first else 0
        members = room.members_reply(joined.id, ref, named)
        self._put(member, self._welcome(member, members) if first else members)

    def _welcome(self, member: Member, members: replies.Members) -> replies.Welcome:
        limits = self.limits
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

    def _reply(self, post: PendingReply) -> None:
        member, reply = post
        if member.closed:  # nothing comes behind the last word
            return
        if isinstance(reply, list):
            self._put(member, *reply)
            return
        message = reply() if callable(reply) else reply
        self._put(member, message)
        if isinstance(message, replies.Closing):
            member.closed = True
            self.release_nick(member)

    def _put(self, member: Member, *messages: Message) -> None:
        member.outbox.put(b"".join([_encode(member, message) for message in messages]))
        self._outboxes[member.outbox] = None


def _encode(member: Member, message: events.AnyEvent | AnyReply) -> bytes:
    if isinstance(message, events.Event):
        return member.encoder.event(message)
    return member.encoder.reply(member, message)


def not_stored(ref: str | None, why: str = "") -> replies.Error:
    """Return what to answer to a message that the log did not take."""
    return replies.Error(code="not-stored", message=f"not stored and not sent{why}", ref=ref)


def _is_message(post: PendingEvent | PendingReply) -> bool:
    return isinstance(post, PendingEvent) and isinstance(post.entry.event, events.Said | events.Acted | events.TopicSet)
