"""Hashes of passwords, made so slowly that a stolen file does not tell the passwords: Argon2id (RFC 9106)."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# What OWASP's Password Storage Cheat Sheet asks for at least: 19 MiB, two passes, some 30 to 80 ms.
_KIB = 19 << 10
_PASSES = 2
# A hash of no password that anybody has.
_NOBODY_S = "$argon2id$v=19$m=19456,t=2,p=1$ZnJvbSBub2JvZHkgYXQgYQ$9uGbwlGXcPPZ1NUMpWBzKaB7eq8rn+LZcAzGOeg36UQ"


def make(password: str) -> str:
    """Return a hash of a password, in the form that Argon2's own tools write."""
    return _hasher().hash(password)


def fits(stored: str, password: str) -> bool:
    """Return whether this is the password of a hash. An empty hash is of none, which takes as long to find out."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored or _NOBODY_S, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # with a library in C: only who has accounts needs it

    return PasswordHasher(time_cost=_PASSES, memory_cost=_KIB, parallelism=1)
