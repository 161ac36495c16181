"""Nicks and rooms as IRC writes them: one to one, for what IRC cannot carry is written as a character no name has.

A name's characters are those of NFKC (RFC 8266): it has no U+00A0 and no full-width forms; they become blank and ASCII.
So a blank is written U+00A0 here, and a character that means something to IRC as its full-width form: both look alike.
"""

from functools import lru_cache

from geventchat.protocol.names import pseudonym

SERVER = "chat.geventchat"  # what stands before all that nobody said
DESCRIPTION = "geventchat"
CHANNEL = "#"
_LOGIN = "user"
HOSTS = "geventchat"  # with one dot in a host, no client takes its first part for a machine of many: masks keep it

_WIDE = 0xFEE0  # from an ASCII character to its full-width form
# In nicks: what ends or lists parameters, masks, the parts of a prefix; and what would be a channel's name, a rank or a
# server's mask at the beginning. Colons are in no name.
_ANYWHERE = " ,!@*?"
_AT_FIRST = "#&$~%+=-"
_IN_NICK = str.maketrans({char: chr(ord(char) + _WIDE) for char in _ANYWHERE} | {" ": "\u00a0"})
_AT_START = str.maketrans({char: chr(ord(char) + _WIDE) for char in _AT_FIRST})
_IN_ROOM = str.maketrans({" ": "\u00a0", ",": chr(ord(",") + _WIDE)})
_BACK = str.maketrans({chr(ord(char) + _WIDE): char for char in _ANYWHERE + _AT_FIRST if char != " "} | {"\u00a0": " "})


def nick_to_irc(nick: str) -> str:
    """Return a nick as IRC writes it."""
    if nick.isalnum():  # as nearly all are
        return nick
    return nick[:1].translate(_AT_START).translate(_IN_NICK) + nick[1:].translate(_IN_NICK)


def room_to_irc(room: str) -> str:
    """Return a room's name as IRC writes it, as a channel."""
    return CHANNEL + room.translate(_IN_ROOM)


def name_from_irc(written: str) -> str:
    """Return the nick, or the room without its `#`, that is written so."""
    return written.translate(_BACK)


def is_channel(target: str) -> bool:
    """Return whether a target is a channel, and no nick."""
    return target.startswith(CHANNEL)


def room_from_irc(channel: str) -> str:
    """Return the name of the room that a channel is."""
    return name_from_irc(channel[len(CHANNEL) :])


@lru_cache(maxsize=4_096)
def prefix(nick: str) -> str:
    """Return what stands before all that a user does. The host is a pseudonym that goes with the nick."""
    return f"{nick_to_irc(nick)}!{_LOGIN}@{host(nick)}"


def host(nick: str) -> str:
    """Return the pseudonym that IRC is given for where a user is."""
    return f"{pseudonym(nick)}.{HOSTS}"
