"""The log, as the core needs it: the order of all events, and what was said before. The stores are in `store`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from geventchat.core.kept import Change, Kept
from geventchat.protocol.events import AnyEvent

if TYPE_CHECKING:
    from geventchat.core.shared_log import SharedLog


class Entry(NamedTuple):
    """One event for the log: the key of its room, and the ref that its sender's client gave it, if any.

    `sender` says to whom the ref belongs, where that client may send it again: others may have the nick, and the ref.
    """

    room: str
    event: AnyEvent
    ref: str | None
    sender: str = ""


class Log(Protocol):
    """Stores the events of all rooms, each room's in order, and each room's topic. Rooms go by their keys.

    A log that waits for a disk lets other greenlets run meanwhile. `location` tells people where the events are stored.
    `kept` has the records that it stores beside them: all of them once the log is open. An `append` gathers what has
    come within `gathers_s` seconds of the one before, where it costs much by itself, however little there is.
    """

    location: str
    gathers_s: float
    kept: Kept

    @property
    def shared(self) -> "SharedLog | None":
        """Return this log, if several servers write it."""

    @property
    def trouble(self) -> str:
        """Return why nothing can be written at present; an empty string while all is well."""

    def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
        """Store events in this order, and give them their ids and times.

        Changes of records are stored with them, all or nothing, and settled in `kept`, after what others have changed.

        With a `Deleted`, its target is not in the log any more: neither its text nor its place.

        Returns once all of them are safe; `now` is in seconds since 1970. Raises NotStored when they cannot be stored;
        ids and times are given all the same, and it is for the caller to undo the changes.
        """

    def refresh_records(self) -> None:
        """Take in now what others have changed of `kept`, which is otherwise done by and by."""

    def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
        """Return up to `limit` entries later than the id `after`, oldest first; with `talk`, only what was said.

        Raises Refused when `after` is no id, or when the log cannot be read; so does every other way of reading.
        """

    def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
        """Return the last `limit` events, or the last before an id, oldest first; with `talk`, only what was said."""

    def topics(self, rooms: Sequence[str]) -> dict[str, str]:
        """Return the topics that were set last in these rooms; of rooms that have one."""

    def trimmed_up_to(self) -> str:
        """Return the id up to which events may have been removed, or were never here; 0-0 while there is nothing."""

    def close(self) -> None:
        """Put away what is open; the log is not used afterwards."""
