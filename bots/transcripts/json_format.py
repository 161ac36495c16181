"""Exports that are one JSON document: what each message becomes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bots.transcripts import entries
from bots.transcripts.deletions import tells_of_deletion
from bots.transcripts.entries import Entry
from bots.transcripts.log_text import LogText
from bots.transcripts.stamps import Stamp
from geventchat.protocol import events
from geventchat.protocol.errors import UsageError


@dataclass(frozen=True)
class JsonFormat:
    """An export whose document has one of several shapes that msgspec can read; it is a `LogFormat`.

    A shape names only what is needed, and something is required in it that no other export has. `entries` returns all
    that a document says, in its order.
    """

    name: str
    title: str
    shapes: tuple[Any, ...]
    entries: Callable[[Any], Iterator[Entry]]
    unit: str = "message"

    def score(self, log: LogText) -> int:
        """Return all of the text's characters if it has this shape, and 0 if it has not."""
        try:
            self._decode(log)
        except msgspec.MsgspecError:
            return 0
        return len(log.text)

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each message. Raises UsageError if the document has another shape."""
        try:
            return list(self.entries(self._decode(log)))
        except msgspec.MsgspecError as error:
            raise UsageError(f"this is no JSON as {self.title} writes it: {error}") from None

    def _decode(self, log: LogText) -> Any:
        *others, last = self.shapes
        for shape in others:
            with suppress(msgspec.MsgspecError):
                return msgspec.json.decode(log.text, type=shape)
        return msgspec.json.decode(log.text, type=last)


class People:
    """Gives everybody one nick, and nobody's to another, however they are called at different times."""

    def __init__(self) -> None:
        self._nicks: dict[str, str] = {}
        self._taken: set[str] = set()

    def nick(self, identity: object, *names: str | None) -> str:
        """Return the nick of somebody: the first of the names that is not empty, with a number if another has it."""
        key = str(identity)
        if key not in self._nicks:
            base = next((name.strip() for name in names if name and name.strip()), f"user {key}")
            nick, number = base, 2
            while nick in self._taken:
                nick, number = f"{base} {number}", number + 1
            self._taken.add(nick)
            self._nicks[key] = nick
        return self._nicks[key]


def message(
    number: int,
    stamp: Stamp | None,
    nick: str,
    text: str,
    left_out: Sequence[str] = (),
    *,
    acted: bool = False,
    room: str = "",
) -> Entry:
    """Return the entry of a message: its lines become one; of one with no more than an attachment nothing is said.

    Nor is anything said where words stand in the place of one that was deleted.
    """
    if tells_of_deletion(text):
        return Entry(number, stamp, (), (*left_out, entries.DELETED), text)
    lines = text.splitlines()
    line = " ".join(part.strip() for part in lines if part.strip())
    breaks = (entries.LINE_BREAK,) * (sum(1 for part in lines if part.strip()) - 1)
    kind = events.Acted if acted else events.Said
    happened = () if left_out and not line else (kind("", "", room, nick, line),)
    return Entry(number, stamp, happened, (*left_out, *breaks), text)
