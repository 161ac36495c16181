"""What happens in rooms. The structs are at once what a log keeps and what the json dialect sends."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import assert_never

import msgspec

from geventchat.protocol.errors import Refused

# The account that somebody has logged in to; where there is none, it is UNSET, and left out of JSON.
AccountOf = str | msgspec.UnsetType


class _Done(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    """Something that was done by somebody logged in to `account`. Only who is there is sure to learn that."""

    account: AccountOf = msgspec.UNSET


class Event(_Done, gc=False):
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


class Noticed(Said, tag="said"):
    """A message that wants no answer, as programs send them: only who is there learns that it was one."""


class Acted(Event, tag="acted"):
    """An action, what other chats call /me."""

    text: str


class Joined(Event, tag="joined", omit_defaults=True):
    """A user came into the room; `about` is who it says that it is, where it says so.

    `moderates` is whether it does so in the room; only who is there learns that.
    """

    about: str = ""
    moderates: bool = False


class Left(Event, tag="left"):
    """A user left the room, or was lost; `reason` may be empty."""

    reason: str = ""


class Departed(Left, tag="left"):
    """A user left all its rooms, and the chat: only who is there learns that it was not this room alone."""


class Renamed(Event, tag="renamed"):
    """`nick` is called `new` from now on."""

    new: str


class TopicSet(Event, tag="topic"):
    """The room's topic is `text` now."""

    text: str


class Moderation(Event, omit_defaults=True):
    """Something that `nick` has done who moderates: to `who`, why, and until when, an ISO time; empty for ever.

    In the moderators' own room, `of` is the room that it was done in; it is empty for what holds everywhere.
    """

    who: str = ""
    reason: str = ""
    until: str = ""
    of: str = ""


class Kicked(Moderation, tag="kicked"):
    """`who` was put out of the room, and is not in it any more."""


class Banned(Moderation, tag="banned"):
    """`who` cannot come in any more."""


class Unbanned(Moderation, tag="unbanned"):
    """`who` can come in again."""


class Muted(Moderation, tag="muted"):
    """`who` cannot speak any more; `*` is everybody in the room who does not moderate it."""


class Unmuted(Moderation, tag="unmuted"):
    """`who` can speak again."""


class Slowed(Moderation, tag="slowed"):
    """Everyone can speak only once in `every` seconds; 0 is as often as they like."""

    every: float = 0.0


class Locked(Moderation, tag="locked"):
    """Only who is invited can come in, or with `password`, who knows that."""

    password: bool = False


class Unlocked(Moderation, tag="unlocked"):
    """Everyone can come in again."""


class Deleted(Moderation, tag="deleted"):
    """What `who` said under the id `target` is not kept any more: screens should not show it either."""

    target: str = ""


class Announced(Moderation, tag="announced"):
    """`nick` says something to everyone, in whatever room."""

    text: str = ""


class Held(Moderation, tag="held"):
    """`nick` wanted to say `text`, or with `action` to do it, which a pattern holds back; only moderators hear."""

    text: str = ""
    action: bool = False


AnyModeration = Kicked | Banned | Unbanned | Muted | Unmuted | Slowed | Locked | Unlocked | Deleted | Announced | Held
AnyEvent = Said | Acted | Joined | Left | Renamed | TopicSet | AnyModeration


_NOT_DETAILS = frozenset(Event.__struct_fields__)


def content_of(event: AnyEvent) -> str:
    """Return as one text what is kept of an event beside what every event has; as JSON of what a moderator has done."""
    match event:
        case Said(text=text) | Acted(text=text) | TopicSet(text=text):
            return text
        case Joined(about=text) | Left(reason=text) | Renamed(new=text):
            return text
        case Moderation():
            return _details_of(event)
    assert_never(event)


def _details_of(event: Moderation) -> str:
    fields = msgspec.structs.asdict(event)
    return msgspec.json.encode({key: fields[key] for key in fields if key not in _NOT_DETAILS and fields[key]}).decode()


def with_details(kind: type[Moderation], *fields: str) -> AnyModeration:
    """Return an event of this kind from its id, time, room, nick and details. Raises msgspec.MsgspecError."""
    event_id, time, room, nick, details = fields
    given = msgspec.json.decode(details, type=dict[str, msgspec.Raw])
    made: AnyModeration = kind(event_id, time, room, nick)  # type: ignore[assignment]
    for field in msgspec.structs.fields(kind):
        if field.name in given and field.name not in _NOT_DETAILS:
            setattr(made, field.name, msgspec.json.decode(given[field.name], type=field.type))
    return made


# Ids that begin with one millisecond. With it, an id is one number too, which fits into 64 bits.
SEQUENCES = 1_000_000
LARGEST = 2**63 - 1


def number_of(event_id: str) -> int:
    """Return an id as a number; numbers compare as the events' order. Ids that are too large to be given are capped.

    Raises Refused ("bad-id") for anything but two decimal numbers with a dash between them.
    """
    milliseconds, _, sequence = event_id.partition("-")
    if not is_id(event_id):
        raise Refused("bad-id", "an id looks like 1732363200123-0")
    return min(int(milliseconds) * SEQUENCES + min(int(sequence), SEQUENCES - 1), LARGEST)


def is_id(text: str) -> bool:
    """Return whether a text is an id."""
    milliseconds, dash, sequence = text.partition("-")
    return bool(dash) and _is_number(milliseconds) and _is_number(sequence)


def time_of(event_id: str) -> str:
    """Return the time that is in an id, as events have it. Raises Refused as `number_of` does."""
    return iso_time(number_of(event_id) // SEQUENCES)


def id_at(seconds: float) -> str:
    """Return the first id of a time, in seconds since 1970."""
    return id_of(int(seconds * 1000) * SEQUENCES)


def seconds_of(time: str) -> float:
    """Return a time as events have it in seconds since 1970. Raises ValueError."""
    return datetime.fromisoformat(time).timestamp()


def id_of(number: int) -> str:
    """Return a number as an id."""
    return f"{number // SEQUENCES}-{number % SEQUENCES}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


class IdClock:
    """Gives out ids that always grow, even when the machine's clock is set back. `last` is the last id given before."""

    def __init__(self, last: str = "0-0") -> None:
        self._last = number_of(last)

    def stamp(self, event: Event, now: float) -> None:
        """Give the event its id and time; `now` is in seconds since 1970."""
        number = max(int(now * 1000) * SEQUENCES, self._last + 1)
        if number % SEQUENCES == SEQUENCES - 1:  # never given, since all larger sequences are capped to it
            number += 1
        self._last = number
        event.id, event.time = id_of(number), iso_time(number // SEQUENCES)


def iso_time(milliseconds: int) -> str:
    """Return milliseconds since 1970 as `2024-11-23T12:00:00.123Z`."""
    return f"{_iso_second(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache(maxsize=2)  # nearly every event is of the same second as the one before
def _iso_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
