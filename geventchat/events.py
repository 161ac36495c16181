"""What happens in rooms. The structs are at once what a log keeps and what the json dialect sends."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from geventchat.errors import Refused


class Event(msgspec.Struct, tag_field="type", gc=False):
    """Something that happened in `room`, done by `nick`.

    `id` and `time` are empty until a log has taken the event in. `id` is `milliseconds-sequence`, as in a Redis
    stream; `time` is UTC, ISO 8601 with milliseconds.
    """

    id: str
    time: str
    room: str
    nick: str


class Said(Event, tag="said"):
    """A message."""

    text: str


class Acted(Event, tag="acted"):
    """An action, what other chats call /me."""

    text: str


class Joined(Event, tag="joined"):
    """A user came into the room."""


class Left(Event, tag="left"):
    """A user left the room, or was lost; `reason` may be empty."""

    reason: str = ""


class Renamed(Event, tag="renamed"):
    """`nick` is called `new` from now on."""

    new: str


class TopicSet(Event, tag="topic"):
    """The room's topic is `text` now."""

    text: str


AnyEvent = Said | Acted | Joined | Left | Renamed | TopicSet


def id_key(event_id: str) -> tuple[int, int]:
    """Return an id as (milliseconds, sequence), which compare as the events' order.

    Raises Refused ("bad-id") for anything that is not two decimal numbers with a dash between them.
    """
    milliseconds, dash, sequence = event_id.partition("-")
    if not (dash and _is_number(milliseconds) and _is_number(sequence)):
        raise Refused("bad-id", "an id looks like 1732363200123-0")
    return int(milliseconds), int(sequence)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


# Ids that begin with one millisecond; bounded, so that a store can keep an id as one integer of 64 bits.
SEQUENCES = 1_000_000


class IdClock:
    """Gives out ids that always grow, also when the clock of the machine goes back."""

    def __init__(self, last: str = "0-0") -> None:
        self._milliseconds, self._sequence = id_key(last)

    def stamp(self, event: Event, now: float) -> None:
        """Give the event its id and time; `now` is in seconds since 1970."""
        milliseconds = int(now * 1000)
        if milliseconds > self._milliseconds:
            self._milliseconds, self._sequence = milliseconds, 0
        else:
            self._sequence += 1
            if self._sequence == SEQUENCES - 1:  # the last is never given, for larger ones to be compared as it
                self._milliseconds, self._sequence = self._milliseconds + 1, 0
        event.id = f"{self._milliseconds}-{self._sequence}"
        event.time = iso_time(self._milliseconds)


def iso_time(milliseconds: int) -> str:
    """Return milliseconds since 1970 as `2024-11-23T12:00:00.123Z`."""
    return f"{_iso_second(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache(maxsize=2)  # nearly every event is of the same second as the one before
def _iso_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
