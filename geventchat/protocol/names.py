"""Nicks and room names: which are allowed, which are the same (RFC 8266), and which look the same (Unicode TR 39)."""

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

from precis_i18n import get_profile

from geventchat.protocol.errors import Refused
from geventchat.protocol.text import REPLACED, clean

_SHOWN = get_profile("NicknameCasePreserved")
_COMPARED = get_profile("NicknameCaseMapped")

# Prefixes of lines that mean something else: a notice, a command, JSON.
_RESERVED_STARTS = ("*", "/", "{")
# What looks like the star of a notice, or like the colon behind a nick (the confusables of Unicode TR 39).
_STARS = frozenset("*\u066d\u204e\u2217\U0001031f")
_COLONS = frozenset(
    ":\u02d0\u02f8\u0589\u05c3\u0703\u0704\u0903\u0a83\u16ec\u1803\u1809\u205a\u2236\u2a74\ua4fd\ua789\U00010781\U00011dd9"
)
# A letter without ink; all others are refused as invisible characters.
_BLANK = "\u2800"
# The most marks on one letter: no writing needs more (Unicode TR 39, 5.4), and more run into the lines around it.
_MAX_MARKS = 4
# One character is rarely composed of more code points than this.
_COMPOSED = 4
LOBBY = "lobby"  # the room that everyone starts in
# What moderators do stands in this room, which only they can read; no other room begins so.
LOG_ROOM = "@log"
_OURS = "@"
# How a pseudonym begins where a name is expected: no name holds a colon.
HOST = "host:"
# Nobody is called what reads as a count, or as an address or network: a ban of such a name would hit that. Addresses of
# IPv6 have colons.
_NUMBERS = re.compile(r"[\d./]*\d[\d./]*")
# Words that the server, a command or a scenario uses for itself, the last of them on IRC, before its notices; and those
# to whom clients of IRC, set up for other networks, tell their passwords on coming in.
_OURSELVES = {"exit", "server", "system", "everyone", "geventchat", "chat.geventchat"}
RESERVED = frozenset({*_OURSELVES, "nickserv", "chanserv", "authserv"})


def nick(text: str, max_chars: int) -> tuple[str, str]:
    """Return a nick as it is shown and the key under which two spellings are the same nick.

    Raises Refused ("bad-nick") with the reason when it is not one.
    """
    shown, key = _name(text, max_chars, "nick")
    if key in RESERVED or skeleton(shown) in RESERVED:
        raise Refused("bad-nick", f"the name {shown} is reserved, take another", about=shown)
    if is_no_nick(key):
        kind = "a count, as in * 3 joined" if key.isdecimal() else "an address, as in a ban"
        raise Refused("bad-nick", f"the name {shown} would read as {kind}; add a letter", about=shown)
    return shown, key


def is_no_nick(text: str) -> bool:
    """Return whether a text is whom a ban hits otherwise than by a nick: an address, a network, an origin."""
    return ":" in text or _NUMBERS.fullmatch(text) is not None


def room(text: str, max_chars: int) -> tuple[str, str]:
    """Return a room's name as it is shown and its key, as `nick` does. Raises Refused ("bad-room")."""
    shown, key = _name(text, max_chars, "room")
    if shown.startswith(_OURS) and key != LOG_ROOM:
        raise Refused("bad-room", f"a room's name cannot begin with {_OURS}", about=shown)
    return shown, key


def key(text: str, max_chars: int = 256) -> str:
    """Return the key of a name that somebody is looked up by; of what cannot be a name, the empty string."""
    if _is_longer(text, max_chars):
        return ""
    try:
        return _spellings(text)[1]
    except UnicodeEncodeError:
        return ""


def pseudonym(nick: str) -> str:
    """Return what stands for where a user is, to clients that must be told some host: it goes with the nick."""
    return blake2b(nick.casefold().encode(), digest_size=5).hexdigest()


@lru_cache(maxsize=1024)
def skeleton(shown: str) -> str:
    """Return what a name looks like, as `nick` or `room` shows it: names with one skeleton are taken for each other.

    A skeleton is for comparing only. It is the same for all spellings of a name in lower and upper case, except where
    these look different themselves: `Ivan` is a look-alike of `lvan`, `ivan` is none.
    """
    import disarm  # the tables of Unicode TR 39 take 50 ms to load, and only servers compare names

    # The tables replace one letter by another; of the pairs of letters that look like one, this is the common one.
    return disarm.skeleton_key(shown, digit_policy="tr39").replace("rn", "m")


def _is_longer(text: str, max_chars: int) -> bool:
    """Whether the name would be shown with more characters: told quickly, as the profiles take 10 us for each."""
    words = " ".join(text.split())
    if len(words) > _COMPOSED * max_chars:  # normalizing takes quadratic time where there are many combining marks
        return True
    return len(" ".join(unicodedata.normalize("NFKC", words).split())) > max_chars


@lru_cache(maxsize=1024)  # a name is looked at several times while somebody comes in; the profiles are slow
def _spellings(text: str) -> tuple[str, str]:
    """Return how a name is shown and its key, made of what is shown: names that differ in case only are the same.

    Raises UnicodeEncodeError for what is no name.
    """
    if text.isascii() and text.isprintable() and (words := text.split()):  # as the profiles do, but 30 times faster
        shown = " ".join(words)
        return shown, shown if shown.islower() else shown.lower()  # of most names, one text serves for both
    shown = str(_SHOWN.enforce(text))
    return shown, str(_COMPARED.enforce(shown))


def _name(text: str, max_chars: int, kind: str) -> tuple[str, str]:
    code = f"bad-{kind}"
    if REPLACED in text:
        raise Refused(code, "the name came in an encoding other than UTF-8: please use UTF-8")
    too_long = Refused(code, f"a name can have at most {max_chars} characters", about=text[:max_chars])
    if _is_longer(text, max_chars):
        raise too_long
    try:
        shown, key = _spellings(text)
    except UnicodeEncodeError:
        if not clean(text).strip():
            raise Refused(code, "a name cannot be empty") from None
        raise Refused(code, "a name cannot hold control or invisible characters", about=clean(text)) from None
    if len(key) > max_chars:  # some characters are several once their case is folded
        raise too_long
    if wrong := _why_not(shown):
        raise Refused(code, wrong, about=shown)
    return shown, key


def _why_not(shown: str) -> str:
    """Return why a name would be misread on the lines of a chat; nothing if it would not."""
    if shown.startswith(_RESERVED_STARTS):
        return f"a name cannot begin with {shown[0]}"
    if shown[0] in _STARS:
        return f"a name cannot begin with {shown[0]}, which looks like *"
    if _BLANK in shown:
        return "a name cannot hold control or invisible characters"
    if shown.isascii():
        return "a name cannot hold a colon" if ":" in shown else ""
    before, marks = " ", 0
    for char in unicodedata.normalize("NFD", shown):
        category = unicodedata.category(char)
        if char in _COLONS and not (category == "Mc" and _script(char) == _script(before)):  # a sign of Indian scripts
            return "a name cannot hold a colon" + (f", nor {char}, which looks like one" if char != ":" else "")
        if category[0] == "M":
            if before == " ":
                return "a name, and each word of it, begins with a letter or a sign, not with an accent"
            marks += category != "Mc"
            if marks > _MAX_MARKS:
                return f"a letter of a name can have at most {_MAX_MARKS} accents"
        else:
            before, marks = char, 0
    return ""


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]
