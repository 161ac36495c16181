"""What users may do in the whole chat, by their role."""

from enum import StrEnum


class Role(StrEnum):
    """One of three, each of which may do all that those before it may."""

    USER = "user"
    MODERATOR = "moderator"
    OWNER = "owner"

    def may(self, least: "Role") -> bool:
        """Return whether this role is allowed what needs at least that one."""
        return _ORDER.index(self) >= _ORDER.index(least)


_ORDER = tuple(Role)
