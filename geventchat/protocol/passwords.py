"""Passwords as users give them: what can be one, and the long random words that stand in for one."""

import hashlib
from hmac import compare_digest

from precis_i18n import get_profile

from geventchat.protocol.errors import Refused
from geventchat.protocol.text import clean

# Shorter ones would be guessed; longer ones are no passwords.
MIN_PASSWORD = 6
MAX_PASSWORD = 128

_OPAQUE = get_profile("OpaqueString")


def prepared(password: str) -> str:
    """Return a password in the one form in which it is compared, whatever keyboard it comes from (RFC 8265, 4.2).

    Blanks around it, and what acts on a terminal, do not count: in the plain dialect they could not be told.
    Raises Refused ("bad-password") for what can be none.
    """
    password = clean(password).strip()
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Refused("bad-password", f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    try:
        return str(_OPAQUE.enforce(password))
    except UnicodeEncodeError:
        raise Refused("bad-password", "a password cannot hold control characters") from None


def quick_hash(word: str) -> str:
    """Return what is stored of a long random word: it cannot be guessed, so its hash need not be slow."""
    return hashlib.sha256(word.encode(errors="replace")).hexdigest()


def is_word(given: str, stored: str) -> bool:
    """Return whether what was given is the word of which this quick hash is stored; an empty one is of none."""
    return bool(stored) and compare_digest(quick_hash(given), stored)
