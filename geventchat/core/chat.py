"""The whole chat without its connections: who is here, which rooms there are, and what comes of each command.

Nothing takes effect in the eyes of others before it is in the log. So what comes of a command, events for rooms and
answers for the user alike, is posted into the `turn`, in order; the turn's events go to the log together; and `publish`
then carries the turn out.
"""

from collections import deque
from collections.abc import Callable
from itertools import groupby, islice
from typing import NamedTuple

from geventchat.core.dedup import Marked
from geventchat.core.member import Member
from geventchat.core.room import Room, RoomFeed
from geventchat.delivery.outbox import Outbox
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_LISTED, Limits
from geventchat.protocol.replies import Message

# The most that one turn carries out: a few milliseconds of work, or some 50 ms for joins of a very large room.
_MAX_TURN = 256


class Happening(NamedTuple):
    """An event that a member caused in a room; `ref` when the member wants to be told its id.

    `marked` is what it may be known by when it is repeated.
    """

    member: Member
    room: Room
    event: events.AnyEvent
    ref: str | None = None
    marked: Marked | None = None


class Answer(NamedTuple):
    """Something for one member alone; as a function, when it depends on how things stand once it is its turn.

    Or a piece of the past: events that others heard long ago.
    """

    member: Member
    reply: Message | Callable[[], Message] | list[events.AnyEvent]


Turn = list[Happening | Answer]


class Chat:
    """All rooms and all members of one server; `server` is its name and version, as newcomers are told."""

    def __init__(self, limits: Limits, server: str) -> None:
        self.limits = limits
        self._server = server
        self._rooms: dict[str, Room] = {}
        self._members: dict[str, Member] = {}
        self._turn: deque[Happening | Answer] = deque()
        self._new_rooms: list[Room] = []
        self._changed: dict[RoomFeed, None] = {}
        self._told: dict[Outbox, None] = {}

    # The state that commands change at once; others see it when the turn is carried out.

    def find(self, nick: str) -> Member | None:
        """Return the member of this name, however it is written."""
        return self._members.get(names.key(nick, self.limits.max_name))

    def claim(self, member: Member, name: str) -> None:
        """Give a member this nick. Raises Refused when it is no name, or somebody else's."""
        nick, key = names.nick(name, self.limits.max_name)
        if self._members.get(key, member) is not member:
            raise Refused("nick-taken", f"the name {nick} is taken")
        if member.key:
            del self._members[member.key]
        self._members[key] = member
        member.nick, member.key = nick, key

    def disown(self, member: Member) -> None:
        """Let others have a member's nick."""
        if self._members.get(member.key) is member:
            del self._members[member.key]

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

    # What commands, and the ends of connections, come to.

    def tell(self, member: Member, reply: Message | Callable[[], Message]) -> None:
        """Answer a member, behind all that was posted before."""
        member.pending += 1
        self._turn.append(Answer(member, reply))

    def tell_past(self, member: Member, past: list[events.AnyEvent]) -> None:
        """Tell a member what happened before, behind all that was posted before."""
        member.pending += 1
        self._turn.append(Answer(member, past))

    def refuse(self, member: Member, refusal: Refused, ref: str | None = None) -> None:
        """Tell a member why something was not done."""
        self.tell(member, replies.Error(code=refusal.code, message=refusal.message, ref=ref))

    def post(
        self,
        member: Member,
        room: Room,
        event: events.AnyEvent,
        ref: str | None = None,
        marked: Marked | None = None,
    ) -> None:
        """Let a member do something in a room; the log will give the event its id and time."""
        member.pending += 1
        self._turn.append(Happening(member, room, event, ref, marked))

    def join(self, member: Member, room_name: str, ref: str | None = None) -> None:
        """Let a member into a room, which is made if it is not there. Raises Refused if that is no name."""
        name, key = names.room(room_name, self.limits.max_name)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(name, key, self.limits.feed_window)
            self._new_rooms.append(room)
        room.expected += 1
        member.rooms.append(key)
        self.post(member, room, events.Joined("", "", room.name, member.nick), ref)

    def leave(self, member: Member, room: Room, reason: str = "") -> events.Left:
        """Take a member out of a room; return the event, which has its id once it is published."""
        left = events.Left("", "", room.name, member.nick, reason)
        member.rooms.remove(room.key)
        self.post(member, room, left)
        return left

    def depart(self, member: Member, reason: str = "") -> None:
        """Take a member out of all its rooms. Its nick is free once it has been told a Closing."""
        for room in self.rooms_of(member):
            self.leave(member, room, reason)

    # For the pump.

    def take_turn(self) -> Turn:
        """Return what has been posted since the last call, or the first part of it if that is long."""
        return [self._turn.popleft() for _ in range(min(self.posted, _MAX_TURN))]

    @property
    def posted(self) -> int:
        """How much has been posted that is not in a turn yet."""
        return len(self._turn)

    def new_rooms(self) -> list[Room]:
        """Return the rooms made since the last call: the log may know a topic that they had earlier."""
        new, self._new_rooms = self._new_rooms, []
        return new

    def unstored(self, turn: Turn, why: str) -> Turn:
        """Return what remains of a turn that the log could not keep.

        Speakers are told that their messages were not stored. Arrivals, departures and new names still take effect, for
        the state has changed already.
        """
        left: Turn = []
        for post in turn:
            if isinstance(post, Happening) and _is_message(post):
                if post.marked is not None:
                    post.member.marks.forget(post.marked)
                left.append(Answer(post.member, not_stored(post.ref, f": {why}")))
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

    # How a turn is carried out.

    def _acknowledge(self, posts: Turn) -> None:
        for post in posts:
            if isinstance(post, Happening) and post.ref is not None:
                if post.marked is not None:
                    post.marked.id = post.event.id
                self._put(post.member, replies.Ack(ref=post.ref, id=post.event.id))

    def _happen(self, happening: Happening, now: float) -> None:
        member, room, event, ref, _ = happening
        if isinstance(event, events.Left):  # the one who leaves does not hear it
            self._withdraw(member, room)
        elif isinstance(event, events.TopicSet):
            room.topic = event.text
        elif isinstance(event, events.Renamed):
            member.known_as = event.new
        self._changed.update(dict.fromkeys(room.publish(event, now)))
        if isinstance(event, events.Joined):  # nor does the one who enters; in a crowd, a gathered line may count it
            self._enter(member, room, event, ref)

    def _enter(self, member: Member, room: Room, joined: events.Joined, ref: str | None) -> None:
        first = not member.entered
        member.entered, member.known_as = joined.id, joined.nick
        room.enter(member)
        if member.behind:
            member.outbox.hold()
        names = 0 if first and member.encoder.for_people else MAX_LISTED  # people are welcomed without a list
        census = room.census(joined.id, ref, names)
        self._put(member, self._welcome(member, census) if first else census)

    def _welcome(self, member: Member, census: replies.Members) -> replies.Welcome:
        limits = self.limits
        return replies.Welcome(
            nick=member.known_as,
            room=census.room,
            members=census.members,
            count=census.count,
            topic=census.topic,
            id=member.entered,
            token=member.token,
            server=self._server,
            limits={"line": limits.max_line, "nick": limits.max_name, "rate": limits.rate, "burst": limits.burst},
        )

    def _withdraw(self, member: Member, room: Room) -> None:
        room.depart(member)
        self._told[member.outbox] = None  # what it has still to hear of the room comes by itself from now on
        room.expected -= 1
        if not room.expected:
            del self._rooms[room.key]

    def _answer(self, answer: Answer) -> None:
        if answer.member.gone:  # nothing comes behind the last word
            return
        if isinstance(answer.reply, list):
            self._put(answer.member, *answer.reply)
            return
        reply = answer.reply() if callable(answer.reply) else answer.reply
        self._put(answer.member, reply)
        if isinstance(reply, replies.Closing):
            answer.member.gone = True
            self.disown(answer.member)

    def _put(self, member: Member, *messages: Message) -> None:
        member.outbox.put(b"".join(map(member.encoder.encode, messages)))
        self._told[member.outbox] = None


def not_stored(ref: str | None, why: str = "") -> replies.Error:
    """Return what to answer to a message that the log did not take."""
    return replies.Error(code="not-stored", message=f"not stored and not sent{why}", ref=ref)


def _is_message(post: Happening | Answer) -> bool:
    return isinstance(post, Happening) and isinstance(post.event, events.Said | events.Acted | events.TopicSet)
