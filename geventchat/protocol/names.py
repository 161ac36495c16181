"""Nicks and room names: which are allowed, and which are the same (RFC 8266, Nickname profiles)."""

import unicodedata
from functools import lru_cache

from precis_i18n import get_profile

from geventchat.protocol.errors import Refused
from geventchat.protocol.text import clean

_SHOWN = get_profile("NicknameCasePreserved")
_COMPARED = get_profile("NicknameCaseMapped")

# Prefixes of lines that mean something else: a notice, a command, JSON.
_RESERVED_STARTS = ("*", "/", "{")
# One character is rarely composed of more code points than this.
_COMPOSED = 4
# Words that the server, a command or a scenario uses for itself.
RESERVED = frozenset({"exit", "server", "system", "everyone", "geventchat"})


def nick(text: str, max_chars: int) -> tuple[str, str]:
    """Return a nick as it is shown and the key under which two spellings are the same nick.

    Raises Refused ("bad-nick") with the reason when it is not one.
    """
    shown, key = _name(text, max_chars, "nick")
    if key in RESERVED:
        raise Refused("bad-nick", f"the name {shown} is reserved, take another", about=shown)
    return shown, key


def room(text: str, max_chars: int) -> tuple[str, str]:
    """Return a room's name as it is shown and its key, as `nick` does. Raises Refused ("bad-room")."""
    return _name(text, max_chars, "room")


def key(text: str, max_chars: int = 256) -> str:
    """Return the key of a name that somebody is looked up by; of what cannot be a name, the empty string."""
    if _is_longer(text, max_chars):
        return ""
    try:
        return _spellings(text)[1]
    except UnicodeEncodeError:
        return ""


def _is_longer(text: str, max_chars: int) -> bool:
    """Whether the name would be shown with more characters: told quickly, as the profiles take 10 us for each."""
    words = " ".join(text.split())
    if len(words) > _COMPOSED * max_chars:  # normalizing takes quadratic time where there are many combining marks
        return True
    return len(" ".join(unicodedata.normalize("NFKC", words).split())) > max_chars


@lru_cache(maxsize=1024)  # a name is looked at several times while somebody comes in; the profiles are slow
def _spellings(text: str) -> tuple[str, str]:
    """Return how a name is shown and its key, made of what is shown: names that look the same are the same.

    Raises UnicodeEncodeError for what is no name.
    """
    shown = str(_SHOWN.enforce(text))
    return shown, str(_COMPARED.enforce(shown))


def _name(text: str, max_chars: int, kind: str) -> tuple[str, str]:
    code = f"bad-{kind}"
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
    if ":" in shown:
        raise Refused(code, "a name cannot hold a colon", about=shown)
    if shown.startswith(_RESERVED_STARTS):
        raise Refused(code, f"a name cannot begin with {shown[0]}", about=shown)
    return shown, key
