"""The whole chat without its connections: who is here, which rooms there are, and what becomes of each command.

Nothing takes effect in the eyes of others before it is in the log. So what comes of a command, events for rooms and
replies for the user alike, is posted into a batch, in order; the batch's events are appended to the log together; and
the `publisher` then shows what the log gave back.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from geventchat.core.accounts import Accounts
from geventchat.core.counters import Counters
from geventchat.core.dedup import SentRef
from geventchat.core.door import Door
from geventchat.core.encoder import Capabilities, Encoder
from geventchat.core.enforcement import Enforcement
from geventchat.core.kept import Change, Kept, nothing
from geventchat.core.log import Entry
from geventchat.core.logins import Logins
from geventchat.core.member import Member, account_of
from geventchat.core.moderation.moderation import Moderation
from geventchat.core.naming import Naming
from geventchat.core.nicks import Nicks, profile
from geventchat.core.posts import (
    Batch,
    Everywhere,
    PendingEvent,
    PendingNews,
    PendingReply,
    PendingStep,
    Post,
    Transaction,
    refusals_of,
    unsettled,
    without_unstored,
)
from geventchat.core.publishing import Publisher, encode_own
from geventchat.core.remote_users import RemoteUsers
from geventchat.core.room import Room
from geventchat.core.rooms import Rooms
from geventchat.core.watchers import Watchers
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_LISTED, Limits
from geventchat.protocol.replies import AnyReply, Message
from geventchat.protocol.roles import Role

# The most that one batch holds: a few milliseconds of work, or some 50 ms for joins of a very large room.
_MAX_BATCH = 256


class Chat:
    """All rooms and all members of one server; `server` is its name and version, as newcomers are told.

    `kept` has the records that survive it. `password` is what newcomers are asked for, if it is not empty. Where it
    `is_shared` with other servers, the log gives out nicks.
    """

    def __init__(self, limits: Limits, server: str, kept: Kept, password: str = "", *, is_shared: bool = False) -> None:
        self.limits = limits
        self.kept = kept
        self.is_shared = is_shared
        self.door = Door(password)
        self._server = server
        self.nicks = Nicks(limits.max_name)
        self.accounts = Accounts(kept)
        self.logins = Logins(kept, self.accounts, self.nicks)
        self.moderation = Moderation(kept, self.role_of, self.logins.account_of)
        self.motd: list[str] = []  # the message of the day, a line each
        self.watchers = Watchers()
        self.counters = Counters()
        self.rooms = Rooms(limits, self.counters)
        # These three act on the chat as commands do, and post what comes of it; what was posted, the publisher shows.
        self.naming = Naming(self)
        self.enforcement = Enforcement(self)
        self.remote_users = RemoteUsers(self)
        self.publisher = Publisher(
            limits.feed_window, self.counters, self.rooms, self.watchers, self.moderation, self.naming, self.welcome_in
        )
        self._posted: deque[Post] = deque()

    # How things stand.

    def room_list(self, viewer: Member, ref: str | None) -> replies.RoomList:
        """Return which rooms there are that a member may know of; of many only some."""
        seen = (room for room in self.rooms if self.moderation.may_look(viewer, room.key))
        rooms = list(islice(seen, MAX_LISTED))
        sizes = {room.name: len(room.members) for room in rooms}
        return replies.RoomList(rooms=sizes, topics={room.name: room.topic for room in rooms if room.topic}, ref=ref)

    def profile(self, member: Member, viewer: Member, now: float) -> replies.Profile:
        """Return what `viewer` may know of a member; `now` is in seconds since 1970."""
        rooms = [room for room in self.rooms.all_of(member) if member in room.members]
        seen = [room for room in rooms if self.moderation.may_look(viewer, room.key)]
        known = profile(member, [room.name for room in seen], now)
        known.moderates = [room.name for room in seen if self.moderation.moderates(member, room.key)]
        known.origin = self.moderation.origin(member) if self.moderation.is_moderator(viewer) else ""
        return known

    def role_of(self, member: Member) -> Role:
        """Return what a member may do: what its account may, unless it was given more."""
        account = self.logins.account_of(member)
        return account.role if account is not None and account.role.may(member.role) else member.role

    def status(self, now: float, ref: str | None) -> replies.Status:
        """Return how the server stands at this time, in seconds since 1970."""
        time = events.iso_time(int(now * 1000))
        return replies.Status(
            server=self._server, time=time, users=len(self.nicks), most=self.nicks.most, rooms=len(self.rooms), ref=ref
        )

    # What is posted, to be seen once it is stored.

    def tell(
        self, member: Member, reply: Message | Callable[[], Message | bytes], transaction: Transaction | None = None
    ) -> None:
        """Reply to a member, behind all that was posted before; as a part of a transaction, if that can be stored."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, reply, transaction))

    def commit(self, member: Member, transaction: Transaction | None, step: Callable[[], None] = nothing) -> None:
        """Store a transaction of a member, or one about it, behind all that was posted before; then take a step."""
        member.unpublished += 1
        self._posted.append(PendingStep(member, step, transaction))

    def ask(self, member: Member) -> None:
        """Ask a member that is not in yet for what it needs for that."""
        if (question := self.door.question(member)) is not None:
            self.tell(member, replies.Prompt(question=question))

    def tell_own(self, member: Member, event: events.AnyEvent, ref: str | None) -> None:
        """Show a member an event that it has caused, in a room that it may have left by that."""
        self.tell(member, lambda: encode_own(member, event, ref))

    def tell_others(self, member: Member, news: AnyReply, transaction: Transaction | None = None) -> None:
        """Tell all who share a room with a member, or watch it closely, something that is no event of any room."""
        member.unpublished += 1
        self._posted.append(PendingNews(member, news, transaction))

    def speak(self, member: Member, encoder: Encoder, can: Capabilities, answer: Callable[[], bytes]) -> None:
        """Give a member an answer of its dialect's, and from there on, encode for it so."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, lambda: self._change_encoder(member, encoder, can, answer)))

    def welcome(self, member: Member) -> None:
        """Welcome a member who is to be in no room yet."""
        nowhere = replies.Members(room="", members=[], count=0, topic="", id="")
        self.tell(member, lambda: self.welcome_in(member, nowhere))

    def welcome_in(self, member: Member, members: replies.Members) -> replies.Welcome:
        """Return the first words to a member, who is shown these members of its first room from now on."""
        limits = self.limits
        member.welcomed = True
        member.published_nick = member.published_nick or member.nick
        return replies.Welcome(
            nick=member.published_nick,
            room=members.room,
            members=members.members,
            count=members.count,
            topic=members.topic,
            moderators=members.moderators,
            id=member.joined_id,
            token=member.token,
            account=member.account,
            role=self.role_of(member),
            server=self._server,
            limits={"line": limits.max_line, "nick": limits.max_name, "rate": limits.rate, "burst": limits.burst},
        )

    def tell_past(self, member: Member, past: list[events.AnyEvent]) -> None:
        """Show a member events of the past, behind all that was posted before."""
        member.unpublished += 1
        self._posted.append(PendingReply(member, past))

    def tell_account(
        self, member: Member, ref: str | None = None, transaction: Transaction | None = None, *, is_spent: bool = False
    ) -> None:
        """Tell a member which account it has logged in to, and what it may do."""
        role = self.role_of(member)
        told = replies.AccountIs(account=member.account, role=role, needs_password=is_spent, ref=ref)
        self.tell(member, told, transaction)
        if names.LOG_ROOM in member.rooms and not role.may(Role.MODERATOR):
            self.tell_own(member, self.leave(member, self.rooms.log()), None)

    def refuse(self, member: Member, refusal: Refused, ref: str | None = None) -> None:
        """Tell a member why something was not done."""
        self.counters.refusals[refusal.code] += 1
        error = replies.Error(code=refusal.code, message=refusal.message, about=refusal.about, ref=ref)
        self.tell(member, error)

    def post(
        self,
        member: Member,
        room: Room,
        entry: Entry,
        sent_ref: SentRef | None = None,
        everywhere: Everywhere | None = None,
        transaction: Transaction | None = None,
        *,
        is_own: bool = True,
    ) -> None:
        """Post an event that a member causes in a room; the log will give it its id and time.

        Where the same happens in several rooms, `everywhere` is one for all of them. What is a part of a transaction is
        shown if that can be stored. What is not its own doing names another one, with the account of that.
        """
        member.unpublished += 1
        if is_own:
            entry.event.account = account_of(member)
        self._posted.append(PendingEvent(member, room, entry, sent_ref, everywhere, transaction))

    # Rooms that members enter and leave: for the commands that follow, they have done so at once.

    def join(self, member: Member, room_name: str, ref: str | None = None) -> None:
        """Take a member into a room, which is made if it is not there. Raises Refused if that is no name."""
        name, key = names.room(room_name, self.limits.max_name)
        room = self.rooms.expect(name, key, self.moderation.account(member))
        member.rooms.append(key)
        moderates = self.moderation.moderates(member, key)
        joined = events.Joined("", "", room.name, member.nick, member.about, moderates)
        self.post(member, room, Entry(key, joined, ref))

    def leave(self, member: Member, room: Room, reason: str = "") -> events.Left:
        """Take a member out of a room; return the event, which has its id once it is published."""
        left = events.Left("", "", room.name, member.nick, reason)
        member.rooms.remove(room.key)
        self.post(member, room, Entry(room.key, left, None))
        return left

    def depart(self, member: Member, reason: str = "") -> None:
        """Take a member out of all its rooms, for good. Its nick is free once it has been told a Closing."""
        rooms = self.rooms.all_of(member)
        everywhere = Everywhere(rooms, set()) if len(rooms) > 1 else None
        member.rooms.clear()
        for room in rooms:
            departed = events.Departed("", "", room.name, member.nick, reason)
            self.post(member, room, Entry(room.key, departed, None), everywhere=everywhere)

    def rename(self, member: Member, old: str, ref: str | None) -> None:
        """Tell all rooms that a member is in that it has another nick now."""
        rooms = self.rooms.all_of(member)
        everywhere = Everywhere(rooms, set()) if len(rooms) > 1 else None
        for room in rooms:
            renamed = events.Renamed("", "", room.name, old, member.nick)
            self.post(member, room, Entry(room.key, renamed, ref), everywhere=everywhere)
        if not member.rooms:
            self.tell(member, lambda: self._renamed_nowhere(member, old, ref))

    # For `core.batches`, which carries the batches out.

    def take_batch(self) -> Batch:
        """Return what has been posted since the last call, or the first part of it if that is long."""
        posted = self._posted
        return [posted.popleft() for _ in range(min(len(posted), _MAX_BATCH))]

    @property
    def posted(self) -> int:
        """How much has been posted that is not in a batch yet."""
        return len(self._posted)

    def give_up_posted(self, member: Member | None = None) -> list[PendingReply]:
        """Undo what is in no batch yet, of all or of one member; return what to answer to messages among it."""
        posted = [post for post in self._posted if member is None or post.member is member]
        if fallen := unsettled(posted):
            self.kept.undo([change for transaction in fallen for change in transaction.changes])
            self._take_back(set(fallen))
        return refusals_of(posted)

    def undo_since(self, begun: int) -> None:
        """Undo the changes that an action has made but not posted, which was then refused.

        `begun` is how many changes were on their way before it; nobody else may have made any since.
        """
        if made := self.kept.unstored[begun:]:
            posted = {id(change) for transaction in unsettled(self._posted) for change in transaction.changes}
            self.kept.undo([change for change in made if id(change) not in posted])

    def give_up(self, batch: Batch, changes: Sequence[Change], why: str) -> Batch:
        """Undo what could not be stored, with what of it is in no batch yet; return what remains of the batch."""
        fallen = set(unsettled(batch))
        self.kept.undo(changes)
        for post in batch:  # it may have lost the right by that
            if isinstance(post, PendingEvent) and isinstance(joined := post.entry.event, events.Joined):
                joined.moderates = self.moderation.moderates(post.member, post.room.key)
        self._take_back(fallen)
        return without_unstored(batch, why)

    def _take_back(self, fallen: set[Transaction]) -> None:
        """Take back what was posted of transactions, and is in no batch yet."""
        posted, self._posted = self._posted, deque()
        for post in posted:
            if post.transaction in fallen:
                post.member.unpublished -= 1
            else:
                self._posted.append(post)

    def _renamed_nowhere(self, member: Member, old: str, ref: str | None) -> bytes:
        member.published_nick = member.nick
        return encode_own(member, events.Renamed("", "", "", old, member.nick, account=account_of(member)), ref)

    def _change_encoder(
        self, member: Member, encoder: Encoder, can: Capabilities, answer: Callable[[], bytes]
    ) -> bytes:
        rooms = [room for room in self.rooms.all_of(member) if member in room.members]
        for room in rooms:
            room.unfollow(member)
        member.encoder, member.can = encoder, can
        for room in rooms:
            room.follow(member)
        return answer()
