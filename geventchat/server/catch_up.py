"""What was said before, for one user: on coming back, on coming in, and on asking.

It is read from the log and told ahead of what the room says meanwhile, which waits in the room's feed: so there is no
gap between what was missed and what is new, and nothing comes twice.
"""

import time
from itertools import accumulate

from geventchat.commands import actions, commands
from geventchat.core.chat import Chat
from geventchat.core.log import Entry, Log
from geventchat.core.member import Member
from geventchat.core.room import Room
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import Acted, AnyEvent, Renamed, Said, TopicSet, id_of, number_of
from geventchat.protocol.limits import MAX_HISTORY, MAX_PAGE_CHARS
from geventchat.server.pump import Link, Pump


class Backlog:
    """Lets one member into rooms and tells it the past: the last `greet_with` lines where it does not say `after`."""

    __slots__ = ("_chat", "_greet_with", "_link", "_log", "_member", "_pump")

    def __init__(self, chat: Chat, pump: Pump, log: Log, member: Member, link: Link, greet_with: int) -> None:
        self._chat = chat
        self._pump = pump
        self._log = log
        self._member = member
        self._link = link
        self._greet_with = greet_with

    def enter(self, command: commands.Hello | commands.Join) -> None:
        """Let the user into a room, and tell it first what was said before."""
        member, rooms = self._member, list(self._member.rooms)
        try:
            if command.after is not None:
                number_of(command.after)
        except Refused as refusal:
            self._chat.refuse(member, refusal, commands.ref_of(command))
            return
        member.behind = self._greet_with > 0 or command.after is not None
        actions.do(self._chat, member, command, time.time())
        if member.behind and member.rooms != rooms and self._settle():
            try:
                room = self._chat.room_of(member, command.room)
                if command.after is not None:
                    self._tell_missed(room, command.after)
                else:
                    self._tell_earlier(room)
            except Refused as refusal:  # the log cannot be read
                self._chat.refuse(member, refusal, commands.ref_of(command))
            member.outbox.release()
            self._pump.go_on(self._link)
        member.behind = False

    def tell_page(self, asked: commands.History) -> None:
        """Answer a request for a piece of the past."""
        self._settle()  # what the user has just said is in it then
        try:
            room = self._chat.room_of(self._member, asked.room)
            limit = max(1, min(asked.limit, MAX_HISTORY))
            if asked.after is not None:
                page = [entry.event for entry in self._log.since(room.key, asked.after, limit + 1)]
                if asked.before is not None:
                    page = _until(page, number_of(asked.before) - 1)
                shown = _fitting(page[:limit])
            else:
                page = self._log.latest(room.key, limit + 1, asked.before)
                shown = _fitting(page[-limit:][::-1])[::-1]
            more = len(page) > len(shown)
            self._chat.tell(self._member, replies.HistoryPage(room=room.name, events=shown, more=more, ref=asked.ref))
        except Refused as refusal:
            self._chat.refuse(self._member, refusal, asked.ref)

    def _tell_missed(self, room: Room, after: str) -> None:
        """Tell from the log what the room said later than the id `after`, up to where its feed goes on."""
        member = self._member
        # Taken now: the member may be gone by the time the log has been read.
        place, upto = room.place(member), member.entered
        nicks = {member.nick}
        while True:
            page = self._log.since(room.key, after, MAX_HISTORY)
            self._tell_forgotten(room, after, page)
            page = page[: len(_fitting([entry.event for entry in page]))]
            for entry in page:
                self._recognise(entry, nicks)
            missed = _until([entry.event for entry in page], number_of(upto))
            self._chat.tell_past(member, [event for event in missed if event.id != member.entered])
            if not self._settle():
                return
            if page and number_of(page[-1].event.id) < number_of(upto):
                after = page[-1].event.id
            elif place.passed:  # meanwhile the room has said more than its feed keeps
                after, upto = upto, place.catch_up()
            else:
                return

    def _tell_forgotten(self, room: Room, after: str, page: list[Entry]) -> None:
        """Tell that events later than `after`, and earlier than this page of the log, may have been removed."""
        forgotten = number_of(self._log.trimmed_up_to())
        if page:
            forgotten = min(forgotten, number_of(page[0].event.id) - 1)
        if forgotten > number_of(after):
            gap = replies.Gap(room=room.name, first=after, last=id_of(forgotten), count=None)
            self._chat.tell(self._member, gap)

    def _recognise(self, entry: Entry, nicks: set[str]) -> None:
        """Remember what the user itself has said, under any of the nicks that it had."""
        event = entry.event
        if event.nick not in nicks:
            return
        if isinstance(event, Renamed):
            nicks.add(event.new)
        elif isinstance(event, Said | Acted | TopicSet):
            self._member.marks.add(entry)

    def _tell_earlier(self, room: Room) -> None:
        """Show a newcomer what was said last."""
        said = self._log.latest(room.key, self._greet_with + 1, self._member.entered, talk=True)
        if said:
            shown, more = said[-self._greet_with :], len(said) > self._greet_with
            self._chat.tell(self._member, replies.HistoryPage(room=room.name, events=shown, more=more))
            self._settle()

    def _settle(self) -> bool:
        """Wait until all that was posted for this user is published and sent; whether the connection still stands."""
        self._pump.wake()
        return self._pump.drain(self._link, float("inf"), lambda: not self._member.pending)


def _fitting(events: list[AnyEvent]) -> list[AnyEvent]:
    """Return the first of these events, as many as make a page; one at least."""
    sizes = accumulate(len(getattr(event, "text", "")) for event in events)
    return events[: max(1, sum(size <= MAX_PAGE_CHARS for size in sizes))]


def _until(page: list[AnyEvent], last: int) -> list[AnyEvent]:
    """Return the events up to the number of an id."""
    return [event for event in page if number_of(event.id) <= last]
