"""Accounts: names that belong to somebody, and who may go by them.

A registered name, whatever looks like it, and the names made of it for further connections are only for who has logged
in to it. Such a name is the account's with a number behind it, `bob^2`: `^` stands in IRC's nicks and looks like no
letter, as `|` does. Nobody else may have a name that ends so.
"""

import re
from collections.abc import Iterator

from geventchat.core.kept import Kept, Record
from geventchat.protocol import names
from geventchat.protocol.roles import Role

_FURTHER = re.compile(r"(.+)\^[0-9]+", re.DOTALL)
# Connections of one account that are told apart by a number.
_MAX_FURTHER = 64


class Account(Record, tag="account"):
    """A name that belongs to somebody, and what its owner may do.

    `password` is a hash that is slow to make; `token` and `one_time` are quick hashes of long random words. Each is
    empty where there is none. Who has logged in stays so while `era` is the same.
    """

    name: str
    role: Role = Role.USER
    password: str = ""
    token: str = ""
    one_time: str = ""
    era: int = 0

    @property
    def key(self) -> str:
        """The key of the name."""
        return names.key(self.name)


def first_era(now: float) -> int:
    """Return the era of an account that is made now, in seconds since 1970: later than that of any earlier one."""
    return int(now * 1000)


class Accounts:
    """All accounts, found by their names."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._keys: dict[str, str] = {}  # of accounts, by what their names look like
        self._looks: dict[str, set[str]] = {}  # what each account's name looks like, by its key
        for account in kept.of(Account):
            self._note(account.key)
        kept.listen(Account, self._note)

    def __len__(self) -> int:
        return len(self._looks)

    def find(self, name: str) -> Account | None:
        """Return the account of this name, however it is written."""
        return self._kept.get(Account, names.key(name))

    def reserving(self, nick: str) -> Account | None:
        """Return the account to which a nick, as it is shown, belongs."""
        name = base(nick)
        key = names.key(name)
        looks = (self._keys.get(names.skeleton(one)) for one in (name, key))  # in capitals it may look otherwise
        found = (self._kept.get(Account, one) for one in (key, *looks) if one)
        return next((account for account in found if account is not None), None)

    def _note(self, key: str) -> None:
        for look in self._looks.pop(key, ()):
            if self._keys.get(look) == key:
                del self._keys[look]
        account = self._kept.get(Account, key)
        if account is not None:
            looks = self._looks[key] = {names.skeleton(account.name), names.skeleton(key)}
            self._keys.update(dict.fromkeys(looks, key))


def base(nick: str) -> str:
    """Return the name of which a nick for a further connection was made; any other as it is."""
    further = _FURTHER.fullmatch(nick)
    return further[1] if further else nick


def is_further(nick: str) -> bool:
    """Return whether a nick is of the form that further connections have."""
    return base(nick) != nick


def further(nick: str) -> Iterator[str]:
    """Yield the names for further connections of the account to which a nick belongs."""
    return (f"{base(nick)}^{number}" for number in range(2, _MAX_FURTHER + 2))
