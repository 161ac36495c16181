"""Accounts: names that belong to somebody."""

from geventchat.core.kept import Record
from geventchat.protocol import names
from geventchat.protocol.roles import Role


class Account(Record, tag="account"):
    """A name that is only for who logs in, and what it may do. `password` is a hash; empty where there is none."""

    name: str
    role: Role = Role.USER
    password: str = ""

    @property
    def key(self) -> str:
        """The key of the name."""
        return names.key(self.name)
