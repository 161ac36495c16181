"""Which nicks members can have and get, with what accounts have to say of it, and what watchers are told."""

from itertools import count
from typing import TYPE_CHECKING

from geventchat.core.accounts import further, is_further
from geventchat.core.member import Member
from geventchat.protocol import names, replies
from geventchat.protocol.errors import Refused

if TYPE_CHECKING:
    from geventchat.core.chat import Chat


class Naming:
    """Gives the members of a chat their nicks; times are in seconds since 1970.

    This takes effect at once for commands; others see it when what the command posts is published.
    """

    def __init__(self, chat: "Chat") -> None:
        self._chat = chat
        self._guests = (1 + number % 9_999_999 for number in count())  # `guest9999999` is a name under any limits

    def claim(self, member: Member, name: str, now: float) -> None:
        """Give a member this nick. Raises Refused when it is no name, or somebody else's."""
        nick = self.check(member, name)
        self.assign(member, nick, names.key(nick), now)

    def check(self, member: Member, name: str) -> str:
        """Return a nick that a member can have now, as it is shown. Raises Refused as `claim` does."""
        nick = self.check_login(member, name)
        self._chat.nicks.check(member, nick)
        return nick

    def check_login(self, member: Member, name: str) -> str:
        """Return a nick, as it is shown, that is nobody else's by an account, though it may be taken.

        Raises Refused ("nick-registered") where somebody has to log in for it, and for what is no name.
        """
        nick, _ = names.nick(name, self._chat.limits.max_name)
        if is_further(nick) and self._chat.accounts.reserving(nick) is None:
            why = "a name that ends in ^ and a number is for a further connection of an account"
            raise Refused("bad-nick", why, about=nick)
        if not self._chat.logins.holds(member, nick):
            raise Refused("nick-registered", f"the name {nick} belongs to an account: log in to it", about=nick)
        return nick

    def free(self, member: Member, name: str) -> str:
        """Return this nick, or one for a further connection of a newcomer's account. Raises Refused as `claim` does."""
        try:
            return self.check(member, name)
        except Refused as refusal:
            nick = refusal.about or ""
            if refusal.code != "nick-taken" or self._chat.accounts.reserving(nick) is None:
                raise
            for other in further(nick):
                if len(other) <= self._chat.limits.max_name and self._can_have(member, other):
                    return other
            raise

    def _can_have(self, member: Member, name: str) -> bool:
        try:
            self.check(member, name)
        except Refused:
            return False
        return True

    def assign(self, member: Member, nick: str, key: str, now: float) -> None:
        """Give a member this nick, which has this key, and is nobody else's."""
        old, old_key = member.nick, member.key
        self._chat.nicks.assign(member, nick, key, now)
        if key != old_key:
            if old_key:
                self._chat.moderation.rules.renamed(old_key, key)
                self._tell_watchers(old_key, replies.Watched(here=[], gone=[old]))
            self._tell_watchers(key, replies.Watched(here=[nick], gone=[]))

    def release(self, member: Member, now: float) -> None:
        """Give others the chance to take a member's nick."""
        if self._chat.nicks.release(member, now):
            self._tell_watchers(member.key, replies.Watched(here=[], gone=[member.nick]))
        self._chat.watchers.remove(member, member.watched)
        if not member.is_remote:
            self._chat.logins.log_out(member)

    def apply_accounts(self, now: float) -> None:
        """Carry out what follows from changes of accounts: logins end, and nobody keeps another's name."""
        concerned, strangers = self._chat.logins.take_changed()
        for member in concerned:
            self._chat.tell_account(member)
            if member.key:
                self._chat.tell_others(member, replies.AccountChanged(nick=member.nick, account=member.account))
        for member in strangers:
            self.take_name_from(member, now)

    def take_name_from(self, member: Member, now: float) -> None:
        """Call a member otherwise, for its name is another's."""
        old = member.nick
        nick = next(nick for number in self._guests if self._can_have(member, nick := f"guest{number}"))
        self.claim(member, nick, now)
        why = f"the name {old} is for who is logged in to its account: you are {member.nick} now"
        self._chat.tell(member, replies.Error(code="nick-registered", message=why, about=old))
        self._chat.rename(member, old, None)

    def _tell_watchers(self, key: str, watched: replies.Watched) -> None:
        for watcher in self._chat.watchers.of(key):
            if not watcher.is_behind:
                self._chat.tell(watcher, watched)
