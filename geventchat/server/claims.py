"""Nicks that are unique over several servers: the log gives each to one user, before the chat here does."""

import secrets
from collections.abc import Callable

from geventchat.commands import actions
from geventchat.commands.followups import ClaimNick, Followup
from geventchat.core.chat import Chat
from geventchat.core.member import Member, proof_of
from geventchat.core.remote_member import arrival
from geventchat.core.shared_log import SharedLog
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.server.pump import Pump, Sender


class Claims:
    """Claims nicks in the log."""

    def __init__(self, chat: Chat, pump: Pump, log: SharedLog) -> None:
        self._chat = chat
        self._pump = pump
        self._log = log

    def claim(self, asked: ClaimNick, member: Member, sender: Sender) -> Followup | None:
        """Give a member a nick, and go on; what the chat then refuses leaves all as it was."""
        nick, key = names.nick(asked.nick, self._chat.limits.max_name)
        member.uid = member.uid or secrets.token_urlsafe(9)

        def find_out() -> Callable[[], Followup | None] | None:
            self._chat.remote_users.know(member)
            self._chat.moderation.origin(member)  # others are to know it
            if member.key:  # its rooms are to hear first of what it has done under the name that it has
                self._pump.wait_until(sender, lambda: not member.unpublished)
            upto = self._log.claim(arrival(member, nick, key), proof_of(asked.earlier or ""))
            # Whoever had the nick until now is to be gone here, too.
            self._pump.wait_until(sender, lambda: self._log.has_shown(upto) or member.closed)
            if sender.broken or member.closed:
                return None
            self._chat.remote_users.name(member, nick)
            return asked.then

        followup = actions.go_on(self._chat, member, find_out, asked.ref)
        if member.key != key:
            self._give_back(member, nick)
        return followup

    def _give_back(self, member: Member, nick: str) -> None:
        if member.key:
            self._chat.remote_users.name(member, member.nick)
            try:
                self._log.claim(arrival(member, member.nick, member.key))
            except Refused:  # the others may know it by the other nick: what it does next tells them
                self._chat.remote_users.name(member, nick)
        else:
            self._chat.remote_users.forget(member.uid)
            self._log.release(member.uid)
            member.uid = ""  # that may be done later than the next try
