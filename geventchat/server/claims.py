"""Nicks that are unique over several servers: the log gives each to one user, before the chat here does."""

import time

from geventchat.commands import actions, commands
from geventchat.commands.actions import Followup
from geventchat.commands.people import about_of
from geventchat.core.chat import Chat
from geventchat.core.elsewhere import person
from geventchat.core.member import Member
from geventchat.core.shared_log import SharedLog, mark_of
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.server.pump import Pump, Sender


class Claims:
    """Carries out the commands by which a user gets a nick."""

    def __init__(self, chat: Chat, pump: Pump, log: SharedLog) -> None:
        self._chat = chat
        self._pump = pump
        self._log = log

    def act(self, sender: Sender, member: Member, command: commands.Hello | commands.Rename) -> Followup | None:
        """Do what a user asks for, once its nick is its own; what the chat then refuses leaves all as it was."""
        had = member.key
        try:
            claimed = self._claim(sender, member, command)
        except Refused as refusal:
            actions.refuse(self._chat, member, command, refusal)
            return None
        if sender.broken or member.closed:
            self._log.release(member.token)
            return None
        followup = actions.do(self._chat, member, command, time.time())
        if member.key != claimed:
            self._give_back(member)
        if not had and not member.key:
            self._chat.elsewhere.own.pop(mark_of(member.token), None)
        return followup

    def _claim(self, sender: Sender, member: Member, command: commands.Hello | commands.Rename) -> str:
        """Return the key of the nick that is the user's now, when all that came before that has been shown."""
        nick, key = names.nick(command.nick, self._chat.limits.max_name)
        known, earlier = person(member), None
        if isinstance(command, commands.Hello):
            if member.key:
                return member.key  # it will be told so
            earlier = command.token
            known.about, known.username, known.since = about_of(command.about), about_of(command.username), time.time()
        self._chat.elsewhere.own[mark_of(member.token)] = member
        upto = self._log.claim(member.token, nick, key, names.skeleton(nick), known, earlier)
        self._pump.wait_until(sender, lambda: self._log.has_shown(upto))
        return key

    def _give_back(self, member: Member) -> None:
        if member.key:
            self._log.claim(member.token, member.nick, member.key, names.skeleton(member.nick), person(member))
        else:
            self._log.release(member.token)
