"""What a server says, made safe to show: done once, where it comes in."""

import msgspec

from geventchat.protocol import replies
from geventchat.protocol.text import clean


def cleaned(message: replies.Message) -> replies.Message:
    """Return a message in which no text acts on a terminal or breaks a line, whatever the server put into it."""
    safe: replies.Message = msgspec.convert(_clean(msgspec.to_builtins(message)), replies.Message)
    return safe


def _clean(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case list():
            return [_clean(one) for one in value]
        case dict():
            return {_clean(key): _clean(one) for key, one in value.items()}
    return value
