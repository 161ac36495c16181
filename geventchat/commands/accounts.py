"""What the commands about accounts do. The session looks at passwords, away from the loop, and then it goes on here."""

from msgspec.structs import replace

from geventchat.commands import commands
from geventchat.commands.followups import Actions, CheckPassword, HashPassword, MakeWord
from geventchat.core.accounts import Account, base, first_era, is_further
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.posts import Transaction
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_ACCOUNTS
from geventchat.protocol.passwords import is_word, prepared, quick_hash
from geventchat.protocol.roles import Role


def login(chat: Chat, member: Member, asked: commands.Login, now: float) -> CheckPassword | None:
    """Log in to an account."""
    if not member.key:
        chat.door.check(member, None)
    return log_in(chat, member, asked.account, asked.password, now, asked.ref, None)


def log_in(
    chat: Chat,
    member: Member,
    name: str,
    password: str,
    at: float,
    ref: str | None,
    then: commands.AnyCommand | None,
) -> CheckPassword:
    """Log in with a password, or with the token or the one-time password that stands in for it; then do something."""
    if member.account is not None and member.key:
        raise Refused("logged-in", f"you are logged in to {member.account} already")
    chat.logins.log_out(member)  # who is not in yet may have been wrong about the account
    account = chat.accounts.find(base(name))
    stored: str | None = account.password if account is not None else ""
    if account is not None and (is_word(password, account.token) or is_word(password, account.one_time)):
        stored = None

    def look(fits: bool) -> commands.AnyCommand | None:
        now = chat.accounts.find(base(name))  # it may have been changed meanwhile
        if not fits or now is None or now != account:
            raise Refused("login-failed", "that is not the password of that account, or there is none of that name")
        chat.moderation.check_ban_of_account(now.key, at)
        chat.logins.log_in(member, now)
        if is_word(password, now.one_time):
            change = chat.kept.change(now, {"one_time": ""}, lambda: chat.logins.log_out(member))
            _tell(chat, member, ref, Transaction(member, [change], ref), is_spent=True)
        else:
            _tell(chat, member, ref)
        return then

    return CheckPassword(stored, _as_compared(password), look, ref)


def _as_compared(given: str) -> str:
    """Return what somebody gives as a password as that is compared; what can be none is compared as it is."""
    try:
        return prepared(given)
    except Refused:
        return given


def register(chat: Chat, member: Member, asked: commands.Register, now: float) -> HashPassword:
    """Make a member's nick its own."""
    _check_registrable(chat, member)

    def then(stored: str) -> None:
        _check_registrable(chat, member)
        account = Account(name=member.nick, password=stored, era=first_era(now))
        chat.logins.log_in(member, account)
        made = chat.kept.put(account, lambda: chat.logins.log_out(member))
        changes = [*chat.moderation.rules.forget(account.key), made]
        _tell(chat, member, asked.ref, Transaction(member, changes, asked.ref))

    return HashPassword(prepared(asked.password), then, asked.ref, is_new=True)


def _check_registrable(chat: Chat, member: Member) -> None:
    if member.account is not None:
        raise Refused("logged-in", f"you are logged in to {member.account} already")
    if chat.accounts.reserving(member.nick) is not None or is_further(member.nick):
        raise Refused("nick-registered", f"the name {member.nick} belongs to an account", about=member.nick)
    if len(chat.accounts) >= MAX_ACCOUNTS:
        raise Refused("forbidden", "there are as many accounts as there may be; whoever runs the server can make one")


def logout(chat: Chat, member: Member, asked: commands.Logout, now: float) -> None:
    """Log a member out of its account."""
    _own(chat, member)
    chat.logins.log_out(member)
    if not chat.logins.holds(member, member.nick):
        chat.naming.take_name_from(member, now)
    _tell(chat, member, asked.ref)


def password(chat: Chat, member: Member, asked: commands.Password, now: float) -> HashPassword:
    """Set another password for a member's account."""
    _own(chat, member)

    def then(stored: str) -> None:
        account = _own(chat, member)
        fields = {"password": stored, "token": "", "one_time": "", "era": account.era + 1}
        chat.logins.log_in(member, replace(account, **fields))
        change = chat.kept.change(account, fields, lambda: chat.logins.log_in(member, account))
        chat.tell_account(member, asked.ref, Transaction(member, [change], asked.ref))

    return HashPassword(prepared(asked.password), then, asked.ref)


def unregister(chat: Chat, member: Member, asked: commands.Unregister, now: float) -> CheckPassword:
    """Give a member's account up."""
    account = _own(chat, member)

    def then(fits: bool) -> None:
        if not fits or _own(chat, member) != account:
            raise Refused("login-failed", "that is not the password of your account")
        change = chat.kept.remove(Account, account.key, lambda: chat.logins.log_in(member, account))
        transaction = Transaction(member, [change], asked.ref)
        chat.logins.log_out(member)
        chat.commit(member, transaction, take_name)
        _tell(chat, member, asked.ref, transaction)

    def take_name() -> None:
        if not chat.logins.holds(member, member.nick):
            chat.naming.take_name_from(member, now)

    return CheckPassword(account.password, _as_compared(asked.password), then, asked.ref)


def recover(chat: Chat, member: Member, asked: commands.Recover, now: float) -> MakeWord:
    """Replace the password of an account by one for a single login, for the moderator who asks to pass on."""
    _recoverable(chat, member, asked.account)

    def then(word: str) -> None:
        account = _recoverable(chat, member, asked.account)
        fields = {"password": "", "token": "", "one_time": quick_hash(word), "era": account.era + 1}
        told = replies.Recovered(account=account.name, password=word, ref=asked.ref)
        chat.tell(member, told, Transaction(member, [chat.kept.change(account, fields)], asked.ref))

    return MakeWord(then, asked.ref)


def _recoverable(chat: Chat, member: Member, name: str) -> Account:
    """Return an account that a member may give another chance: it would else get the rights of others by that."""
    account = chat.accounts.find(name)
    if account is None:
        raise Refused("no-such-account", "there is no account of that name", about=name)
    role = chat.role_of(member)
    if role is not Role.OWNER and account.role.may(role):
        raise Refused("forbidden", f"the account {account.name} can be recovered by an owner only")
    return account


def _own(chat: Chat, member: Member) -> Account:
    account = chat.logins.account_of(member)
    if account is None:
        raise Refused("not-logged-in", "you are not logged in")
    return account


def _tell(
    chat: Chat, member: Member, ref: str | None, transaction: Transaction | None = None, *, is_spent: bool = False
) -> None:
    """Tell a member, and who shares a room with it, to which account it belongs now."""
    chat.tell_account(member, ref, transaction, is_spent=is_spent)
    if member.key:
        chat.tell_others(member, replies.AccountChanged(nick=member.nick, account=member.account), transaction)


ACTIONS: Actions = {
    commands.Register: register,
    commands.Login: login,
    commands.Logout: logout,
    commands.Password: password,
    commands.Unregister: unregister,
    commands.Recover: recover,
}
