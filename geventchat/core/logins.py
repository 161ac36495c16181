"""Who has logged in to which account, and what follows for them when an account is not what it was."""

from geventchat.core.accounts import Account, Accounts, is_further
from geventchat.core.kept import Kept
from geventchat.core.member import Member
from geventchat.core.nicks import Nicks
from geventchat.protocol import names
from geventchat.protocol.roles import Role


class Logins:
    """The members that have logged in; a member's `account` is the name of its account."""

    def __init__(self, kept: Kept, accounts: Accounts, nicks: Nicks) -> None:
        self._accounts = accounts
        self._nicks = nicks
        self._members: dict[str, dict[Member, Role]] = {}  # with the roles that they know of, by the account's key
        self._changed: dict[str, None] = {}  # keys of accounts that were changed since the last `take_changed`
        kept.listen(Account, lambda key: self._changed.update({key: None}))

    def account_of(self, member: Member) -> Account | None:
        """Return the account that a member has logged in to, while the login holds."""
        account = self._accounts.find(member.account) if member.account is not None else None
        return account if account is not None and account.era == member.era else None

    def log_in(self, member: Member, account: Account) -> None:
        """Log a member in to an account."""
        member.account, member.era = account.name, account.era
        self._members.setdefault(account.key, {})[member] = account.role

    def log_out(self, member: Member) -> None:
        """Log a member out of its account."""
        if member.account is not None:
            key = names.key(member.account)
            self._members[key].pop(member, None)
            if not self._members[key]:
                del self._members[key]
            member.account = None

    def holds(self, member: Member, nick: str) -> bool:
        """Return whether a member may go by a nick, as it is shown: that of nobody's account, or of its own.

        One for a further connection is never that of nobody's.
        """
        account = self._accounts.reserving(nick)
        return not is_further(nick) if account is None else account == self.account_of(member)

    def take_changed(self) -> tuple[list[Member], list[Member]]:
        """Apply to logins what has changed of accounts since the last call.

        Return those whose role is another, or whose login does not hold any more, and those who go by a name that is
        not theirs now.
        """
        concerned: dict[Member, None] = {}
        strangers: dict[Member, None] = {}
        changed, self._changed = self._changed, {}
        for key in changed:
            account = self._accounts.find(key)
            for member, role in list(self._members.get(key, {}).items()):
                if account is None or account.era != member.era:
                    self.log_out(member)
                    concerned[member] = None
                elif account.role is not role:
                    self._members[key][member] = account.role
                    concerned[member] = None
                if member.key and not self.holds(member, member.nick):
                    strangers[member] = None
            for holder in self._nicks.alike(account.name) if account is not None else ():
                if not holder.is_remote and not self.holds(holder, holder.nick):
                    strangers[holder] = None
        return list(concerned), list(strangers)
