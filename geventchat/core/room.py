"""A room: its members, its topic, and a feed for each encoding that its members read."""

from collections.abc import Callable, Iterable
from itertools import islice

from geventchat.core.counters import Counters
from geventchat.core.encoder import Encoder
from geventchat.core.member import Member
from geventchat.delivery.feed import Cursor, Feed
from geventchat.protocol.crowd import JoinLeaveSummary
from geventchat.protocol.events import AnyEvent, Joined, Left
from geventchat.protocol.limits import CROWD, MAX_LISTED
from geventchat.protocol.replies import Gap, Members


class RoomFeed(Feed):
    """A room's feed in one encoding; with `gathers`, joins and leaves of a crowd are gathered in it.

    `failures` are the errors for which its readers were told gaps in this batch.
    """

    __slots__ = ("encoder", "failures", "gathers", "room", "summary")

    def __init__(self, room: str, encoder: Encoder, window: int, counters: Counters, *, gathers: bool) -> None:
        def gap(first: str, last: str, count: int) -> bytes:
            counters.gaps += 1
            return encoder.gap(Gap(room=room, first=first, last=last, count=count))

        super().__init__(window, gap)
        self.room = room
        self.encoder = encoder
        self.gathers = gathers
        self.summary = JoinLeaveSummary()
        self.failures: list[Exception] = []

    def publish(self, event: AnyEvent, now: float, *, crowded: bool) -> None:
        """Append an event, or gather it until it is due; `now` is on a clock that never goes back."""
        if crowded and self.gathers and isinstance(event, Joined | Left):
            self.summary.add(event, now)
        else:
            if self.summary.due is not None:
                self.tell_summary()
            self._tell(event.id, self.encoder.event, event)

    def tell_summary(self) -> None:
        """Append who came and went while that was being gathered."""
        for told in self.summary.take():
            if isinstance(told, str):
                self._tell(self.summary.last_id, self.encoder.crowd, self.room, told)
            else:
                self._tell(self.summary.last_id, self.encoder.event, told)

    def _tell(self, event_id: str, encode: Callable[..., bytes], *told: object) -> None:
        """Append what is told; or a gap, where it cannot be encoded: that is no reason to serve nobody any more."""
        try:
            line = encode(*told)
        except Exception as error:
            self.failures.append(error)
            line = self.gap(event_id, event_id, 1)
        self.append(event_id, line)


class Room:
    """A name, those who are in it, and what they are sent. `members` is the shared group that a message goes to."""

    def __init__(self, name: str, key: str, feed_window: int, counters: Counters) -> None:
        self.name = name
        self.key = key
        self.topic = ""
        self.since: str | None = None  # when somebody entered it first
        self.expected = 0  # members, those still to enter included; with none left, the room can go
        self.members: dict[Member, None] = {}
        self._feeds: dict[Callable[[AnyEvent], bytes], RoomFeed] = {}  # by what encodes the events in it
        self._feed_window = feed_window
        self._counters = counters

    def publish(self, event: AnyEvent, now: float) -> Iterable[RoomFeed]:
        """Put an event that is in the log into the feeds, encoded once for each, and return them."""
        crowded = len(self.members) > CROWD
        feeds = self._feeds.values()
        for feed in feeds:
            feed.publish(event, now, crowded=crowded)
        return feeds

    def enter(self, member: Member) -> None:
        """Show a member what the room says from now on."""
        self.members[member] = None
        if not member.is_remote:
            self.follow(member)

    def follow(self, member: Member) -> None:
        """Show a member what the room says from now on, as its encoder does."""
        event = member.encoder.event
        feed = self._feeds.get(event)
        if feed is None:
            gathers = member.can.gathers_joins
            feed = self._feeds[event] = RoomFeed(
                self.name, member.encoder, self._feed_window, self._counters, gathers=gathers
            )
        member.outbox.follow(feed)

    def cursor(self, member: Member) -> Cursor:
        """Return where a member is in what the room says."""
        return member.outbox.cursor(self._feeds[member.encoder.event])

    def pass_over_next(self, member: Member) -> None:
        """Do not show a member what the room says next: it knows."""
        member.outbox.pass_over_next(self._feeds[member.encoder.event])

    def depart(self, member: Member) -> None:
        """Show a member no more; what was said until now still reaches it."""
        self.members.pop(member, None)
        self.unfollow(member)

    def unfollow(self, member: Member) -> None:
        """Show a member what was said until now, and no more."""
        event = member.encoder.event
        feed = self._feeds.get(event)
        if feed is not None:
            member.outbox.unfollow(feed)
            if not feed.has_readers:
                feed.trim()
                del self._feeds[event]

    def members_reply(
        self,
        moderates: Callable[[Member], bool],
        event_id: str | None = None,
        ref: str | None = None,
        most: int = MAX_LISTED,
    ) -> Members:
        """Return who is here, and which of them moderate; `most` are named."""
        named = list(islice(self.members, most))
        return Members(
            room=self.name,
            members=[member.published_nick for member in named],
            moderators=[member.published_nick for member in named if moderates(member)],
            count=len(self.members),
            topic=self.topic,
            since=self.since,
            id=event_id,
            ref=ref,
        )
