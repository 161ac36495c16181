"""What the log gave back of a batch, shown: events to rooms, replies to members, each in the batch's order."""

from collections.abc import Callable, Iterable
from itertools import groupby

from geventchat.core.counters import Counters
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.moderation.moderation import Moderation
from geventchat.core.naming import Naming
from geventchat.core.posts import Batch, Everywhere, PendingEvent, PendingNews, PendingReply, ends_stay, is_message
from geventchat.core.room import Room, RoomFeed
from geventchat.core.rooms import Rooms
from geventchat.core.watchers import Watchers
from geventchat.delivery.outbox import Outbox
from geventchat.protocol import events, replies
from geventchat.protocol.limits import MAX_LISTED, MAX_WINDOWS
from geventchat.protocol.replies import AnyReply, Message


class Publisher:
    """Shows what happens in the rooms of a chat, whose first words to a member are those that `welcome` returns.

    All feeds together keep as much for readers who are behind as MAX_WINDOWS of `feed_window` bytes.
    """

    def __init__(
        self,
        feed_window: int,
        counters: Counters,
        rooms: Rooms,
        watchers: Watchers,
        moderation: Moderation,
        naming: Naming,
        welcome: Callable[[Member, replies.Members], replies.Welcome],
    ) -> None:
        self._max_kept = MAX_WINDOWS * feed_window
        self._counters = counters
        self._rooms = rooms
        self._watchers = watchers
        self._moderation = moderation
        self._naming = naming
        self._welcome = welcome
        self._changed: dict[RoomFeed, None] = {}
        self._keeping: list[RoomFeed] = []  # feeds with something that not all of their readers may have been sent
        self._outboxes: dict[Outbox, None] = {}
        # Are told why a member cannot be told something, and why a feed's readers were told a gap instead.
        self.failed: Callable[[Member, Exception], None] = _fail
        self.left_out: Callable[[RoomFeed, Exception], None] = _fail

    def publish(self, batch: Batch, wall_time: float, now: float) -> None:
        """Show a batch that is in the log.

        `wall_time` is in seconds since 1970, `now` on a clock that never goes back. Everything comes in the order of
        the batch, but acks before the messages that follow each other, so that a sender's are one run of bytes.
        """
        for are_messages, run in groupby(batch, is_message):
            posts = list(run)
            if are_messages:
                self._acknowledge(posts)
                self._counters.messages += len(posts)
            for post in posts:
                post.member.unpublished -= 1
                if isinstance(post, PendingEvent):
                    self.show(post, now)
                elif isinstance(post, PendingReply):
                    self.reply(post, wall_time)
                elif isinstance(post, PendingNews):
                    self.tell_others(post)
                else:
                    post.step()

    def take_outboxes(self) -> dict[Outbox, None]:
        """Return the outboxes that got private lines since the last call."""
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
            while feed.failures:
                self.left_out(feed, feed.failures.pop())
            if feed.seal():
                sealed.append(feed)
        self._bound_feeds(sealed)
        return sealed

    def _bound_feeds(self, sealed: list[RoomFeed]) -> None:
        """Leave each feed its share where all of them, those just sealed included, keep too much together."""
        self._keeping = [feed for feed in {*self._keeping, *sealed} if feed.kept]
        if sum(feed.kept for feed in self._keeping) > self._max_kept:
            for feed in self._keeping:
                feed.shrink(self._max_kept // len(self._keeping))

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

    def show(self, post: PendingEvent, now: float) -> None:
        """Show an event that a member has caused, and what it means for that member."""
        member, room, entry, everywhere = post.member, post.room, post.entry, post.everywhere
        event = entry.event
        if ends_stay(event):  # the one who leaves does not hear it
            self.withdraw(member, room)
        elif isinstance(event, events.Renamed):
            member.published_nick = event.new
        if everywhere is not None:
            self._tell_once(room, entry, member, everywhere)
        elif member.encoder.own is not None and member in room.members:
            self._tell_instead(room, member, member.encoder.own, event, entry.ref)
        self.publish_in(room, event, now)
        if isinstance(event, events.Joined):  # nor does the one who enters; in a crowd, a gathered line may count it
            self._enter(member, room, event, entry.ref)

    def _tell_instead(
        self,
        room: Room,
        member: Member,
        encode: Callable[[Member, events.AnyEvent, str | None], bytes | None],
        event: events.AnyEvent,
        ref: str | None,
    ) -> None:
        """Tell a member what this makes of an event, if anything, and not what the room says next."""
        try:
            data = encode(member, event, ref)
        except Exception as error:  # as in `_put`
            self.failed(member, error)
            return
        if data is not None:
            self._put_bytes(member, data)
            room.pass_over_next(member)

    def _tell_once(self, room: Room, entry: Entry, member: Member, everywhere: Everywhere) -> None:
        """Tell those who are told once, and share several rooms with a member, what happens next in all of them.

        It has its place in what all these rooms say: behind the member's last words in each, and ahead of its next. Who
        is behind is told in each room, whose feed is bounded.
        """
        others = [other for other in everywhere.rooms if other is not room]
        for reader in room.members:
            if not reader.can.told_once:
                continue
            if reader in everywhere.told:
                room.pass_over_next(reader)
            elif any(reader in other.members for other in others) and (reader is member or not reader.is_behind):
                everywhere.told.add(reader)
                ref = entry.ref if reader is member else None
                self._tell_instead(room, reader, encode_own, entry.event, ref)

    def publish_in(self, room: Room, event: events.AnyEvent, now: float) -> None:
        """Show an event to all in its room who are connected to this server."""
        if isinstance(event, events.TopicSet):
            room.topic = event.text
        for feed in room.publish(event, now):
            self._changed[feed] = None

    def _enter(self, member: Member, room: Room, joined: events.Joined, ref: str | None) -> None:
        first = not member.welcomed
        member.joined_id, member.published_nick = joined.id, joined.nick
        room.since = room.since or joined.time
        if member.away is not None:
            self._tell(room.members, replies.AwayChanged(nick=joined.nick, text=member.away, account=joined.account))
        room.enter(member)
        if member.is_remote:
            return  # its own server tells it what it has entered
        if member.catching_up:
            member.outbox.hold(room.cursor(member).feed)
        named = MAX_LISTED if member.can.welcomed_with_list or not first else 0
        members = self.members_of(room, events.seconds_of(joined.time), joined.id, ref, named)
        self._put(member, self._welcome(member, members) if first else members)

    def members_of(
        self, room: Room, now: float, event_id: str | None = None, ref: str | None = None, most: int = MAX_LISTED
    ) -> replies.Members:
        """Return who is in a room, and what holds there now, in seconds since 1970; `most` are named."""
        members = room.members_reply(lambda member: self._moderation.moderates(member, room.key), event_id, ref, most)
        rules = self._moderation.rules.of(room.key)
        members.locked, members.password = rules.locked, bool(rules.password)
        members.muted = self._moderation.is_quiet(room.key, now)
        return members

    def withdraw(self, member: Member, room: Room) -> None:
        """Show a member no more of a room, which goes with the last one who is expected there."""
        room.depart(member)
        self._outboxes[member.outbox] = None  # what it is still owed of the room is a private line from now on
        self._rooms.unexpect(room)

    def tell_others(self, post: PendingNews) -> None:
        """Tell all who share a room with a member, or watch it closely, some news of it."""
        member, news = post.member, post.news
        others = {other: None for room in self._rooms.all_of(member) for other in room.members}
        others.update((other, None) for other in self._watchers.of(member.key) if other.can.watches_closely)
        others.pop(member, None)
        self._tell(others, news)

    def _tell(self, members: Iterable[Member], news: AnyReply) -> None:
        """Tell members how something stands, which those who are behind have to ask for."""
        for member in members:
            if not member.is_behind:
                self._put(member, news)

    def reply(self, post: PendingReply, wall_time: float) -> None:
        """Tell a member something; `wall_time` is in seconds since 1970."""
        member = post.member
        if member.closed:  # nothing comes behind the last word
            return
        try:
            message = self._tell_alone(member, post.reply)
        except Exception as error:  # as in `_put`
            self.failed(member, error)
            return
        if isinstance(message, replies.Closing) and not member.is_remote:
            member.closed = True
            self._naming.release(member, wall_time)

    def _tell_alone(
        self, member: Member, reply: Message | Callable[[], Message | bytes] | list[events.AnyEvent]
    ) -> Message | None:
        """Tell a member something; return the message, if it was one."""
        if isinstance(reply, list):
            self._put(member, *reply)
            return None
        message = reply() if callable(reply) else reply
        if isinstance(message, bytes):
            self._put_bytes(member, message)
            return None
        self._put(member, message)
        return message

    def _put(self, member: Member, *messages: Message) -> None:
        try:
            data = b"".join([_encode(member, message) for message in messages])
        except Exception as error:  # of one member's, which is no reason to serve the others no more
            self.failed(member, error)
            return
        self._put_bytes(member, data)

    def _put_bytes(self, member: Member, data: bytes) -> None:
        member.outbox.put(data)
        self._outboxes[member.outbox] = None


def _fail(_: Member | RoomFeed, error: Exception) -> None:
    raise error


def _encode(member: Member, message: events.AnyEvent | AnyReply) -> bytes:
    if isinstance(message, events.Event):
        return member.encoder.event(message)
    return member.encoder.reply(member, message)


def encode_own(member: Member, event: events.AnyEvent, ref: str | None) -> bytes:
    """Return what a member is sent of an event that it has caused, with the ref that it gave that."""
    own = member.encoder.own(member, event, ref) if member.encoder.own is not None else None
    return member.encoder.event(event) if own is None else own
