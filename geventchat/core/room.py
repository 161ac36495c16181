"""A room: its members, its topic, and a feed for each dialect that its members read."""

from collections.abc import Iterable
from itertools import islice

from geventchat.core.encoder import Encoder
from geventchat.core.member import Member
from geventchat.delivery.feed import Cursor, Feed
from geventchat.protocol.crowd import Presence
from geventchat.protocol.events import AnyEvent, Joined, Left
from geventchat.protocol.limits import CROWD, MAX_LISTED
from geventchat.protocol.replies import Gap, Members


class RoomFeed(Feed):
    """A room's feed in one dialect."""

    __slots__ = ("encoder", "presence")

    def __init__(self, room: str, encoder: Encoder, window: int) -> None:
        def gap(first: str, last: str, count: int) -> bytes:
            return encoder.encode(Gap(room=room, first=first, last=last, count=count))

        super().__init__(window, gap)
        self.encoder = encoder
        self.presence = Presence()

    def tell_presence(self) -> None:
        """Say now who came and went while that was being gathered."""
        if self.presence.due is not None:
            for told in self.presence.take():
                self.append(
                    self.presence.last_id,
                    self.encoder.notice(told) if isinstance(told, str) else self.encoder.encode(told),
                )


class Room:
    """A name, those who are in it, and what they are sent.

    What the room says is `publish`ed: encoded once per dialect. `members` is the shared group that a message goes to.
    """

    def __init__(self, name: str, key: str, feed_window: int) -> None:
        self.name = name
        self.key = key
        self.topic = ""
        self.expected = 0  # members, those still to enter included; with none left, the room can go
        self.members: dict[Member, None] = {}
        self._feeds: dict[Encoder, RoomFeed] = {}
        self._feed_window = feed_window

    def publish(self, event: AnyEvent, now: float) -> Iterable[RoomFeed]:
        """Put an event that is in the log into the feeds, and return them; `now` is on a clock that never goes back."""
        crowded = len(self.members) > CROWD
        for feed in self._feeds.values():
            if crowded and feed.encoder.for_people and isinstance(event, Joined | Left):
                feed.presence.add(event, now)
            else:
                feed.tell_presence()
                feed.append(event.id, feed.encoder.encode(event))
        return self._feeds.values()

    def enter(self, member: Member) -> None:
        """Let a member hear what the room says from now on."""
        self.members[member] = None
        feed = self._feeds.get(member.encoder)
        if feed is None:
            feed = self._feeds[member.encoder] = RoomFeed(self.name, member.encoder, self._feed_window)
        member.outbox.follow(feed)

    def place(self, member: Member) -> Cursor:
        """Return where a member is in what the room says."""
        return member.outbox.place(self._feeds[member.encoder])

    def depart(self, member: Member) -> None:
        """Let a member hear no more; what was said until now still reaches it."""
        self.members.pop(member, None)
        feed = self._feeds.get(member.encoder)
        if feed is not None:
            member.outbox.unfollow(feed)
            if not feed.has_readers:
                del self._feeds[member.encoder]

    def census(self, event_id: str | None = None, ref: str | None = None, most: int = MAX_LISTED) -> Members:
        """Return who is here; `most` are named."""
        named = [member.known_as for member in islice(self.members, most)]
        return Members(room=self.name, members=named, count=len(self.members), topic=self.topic, id=event_id, ref=ref)
