"""What people write on IRC: without its colours, and with what its programs ask each other told apart."""

import re
from typing import NamedTuple

from geventchat.protocol.text import clean

# Colours: a control character with digits that would be left standing (https://modern.ircdocs.horse/formatting).
# The other controls are one character each, and are cleaned away as all are.
_COLOUR = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?")
_CTCP = "\x01"


class Ctcp(NamedTuple):
    """What one client asks another (https://modern.ircdocs.horse/ctcp), or an ACTION, which is for people."""

    verb: str
    text: str


def ctcp(text: str) -> Ctcp | None:
    """Return what stands between the marks of CTCP; None for plain text."""
    if not text.startswith(_CTCP):
        return None
    verb, _, rest = text.strip(_CTCP).partition(" ")
    return Ctcp(verb.upper(), rest)


def plain(text: str) -> str:
    """Return a text without colours and whatever acts on a terminal."""
    return clean(_COLOUR.sub("", text))
