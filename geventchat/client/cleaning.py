"""What a server says, made safe to show and to count with: done once, where it comes in."""

import msgspec

from geventchat.protocol import replies
from geventchat.protocol.text import clean

# Past it, a float is not exact, and calculating with it can fail.
_MOST = 1 << 53


def cleaned(message: replies.Message) -> replies.Message:
    """Return a message in which no text acts on a terminal or breaks a line, and no number is beyond 2**53."""
    safe: replies.Message = msgspec.convert(_clean(msgspec.to_builtins(message)), replies.Message)
    return safe


def _clean(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case int() | float():  # True is left as it is
            return max(-_MOST, min(value, _MOST))
        case list():
            return [_clean(one) for one in value]
        case dict():
            return {_clean(key): _clean(one) for key, one in value.items()}
    return value
