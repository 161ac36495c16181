"""Whether the first lines of a connection are a client's of IRC, or a person's, whose name may be `nick smith`."""

import re

_REGISTERS = re.compile(
    rb"(?:CAP (?:LS|REQ|LIST|END)\b.*|(?-i:CAP [A-Z]+)|PASS \S.*|NICK \S+ *|USER \S+ \S+ \S+ :?.*)\r?",
    re.IGNORECASE | re.DOTALL,
)
# What no person would give as a name: a subcommand of CAP, and a colon, which no name can have.
_NOBODY_S_NAME = re.compile(rb"CAP |[^:]* :", re.IGNORECASE)
_FOLLOWS = re.compile(rb"(?:PING|JOIN|QUIT)\b", re.IGNORECASE)


def is_irc(first: bytes) -> bool:
    """Return whether these bytes are surely IRC."""
    head, *others = first.split(b"\n")[:-1] or [b""]
    if not _REGISTERS.fullmatch(head):
        return False
    return bool(_NOBODY_S_NAME.match(head)) or bool(
        others and (_REGISTERS.fullmatch(others[0]) or _FOLLOWS.match(others[0]))
    )


def may_become_irc(first: bytes) -> bool:
    """Return whether these bytes are one line that a client of IRC may have begun with, and it has not said more."""
    return first.count(b"\n") == 1 and _REGISTERS.fullmatch(first.partition(b"\n")[0]) is not None
