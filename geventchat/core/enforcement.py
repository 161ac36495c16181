"""What moderators have decided, carried out: who is put out of a room, sent away, or moderates no more."""

from typing import TYPE_CHECKING

from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.core.posts import Transaction
from geventchat.core.room import Room
from geventchat.core.shared_log import SendAway
from geventchat.protocol import events, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.names import LOBBY
from geventchat.protocol.roles import Role

if TYPE_CHECKING:
    from geventchat.core.chat import Chat


class Enforcement:
    """Carries out, on the members of a chat, what holds for them by now."""

    def __init__(self, chat: "Chat") -> None:
        self._chat = chat

    def apply_bans(self, now: float) -> None:
        """Send away, or out of a room, whom a ban hits that was made elsewhere; `now` is in seconds since 1970."""
        bans = self._chat.moderation.bans
        if not bans.is_changed:
            return
        bans.is_changed = False
        for member in self._chat.nicks.members():
            if member.is_remote or member.closed:
                continue
            try:
                self._chat.moderation.check_ban(member, member.nick, "", now)
            except Refused as refusal:
                self.send_away(member, replies.Closing(code="banned", message=refusal.message), "banned")
                continue
            for room in self._chat.rooms.all_of(member):
                if (ban := self._chat.moderation.ban_from(room.key, member, now)) is not None:
                    kicked = events.Kicked("", "", room.name, ban.by, member.nick, ban.reason)
                    self.put_out(member, room, kicked, now)

    def apply_links(self, now: float) -> None:
        """Take the role from those whose right to moderate by a link has ended; `now` is in seconds since 1970."""
        links = self._chat.moderation.links
        if not links.is_changed:
            return
        links.is_changed = False
        for member in self._chat.nicks.members():
            if member.role is not Role.USER and not member.is_remote and not links.holds(member.proof, now):
                member.role = Role.USER
                self._chat.tell_account(member)

    def put_out(self, member: Member, room: Room, kicked: events.Kicked, now: float) -> None:
        """Take a member out of a room because somebody wants that; it is told so. `now` is in seconds since 1970.

        One who can be in one room only goes to the lobby, or is out of the chat.
        """
        if member.is_remote:
            self._chat.tell(member, kicked)  # its own server does it
            return
        moderation = self._chat.moderation
        if changes := moderation.rules.uninvite(room.key, moderation.account(member), member.proof):
            self._chat.commit(member, Transaction(None, changes))
        if room.key not in member.rooms:  # it has left just now
            return
        member.rooms.remove(room.key)
        self._chat.post(member, room, Entry(room.key, kicked, None), is_own=False)
        self._chat.tell_own(member, kicked, None)
        if member.can.several_rooms:
            return
        if room.key == LOBBY or not moderation.may_enter(member, LOBBY, now):
            why = f"{kicked.nick} put you out{f': {kicked.reason}' if kicked.reason else ''}"
            self.send_away(member, replies.Closing(code="kicked", message=why), why)
        else:
            self._chat.join(member, LOBBY)

    def send_away(self, member: Member, closing: replies.Closing, reason: str) -> None:
        """Take a member out of the chat because somebody wants that, or because it has come back; others hear why."""
        if member.is_remote:
            self._chat.tell(member, SendAway(code=closing.code, message=closing.message, reason=reason))
            return
        member.on_sent_away(reason)
        self._chat.depart(member, reason)
        self._chat.tell(member, closing)
