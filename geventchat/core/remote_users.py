"""Users who are connected to other servers: in rooms and lists, and for whispers, members like all others.

Their own servers send them what they are to hear. Here they are followed, in the order of the log: who they are, which
rooms they are in, and when they go. What becomes of this server's own users there is followed in the same order.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import ref

from geventchat.core.kept import Change
from geventchat.core.member import Member, account_of
from geventchat.core.posts import (
    Batch,
    Everywhere,
    PendingEvent,
    PendingNews,
    PendingReply,
    PendingStep,
    Post,
    ends_stay,
    is_kick,
    refusals_of,
)
from geventchat.core.remote_member import RemoteMember, arrival, person
from geventchat.core.room import Room
from geventchat.core.shared_log import (
    Arrived,
    Changed,
    Forgotten,
    Gone,
    Happened,
    Lost,
    News,
    SendAway,
    SharedLog,
    Told,
    Written,
)
from geventchat.protocol import events, names, replies
from geventchat.protocol.errors import NotStored
from geventchat.protocol.roles import Role

if TYPE_CHECKING:
    from geventchat.core.chat import Chat


# Why users of this server are sent away by others: as others are told, and as they are told themselves.
_SENT_AWAY = {
    "replaced": (
        "came back on another connection",
        replies.Closing(code="replaced", message="you came back on another connection"),
    ),
    "lost": (
        "the server had lost the others",
        replies.Closing(code="server-stopping", message="the server had lost the others: please connect again"),
    ),
}


class RemoteUsers:
    """Who is on the other servers; and those users of this one of whom the others know."""

    def __init__(self, chat: "Chat") -> None:
        self._chat = chat
        self._remote: dict[str, RemoteMember] = {}
        self._own: dict[str, Member] = {}
        self._names: dict[str, str] = {}  # the nicks that the others know of the own users
        self._roles: dict[str, Role] = {}  # and their roles, beside those of their accounts
        self._everywhere: tuple[Member, type, Everywhere | None] | None = None  # of the user whose events come in a row
        self._following: dict[type[News], Callable[..., None]] = {
            Happened: self._happened,
            Arrived: self._arrived,
            Changed: self._changed,
            Gone: self._gone,
            Told: self._told,
            Lost: self._lost,
            Forgotten: self._forgotten,
        }

    def know(self, member: Member) -> None:
        """Note that the others know this own user, or will soon."""
        self._own[member.uid] = member

    def name(self, member: Member, nick: str) -> None:
        """Note by which nick the others know an own user."""
        self._names[member.uid] = nick

    def forget(self, uid: str) -> Member | None:
        """Note that the others do not know an own user any more, and return it, if they did."""
        self._names.pop(uid, None)
        self._roles.pop(uid, None)
        return self._own.pop(uid, None)

    # What this server writes.

    def write(self, log: SharedLog, batch: Batch, changes: Sequence[Change], wall_time: float) -> Written:
        """Write a batch to the log, with what others are to be told; return what it gave back."""
        if not batch:
            return Written(batch, log.news())
        told = list(self._told_of(batch))
        try:
            before, after = log.write(told, wall_time, changes)
        except NotStored as error:
            batch = self._chat.give_up(batch, changes, str(error))
            told = list(self._told_of(batch))
            before, after = log.write(told, wall_time, always=True)
        self._note(told)
        return Written(self._without_dropped(batch, wall_time), before, after)

    def _told_of(self, batch: Batch) -> Iterator[News]:
        compared: set[Member] = set()
        for post in batch:
            member = post.member
            uid = member.uid
            if member not in compared:
                compared.add(member)
                yield from self._unknown_of(member)
            if isinstance(post, PendingEvent):
                yield Happened(uid, post.entry)
            elif isinstance(post, PendingNews):
                yield Changed(uid, person(member))
            elif isinstance(post, PendingStep):
                continue
            elif member.is_remote:
                reply = post.reply() if callable(post.reply) else post.reply
                if isinstance(reply, replies.Reply | events.Kicked):
                    yield Told(uid, reply)  # all replies are of these kinds
            elif isinstance(post.reply, replies.Invited) and post.reply.to == member.nick:
                yield Told(uid, post.reply)  # for the others to let it in, too
            elif isinstance(post.reply, replies.Closing) and member.key and not member.closed:
                yield Gone(uid, "")

    def _unknown_of(self, member: Member) -> Iterator[News]:
        """Yield what has become of an own user that the others do not know yet, and no post tells."""
        uid = member.uid
        if self._names.get(uid, member.nick) != member.nick:  # the server has called it otherwise
            yield arrival(member, member.nick, member.key)
        if uid in self._own and self._roles.get(uid, Role.USER) is not member.role:  # by a link, or no more
            yield Changed(uid, person(member))

    def _note(self, told: Sequence[News]) -> None:
        """Note what the others know of own users now that it is written."""
        for news in told:
            if isinstance(news, Arrived) and news.by in self._names:
                self._names[news.by] = news.nick
            elif isinstance(news, Changed) and news.by in self._own:
                self._roles[news.by] = news.person.role

    def _without_dropped(self, batch: Batch, wall_time: float) -> Batch:
        """Return a batch without the events that were not taken: their users are not with this server any more.

        They are told so ahead of why they are sent away, unless their clients will say the same again elsewhere.
        """
        remaining: Batch = []
        dropped: list[Post] = []
        for post in batch:
            if not isinstance(post, PendingEvent) or post.entry.event.id:
                remaining.append(post)
                continue
            dropped.append(post)
            post.member.unpublished -= 1
            if isinstance(post.entry.event, events.Joined):
                if post.room.key in post.member.rooms:
                    post.member.rooms.remove(post.room.key)
                self._chat.rooms.unexpect(post.room)
        for refusal in refusals_of(dropped):
            self._chat.publisher.reply(refusal, wall_time)
        return remaining

    # What others have written.

    def follow(self, news: News, wall_time: float, now: float) -> None:
        """Show something that came from the log; `wall_time` is in seconds since 1970, `now` never goes back."""
        self._following[type(news)](news, wall_time, now)

    def _happened(self, news: Happened, wall_time: float, now: float) -> None:
        entry = news.entry
        event, key = entry.event, entry.room
        remote = self._remote.get(news.by)
        if remote is not None and isinstance(event, events.Said | events.Acted):
            self._said(remote, key, event, wall_time, now)
            return
        member = remote or self._own.get(news.by)
        if member is not None and isinstance(event, events.Joined):
            if key in member.rooms:  # known from the list of all who are here
                return
            member.rooms.append(key)
            room: Room | None = self._chat.rooms.expect(event.room, key)
        else:
            room = self._chat.rooms.at(key)
        if room is None:
            return
        rules = self._chat.moderation.rules
        if isinstance(event, events.Locked):
            rules.let_in_guests(key, [one.proof for one in room.members])
        elif isinstance(event, events.Unlocked):
            rules.forget_guests(key)
        if member is None or not (member in room.members or isinstance(event, events.Joined)):
            self._chat.publisher.publish_in(room, event, now)
            return
        self._note_guest(member, room, event)
        everywhere = self._everywhere_of(member, event)
        if ends_stay(event) and key in member.rooms:
            member.rooms.remove(key)
        self._chat.publisher.show(PendingEvent(member, room, entry, everywhere=everywhere), now)

    def _said(self, speaker: RemoteMember, key: str, event: events.AnyEvent, wall_time: float, now: float) -> None:
        """Show what was said elsewhere: that is nearly all that comes, and concerns the speaker no further."""
        self._everywhere = None
        speaker.spoke = wall_time
        if (room := self._chat.rooms.at(key)) is not None:
            self._chat.publisher.publish_in(room, event, now)

    def _note_guest(self, member: Member, room: Room, event: events.AnyEvent) -> None:
        """Note who is let into a locked room on another server, or is put out: it may come back on this one."""
        rules = self._chat.moderation.rules
        if is_kick(event):
            rules.forget_guest(room.key, member.proof)
        elif isinstance(event, events.Joined) and not self._chat.moderation.moderates(member, room.key):
            rules.let_in_guests(room.key, [member.proof])

    def _everywhere_of(self, member: Member, event: events.AnyEvent) -> Everywhere | None:
        """Return the rooms in which the same happens: one for all of the events about it, which come in a row."""
        kind = type(event)
        if kind not in (events.Renamed, events.Departed):
            self._everywhere = None
        elif self._everywhere is None or self._everywhere[:2] != (member, kind):
            rooms = self._chat.rooms.all_of(member)
            self._everywhere = (member, kind, Everywhere(rooms, set()) if len(rooms) > 1 else None)
        return self._everywhere[2] if self._everywhere is not None else None

    def _arrived(self, news: Arrived, wall_time: float, _: float) -> None:
        if news.by in self._own:
            return
        remote = self._remote.get(news.by)
        if remote is None:
            remote = self._remote[news.by] = RemoteMember(news.by, news.proof)
            remote.spoke = wall_time
            remote.update(news.person)
        self._chat.naming.assign(remote, news.nick, news.key, wall_time)

    def _changed(self, news: Changed, _: float, __: float) -> None:
        remote = self._remote.get(news.by)
        if remote is None:
            return
        was_away, was_about, had_account = remote.away, remote.about, remote.account
        remote.update(news.person)
        tell_others = self._chat.publisher.tell_others
        nick, account = remote.published_nick or remote.nick, account_of(remote)
        if remote.away != was_away:
            tell_others(PendingNews(remote, replies.AwayChanged(nick=nick, text=remote.away, account=account)))
        if remote.about != was_about:
            tell_others(PendingNews(remote, replies.Described(nick=nick, about=remote.about, account=account)))
        if remote.account != had_account:
            tell_others(PendingNews(remote, replies.AccountChanged(nick=nick, account=remote.account)))

    def _gone(self, news: Gone, wall_time: float, _: float) -> None:
        if remote := self._remote.pop(news.by, None):
            self._chat.naming.release(remote, wall_time)
        elif member := self.forget(news.by):
            member.rooms.clear()
            # Of one that is replaced, what it changes is still stored. And many may go at once.
            is_lost = news.why == "lost" and member.unpublished
            for refusal in self._chat.give_up_posted(member) if is_lost else ():
                self._chat.publisher.reply(refusal, wall_time)
            if not member.closed:
                self._send_away(member, news.why, wall_time)

    def _send_away(self, member: Member, why: str, wall_time: float) -> None:
        reason, closing = _SENT_AWAY.get(why, _SENT_AWAY["lost"])
        member.on_sent_away(reason)
        self._chat.publisher.reply(PendingReply(member, closing), wall_time)

    def _told(self, news: Told, wall_time: float, _: float) -> None:
        member = self._own.get(news.by)
        if isinstance(news.reply, replies.Invited) and (guest := member or self._remote.get(news.by)):
            # Whoever did that might; the guest may come back on this server.
            self._chat.moderation.rules.let_in_guests(names.key(news.reply.room), [guest.proof])
        if member is None:
            return
        match news.reply:
            case events.Kicked() as kicked:
                room = self._chat.rooms.find(kicked.room)
                if room is not None and room.key in member.rooms:
                    self._chat.enforcement.put_out(member, room, kicked, wall_time)
            case SendAway(code=code, message=message, reason=reason):
                self._chat.enforcement.send_away(member, replies.Closing(code=code, message=message), reason)
            case replies.Whispered() | replies.Invited() as said if member.is_behind:
                if (speaker := self._chat.nicks.find(said.nick)) is not None:  # whose server cannot know that
                    self._chat.refuse(speaker, member.not_reading())
            case reply:
                if isinstance(reply, replies.Whispered) and (speaker := self._chat.nicks.find(reply.nick)):
                    member.whispered_by = ref(speaker)
                self._chat.publisher.reply(PendingReply(member, reply), wall_time)

    def _lost(self, news: Lost, _: float, __: float) -> None:
        for member in self._own.values():
            for room in self._chat.rooms.all_of(member) if member.uid != news.by else ():
                self._chat.counters.gaps += 1
                self._chat.tell(member, replies.Gap(room=room.name, first=news.first, last=news.last, count=None))

    def _forgotten(self, _: Forgotten, wall_time: float, __: float) -> None:
        for refusal in self._chat.give_up_posted():
            self._chat.publisher.reply(refusal, wall_time)
        for room in self._chat.rooms:
            for member in list(room.members):  # also who was about to leave: what would have told it is left out
                self._chat.publisher.withdraw(member, room)
        for remote in self._remote.values():
            remote.rooms.clear()
            self._chat.naming.release(remote, wall_time)
        self._remote.clear()
        for member in self._own.values():
            member.rooms.clear()
            if not member.closed:
                self._send_away(member, "lost", wall_time)
        self._own.clear()
        self._names.clear()
        self._roles.clear()
