"""How what is told becomes bytes, as the core needs it; the dialects say how."""

from collections.abc import Callable
from dataclasses import dataclass

from geventchat.protocol.replies import Message


@dataclass(frozen=True, eq=False, slots=True)
class Encoder:
    """How a dialect says things. Sessions whose dialects share an encoder share each room's feed."""

    name: str
    encode: Callable[[Message], bytes]
    notice: Callable[[str], bytes]  # a line that nobody said
    for_people: bool  # people are in one room at a time, and told of a crowd's coming and going in one line
