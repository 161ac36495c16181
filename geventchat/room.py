"""A room: its members, its topic, and a feed for each dialect that its members read."""

from collections.abc import Iterable
from itertools import islice

from geventchat.dialects.base import Speech
from geventchat.events import AnyEvent, Joined, Left
from geventchat.feed import Cursor, Feed
from geventchat.limits import CROWD, MAX_LISTED
from geventchat.member import Member
from geventchat.presence import Presence
from geventchat.replies import Gap, Members


class RoomFeed(Feed):
    """A room's feed in one dialect."""

    __slots__ = ("presence", "speech")

    def __init__(self, room: str, speech: Speech, window: int) -> None:
        def gap(first: str, last: str, count: int) -> bytes:
            return speech.encode(Gap(room=room, first=first, last=last, count=count))

        super().__init__(window, gap)
        self.speech = speech
        self.presence = Presence()

    def tell_presence(self) -> None:
        """Say now who came and went while that was being gathered."""
        if self.presence.due is not None:
            for told in self.presence.take():
                self.append(
                    self.presence.last_id,
                    self.speech.notice(told) if isinstance(told, str) else self.speech.encode(told),
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
        self._feeds: dict[Speech, RoomFeed] = {}
        self._feed_window = feed_window

    def publish(self, event: AnyEvent, now: float) -> Iterable[RoomFeed]:
        """Put an event that is in the log into the feeds, and return them; `now` is on a clock that never goes back."""
        crowded = len(self.members) > CROWD
        for feed in self._feeds.values():
            if crowded and feed.speech.for_people and isinstance(event, Joined | Left):
                feed.presence.add(event, now)
            else:
                feed.tell_presence()
                feed.append(event.id, feed.speech.encode(event))
        return self._feeds.values()

    def enter(self, member: Member) -> None:
        """Let a member hear what the room says from now on."""
        self.members[member] = None
        feed = self._feeds.get(member.speech)
        if feed is None:
            feed = self._feeds[member.speech] = RoomFeed(self.name, member.speech, self._feed_window)
        member.outbox.follow(feed)

    def place(self, member: Member) -> Cursor:
        """Return where a member is in what the room says."""
        return member.outbox.place(self._feeds[member.speech])

    def depart(self, member: Member) -> None:
        """Let a member hear no more; what was said until now still reaches it."""
        self.members.pop(member, None)
        feed = self._feeds.get(member.speech)
        if feed is not None:
            member.outbox.unfollow(feed)
            if not feed.has_readers:
                del self._feeds[member.speech]

    def census(self, event_id: str | None = None, ref: str | None = None, most: int = MAX_LISTED) -> Members:
        """Return who is here; `most` are named."""
        named = [member.known_as for member in islice(self.members, most)]
        return Members(room=self.name, members=named, count=len(self.members), topic=self.topic, id=event_id, ref=ref)
