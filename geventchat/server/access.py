"""Who may come in, and how."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may come in: everybody, or, if it is not empty, who knows the `password`."""

    password: str = ""
