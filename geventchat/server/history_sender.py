"""The past before the present, for one user: on coming back, on coming in, and on asking.

It is read from the log and sent ahead of what the room says meanwhile, which waits in the room's feed: so there is no
gap between what was missed and what is new, and nothing comes twice.
"""

from collections.abc import Callable
from functools import partial
from itertools import accumulate

from geventchat.commands import actions, commands
from geventchat.commands.followups import CatchUp, FindEvent
from geventchat.core.chat import Chat
from geventchat.core.log import Entry, Log
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol import names, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import (
    Acted,
    AnyEvent,
    Left,
    Moderation,
    Renamed,
    Said,
    TopicSet,
    id_at,
    id_of,
    is_id,
    number_of,
)
from geventchat.protocol.limits import MAX_HISTORY, MAX_PAGE_CHARS
from geventchat.protocol.names import LOG_ROOM
from geventchat.server.pump import Pump, Sender


class HistorySender:
    """Shows one member the past: the last `greet_with` lines of a room that it enters without saying `after`.

    `started` is the id that an event would have had when the server was started.
    """

    __slots__ = ("_chat", "_greet_with", "_log", "_member", "_pump", "_sender", "_started")

    def __init__(
        self, chat: Chat, pump: Pump, log: Log, member: Member, sender: Sender, greet_with: int, started: str
    ) -> None:
        self._chat = chat
        self._pump = pump
        self._log = log
        self._member = member
        self._sender = sender
        self._greet_with = greet_with
        self._started = started

    def catch_up(self, wanted: CatchUp) -> None:
        """Send a user who enters a room what was said before, ahead of what is said there from now on."""
        member = self._member
        if not member.catching_up:
            return
        if self._settle():
            try:
                if member not in wanted.room.members:  # it was put out, or sent away, as soon as it came in
                    pass
                elif wanted.after is not None:
                    self._send_missed(wanted.room, wanted.after)
                elif self._greet_with:
                    self._send_earlier(wanted.room)
            except Refused as refusal:  # the log cannot be read
                self._chat.refuse(member, refusal, wanted.ref)
            member.outbox.release()
            self._pump.offer(self._sender)
        member.catching_up = False

    def send_page(self, asked: commands.History) -> None:
        """Answer a request for a piece of the past."""
        self._settle()  # what the user has just said is in it then
        try:
            room = self._chat.rooms.of(self._member, asked.room)
            page, shown = self._page(room.key, asked, max(1, min(asked.limit, MAX_HISTORY)))
            more = len(page) > len(shown)
            self._chat.tell(self._member, replies.HistoryPage(room=room.name, events=shown, more=more, ref=asked.ref))
        except Refused as refusal:
            self._chat.refuse(self._member, refusal, asked.ref)

    def find(self, wanted: FindEvent) -> None:
        """Look for an event, and go on with it."""
        actions.go_on(self._chat, self._member, lambda: self._find(wanted), wanted.ref)

    def _find(self, wanted: FindEvent) -> Callable[[], None] | None:
        if not self._settle() or self._member.closed:
            return None
        event = find_event(self._log, wanted)
        shared = self._log.shared
        if wanted.once and event is not None and shared is not None and not shared.reserve(event.id):
            raise Refused("no-such-message", "somebody else is doing that already")
        return partial(wanted.then, event)

    def send_recent(self, asked: commands.Recent) -> None:
        """Answer in which of the user's rooms something was said last, and when."""
        self._settle()
        try:
            last = [
                (event, room.name)
                for room in self._chat.rooms.all_of(self._member)
                for event in self._log.latest(room.key, 1, asked.before, talk=True)
                if asked.after is None or number_of(event.id) > number_of(asked.after)
            ]
        except Refused as refusal:
            self._chat.refuse(self._member, refusal, asked.ref)
            return
        last.sort(key=lambda one: number_of(one[0].id))
        shown = last[-max(1, asked.limit) :]
        self._chat.tell(
            self._member, replies.RecentRooms(rooms={room: event.time for event, room in shown}, ref=asked.ref)
        )

    def _page(self, room: str, asked: commands.History, limit: int) -> tuple[list[AnyEvent], list[AnyEvent]]:
        """Return what was asked for, and beyond it one more if there is more; and what of it is shown."""
        after, before, talk = asked.after, asked.before, self._member.can.past_is_talk and room != LOG_ROOM
        if asked.around is not None:
            earlier = self._log.latest(room, limit // 2, asked.around, talk=talk)
            at = id_of(number_of(asked.around) - 1)
            later = [entry.event for entry in self._log.since(room, at, limit - len(earlier), talk=talk)]
            return [*earlier, *later], _fitting([*earlier, *later])
        if after is not None and not asked.latest:
            page = [entry.event for entry in self._log.since(room, after, limit + 1, talk=talk)]
            if before is not None:
                page = _until(page, number_of(before) - 1)
            return page, _fitting(page[:limit])
        page = self._log.latest(room, limit + 1, before, talk=talk)
        if after is not None:
            page = _later(page, after)
        return page, _fitting(page[-limit:][::-1])[::-1]

    def _send_missed(self, room: Room, after: str) -> None:
        """Send from the log what the room said later than the id `after`, up to where its feed goes on."""
        member = self._member
        # Taken now: the member may be gone by the time the log has been read.
        cursor, upto = room.cursor(member), member.joined_id
        nicks = {member.nick}
        for first, last in self._log.shared.lost(after, member.uid) if self._log.shared is not None else []:
            self._tell_gap(room, first, last)
        while True:
            try:
                page = self._log.since(room.key, after, MAX_HISTORY)
                self._send_trimmed(room, after, page)
            except Refused:  # what comes next would look as if nothing had been missed
                self._tell_gap(room, after, upto)
                raise
            page = page[: len(_fitting([entry.event for entry in page]))]
            self._recognise(page, nicks)
            missed = _until([entry.event for entry in page], number_of(upto))
            self._chat.tell_past(member, [event for event in missed if event.id != member.joined_id])
            if not self._settle():
                return
            if page and number_of(page[-1].event.id) < number_of(upto):
                after = page[-1].event.id
            elif cursor.passed:  # meanwhile the room has said more than its feed keeps
                after, upto = upto, cursor.to_oldest()
            else:
                return

    def _send_trimmed(self, room: Room, after: str, page: list[Entry]) -> None:
        """Tell that events later than `after`, and earlier than this page of the log, may have been removed."""
        trimmed = number_of(self._log.trimmed_up_to())
        if page:
            trimmed = min(trimmed, number_of(page[0].event.id) - 1)
        if trimmed > number_of(after):
            self._tell_gap(room, after, id_of(trimmed))

    def _tell_gap(self, room: Room, first: str, last: str) -> None:
        self._chat.counters.gaps += 1
        self._chat.tell(self._member, replies.Gap(room=room.name, first=first, last=last, count=None))

    def _recognise(self, page: list[Entry], nicks: set[str]) -> None:
        """Remember what the user itself has said, as its token shows, and acknowledge it.

        That comes ahead of these events: who has heard them knows that they are stored, and sends none again though
        this connection is lost too; it will then come back with a later id, and what is earlier is not read.

        What was said under a nick that it had, and is not known to be its own, is remembered only, in case the
        same words come with the same ref: some come back by their nick alone, and somebody else may have taken that.
        """
        own = self._member.sender
        for entry in reversed(page):
            if isinstance(entry.event, Renamed) and entry.event.new in nicks:
                nicks.add(entry.event.nick)
        for entry in page:
            event = entry.event
            if entry.sender == own:
                if (sent := self._member.sent_refs.add(entry)) is not None:
                    self._chat.tell(self._member, replies.Ack(ref=sent.ref, id=sent.id))
            elif event.nick not in nicks:
                continue
            elif isinstance(event, Renamed):
                nicks.add(event.new)
            elif isinstance(event, Said | Acted | TopicSet):
                self._member.sent_refs.add_unsure(entry)

    def _send_earlier(self, room: Room) -> None:
        """Show a newcomer what was said last, or since its nick was here last, to those who go by that."""
        member = self._member
        last_here = self._last_here(room) if member.can.returns_by_nick else None
        most = self._greet_with if last_here is None else MAX_HISTORY
        said = self._said(room, most + 1)
        if last_here is not None:
            said = _later(said, last_here)
        shown = _fitting(said[-most:][::-1])[::-1]
        more = len(said) > len(shown)
        if last_here is not None and more:
            self._tell_gap(room, last_here, id_of(number_of(shown[0].id) - 1))
        if shown:
            self._chat.tell(member, replies.HistoryPage(room=room.name, events=shown, more=more))
            self._settle()

    def _said(self, room: Room, most: int) -> list[AnyEvent]:
        """Return what was said last in a room, before this user came in; in the moderators' own, what was done."""
        if room.key != LOG_ROOM:
            return self._log.latest(room.key, most, self._member.joined_id, talk=True)
        recent = self._log.latest(room.key, MAX_HISTORY, self._member.joined_id)
        done: list[AnyEvent] = [event for event in recent if isinstance(event, Said | Acted | Moderation)]
        return done[-most:]

    def _last_here(self, room: Room) -> str | None:
        """Return the id up to which this user's nick has heard what was said; None where it was not here lately.

        Who has not left was here when the server's process ended, and had heard all that is from before its start.
        Where more has happened than is looked through, it is taken to have been here for as long as it was anywhere.
        """
        nick = self._member.nick
        recent = self._log.latest(room.key, MAX_HISTORY, self._member.joined_id)
        for event in reversed(recent):
            if event.nick == nick:
                return event.id if isinstance(event, Left | Renamed) else self._started
            if isinstance(event, Renamed) and event.new == nick:
                return self._started
        gone_at = self._chat.nicks.gone_at(nick) if len(recent) == MAX_HISTORY else None
        return id_at(gone_at) if gone_at is not None else None

    def _settle(self) -> bool:
        """Wait until all that was posted for this user is published and sent; whether the connection still stands."""
        self._pump.wake()
        return self._pump.drain(self._sender, lambda: not self._member.unpublished)


def find_event(log: Log, wanted: FindEvent) -> AnyEvent | None:
    """Return the event that is wanted, if the log has it. Raises Refused if it cannot be read."""
    if not is_id(wanted.id_or_nick):
        said = log.latest(wanted.room, MAX_HISTORY, talk=True)
        key = names.key(wanted.id_or_nick)
        return next((event for event in reversed(said) if names.key(event.nick) == key), None)
    number = number_of(wanted.id_or_nick)
    found = log.since(wanted.room, id_of(max(0, number - 1)), 1)
    return found[0].event if found and number_of(found[0].event.id) == number else None


def _fitting(events: list[AnyEvent]) -> list[AnyEvent]:
    """Return the first of these events, as many as make a page; one at least."""
    sizes = accumulate(len(getattr(event, "text", "")) for event in events)
    return events[: max(1, sum(size <= MAX_PAGE_CHARS for size in sizes))]


def _until(page: list[AnyEvent], last: int) -> list[AnyEvent]:
    """Return the events up to the number of an id."""
    return [event for event in page if number_of(event.id) <= last]


def _later(page: list[AnyEvent], after: str) -> list[AnyEvent]:
    """Return the events later than an id."""
    first = number_of(after)
    return [event for event in page if number_of(event.id) > first]
