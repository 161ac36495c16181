"""geventchat-serve account: makes, lists, changes and removes accounts, also while the server runs."""

import argparse
import json
import os
import secrets
import time
from collections.abc import Callable, Sequence

from geventchat.cli import verb_runner
from geventchat.cli.options import OptionParser, did_you_mean
from geventchat.core.accounts import Account, Accounts, first_era, is_further
from geventchat.core.kept import Kept
from geventchat.core.moderation.room_rules import Rules
from geventchat.protocol import names
from geventchat.protocol.errors import UsageError
from geventchat.protocol.limits import Limits
from geventchat.protocol.passwords import prepared, quick_hash
from geventchat.protocol.roles import Role
from geventchat.store import registry
from geventchat.system import password_hash, passwords

_PROG = "geventchat-serve account"
_EPILOG = """\
examples:
  geventchat-serve account add alice --role owner          asks for the password
  geventchat-serve account add robot --token               for a bot: prints its token, once
  geventchat-serve account passwd alice --password-file F  another password; who is logged in has to log in anew
  geventchat-serve account list --json

exit status: 0 done; 1 cannot be written; 2 cannot be done; 130 interrupted
"""


def main(arguments: Sequence[str]) -> int:
    """Do what is asked for; return the exit status: 0, 1 if nothing can be printed, 2 for what cannot be done."""

    def work() -> None:
        options = _parser().parse_args(arguments)
        _verb(options.verb)(options)

    return verb_runner.run(_PROG, work)


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        _PROG,
        "Accounts are names that are somebody's. What is changed here counts at once, also while the server runs.",
        _EPILOG,
    )
    parser.add_argument("verb", metavar="|".join(_VERBS), help="what to do")
    parser.add_argument("nick", nargs="?", metavar="NICK", help="whose account")
    parser.add_argument("new_role", nargs="?", metavar="ROLE", help="for role: user, moderator or owner")
    parser.add_argument(
        "--history", metavar="FILE", help="the server's file (default: history.sqlite in the state folder)"
    )
    parser.add_argument("--redis", metavar="URL", help="the Redis of servers that share one chat, as they are given it")
    parser.add_argument("--role", metavar="ROLE", help="for add: user, moderator or owner (default: user)")
    parser.add_argument(
        "--password-file", metavar="FILE", help="for add and passwd: the password is in it (default: you are asked)"
    )
    parser.add_argument("--token", action="store_true", help="for add: no password, but a token, which is printed")
    parser.add_argument("--json", action="store_true", help="for list: print a JSON array")
    return parser


def _verb(word: str) -> Callable[[argparse.Namespace], None]:
    if word not in _VERBS:
        raise UsageError(f"{word} is not known{did_you_mean(word, _VERBS)}; --help says what there is")
    return _VERBS[word]


def _add(options: argparse.Namespace) -> None:
    nick, _ = names.nick(_nick(options), Limits().max_name)
    if is_further(nick):
        raise UsageError(f"{nick}: a name that ends in ^ and a number is for a further connection of an account")
    role = _role(options.role or Role.USER)
    token = _new_token() if options.token else ""
    password = "" if options.token else _hashed_password(options)
    with _records(options).changing() as kept:
        if (other := Accounts(kept).reserving(nick)) is not None:
            like = f"; {nick} looks like it" if other.key != names.key(nick) else ""
            raise UsageError(f"there is an account {other.name} already{like}")
        token_hash = quick_hash(token) if token else ""
        Rules(kept).forget(names.key(nick))  # the rooms of an earlier account of that name
        kept.put(Account(name=nick, role=role, password=password, token=token_hash, era=first_era(time.time())))
    if token:
        print(token)


def _list(options: argparse.Namespace) -> None:
    with _records(options).reading() as kept:
        accounts = sorted(kept.of(Account), key=lambda account: account.key)
    if options.json:
        print(json.dumps([_shown(account) for account in accounts], ensure_ascii=False, indent=1))
        return
    for account in accounts:
        with_what = [word for word in ("password", "token", "one_time") if getattr(account, word)]
        print(f"{account.name:32} {account.role:10} {', '.join(with_what) or 'nothing to log in with'}")


def _shown(account: Account) -> dict[str, object]:
    """Return what may be known of an account: no secrets."""
    return {
        "name": account.name,
        "role": str(account.role),
        "password": bool(account.password),
        "token": bool(account.token),
        "one_time": bool(account.one_time),
    }


def _passwd(options: argparse.Namespace) -> None:
    _existing(options)
    password = _hashed_password(options)

    def change(account: Account) -> dict[str, object]:
        return {"password": password, "token": "", "one_time": "", "era": account.era + 1}

    _change(options, change)


def _set_role(options: argparse.Namespace) -> None:
    role = _role(options.new_role or "")
    _change(options, lambda _: {"role": role})


def _remove(options: argparse.Namespace) -> None:
    with _records(options).changing() as kept:
        kept.remove(Account, _found(kept, _nick(options)).key)


def _token(options: argparse.Namespace) -> None:
    token = _new_token()
    _change(options, lambda _: {"token": quick_hash(token)})
    print(token)


_VERBS: dict[str, Callable[[argparse.Namespace], None]] = {
    "add": _add,
    "list": _list,
    "passwd": _passwd,
    "role": _set_role,
    "remove": _remove,
    "token": _token,
}


def _records(options: argparse.Namespace) -> registry.Records:
    if options.redis is not None:
        return registry.records(options.redis, "--redis")
    return registry.records(options.history)


def _change(options: argparse.Namespace, change: Callable[[Account], dict[str, object]]) -> None:
    with _records(options).changing() as kept:
        account = _found(kept, _nick(options))
        kept.change(account, change(account))


def _existing(options: argparse.Namespace) -> None:
    """Raise UsageError, before anybody is asked for a password, when there is no such account."""
    with _records(options).reading() as kept:
        _found(kept, _nick(options))


def _found(kept: Kept, nick: str) -> Account:
    account = kept.get(Account, names.key(nick))
    if account is None:
        raise UsageError(f"there is no account {nick}; geventchat-serve account list shows those that there are")
    return account


def _nick(options: argparse.Namespace) -> str:
    if options.nick is None:
        raise UsageError(f"whose account? geventchat-serve account {options.verb} NICK")
    return str(options.nick)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise UsageError(f"a role is one of {', '.join(Role)}" + (f", and not {text}" if text else "")) from None


def _hashed_password(options: argparse.Namespace) -> str:
    return password_hash.make(prepared(_password(options.password_file)))


def _password(file: str | None) -> str:
    if file is not None:
        return passwords.read(file)
    if not os.isatty(0):
        raise UsageError("there is no terminal to ask for a password at; give it with --password-file FILE")
    password = passwords.ask("Password: ")
    if passwords.ask("Once more: ") != password:
        raise UsageError("these were two different passwords")
    return password


def _new_token() -> str:
    return secrets.token_urlsafe(24)
