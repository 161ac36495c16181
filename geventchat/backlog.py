"""What was said before, for one user: on coming back, on coming in, and on asking.

It is read from the log and told ahead of what the room says meanwhile, which waits in the room's feed: so there is no
gap between what was missed and what is new, and nothing comes twice.
"""

import time

from geventchat import actions, commands, replies
from geventchat.chat import Chat
from geventchat.errors import Refused
from geventchat.events import Acted, AnyEvent, Said, id_key
from geventchat.limits import MAX_HISTORY
from geventchat.log import Log
from geventchat.member import Member
from geventchat.pump import Link, Pump
from geventchat.room import Room

# Events that are looked through for each line that a newcomer is shown: others came and went between.
_EVENTS_PER_LINE = 4


class Backlog:
    """Lets one member into rooms, and tells it the past; who is new is shown the last `greet_with` lines."""

    __slots__ = ("_chat", "_greet_with", "_link", "_log", "_member", "_pump")

    def __init__(self, chat: Chat, pump: Pump, log: Log, member: Member, link: Link, greet_with: int) -> None:
        self._chat = chat
        self._pump = pump
        self._log = log
        self._member = member
        self._link = link
        self._greet_with = greet_with

    def enter(self, command: commands.Hello | commands.Join) -> None:
        """Let the user into a room; who comes back, or is new here, is first told what was said before."""
        member, rooms = self._member, len(self._member.rooms)
        try:
            if command.after is not None:
                id_key(command.after)
        except Refused as refusal:
            self._chat.refuse(member, refusal, commands.ref_of(command))
            return
        greeted = bool(self._greet_with) and isinstance(command, commands.Hello)
        member.behind = greeted or command.after is not None
        actions.do(self._chat, member, command, time.time())
        if member.behind and len(member.rooms) > rooms and self._settle():
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
        """Answer who asks for a piece of the past."""
        self._settle()  # what the user has just said is in it then
        try:
            room = self._chat.room_of(self._member, asked.room)
            limit = max(1, min(asked.limit, MAX_HISTORY))
            if asked.after is not None:
                page = self._log.since(room.key, asked.after, limit + 1)
                shown = page[:limit]
            else:
                page = self._log.latest(room.key, limit + 1, asked.before)
                shown = page[-limit:]
            more = len(page) > limit
            self._chat.tell(self._member, replies.HistoryPage(room=room.name, events=shown, more=more, ref=asked.ref))
        except Refused as refusal:
            self._chat.refuse(self._member, refusal, asked.ref)

    def _tell_missed(self, room: Room, after: str) -> None:
        """Tell from the log what the room said later than the id `after`, up to where its feed goes on."""
        member = self._member
        place, upto = room.place(member), member.entered  # now: while the log is read, the member may be gone again
        member.stored |= self._log.refs(room.key, member.nick, after)
        oldest = self._log.oldest(room.key)
        if oldest is None or id_key(oldest) > id_key(after):
            self._chat.tell(member, replies.Gap(room=room.name, first=after, last=oldest or after, count=None))
        while True:
            page = self._log.since(room.key, after, MAX_HISTORY)
            missed = page if page and id_key(page[-1].id) < id_key(upto) else _until(page, upto)
            self._chat.tell_past(member, [event for event in missed if event.id != member.entered])
            if not self._settle():
                return
            if page and id_key(page[-1].id) < id_key(upto):
                after = page[-1].id
            elif place.passed:  # meanwhile the room has said more than its feed keeps
                after, upto = upto, place.catch_up()
            else:
                return

    def _tell_earlier(self, room: Room) -> None:
        """Show a newcomer what was said last."""
        events = self._log.latest(room.key, self._greet_with * _EVENTS_PER_LINE, self._member.entered)
        said: list[AnyEvent] = [event for event in events if isinstance(event, Said | Acted)]
        if said:
            shown = said[-self._greet_with :]
            more = len(said) > len(shown)
            self._chat.tell(self._member, replies.HistoryPage(room=room.name, events=shown, more=more))
            self._settle()

    def _settle(self) -> bool:
        """Wait until all that was posted for this user is published and sent; whether the connection still stands."""
        self._pump.wake()
        return self._pump.drain(self._link, float("inf"), lambda: not self._member.pending)


def _until(page: list[AnyEvent], upto: str) -> list[AnyEvent]:
    """Return the events up to an id."""
    last = id_key(upto)
    return [event for event in page if id_key(event.id) <= last]
